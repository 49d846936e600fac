//! Exit codes and hints, from the library's errors. The codes are those of sysexits.h.

use std::process::ExitCode;

use crate::{decode, document, jobs, model, translate};

/// The table of codes, for `--help`.
pub(super) const HELP: &str = "\
Exit codes:
  0   done (a reader that closes the pipe early counts as done)
  1   nothing to do: the model to remove is not in the cache; with --fail-on-doubt: there are doubts
  2   wrong usage
  3   some rows or files failed and are named; the others are done
  65  the input can't be used: not UTF-8, binary, empty
  66  the input can't be read
  69  the model can't be fetched, or is not in the cache while offline
  70  the model failed while it ran
  73  another run works on the output directory
  74  the output, the cache or the configuration can't be written
  75  interrupted; what was in flight is written
  78  the model or the configuration can't be used: missing, damaged, wrong type";

const NOTHING: u8 = 1;
const USAGE: u8 = 2;
const PARTIAL: u8 = 3;
const DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SOFTWARE: u8 = 70;
const IN_USE: u8 = 73;
const IO: u8 = 74;
pub(super) const INTERRUPTED: u8 = 75;
const CONFIG: u8 = 78;

/// What the command line itself refuses.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// There is nothing to do.
    #[error("{0}")]
    Nothing(String),
    /// There are doubts, and the caller wanted to know by the exit code.
    #[error("{0}")]
    Doubts(String),
    /// What was typed has no meaning.
    #[error("{0}")]
    Usage(String),
    /// Some of many rows or files failed; each was named where it stood.
    #[error("{0}")]
    Partial(String),
    /// A signal ended the work early.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// The user's configuration file is not what it should be.
    #[error("the configuration file {path} is damaged; correct or delete it")]
    Config {
        /// The file.
        path: String,
        /// What is wrong with it, with the line.
        source: toml_edit::de::Error,
    },
    /// The user's configuration file can't be read or written.
    #[error("could not {action} the configuration file {path}")]
    ConfigFile {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The exit code of an error.
pub(super) fn code(error: &anyhow::Error) -> ExitCode {
    let code = error.chain().find_map(|cause| {
        if let Some(error) = cause.downcast_ref::<document::Error>() {
            return Some(of_document(error));
        }
        if let Some(error) = cause.downcast_ref::<model::Error>() {
            return Some(of_model(error));
        }
        if let Some(error) = cause.downcast_ref::<decode::Error>() {
            return Some(of_decode(error));
        }
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return Some(match refusal {
                Refusal::Nothing(_) | Refusal::Doubts(_) => NOTHING,
                Refusal::Usage(_) => USAGE,
                Refusal::Partial(_) => PARTIAL,
                Refusal::Interrupted(_) => INTERRUPTED,
                Refusal::Config { .. } => CONFIG,
                Refusal::ConfigFile { .. } => IO,
            });
        }
        if let Some(error) = cause.downcast_ref::<jobs::Error>() {
            return Some(of_job(error));
        }
        #[cfg(feature = "serve")]
        if let Some(error) = cause.downcast_ref::<crate::serve::Error>() {
            return Some(of_service(error));
        }
        cause.downcast_ref::<translate::Error>().map(of_translate)
    });
    ExitCode::from(code.unwrap_or(SOFTWARE))
}

/// What the user can do about an error.
pub(super) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let document = cause.downcast_ref::<document::Error>().and_then(document::Error::hint);
        let model = || cause.downcast_ref::<model::Error>().and_then(model::Error::hint);
        let decode = || cause.downcast_ref::<decode::Error>().and_then(decode::Error::hint);
        let translate =
            || cause.downcast_ref::<translate::Error>().and_then(translate::Error::hint);
        let job = || cause.downcast_ref::<jobs::Error>().and_then(jobs::Error::hint);
        #[cfg(feature = "serve")]
        let service =
            || cause.downcast_ref::<crate::serve::Error>().and_then(crate::serve::Error::hint);
        #[cfg(not(feature = "serve"))]
        let service = || None;
        let refusal = || match cause.downcast_ref::<Refusal>()? {
            Refusal::Usage(_) => Some("see `tarjoman help`".to_owned()),
            Refusal::Interrupted(_) => {
                Some("what is written is whole; run it again for the rest".to_owned())
            }
            _ => None,
        };
        document
            .or_else(model)
            .or_else(decode)
            .or_else(translate)
            .or_else(job)
            .or_else(service)
            .or_else(refusal)
    })
}

fn of_document(error: &document::Error) -> u8 {
    use document::Error;
    match error {
        Error::Read { .. } | Error::Directory { .. } => NO_INPUT,
        Error::Write { .. } => IO,
        Error::Format { .. } | Error::NoSkeleton { .. } => USAGE,
        _ => DATA,
    }
}

fn of_model(error: &model::Error) -> u8 {
    use model::Error;
    match error {
        Error::Hub { .. }
        | Error::Address { .. }
        | Error::ByHand { .. }
        | Error::NotCached { .. }
        | Error::Refused { .. }
        | Error::NotOnHub { .. }
        | Error::Damaged { .. } => UNAVAILABLE,
        Error::Cache { .. } => IO,
        Error::Name { .. }
        | Error::TooLong { .. }
        | Error::Language { .. }
        | Error::PromptLanguage { .. }
        | Error::Prompt { .. } => USAGE,
        Error::Compute(_) => SOFTWARE,
        _ => CONFIG,
    }
}

fn of_decode(error: &decode::Error) -> u8 {
    match error {
        decode::Error::Option { .. } => USAGE,
        decode::Error::Model(error) => of_model(error),
        decode::Error::Compute(_) => SOFTWARE,
    }
}

fn of_translate(error: &translate::Error) -> u8 {
    use translate::Error;
    match error {
        Error::Model(error) => of_model(error),
        Error::Options(source) | Error::Search { source, .. } => of_decode(source),
        Error::Language { .. }
        | Error::NoPrompt { .. }
        | Error::NoAlignment { .. }
        | Error::NotEnglish { .. } => USAGE,
        Error::Threads(_) | Error::Crashed { .. } | Error::Cancelled | Error::Lost => SOFTWARE,
        Error::Unsplittable { .. } => DATA,
    }
}

fn of_job(error: &jobs::Error) -> u8 {
    use jobs::Error;
    match error {
        Error::Input { .. } => NO_INPUT,
        Error::Output { .. } | Error::File { .. } => IO,
        Error::Shard { .. } | Error::Glob { .. } | Error::SamePlace { .. } => USAGE,
        Error::Locked { .. } => IN_USE,
        Error::Watch { .. } => SOFTWARE,
        Error::Translate(error) => of_translate(error),
    }
}

#[cfg(feature = "serve")]
fn of_service(error: &crate::serve::Error) -> u8 {
    use crate::serve::Error;
    match error {
        Error::Listen { .. } => UNAVAILABLE,
        Error::Keys { .. } => CONFIG,
        Error::KeyFile { .. } => NO_INPUT,
        Error::Origin { .. } => USAGE,
        Error::Start(_) | Error::Stopped => SOFTWARE,
        Error::Translate(error) => of_translate(error),
    }
}

//! Owns work that nobody watches: rows on a pipe and whole directories, what has been done of
//! it, and what failed. Knows the walk and the formats; does not print, and does not know how a
//! sentence is translated.

mod batch;
mod feed;
mod journal;
mod output;
mod parts;
mod pipe;
mod progress;
mod report;
mod rows;
mod shard;
mod walk;
mod watch;

use std::path::PathBuf;

pub use batch::{Batch, BatchOptions, Plan, Planned};
pub use pipe::{PipeOptions, PipeSummary, pipe};
pub use progress::{Progress, Snapshot};
pub use report::Used;
pub use shard::Shard;
pub use walk::WalkOptions;
pub use watch::Watch;

use crate::translate;

/// Why a job could not be begun or had to stop. What is wrong with one row or file is told in
/// its place, and stops nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rows can't be read on.
    #[error("could not read rows after line {line}")]
    Input {
        /// The last line that was read, from 1; 0 for none.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// The answers can't be written.
    #[error("could not write the answer to line {line}")]
    Output {
        /// The line, from 1.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// A shard that makes no sense, or that the environment does not tell.
    #[error("{shard:?} is not a shard: {reason}")]
    Shard {
        /// What was asked for.
        shard: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the job itself (a marker, the journal, a report) can't be read or written.
    #[error("could not {action} {}", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another run works on the output directory.
    #[error("another run works on {}", path.display())]
    Locked {
        /// The output directory.
        path: PathBuf,
    },
    /// A glob that makes no sense.
    #[error("a glob can't be used: {reason}")]
    Glob {
        /// What is wrong with it.
        reason: String,
    },
    /// Outputs would take the places of their sources.
    #[error("the outputs of {} would lie among their sources", path.display())]
    SamePlace {
        /// The input directory.
        path: PathBuf,
    },
    /// A directory can't be watched.
    #[error("could not watch {}: {reason}", path.display())]
    Watch {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The engine could not be started.
    #[error(transparent)]
    Translate(#[from] translate::Error),
}

/// Result of the jobs room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Input { .. } => "what was read before is answered; send the rest again".into(),
            Self::Output { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe => {
                "its reader was gone; answers before it are whole".into()
            }
            Self::Output { .. } => "check that the disk has room; answers before it are whole".into(),
            Self::Shard { .. } => {
                "give I/N with I from 0 to N-1; auto or auto/N reads SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX".into()
            }
            Self::File { .. } => {
                "check that the folder exists, that you may write there, and that the disk has room".into()
            }
            Self::Locked { .. } => "wait for it, or give another output directory".into(),
            Self::Glob { .. } => "globs are those of .gitignore, such as '*.txt' or '!drafts/**'".into(),
            Self::SamePlace { .. } => "give an output directory of its own".into(),
            Self::Watch { .. } => {
                "run without --watch from time to time; what is done is not done again".into()
            }
            Self::Translate(error) => return error.hint(),
        })
    }
}

/// An error with all its causes, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors tell their cause themselves.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

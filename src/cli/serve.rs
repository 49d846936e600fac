//! `tarjoman serve`: HTTP for a newsroom's content system.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;

use super::aids::Aids;
use super::exit::Refusal;
use super::interrupt::Interrupt;
use super::log::{self, Form};
use super::model::ModelArguments;
use super::progress::files_bar;
use super::search::SearchArguments;
use super::{note, use_color};
use crate::serve::{self, Keys, Languages, Limits, ServeOptions, Served};

/// Keys, with commas between them.
const KEYS: &str = "TARJOMAN_API_KEYS";

/// What may be typed after `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on; 0.0.0.0 for all of this machine, with API keys and behind a proxy
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,

    /// The port; 0 takes any that is free
    #[arg(short, long, value_name = "PORT", default_value_t = 5000)]
    port: u16,

    /// Who may ask: a file with a key a line, with a name and a space before it where it has one;
    /// `TARJOMAN_API_KEYS` has keys with commas between them [default: everybody]
    #[arg(long, value_name = "FILE")]
    api_keys: Option<PathBuf>,

    /// Requests of a client a minute, by its key or else by its address [default: no limit]
    #[arg(long, value_name = "N")]
    rate_limit: Option<NonZeroU32>,

    /// Pages of this origin may ask, such as `https://cms.example.org`; * for all; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,

    /// A proxy in front says who the client is, by X-Forwarded-For and X-Forwarded-Proto
    #[arg(long)]
    behind_proxy: bool,

    /// The form of what is told on standard error
    #[arg(long, value_enum, default_value = "text")]
    log: Form,

    /// Tell of every request
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten, next_help_heading = "Limits")]
    limits: LimitArguments,

    #[command(flatten, next_help_heading = "Translation")]
    model: ModelArguments,

    #[command(flatten)]
    aids: Aids,

    #[command(flatten, next_help_heading = "Search")]
    search: SearchArguments,
}

/// What is taken at most.
#[derive(Debug, clap::Args)]
struct LimitArguments {
    /// Characters of a request
    #[arg(long, value_name = "N", default_value_t = Limits::default().characters)]
    char_limit: usize,

    /// Texts of a request
    #[arg(long, value_name = "N", default_value_t = Limits::default().texts)]
    batch_limit: usize,

    /// Bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body)]
    body_limit: usize,

    /// Requests that wait or are being translated; more are told to come again (503)
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue)]
    queue: usize,

    /// Characters of all of them
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue_characters)]
    queue_chars: usize,

    /// Open connections; more wait
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    connections: usize,

    /// Seconds that a translation may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,

    /// Seconds that a client may take to send a request
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    slow_timeout: u64,

    /// Seconds that are left for what is in flight when a signal ends the service
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain_timeout: u64,
}

impl LimitArguments {
    fn limits(&self, per_minute: Option<NonZeroU32>) -> anyhow::Result<Limits> {
        let numbers = [
            ("--char-limit", self.char_limit),
            ("--batch-limit", self.batch_limit),
            ("--body-limit", self.body_limit),
            ("--queue", self.queue),
            ("--queue-chars", self.queue_chars),
            ("--connections", self.connections),
            ("--timeout", self.timeout as usize),
            ("--slow-timeout", self.slow_timeout as usize),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            return Err(Refusal::Usage(format!("{name} is 0: nothing would be answered")).into());
        }
        Ok(Limits {
            characters: self.char_limit,
            texts: self.batch_limit,
            body: self.body_limit,
            queue: self.queue,
            queue_characters: self.queue_chars,
            connections: self.connections.min(tokio::sync::Semaphore::MAX_PERMITS),
            timeout: Duration::from_secs(self.timeout),
            slow: Duration::from_secs(self.slow_timeout),
            drain: Duration::from_secs(self.drain_timeout),
            per_minute,
            ..Limits::default()
        })
    }
}

/// Answers requests until a signal ends it.
///
/// # Errors
/// When the address or the model can't be used, or requests were given up at the end.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut keys = Keys::default();
    if let Some(path) = &arguments.api_keys {
        keys.add_file(path)?;
    }
    if let Some(line) = std::env::var_os(KEYS).filter(|line| !line.is_empty()) {
        keys.add_line(KEYS, &line.to_string_lossy())?;
    }
    let limits = arguments.limits.limits(arguments.rate_limit)?;
    // Taken first: loading a model takes longer than to find out that the port is.
    let listener = serve::listen(&arguments.host, arguments.port)?;
    let address = serve::address(&listener)?;
    if !address.ip().is_loopback() && keys.is_empty() {
        note(
            arguments.quiet,
            "everybody who reaches this machine may ask; --api-keys says who may",
        );
    }
    let translator = arguments.model.load(arguments.quiet)?;
    let mut translate = arguments.search.options(&translator, &arguments.model, 1)?;
    arguments.aids.add_to(&mut translate, arguments.quiet)?;
    let level = match (arguments.verbose, arguments.quiet) {
        (true, _) => Level::INFO,
        (_, true) => Level::ERROR,
        _ => Level::WARN,
    };
    log::start(arguments.log, level, use_color(&std::io::stderr()), &files_bar(false));
    let (from, to) = arguments.model.languages();
    let options = ServeOptions {
        translate,
        languages: Languages::new(from, to),
        keys,
        limits,
        origins: arguments.cors_origin.clone(),
        behind_proxy: arguments.behind_proxy,
    };
    let interrupt = Interrupt::listen()?;
    // Data: whoever started this may want to know the port.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
    drop(out);
    let Served { requests, unfinished } =
        serve::run(&translator, &options, listener, interrupt.flag())?;
    if unfinished > 0 {
        let message = format!("{unfinished} requests were not done in time");
        return Err(Refusal::Partial(message).into());
    }
    note(arguments.quiet, &format!("{requests} requests answered"));
    Ok(())
}

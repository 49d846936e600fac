//! The process that measures one point. What it is told comes as JSON on standard input; it
//! answers with lines of JSON: `"first"` once the first sentence is translated, then the sample.
//! `sweep` starts it: load time and peak memory are honest in a new process only.

use std::io::{Read as _, Write as _, stdin, stdout};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::super::exit::Refusal;
use crate::bench::{Loaded, Point, Sample, Task, time};
use crate::document::readers;
use crate::model::families::Cost;
use crate::model::source::Silent;
use crate::model::{DeviceName, ModelSource};
use crate::translate::{LoadOptions, Translator};

/// What a worker is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub point: Point,
    pub task: Task,
    /// What is translated, as plain text.
    pub text: String,
}

/// What a worker answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    /// The first sentence is translated.
    First,
    /// All is measured.
    Sample(Box<Sample>),
}

fn say(answer: &Answer) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    out.flush()?;
    Ok(())
}

/// Measures what standard input says.
///
/// # Errors
/// Whatever the rooms below report.
pub(super) fn run() -> Result<()> {
    let begun = Instant::now();
    let mut order = String::new();
    stdin().lock().read_to_string(&mut order)?;
    let Order { point, task, text } =
        serde_json::from_str(&order).context("--worker is for `tarjoman bench` itself")?;
    let source: ModelSource = point.model.parse()?;
    let files = source.resolve(&mut Silent)?;
    let devices = point.device.parse::<DeviceName>()?.open(&mut |_| ())?;
    let copies = devices.len();
    let start = Instant::now();
    let options =
        LoadOptions { compute_type: point.compute_type, devices, ..LoadOptions::default() };
    let translator = Translator::load(&files, &options)
        .with_context(|| format!("could not load model {source}"))?;
    let load_seconds = start.elapsed().as_secs_f64();
    let mut options = translator.options();
    options.only_persian = false;
    options.search.beams = point.beams.unwrap_or(options.search.beams);
    options.search.check()?;
    let sources = translator.sources(readers::plain("the text", &text)?, &options)?;
    if sources.is_empty() {
        return Err(Refusal::Usage("the text has no sentence to translate".into()).into());
    }
    let loaded = Loaded {
        networks: (0..copies).map(|copy| translator.network(copy)).collect(),
        search: options.search,
        batch_tokens: options.batch_tokens,
        cost: Cost::of(&files, point.compute_type)?,
        load_seconds,
    };
    let mut told = Ok(());
    let sample = time(&loaded, &sources, &point, &task, begun, &mut || told = say(&Answer::First))
        .context("could not decode the text")?;
    told?;
    say(&Answer::Sample(Box::new(sample)))
}

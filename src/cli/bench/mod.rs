//! `tarjoman bench`: how fast this machine is. A sweep over settings, with a process of its own for
//! each measurement; or one workload of token ids; or products alone.

mod sweep;
mod worker;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use candle_core::Device;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::Serialize;

use super::config::default_model;
use super::exit::Refusal;
use super::output::Output;
use super::progress::Download;
use super::show_progress;
use crate::bench::{self, Measurement, Mode, RunOptions, Workload};
use crate::decode::SearchOptions;
use crate::kernels::Isa;
use crate::model::config::GenerationConfig;
use crate::model::{ComputeType, DeviceName, ModelSource, families};

/// Sizes of the matrices of Marian's base shape, and of the embedded model's.
const SHAPES: [(usize, usize); 7] =
    [(256, 256), (256, 1024), (1024, 256), (512, 512), (512, 2048), (2048, 512), (512, 62_000)];

const ROWS: [usize; 5] = [1, 4, 16, 64, 256];

/// What may be typed after `bench`. Options with several values make a sweep over all combinations.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // flags, each on its own
pub(super) struct Arguments {
    /// A model, as for `translate`; may be repeated
    #[arg(short, long = "model", value_name = "MODEL", env = "TARJOMAN_MODEL")]
    models: Vec<ModelSource>,

    /// In what precision the model computes; several with commas between
    #[arg(
        long = "compute-type",
        visible_alias = "dtype",
        value_enum,
        value_delimiter = ',',
        value_name = "TYPE",
        default_value = "auto"
    )]
    compute_types: Vec<ComputeType>,

    /// Where the model computes, as for `translate`; may be repeated
    #[arg(long = "device", value_name = "DEVICE", value_parser = device, default_value = "cpu")]
    devices: Vec<String>,

    /// Threads; several with commas between [default: one a core]
    #[arg(long, value_delimiter = ',', value_name = "N")]
    threads: Vec<usize>,

    /// Batches that are decoded at the same time; several with commas between
    /// [default: one a thread]
    #[arg(long, value_delimiter = ',', value_name = "N")]
    workers: Vec<usize>,

    /// Source tokens of a batch, padding and beams counted in; several with commas between
    /// [default: as `translate` has it]
    #[arg(long, value_delimiter = ',', value_name = "TOKENS")]
    batch_tokens: Vec<usize>,

    /// Beams, 1 is greedy search; several with commas between [default: as the model wants]
    #[arg(short, long, value_delimiter = ',', value_name = "N")]
    beams: Vec<usize>,

    /// What is decoded at once
    #[arg(
        long = "mode",
        value_enum,
        value_delimiter = ',',
        value_name = "MODE",
        default_value = "batches,single"
    )]
    modes: Vec<Mode>,

    /// An article to translate, in any format that `translate` reads; - for standard input
    /// [default: a short one of news]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tokens", "products"])]
    text: Option<PathBuf>,

    /// Sentences of a run; those of the article are repeated until there are as many
    #[arg(long, value_name = "N", default_value_t = 64)]
    sentences: usize,

    /// Make every target 1.1 times as long as its source, whatever the model says: the same work
    /// for every model and type
    #[arg(long)]
    forced: bool,

    /// Processes of each row, in turns
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: usize,

    /// Seconds that each of them measures at least
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    min_time: f64,

    /// Times that each of them goes through the text before
    #[arg(long, value_name = "N", default_value_t = 1)]
    warmup: usize,

    /// Put an earlier report, in JSON, beside this one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tokens", "products"])]
    compare: Option<PathBuf>,

    /// Where the report goes; its ending chooses the format: .json .csv .md .html .svg; may be
    /// repeated [default: a table on standard output]
    #[arg(short, long = "output", value_name = "FILE", conflicts_with_all = ["tokens", "products"])]
    outputs: Vec<PathBuf>,

    /// Print JSON instead of a table
    #[arg(long, group = "form")]
    json: bool,

    /// Print comma-separated values
    #[arg(long, group = "form", conflicts_with_all = ["tokens", "products"])]
    csv: bool,

    /// Print Markdown
    #[arg(long, group = "form", conflicts_with_all = ["tokens", "products"])]
    markdown: bool,

    /// Print a page with plots
    #[arg(long, group = "form", conflicts_with_all = ["tokens", "products"])]
    html: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,

    /// Only decode these token ids, a JSON file: `{"batches": [{"sources": [[ids]], "target_length": N}]}`
    #[arg(long, value_name = "FILE", conflicts_with = "products")]
    tokens: Option<PathBuf>,

    /// With --tokens: runs that are measured, after one that is not
    #[arg(long, value_name = "N", default_value_t = 3)]
    repeat: usize,

    /// Only measure 8-bit products, and what the CPU could do at best
    #[arg(long)]
    products: bool,

    /// Measure what standard input says, in this process
    #[arg(long, hide = true)]
    worker: bool,
}

impl ValueEnum for Mode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Batches, Self::Single]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Batches => "Sentences together: the speed of an archive",
            Self::Single => "One sentence after another: the delay that somebody who waits sees",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// The name of a device, if there may be one.
fn device(text: &str) -> Result<String, crate::model::Error> {
    text.parse::<DeviceName>().map(|_| text.to_owned())
}

#[derive(Serialize)]
struct Report {
    isa: &'static str,
    beams: usize,
    threads: usize,
    workers: usize,
    load_seconds: f64,
    #[serde(flatten)]
    measurement: Measurement,
    /// Target tokens over the median of the seconds.
    tokens_per_second: f64,
    peak_memory_bytes: Option<u64>,
}

/// Runs `tarjoman bench`.
///
/// # Errors
/// When the workload or the model can't be read or run.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.worker {
        return worker::run();
    }
    let text = match &arguments.tokens {
        Some(path) => decode(arguments, path)?,
        None if arguments.products => products(arguments.json)?,
        None => return sweep::run(arguments),
    };
    Ok(Output::Stdout.write(|out| out.write_all(text.as_bytes()))?)
}

/// The one value that makes sense without a sweep.
fn only<T: Clone>(values: &[T], option: &str) -> Result<Option<T>> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(value.clone())),
        _ => Err(Refusal::Usage(format!("--tokens takes one value of --{option}")).into()),
    }
}

fn decode(arguments: &Arguments, path: &Path) -> Result<String> {
    let reading = || format!("could not read the workload {}", path.display());
    let text = std::fs::read_to_string(path).with_context(reading)?;
    let workload: Workload = serde_json::from_str(&text).with_context(reading)?;
    let source = match only(&arguments.models, "model")? {
        Some(source) => source,
        None => default_model()?,
    };
    let compute_type = only(&arguments.compute_types, "compute-type")?.unwrap_or_default();
    let files = source.resolve(&mut Download::new(show_progress(false), false))?;
    let start = Instant::now();
    let model = families::load_as(&files, &Device::Cpu, compute_type)
        .with_context(|| format!("could not load model {source}"))?;
    let load_seconds = start.elapsed().as_secs_f64();
    let generation = GenerationConfig::load(&files)?;
    let beams = only(&arguments.beams, "beams")?.unwrap_or(1);
    let search = SearchOptions { beams, candidates: 1, ..SearchOptions::of_model(&generation)? };
    search.check()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = only(&arguments.threads, "threads")?.unwrap_or(cores);
    let workers = only(&arguments.workers, "workers")?.unwrap_or(threads);
    let options = RunOptions { workers, threads, repeat: arguments.repeat.max(1) };
    let measurement = bench::measure(model.as_ref(), &workload, &search, options)
        .context("could not decode the workload")?;
    let tokens_per_second =
        measurement.target_tokens as f64 / bench::median(&measurement.seconds).max(1e-9);
    let report = Report {
        isa: Isa::best().name(),
        beams,
        threads,
        workers,
        load_seconds,
        measurement,
        tokens_per_second,
        peak_memory_bytes: bench::peak_memory(),
    };
    if arguments.json {
        return Ok(serde_json::to_string(&report)? + "\n");
    }
    let memory = report.peak_memory_bytes.unwrap_or(0) / 1_000_000;
    Ok(format!(
        "{:.0} target tokens a second ({}, {} threads, {} workers, beam {}); loaded in {:.2} s; {memory} MB\n",
        report.tokens_per_second,
        report.isa,
        report.threads,
        report.workers,
        report.beams,
        report.load_seconds
    ))
}

fn products(json: bool) -> Result<String> {
    let measured = bench::products(&SHAPES, &ROWS)?;
    if json {
        return Ok(serde_json::to_string(&measured)? + "\n");
    }
    let mut text = Vec::new();
    let peak = measured.peak_gops;
    writeln!(text, "{}, one thread; peak {:.0} Gop/s", measured.isa, peak.unwrap_or(0.0))?;
    for product in &measured.products {
        let share = peak.map_or(0.0, |peak| 100.0 * product.gops / peak);
        let size = format!("{} x {}", product.inputs, product.outputs);
        writeln!(
            text,
            "{:4} rows times {size:>12}: {:6.1} Gop/s, {share:3.0} % of the peak",
            product.rows, product.gops
        )?;
    }
    Ok(String::from_utf8(text)?)
}

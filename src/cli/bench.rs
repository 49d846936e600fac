//! `tarjoman bench`: how fast this machine is.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use candle_core::Device;
use serde::Serialize;

use super::config::default_model;
use super::output::Output;
use super::progress::Download;
use super::show_progress;
use crate::bench::{self, Measurement, RunOptions, Workload};
use crate::decode::SearchOptions;
use crate::kernels::Isa;
use crate::model::config::GenerationConfig;
use crate::model::{ComputeType, ModelSource, families};

/// Sizes of the matrices of Marian's base shape, and of the embedded model's.
const SHAPES: [(usize, usize); 7] =
    [(256, 256), (256, 1024), (1024, 256), (512, 512), (512, 2048), (2048, 512), (512, 62_000)];

const ROWS: [usize; 5] = [1, 4, 16, 64, 256];

/// What may be typed after `bench`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Decode these token ids, a JSON file: `{"batches": [{"sources": [[ids]], "target_length": N}]}`
    #[arg(long, value_name = "FILE", required_unless_present = "products")]
    tokens: Option<PathBuf>,

    /// Measure 8-bit products alone, and what the CPU could do at best
    #[arg(long, conflicts_with = "tokens")]
    products: bool,

    /// A model, as for `translate`
    #[arg(short, long, value_name = "MODEL", env = "TARJOMAN_MODEL")]
    model: Option<ModelSource>,

    /// In what precision the model computes
    #[arg(long, value_enum, value_name = "TYPE", default_value_t)]
    compute_type: ComputeType,

    /// Beams; 1 is greedy search
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    beams: usize,

    /// Threads [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Batches that are decoded at the same time [default: one a thread]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,

    /// Runs that are measured, after one that is not
    #[arg(long, value_name = "N", default_value_t = 3)]
    repeat: usize,

    /// Print JSON
    #[arg(long)]
    json: bool,
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
    let output = Output::open(None)?;
    let text = match &arguments.tokens {
        Some(path) => decode(arguments, path)?,
        None => products(arguments.json)?,
    };
    Ok(output.write(|out| out.write_all(text.as_bytes()))?)
}

fn decode(arguments: &Arguments, path: &Path) -> Result<String> {
    let reading = || format!("could not read the workload {}", path.display());
    let text = std::fs::read_to_string(path).with_context(reading)?;
    let workload: Workload = serde_json::from_str(&text).with_context(reading)?;
    let source = match &arguments.model {
        Some(source) => source.clone(),
        None => default_model()?,
    };
    let files = source.resolve(&mut Download::new(show_progress(false), false))?;
    let start = Instant::now();
    let model = families::load_as(&files, &Device::Cpu, arguments.compute_type)
        .with_context(|| format!("could not load model {source}"))?;
    let load_seconds = start.elapsed().as_secs_f64();
    let generation = GenerationConfig::load(&files)?;
    let search = SearchOptions {
        beams: arguments.beams,
        candidates: 1,
        ..SearchOptions::of_model(&generation)?
    };
    search.check()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.unwrap_or(cores);
    let workers = arguments.workers.unwrap_or(threads);
    let options = RunOptions { workers, threads, repeat: arguments.repeat.max(1) };
    let measurement = bench::measure(model.as_ref(), &workload, &search, options)
        .context("could not decode the workload")?;
    let tokens_per_second =
        measurement.target_tokens as f64 / bench::median(&measurement.seconds).max(1e-9);
    let report = Report {
        isa: Isa::best().name(),
        beams: arguments.beams,
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

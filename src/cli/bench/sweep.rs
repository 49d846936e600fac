//! The sweep: all combinations of settings, measured in turns, and the report of it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use indicatif::ProgressBar;

use super::super::config::default_model;
use super::super::exit::Refusal;
use super::super::interrupt::Interrupt;
use super::super::output::Output;
use super::super::progress::{Download, runs_bar};
use super::super::{note, show_progress};
use super::Arguments;
use super::worker::{Answer, Order};
use crate::bench::{
    self, Failed, Machine, Measured, Mode, Peak, Point, Report, SCHEMA, Sample, Task,
};
use crate::document::{Error as DocumentError, readers};

/// What is translated when nothing else is asked for.
const ARTICLE: &str = include_str!("../../../seeds/article.fa.txt");

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
    Csv,
    Markdown,
    Html,
    Svg,
}

impl Form {
    fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("md") => Ok(Self::Markdown),
            Some("html") => Ok(Self::Html),
            Some("svg") => Ok(Self::Svg),
            Some("txt") => Ok(Self::Table),
            _ => Err(Refusal::Usage(format!(
                "{}: reports end with .json, .csv, .md, .html, .svg or .txt",
                path.display()
            ))
            .into()),
        }
    }

    fn write(self, report: &Report, against: &[String], out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Table => bench::terminal(report, against, out),
            Self::Json => {
                serde_json::to_writer_pretty(&mut *out, report).map_err(io::Error::from)?;
                writeln!(out)
            }
            Self::Csv => bench::csv(report, out),
            Self::Markdown => bench::markdown(report, against, out),
            Self::Html => bench::html(report, against, out),
            Self::Svg => bench::svg(report, out),
        }
    }
}

/// Measures, and writes the report.
///
/// # Errors
/// When nothing could be measured, or the report can't be written. What fails of a sweep is told at
/// the end.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let outputs = outputs(arguments)?;
    let old = arguments.compare.as_deref().map(read).transpose()?;
    let (name, text) = text(arguments.text.as_deref())?;
    let points = points(arguments)?;
    let task = Task {
        sentences: arguments.sentences.max(1),
        forced: arguments.forced,
        warmup: arguments.warmup,
        min_seconds: arguments.min_time.max(0.0),
    };
    let interrupt = Interrupt::listen()?;
    let mut sweep = Sweep {
        text,
        task,
        samples: vec![Vec::new(); points.len()],
        errors: vec![None; points.len()],
        points,
        bar: runs_bar(show_progress(arguments.quiet)),
    };
    let mut peaks = sweep.peaks()?;
    let stop = || interrupt.flag().load(Ordering::Relaxed);
    sweep.run(arguments.runs.max(1), stop)?;
    if !stop() {
        // Once more: a machine that does other things was perhaps slow at the beginning.
        peaks = peaks.iter().zip(sweep.peaks()?).map(|(a, b)| a.or(b)).collect();
    }
    sweep.bar.finish_and_clear();
    let report = sweep.report(name, peaks, arguments.runs.max(1));

    let against = old.as_ref().map(|old| {
        let (compared, warnings) = bench::compare(&report, old);
        bench::comparison(&report, &compared, &warnings)
    });
    let against = against.unwrap_or_default();
    for failed in &report.failed {
        note(false, &format!("{} could not be measured: {}", failed.point.model, failed.error));
    }
    for (output, form) in &outputs {
        if !report.points.is_empty() {
            output.write(|out| form.write(&report, &against, out))?;
        }
    }
    if stop() {
        return Err(Refusal::Interrupted("not all of the sweep is measured".into()).into());
    }
    if !report.failed.is_empty() {
        let (failed, all) = (report.failed.len(), report.failed.len() + report.points.len());
        return Err(Refusal::Partial(format!("{failed} of {all} could not be measured")).into());
    }
    Ok(())
}

/// Where the report goes: opened before the long work.
fn outputs(arguments: &Arguments) -> Result<Vec<(Output, Form)>> {
    let mut outputs = Vec::new();
    for path in &arguments.outputs {
        let form = Form::of(path)?;
        outputs.push((Output::open(Some(path))?, form));
    }
    let printed = [
        (arguments.json, Form::Json),
        (arguments.csv, Form::Csv),
        (arguments.markdown, Form::Markdown),
        (arguments.html, Form::Html),
        (true, Form::Table),
    ];
    outputs.extend(
        printed.into_iter().find(|(wanted, _)| *wanted).map(|(_, form)| (Output::Stdout, form)),
    );
    Ok(outputs)
}

fn read(path: &Path) -> Result<Report> {
    let reading = || format!("could not read the report {}", path.display());
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| DocumentError::Read { name, source })
        .with_context(reading)?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Refusal::Usage(format!("{} is no report of `tarjoman bench`: {error}", path.display()))
    })?;
    if report.schema != SCHEMA {
        let (path, found) = (path.display(), &report.schema);
        return Err(Refusal::Usage(format!("{path} has schema {found}, not {SCHEMA}")).into());
    }
    Ok(report)
}

/// What is translated: its name, and plain text.
fn text(path: Option<&Path>) -> Result<(String, String)> {
    let Some(path) = path else { return Ok(("the sample article".into(), ARTICLE.to_owned())) };
    let article = readers::open(path)?;
    let blocks: Vec<&str> = article.blocks.iter().map(|block| block.text.as_str()).collect();
    let name = path
        .file_name()
        .map_or_else(|| "standard input".into(), |name| PathBuf::from(name).display().to_string());
    Ok((name, blocks.join("\n\n")))
}

/// All combinations, in the order in which a reader compares them. Models are fetched here.
fn points(arguments: &Arguments) -> Result<Vec<Point>> {
    let models = match arguments.models.as_slice() {
        [] => vec![default_model()?],
        models => models.to_vec(),
    };
    for model in &models {
        model.resolve(&mut Download::new(show_progress(arguments.quiet), arguments.quiet))?;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads =
        if arguments.threads.is_empty() { vec![cores] } else { arguments.threads.clone() };
    for (option, values) in [
        ("threads", &threads),
        ("workers", &arguments.workers),
        ("beams", &arguments.beams),
        ("batch-tokens", &arguments.batch_tokens),
    ] {
        if values.contains(&0) {
            return Err(Refusal::Usage(format!("--{option} is at least 1")).into());
        }
    }
    let maybe = |values: &[usize]| -> Vec<Option<usize>> {
        if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
    };
    let mut points: Vec<Point> = Vec::new();
    for model in &models {
        for &compute_type in &arguments.compute_types {
            for device in &arguments.devices {
                for &mode in &arguments.modes {
                    for beams in maybe(&arguments.beams) {
                        for &threads in &threads {
                            for workers in maybe(&arguments.workers) {
                                for batch_tokens in maybe(&arguments.batch_tokens) {
                                    let single = mode == Mode::Single;
                                    let point = Point {
                                        model: model.to_string(),
                                        compute_type,
                                        device: device.clone(),
                                        threads,
                                        workers: if single {
                                            1
                                        } else {
                                            workers.unwrap_or(threads)
                                        },
                                        batch_tokens: batch_tokens.filter(|_| !single),
                                        beams,
                                        mode,
                                    };
                                    // Workers and batches make no difference to single sentences.
                                    if !points.contains(&point) {
                                        points.push(point);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(points)
}

struct Sweep {
    text: String,
    task: Task,
    points: Vec<Point>,
    samples: Vec<Vec<Sample>>,
    errors: Vec<Option<String>>,
    bar: ProgressBar,
}

impl Sweep {
    /// What the machine can do, with each number of threads.
    fn peaks(&self) -> Result<Vec<Peak>> {
        self.bar.set_message("the machine itself");
        let mut threads: Vec<usize> = self.points.iter().map(|point| point.threads).collect();
        threads.sort_unstable();
        threads.dedup();
        let peak = |threads| Peak::measure(threads).context("could not measure the machine");
        threads.into_iter().map(peak).collect()
    }

    /// Rounds over all points, back and forth: what slows the machine for a while meets them all.
    fn run(&mut self, rounds: usize, stop: impl Fn() -> bool) -> Result<()> {
        let mut known: Vec<(&str, crate::model::ComputeType, &str)> = Vec::new();
        let mut unknown = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let loaded = (point.model.as_str(), point.compute_type, point.device.as_str());
            if !known.contains(&loaded) {
                known.push(loaded);
                unknown.push(index);
            }
        }
        let all = self.points.len();
        self.bar.set_length((unknown.len() + rounds * all) as u64);
        // A first start reads the files from the disk and packs weights for those after it.
        let short = Task { sentences: 1, warmup: 0, min_seconds: 0.0, ..self.task };
        for index in unknown {
            if stop() {
                return Ok(());
            }
            self.measure(index, &short)?;
        }
        for round in 0..rounds {
            for place in 0..all {
                let index = if round % 2 == 0 { place } else { all - 1 - place };
                if stop() {
                    return Ok(());
                }
                if self.errors[index].is_some() {
                    self.bar.inc(1);
                } else if let Some(sample) = self.measure(index, &self.task.clone())? {
                    self.samples[index].push(sample);
                }
            }
        }
        Ok(())
    }

    /// Nothing where it fails, which is noted.
    fn measure(&mut self, index: usize, task: &Task) -> Result<Option<Sample>> {
        let point = &self.points[index];
        self.bar.set_message(format!("{}, {}", point.model, point.mode.name()));
        self.bar.tick();
        let order = Order { point: point.clone(), task: *task, text: self.text.clone() };
        let measured = start(&order)?;
        self.bar.inc(1);
        Ok(measured.map_err(|error| self.errors[index] = Some(error)).ok())
    }

    fn report(self, text: String, peaks: Vec<Peak>, runs: usize) -> Report {
        let measured =
            |(point, samples): (&Point, &Vec<Sample>)| Measured::of(point, samples, &peaks);
        let points = self.points.iter().zip(&self.samples).filter_map(measured).collect();
        let failed = |(point, error): (&Point, Option<String>)| {
            error.map(|error| Failed { point: point.clone(), error })
        };
        let failed = self.points.iter().zip(self.errors).filter_map(failed).collect();
        Report {
            schema: SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            machine: Machine::here(),
            peaks,
            text,
            task: self.task,
            runs,
            points,
            failed,
        }
    }
}

/// Measures in a process of its own. The inner error is what that process says.
fn start(order: &Order) -> Result<Result<Sample, String>> {
    let program = std::env::current_exe().context("could not find the program itself")?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["bench", "--worker"])
        .env_remove("TARJOMAN_MODEL")
        // candle's products ask for as many.
        .env("RAYON_NUM_THREADS", order.point.threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("could not start a process to measure in")?;
    let told = serde_json::to_vec(order)?;
    // A process that is gone already says why below.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(&told));
    let mut stderr = child.stderr.take();
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        // What is not UTF-8 is no message of ours.
        let _ = stderr.as_mut().map(|stderr| stderr.read_to_string(&mut text));
        text
    });
    let (mut first, mut sample) = (None, None);
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            match serde_json::from_str(&line?) {
                Ok(Answer::First) => first = Some(begun.elapsed().as_secs_f64()),
                Ok(Answer::Sample(found)) => sample = Some(*found),
                Err(_) => {}
            }
        }
    }
    let status = child.wait().context("could not wait for the process that measures")?;
    let complaints = complaints.join().map_err(|_| anyhow!("could not read its messages"))?;
    Ok(match (sample, first) {
        // Seen from outside, with the start of the process itself.
        (Some(sample), Some(first)) if status.success() => {
            Ok(Sample { first_sentence_seconds: first, ..sample })
        }
        _ => Err(complaint(&complaints).unwrap_or_else(|| format!("its process ended: {status}"))),
    })
}

/// The message of an error, without what only people at a terminal need.
fn complaint(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains("error:")).or_else(|| text.lines().last())?;
    Some(line.trim_start_matches("error:").trim().to_owned())
}

//! Reports as text: for a terminal, for spreadsheets, and as Markdown.

use std::io::{self, Write};

use super::compare::{Compared, Verdict};
use super::point::{Mode, Point};
use super::report::{Measured, Report};
use super::stats::Summary;

/// A column that tells points apart: its title, and what a point has there.
type Axis = (&'static str, fn(&Measured) -> String);

/// What tells points apart: the model, and whatever is not the same for all.
fn axes(points: &[Measured]) -> Vec<Axis> {
    let all: [Axis; 8] = [
        ("model", |it| it.point.model.clone()),
        ("type", |it| type_name(&it.point).to_owned()),
        ("device", |it| it.point.device.clone()),
        ("threads", |it| it.point.threads.to_string()),
        ("workers", |it| it.point.workers.to_string()),
        ("batch tokens", |it| it.batch_tokens.to_string()),
        ("beams", |it| it.beams.to_string()),
        ("mode", |it| it.point.mode.name().to_owned()),
    ];
    let differs = |axis: &Axis| {
        // Single sentences have one worker and no batches, whatever was asked for.
        let of_batches = ["workers", "batch tokens"].contains(&axis.0);
        let has_it = |it: &&Measured| !of_batches || it.point.mode == Mode::Batches;
        let mut values = points.iter().filter(has_it).map(axis.1);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    all.into_iter().filter(|axis| axis.0 == "model" || differs(axis)).collect()
}

fn type_name(point: &Point) -> &'static str {
    use crate::model::ComputeType;
    match point.compute_type {
        ComputeType::Auto => "auto",
        ComputeType::F32 => "f32",
        ComputeType::Bf16 => "bf16",
        ComputeType::F16 => "f16",
        ComputeType::Int8 => "int8",
    }
}

/// A short name for each point of a report.
pub(super) fn labels(report: &Report) -> Vec<String> {
    let axes = axes(&report.points);
    let label = |point: &Measured| {
        let parts = axes.iter().map(|(title, value)| match *title {
            "model" | "type" | "device" | "mode" => value(point),
            title => format!("{title} {}", value(point)),
        });
        parts.collect::<Vec<_>>().join(", ")
    };
    report.points.iter().map(label).collect()
}

/// A number with as many digits as mean something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A duration in the unit that suits it.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", number(seconds * 1e3))
    } else {
        format!("{} s", number(seconds))
    }
}

fn spread(summary: &Summary) -> String {
    format!("{} ({}–{})", number(summary.median), number(summary.min), number(summary.max))
}

pub(super) fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("?".into(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Titles and rows: what every reader wants to see.
pub(super) fn rows(report: &Report) -> (Vec<String>, Vec<Vec<String>>) {
    let axes = axes(&report.points);
    let columns = [
        "tokens/s",
        "sentences/s",
        "p50",
        "p95",
        "p99",
        "first sentence",
        "load",
        "memory",
        "of products",
        "of bandwidth",
    ];
    let titles = axes.iter().map(|axis| axis.0).chain(columns).map(str::to_owned).collect();
    let row = |it: &Measured| {
        let share = |of: fn(&super::Share) -> f64| {
            it.share.as_ref().map_or_else(|| "?".into(), |share| percent(of(share)))
        };
        let mut row: Vec<String> = axes.iter().map(|axis| axis.1(it)).collect();
        row.extend([
            spread(&it.tokens_per_second),
            number(it.sentences_per_second.median),
            duration(it.latency.p50),
            duration(it.latency.p95),
            duration(it.latency.p99),
            duration(it.first_sentence_seconds.median),
            duration(it.load_seconds.median),
            megabytes(it.peak_memory_bytes),
            share(|share| share.of_products),
            share(|share| share.of_bandwidth),
        ]);
        row
    };
    (titles, report.points.iter().map(row).collect())
}

/// Lines about the machine and the work.
pub(super) fn about(report: &Report) -> Vec<String> {
    let machine = &report.machine;
    let memory = machine.memory_bytes.map(|bytes| format!(", {:.0} GB", bytes as f64 / 1e9));
    let mut lines = vec![format!(
        "{}, {} cores{}, {}, {}; Tarjoman {}",
        machine.cpu,
        machine.cores,
        memory.unwrap_or_default(),
        machine.isa,
        machine.system,
        report.version
    )];
    for peak in &report.peaks {
        lines.push(format!(
            "at best, with {} threads: {:.0} Gop/s in 8 bits, {:.0} Gop/s in 32-bit floats, {:.1} GB/s from memory",
            peak.threads, peak.int8_gops, peak.f32_gops, peak.read_gbs
        ));
    }
    let lengths = if report.task.forced {
        "every target 1.1 times as long as its source"
    } else {
        "targets as long as the model makes them"
    };
    lines.push(format!(
        "{}, {} sentences, {lengths}; {} processes a row, in turns; medians (lowest–highest)",
        report.text, report.task.sentences, report.runs
    ));
    if report.points.iter().any(|it| it.point.mode == Mode::Batches) {
        lines.push("p50, p95, p99: of a batch, or of a sentence where they come singly".into());
    }
    lines.push(
        "of products, of bandwidth: the part of what the machine does at best; above 100 % weights stay in caches"
            .into(),
    );
    lines
}

/// What a comparison with an older report found, a line a point, and then what makes it doubtful.
#[must_use]
pub fn comparison(report: &Report, compared: &[Compared<'_>], warnings: &[String]) -> Vec<String> {
    let line = |(it, label): (&Compared<'_>, &String)| match it.old {
        None => format!("{label}: not in the old report"),
        Some(old) => {
            let chance = match it.verdict {
                Verdict::TooFew => String::new(),
                _ => format!(" (p = {:.3})", it.p_value),
            };
            let (was, is) =
                (number(super::median(&old.rounds)), number(super::median(&it.new.rounds)));
            format!(
                "{label}: {was} to {is} tokens/s, {:.2} times, {}{chance}",
                it.ratio,
                it.verdict.name()
            )
        }
    };
    let lines = compared.iter().zip(&labels(report)).map(line).collect::<Vec<_>>();
    lines.into_iter().chain(warnings.iter().map(|warning| format!("note: {warning}"))).collect()
}

/// For a terminal.
///
/// * `against`: what a comparison with an older report found, a line a point
///
/// # Errors
/// When it can't be written.
pub fn terminal(report: &Report, against: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in about(report) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let (titles, rows) = rows(report);
    let width = |column: usize| {
        let cells = rows.iter().chain([&titles]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let text = axes(&report.points).len();
    for row in [&titles].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            // Numbers stand below each other at their ends.
            if column < text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    if !against.is_empty() {
        writeln!(out, "\nagainst the old report:")?;
    }
    for line in against {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// As Markdown; `against` as in [`terminal`].
///
/// # Errors
/// When it can't be written.
pub fn markdown(report: &Report, against: &[String], out: &mut dyn Write) -> io::Result<()> {
    let (titles, rows) = rows(report);
    let line = |row: &[String]| {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    writeln!(out, "{}\n|{}", line(&titles), "---|".repeat(titles.len()))?;
    for row in &rows {
        writeln!(out, "{}", line(row))?;
    }
    writeln!(out)?;
    for line in about(report) {
        writeln!(out, "{line}.  ")?;
    }
    if !against.is_empty() {
        writeln!(out, "\nAgainst the old report:\n")?;
    }
    for line in against {
        writeln!(out, "- {line}")?;
    }
    Ok(())
}

/// As comma-separated values: numbers without units, a row a point.
///
/// # Errors
/// When it can't be written.
pub fn csv(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record([
        "model",
        "compute_type",
        "device",
        "isa",
        "threads",
        "workers",
        "batch_tokens",
        "beams",
        "mode",
        "sentences",
        "source_tokens",
        "target_tokens",
        "tokens_per_second",
        "tokens_per_second_min",
        "tokens_per_second_q1",
        "tokens_per_second_q3",
        "tokens_per_second_max",
        "tokens_per_second_mad",
        "sentences_per_second",
        "tokens_per_cpu_second",
        "latency_p50_seconds",
        "latency_p95_seconds",
        "latency_p99_seconds",
        "load_seconds",
        "first_sentence_seconds",
        "peak_memory_bytes",
        "share_of_products",
        "share_of_bandwidth",
    ])?;
    for it in &report.points {
        let (point, speed) = (&it.point, &it.tokens_per_second);
        let known = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        table.write_record([
            point.model.clone(),
            type_name(point).to_owned(),
            point.device.clone(),
            it.isa.clone(),
            point.threads.to_string(),
            point.workers.to_string(),
            it.batch_tokens.to_string(),
            it.beams.to_string(),
            point.mode.name().to_owned(),
            it.sentences.to_string(),
            it.source_tokens.to_string(),
            it.target_tokens.to_string(),
            speed.median.to_string(),
            speed.min.to_string(),
            speed.q1.to_string(),
            speed.q3.to_string(),
            speed.max.to_string(),
            speed.mad.to_string(),
            it.sentences_per_second.median.to_string(),
            known(it.tokens_per_cpu_second.map(|it| it.median)),
            it.latency.p50.to_string(),
            it.latency.p95.to_string(),
            it.latency.p99.to_string(),
            it.load_seconds.median.to_string(),
            it.first_sentence_seconds.median.to_string(),
            it.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            known(it.share.map(|it| it.of_products)),
            known(it.share.map(|it| it.of_bandwidth)),
        ])?;
    }
    table.flush()
}

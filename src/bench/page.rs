//! Reports as pictures: SVG, and a page with the picture and the table that loads nothing.

use std::io::{self, Write};

use askama::Template;

use super::report::{Measured, Report};
use super::table::{about, duration, labels, megabytes, number, rows};

/// Pixels: left of the bars, for names; the longest bar; right of it, for numbers.
const NAMES: f64 = 290.0;
const LENGTH: f64 = 360.0;
const NUMBERS: f64 = 190.0;
const ROW: f64 = 24.0;
/// Of the title of a chart, and between charts.
const HEAD: f64 = 34.0;
/// Letters of a name that there is room for.
const LETTERS: usize = 44;

#[derive(Template)]
#[template(path = "bench.svg")]
struct Picture {
    width: f64,
    height: f64,
    charts: Vec<Chart>,
}

struct Chart {
    title: String,
    y: f64,
    bars: Vec<Bar>,
}

/// All in pixels from the left, but for `y` and the texts.
struct Bar {
    name: String,
    y: f64,
    width: f64,
    whisker: Option<(f64, f64)>,
    marks: Vec<f64>,
    /// Where the number stands.
    end: f64,
    number: String,
}

/// What a bar says, in the unit of the chart.
struct Value {
    length: f64,
    whisker: Option<(f64, f64)>,
    marks: Vec<f64>,
    number: String,
}

impl Picture {
    fn new(report: &Report) -> Self {
        let names = labels(report);
        let mut y = 8.0;
        let mut charts = Vec::new();
        let mut add = |title: &str, value: fn(&Measured) -> Value| {
            let values: Vec<Value> = report.points.iter().map(value).collect();
            charts.push(chart(title, &names, &values, y));
            y += HEAD + ROW * values.len() as f64 + 14.0;
        };
        add("Target tokens a second (line: lowest to highest)", |it| Value {
            length: it.tokens_per_second.median,
            whisker: Some((it.tokens_per_second.min, it.tokens_per_second.max)),
            marks: Vec::new(),
            number: number(it.tokens_per_second.median),
        });
        add("Delay of a batch or single sentence: median; strokes at p95 and p99", |it| Value {
            length: it.latency.p50,
            whisker: None,
            marks: vec![it.latency.p95, it.latency.p99],
            number: format!("{}; {}", duration(it.latency.p50), duration(it.latency.p99)),
        });
        add("Load; stroke at the first sentence", |it| Value {
            length: it.load_seconds.median,
            whisker: None,
            marks: vec![it.first_sentence_seconds.median],
            number: format!(
                "{}; {}",
                duration(it.load_seconds.median),
                duration(it.first_sentence_seconds.median)
            ),
        });
        add("Peak memory", |it| Value {
            length: it.peak_memory_bytes.unwrap_or(0) as f64,
            whisker: None,
            marks: Vec::new(),
            number: megabytes(it.peak_memory_bytes),
        });
        Self { width: NAMES + LENGTH + NUMBERS, height: y, charts }
    }
}

fn chart(title: &str, names: &[String], values: &[Value], y: f64) -> Chart {
    let reach = |value: &Value| {
        let high = value.whisker.map_or(value.length, |(_, high)| high);
        value.marks.iter().copied().fold(high.max(value.length), f64::max)
    };
    let largest = values.iter().map(reach).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let place = |value: f64| NAMES + LENGTH * value / largest;
    let bars = names.iter().zip(values).enumerate().map(|(row, (name, value))| Bar {
        name: shortened(name),
        y: y + HEAD + ROW * row as f64,
        width: LENGTH * value.length / largest,
        whisker: value.whisker.map(|(low, high)| (place(low), place(high))),
        marks: value.marks.iter().map(|mark| place(*mark)).collect(),
        end: place(reach(value)) + 8.0,
        number: value.number.clone(),
    });
    Chart { title: title.to_owned(), y, bars: bars.collect() }
}

/// The end of a long name says more than its beginning, which is often a folder.
fn shortened(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= LETTERS {
        return name.to_owned();
    }
    format!("…{}", name.chars().skip(letters - LETTERS + 1).collect::<String>())
}

#[derive(Template)]
#[template(path = "bench.html")]
struct Page {
    about: Vec<String>,
    picture: Picture,
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
    failed: Vec<String>,
    against: Vec<String>,
}

/// A picture of a report.
///
/// # Errors
/// When it can't be written.
pub fn svg(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    Picture::new(report).write_into(out)
}

/// A page with the picture and the table of a report.
///
/// * `against`: what a comparison with an older report found, a line a point
///
/// # Errors
/// When it can't be written.
pub fn html(report: &Report, against: &[String], out: &mut dyn Write) -> io::Result<()> {
    let (titles, rows) = rows(report);
    let failed =
        report.failed.iter().map(|it| format!("{}: {}", it.point.model, it.error)).collect();
    let picture = Picture::new(report);
    let against = against.to_vec();
    Page { about: about(report), picture, titles, rows, failed, against }.write_into(out)
}

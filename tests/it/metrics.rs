//! BLEU, chrF and TER against sacrebleu: `scripts/reference/metrics.py` made the numbers.

use std::path::Path;

use serde_json::Value;
use tarjoman::quality::metrics::{
    Bleu, Chrf, Metric, Smoothing, Ter, Tokenizer, compare, interval, total,
};

const CHINESE: &[&str] = &[
    "总统",
    "星期二",
    "说",
    "，",
    "没有",
    "计划",
    "与",
    "俄罗斯",
    "举行",
    "会谈",
    "。",
    "“停火”",
    "2025年",
    "经济",
    "增长3.5%",
    "外交部",
    "NATO",
    "（北约）",
    "——",
    "表示",
];

/// The generator of the script.
struct Generator(u32);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) as usize % limit
    }
}

fn news(column: usize) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/train/data/news");
    let mut lines = Vec::new();
    for letter in 'a'..='f' {
        for number in 1..=10 {
            let text = std::fs::read_to_string(folder.join(format!("{letter}{number:02}.tsv")))
                .expect("the news text is part of the repository");
            lines.extend(
                text.split('\n')
                    .filter(|line| line.matches('\t').count() == 1)
                    .filter_map(|line| line.split('\t').nth(column).map(str::to_owned)),
            );
        }
    }
    lines.truncate(5000);
    lines
}

fn chinese() -> Vec<String> {
    let mut random = Generator(7);
    let mut line = || {
        let words = 4 + random.below(16);
        (0..words).map(|_| CHINESE[random.below(CHINESE.len())]).collect()
    };
    (0..5000).map(|_| line()).collect()
}

fn changed(line: &str, separator: &str, seed: usize) -> String {
    let mut random = Generator(u32::try_from(seed).expect("few lines"));
    let parts: Vec<String> = if separator.is_empty() {
        line.chars().map(String::from).collect()
    } else {
        line.split(separator).map(str::to_owned).collect()
    };
    let mut out: Vec<String> = Vec::new();
    for part in parts {
        match random.below(12) {
            0 => {}
            1 => out.extend([part.clone(), part]),
            2 => out.insert(out.len().saturating_sub(3), part),
            3 => out.push(part.to_uppercase()),
            4 => out.push(part.chars().rev().collect()),
            _ => out.push(part),
        }
    }
    out.join(separator)
}

fn set(name: &str) -> (Vec<String>, Vec<String>) {
    let references = match name {
        "en" => news(0),
        "fa" => news(1),
        _ => chinese(),
    };
    let separator = if name == "zh" { "" } else { " " };
    let hypotheses = (0..).zip(&references).map(|(at, line)| changed(line, separator, at));
    let hypotheses = hypotheses.collect();
    (references, hypotheses)
}

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metrics.json");
    let text = std::fs::read_to_string(path).expect("the golden file is there");
    serde_json::from_str(&text).expect("the golden file is JSON")
}

fn metric(case: &Value) -> Metric {
    let lowercase = case["lowercase"].as_bool().unwrap_or(false);
    let value = case["value"].as_f64().unwrap_or(0.0);
    match case["metric"].as_str() {
        Some("bleu") => Metric::Bleu(Bleu {
            tokenizer: match case["tokenize"].as_str() {
                Some("intl") => Tokenizer::International,
                Some("zh") => Tokenizer::Chinese,
                Some("char") => Tokenizer::Character,
                Some("none") => Tokenizer::None,
                _ => Tokenizer::V13a,
            },
            smoothing: match case["smooth"].as_str() {
                Some("none") => Smoothing::None,
                Some("floor") => Smoothing::Floor(value),
                Some("add-k") => Smoothing::AddK(value),
                _ => Smoothing::Exp,
            },
            lowercase,
            ..Bleu::default()
        }),
        Some("chrf") => Metric::Chrf(Chrf { lowercase, ..Chrf::default() }),
        Some("chrf++") => Metric::Chrf(Chrf { lowercase, ..Chrf::plus_plus() }),
        _ => Metric::Ter(Ter::default()),
    }
}

/// As sacrebleu prints it.
fn line(metric: &Metric, hypotheses: &[String], references: &[Vec<&str>]) -> String {
    let statistics: Vec<Vec<f64>> = hypotheses
        .iter()
        .zip(references)
        .map(|(hypothesis, references)| metric.statistics(hypothesis, references))
        .collect();
    let score = metric.score(&total(&statistics));
    let signature = metric.signature(references[0].len());
    let line = format!("{}|{signature} = {:.2} {}", metric.name(), score.value, score.detail);
    line.trim_end().to_owned()
}

fn alone(lines: &[String]) -> Vec<Vec<&str>> {
    lines.iter().map(|line| vec![line.as_str()]).collect()
}

#[test]
fn scores_of_5000_segments_are_those_of_sacrebleu_to_the_last_digit() {
    let golden = golden();
    let sets: Vec<(&str, _)> = ["en", "fa", "zh"].map(|name| (name, set(name))).into();
    let cases = golden["cases"].as_array().expect("a list of cases");
    assert!(cases.len() > 20, "the golden file has its cases");
    for case in cases {
        let (_, (references, hypotheses)) =
            sets.iter().find(|(name, _)| case["set"] == *name).expect("a known set");
        let segments = case["segments"].as_u64().expect("a count") as usize;
        let references = alone(&references[..segments]);
        let metric = metric(case);
        assert_eq!(line(&metric, &hypotheses[..segments], &references), case["line"], "{case}");
        for (at, wanted) in case["sentences"].as_array().expect("scores").iter().enumerate() {
            if at == segments {
                break;
            }
            let score = metric.sentence(&hypotheses[at], &references[at]).value;
            assert_eq!(format!("{score:.6}"), *wanted, "sentence {at} of {}", case["line"]);
        }
    }
}

#[test]
fn several_references_count_as_in_sacrebleu() {
    let (references, _) = set("en");
    let references = &references[..50];
    let others: Vec<String> =
        references.iter().enumerate().map(|(at, line)| changed(line, " ", at + 5)).collect();
    let hypotheses: Vec<String> =
        references.iter().enumerate().map(|(at, line)| changed(line, " ", at)).collect();
    let both: Vec<Vec<&str>> =
        references.iter().zip(&others).map(|(a, b)| vec![a.as_str(), b.as_str()]).collect();
    for case in golden()["references"].as_array().expect("a list of cases") {
        assert_eq!(line(&metric(case), &hypotheses, &both), case["line"]);
    }
}

#[test]
fn intervals_and_p_values_are_those_of_sacrebleu() {
    let (references, first) = set("en");
    let (references, first) = (&references[..800], &first[..800]);
    for case in golden()["paired"].as_array().expect("a list of cases") {
        let metric = metric(case);
        let statistics = |hypotheses: &[String]| -> Vec<Vec<f64>> {
            hypotheses
                .iter()
                .zip(references)
                .map(|(hypothesis, reference)| metric.statistics(hypothesis, &[reference]))
                .collect()
        };
        let second: Vec<String> = references
            .iter()
            .enumerate()
            .map(|(at, line)| changed(line, " ", at + 100_000))
            .collect();
        let (baseline, system) = (statistics(first), statistics(&second));
        let close = |ours: f64, theirs: &Value, what: &str| {
            let theirs = theirs.as_f64().expect("a number");
            assert!((ours - theirs).abs() < 1e-4, "{what} of {}: {ours}, {theirs}", metric.name());
        };
        let own = interval(&metric, &baseline, 300);
        close(own.mean, &case["baseline"][0], "mean");
        close(own.half_width, &case["baseline"][1], "interval");
        let found = compare(&metric, &baseline, &system, 300);
        close(found.interval.mean, &case["system"][0], "mean");
        close(found.interval.half_width, &case["system"][1], "interval");
        close(found.p_value, &case["p"], "p-value");
    }
}

#[test]
fn empty_sentences_have_a_score() {
    for metric in [
        Metric::Bleu(Bleu::default()),
        Metric::Chrf(Chrf::plus_plus()),
        Metric::Ter(Ter::default()),
    ] {
        for (hypothesis, reference) in [("", ""), ("", "a b"), ("a b", ""), (" ", "\u{1f}")] {
            let score = metric.sentence(hypothesis, &[reference]).value;
            assert!(score.is_finite(), "{} of {hypothesis:?}, {reference:?}", metric.name());
        }
    }
}

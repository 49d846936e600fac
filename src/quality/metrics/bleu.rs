use std::collections::HashMap;

use super::{Score, Tokenizer, space};

const ORDER: usize = 4;

/// What becomes of an order of n-grams without a match (Chen and Cherry 2014).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Smoothing {
    /// The score is 0, nearly.
    None,
    /// So many matches are taken for none; 0.1 in the paper.
    Floor(f64),
    /// So many are added to matches and n-grams from order 2 on; 1 in the paper.
    AddK(f64),
    /// A half, a quarter, an eighth of a match: as `mteval-v13a.pl`.
    #[default]
    Exp,
}

/// BLEU (Papineni et al. 2002).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bleu {
    /// How lines are cut into words.
    pub tokenizer: Tokenizer,
    /// Whether case is ignored.
    pub lowercase: bool,
    /// What happens to orders without a match.
    pub smoothing: Smoothing,
    /// Whether orders that the text is too short for do not count: for single sentences.
    pub effective_order: bool,
}

impl Bleu {
    pub(super) fn settings(&self) -> String {
        let smoothing = match self.smoothing {
            Smoothing::None => "none".to_owned(),
            Smoothing::Floor(value) => format!("floor[{value:.2}]"),
            Smoothing::AddK(value) => format!("add-k[{value:.2}]"),
            Smoothing::Exp => "exp".to_owned(),
        };
        let case = if self.lowercase { "lc" } else { "mixed" };
        let effective = if self.effective_order { "yes" } else { "no" };
        format!("case:{case}|eff:{effective}|tok:{}|smooth:{smoothing}", self.tokenizer.name())
    }

    fn tokenize(&self, line: &str) -> String {
        let line = if self.lowercase { line.to_lowercase() } else { line.to_owned() };
        self.tokenizer.split(space::trim_end(&line))
    }

    /// Length, closest reference length, matches by order, n-grams by order.
    pub(super) fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let references: Vec<String> = references.iter().map(|line| self.tokenize(line)).collect();
        let hypothesis = self.tokenize(hypothesis);
        let words: Vec<&str> = space::words(&hypothesis).collect();
        let references: Vec<Vec<&str>> =
            references.iter().map(|line| space::words(line).collect()).collect();
        let closest = references
            .iter()
            .map(Vec::len)
            .min_by_key(|length| (length.abs_diff(words.len()), *length))
            .unwrap_or(0);
        let mut out = vec![words.len() as f64, closest as f64];
        let mut totals = Vec::with_capacity(ORDER);
        for order in 1..=ORDER {
            let mut wanted: HashMap<&[&str], usize> = HashMap::new();
            for reference in &references {
                for (ngram, count) in count(reference, order) {
                    let most = wanted.entry(ngram).or_default();
                    *most = count.max(*most);
                }
            }
            let found = count(&words, order);
            let matches: usize = found
                .iter()
                .map(|(ngram, count)| (*count).min(wanted.get(ngram).copied().unwrap_or(0)))
                .sum();
            out.push(matches as f64);
            totals.push(found.values().sum::<usize>() as f64);
        }
        out.extend(totals);
        out
    }

    pub(super) fn score(&self, statistics: &[f64]) -> Score {
        let (length, reference) = (statistics[0], statistics[1]);
        let (matches, totals) = statistics[2..].split_at(ORDER);
        let brevity = if length >= reference {
            1.0
        } else if length > 0.0 {
            (1.0 - reference / length).exp()
        } else {
            0.0
        };
        let mut precisions = [0.0; ORDER];
        let mut value = 0.0;
        if matches.iter().any(|count| *count > 0.0) {
            let mut halved = 1.0;
            let mut order = ORDER;
            for n in 0..ORDER {
                let (mut found, mut all) = (matches[n], totals[n]);
                if let Smoothing::AddK(k) = self.smoothing
                    && n > 0
                {
                    found += k;
                    all += k;
                }
                if all == 0.0 {
                    break;
                }
                if self.effective_order {
                    order = n + 1;
                }
                precisions[n] = match self.smoothing {
                    _ if found > 0.0 => 100.0 * found / all,
                    Smoothing::Exp => {
                        halved *= 2.0;
                        100.0 / (halved * all)
                    }
                    Smoothing::Floor(least) => 100.0 * least / all,
                    _ => 0.0,
                };
            }
            let logs: f64 = precisions[..order].iter().map(|p| log(*p)).sum();
            value = brevity * (logs / order as f64).exp();
        }
        let shown: Vec<String> = precisions.iter().map(|p| format!("{p:.1}")).collect();
        let ratio = if reference > 0.0 { length / reference } else { 0.0 };
        let detail = format!(
            "{} (BP = {brevity:.3} ratio = {ratio:.3} hyp_len = {length} ref_len = {reference})",
            shown.join("/")
        );
        Score { value, detail }
    }
}

/// sacrebleu's logarithm: that of nothing is a large negative number.
fn log(value: f64) -> f64 {
    if value == 0.0 { -9_999_999_999.0 } else { value.ln() }
}

fn count<'a>(words: &'a [&'a str], order: usize) -> HashMap<&'a [&'a str], usize> {
    let mut counts = HashMap::new();
    for ngram in words.windows(order) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

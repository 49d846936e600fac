use super::report::{Measured, Report};
use super::stats::{median, rank_test};

/// A difference that chance makes in fewer cases than this is one.
const CHANCE: f64 = 0.05;

/// Whether a difference is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The new one is faster.
    Faster,
    /// The new one is slower.
    Slower,
    /// As large a difference is often made by chance.
    Noise,
    /// So few runs say nothing, whatever they are.
    TooFew,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Noise => "no difference beyond noise",
            Self::TooFew => "too few runs to tell",
        }
    }
}

/// A point of two reports.
#[derive(Debug, Clone)]
pub struct Compared<'a> {
    /// In the new one.
    pub new: &'a Measured,
    /// In the old one; nothing where it has no such point.
    pub old: Option<&'a Measured>,
    /// New tokens a second over old ones, medians of the processes.
    pub ratio: f64,
    /// How probable such a difference is where there is none (Mann and Whitney 1947).
    pub p_value: f64,
    /// What that means.
    pub verdict: Verdict,
}

/// Puts every point of a report beside that of an older one.
///
/// Also returns what makes the comparison doubtful: another machine, other work.
#[must_use]
pub fn compare<'a>(new: &'a Report, old: &'a Report) -> (Vec<Compared<'a>>, Vec<String>) {
    let compared = new.points.iter().map(|new| {
        let old = old.points.iter().find(|old| old.point == new.point);
        let Some(then) = old else {
            return Compared { new, old, ratio: 1.0, p_value: 1.0, verdict: Verdict::TooFew };
        };
        let ratio = median(&new.rounds) / median(&then.rounds);
        let p_value = rank_test(&new.rounds, &then.rounds);
        let verdict = match (least(new.rounds.len(), then.rounds.len()), p_value) {
            (least, _) if least >= CHANCE => Verdict::TooFew,
            (_, p) if p >= CHANCE => Verdict::Noise,
            _ if ratio > 1.0 => Verdict::Faster,
            _ => Verdict::Slower,
        };
        Compared { new, old, ratio, p_value, verdict }
    });
    (compared.collect(), warnings(new, old))
}

/// The smallest probability that samples of such sizes can give.
fn least(a: usize, b: usize) -> f64 {
    let low: Vec<f64> = (0..a).map(|at| at as f64).collect();
    let high: Vec<f64> = (a..a + b).map(|at| at as f64).collect();
    rank_test(&low, &high)
}

fn warnings(new: &Report, old: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let (here, there) = (&new.machine, &old.machine);
    if here != there {
        found.push(format!(
            "another machine: {} with {} cores ({}, {}) here, {} with {} cores ({}, {}) there",
            here.cpu,
            here.cores,
            here.isa,
            here.system,
            there.cpu,
            there.cores,
            there.isa,
            there.system
        ));
    }
    if (&new.text, new.task.sentences, new.task.forced)
        != (&old.text, old.task.sentences, old.task.forced)
    {
        found.push("the text, or how much of it was translated, is not the same".into());
    }
    for peak in &new.peaks {
        let Some(then) = old.peaks.iter().find(|then| then.threads == peak.threads) else {
            continue;
        };
        let ratios = [
            ("8-bit products", peak.int8_gops / then.int8_gops),
            ("products in floats", peak.f32_gops / then.f32_gops),
            ("reading memory", peak.read_gbs / then.read_gbs),
        ];
        for (what, ratio) in ratios.into_iter().filter(|(_, ratio)| (ratio - 1.0).abs() > 0.05) {
            found.push(format!(
                "the machine itself was {ratio:.2} times as fast at {what} as then ({} threads)",
                peak.threads
            ));
        }
    }
    found
}

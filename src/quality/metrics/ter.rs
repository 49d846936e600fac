use super::edit::edits;
use super::space;

/// Translation edit rate (Snover et al. 2006): insertions, deletions, substitutions and shifts,
/// over the length of the reference, in percent. sacrebleu's default settings: case is ignored,
/// words end at white space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ter {
    /// Whether case counts.
    pub case_sensitive: bool,
}

impl Ter {
    pub(super) fn settings(&self) -> String {
        let case = if self.case_sensitive { "mixed" } else { "lc" };
        format!("case:{case}|tok:tercom|norm:no|punct:yes|asian:no")
    }

    /// Edits to the closest reference, mean length of the references.
    pub(super) fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let fold = |line: &str| {
            if self.case_sensitive { line.to_owned() } else { line.to_lowercase() }
        };
        let hypothesis = fold(hypothesis);
        let words: Vec<&str> = space::words(&hypothesis).collect();
        let (mut fewest, mut length) = (None, 0);
        for reference in references {
            let reference = fold(reference);
            let reference: Vec<&str> = space::words(&reference).collect();
            let needed = edits(&words, &reference);
            fewest = Some(fewest.map_or(needed, |fewest: usize| fewest.min(needed)));
            length += reference.len();
        }
        let mean = length as f64 / references.len().max(1) as f64;
        vec![fewest.unwrap_or(words.len()) as f64, mean]
    }

    pub(super) fn score(statistics: &[f64]) -> f64 {
        match (statistics[0], statistics[1]) {
            (edits, length) if length > 0.0 => 100.0 * (edits / length),
            (edits, _) if edits > 0.0 => 100.0,
            _ => 0.0,
        }
    }
}

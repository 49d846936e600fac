//! What attention said of each target token, kept while the search goes on: weights as the steps
//! gave them, and which row each row continues. Nothing is moved when beams are reordered; a
//! finished candidate walks back through the rows that it came from.

/// Where the tokens of a target come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// `[target tokens, source tokens]`
    weights: Vec<f32>,
    source_tokens: usize,
}

impl Alignment {
    /// * `weights`: `[target tokens, source tokens]`; what is left over at the end goes
    #[must_use]
    pub fn new(mut weights: Vec<f32>, source_tokens: usize) -> Self {
        weights.truncate(weights.len() / source_tokens.max(1) * source_tokens);
        Self { weights, source_tokens }
    }

    /// For each target token its weights over the source tokens, which add up to 1.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.weights.chunks_exact(self.source_tokens.max(1))
    }

    /// Tokens of the source, special ones counted in.
    #[must_use]
    pub fn source_tokens(&self) -> usize {
        self.source_tokens
    }
}

/// The weights of one sentence at all steps so far.
#[derive(Debug)]
pub(super) struct Trace {
    source_tokens: usize,
    /// See `AlignmentHeads::shifted`.
    shifted: bool,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    /// `[rows, source_tokens]`
    weights: Vec<f32>,
    /// For each row after the step the row before it that it continues.
    parents: Vec<usize>,
}

impl Trace {
    pub fn new(source_tokens: usize, shifted: bool) -> Self {
        Self { source_tokens, shifted, steps: Vec::new() }
    }

    /// Takes the weights of a step, `[rows, width]`, before the search has chosen.
    pub fn weigh(&mut self, weights: &[f32], width: usize) {
        let mut kept = Vec::with_capacity(weights.len() / width.max(1) * self.source_tokens);
        for row in weights.chunks_exact(width.max(1)) {
            kept.extend_from_slice(row.get(..self.source_tokens).unwrap_or(row));
        }
        self.steps.push(Step { weights: kept, parents: Vec::new() });
    }

    /// Takes what the search has chosen.
    pub fn choose(&mut self, parents: &[usize]) {
        if let Some(step) = self.steps.last_mut() {
            step.parents = parents.to_vec();
        }
    }

    /// The alignment of a candidate of so many tokens, the last of which was chosen from `row`;
    /// nothing where there were no weights.
    pub fn of(&self, tokens: usize, row: usize) -> Option<Alignment> {
        let steps = &self.steps[..tokens.min(self.steps.len())];
        steps.first().filter(|first| !first.weights.is_empty())?;
        let mut rows = vec![0; steps.len()];
        let mut row = row;
        for (at, step) in steps.iter().enumerate().rev() {
            // At the first step one row stands for all beams.
            let count = step.weights.len() / self.source_tokens.max(1);
            rows[at] = row.min(count.saturating_sub(1));
            if at > 0 {
                row = steps[at - 1].parents.get(rows[at]).copied().unwrap_or(0);
            }
        }
        let mut weights = Vec::with_capacity(steps.len() * self.source_tokens);
        for at in 0..steps.len() {
            // No step reads the last token.
            let from = if self.shifted { (at + 1).min(steps.len() - 1) } else { at };
            let first = rows[from] * self.source_tokens;
            let row = steps[from].weights.get(first..first + self.source_tokens);
            weights.extend_from_slice(row.unwrap_or_default());
        }
        Some(Alignment::new(weights, self.source_tokens))
    }
}

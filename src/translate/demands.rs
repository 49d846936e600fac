//! Sentences whose translation lacks terms of the glossary: they are searched again, with these
//! demanded. All others are left as the first search gave them, to the bit.

use super::glossary::honoured;
use super::queue::Row;
use super::translator::{TranslateOptions, Translator};
use crate::decode::{self, Demand, Hypothesis};
use crate::model::Seq2Seq;

impl Translator {
    /// Searches the rows that lack terms again.
    ///
    /// * `found`: what the search without demands gave, the candidates of each row
    pub(super) fn keep_to_glossary(
        &self,
        network: &dyn Seq2Seq,
        rows: &[Row],
        mut found: Vec<Vec<Hypothesis>>,
        options: &TranslateOptions,
    ) -> decode::Result<Vec<Vec<Hypothesis>>> {
        let mut again = Vec::new();
        let mut demands = Vec::new();
        for (at, (row, hypotheses)) in rows.iter().zip(&found).enumerate() {
            let wanted = &row.piece().wanted;
            let Some(best) = hypotheses.first().filter(|_| !wanted.is_empty()) else { continue };
            if self.count(row, best) == wanted.len() {
                continue;
            }
            let phrases: Vec<_> =
                wanted.iter().filter_map(|wanted| wanted.phrase(&self.tokenizer)).collect();
            if phrases.is_empty() {
                continue;
            }
            again.push(at);
            demands.push(Demand { phrases, usual: best.tokens.len() });
        }
        if again.is_empty() {
            return Ok(found);
        }
        let sources: Vec<(usize, &[u32])> =
            again.iter().map(|at| (rows[*at].index, rows[*at].piece().tokens.as_slice())).collect();
        let continues = self.continues.get_or_init(|| self.tokenizer.continuing());
        let better =
            decode::search_demanding(network, &sources, &demands, continues, &options.search)?;
        for (at, hypotheses) in again.into_iter().zip(better) {
            let row = &rows[at];
            let count = |found: &[Hypothesis]| found.first().map_or(0, |h| self.count(row, h));
            if count(&hypotheses) > count(&found[at]) {
                row.job.demanded(row.index);
                found[at] = hypotheses;
            }
        }
        Ok(found)
    }

    /// How many of its terms a hypothesis has.
    fn count(&self, row: &Row, hypothesis: &Hypothesis) -> usize {
        let text = self.tokenizer.decode(&hypothesis.tokens).unwrap_or_default();
        let text = if self.frame.asks() { super::frame::translation(&text).0 } else { &text };
        honoured(&row.piece().wanted, text).into_iter().filter(|has| *has).count()
    }
}

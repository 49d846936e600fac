//! Owns the edits that TER counts: Levenshtein's, near the diagonal, and shifts of runs of words,
//! found greedily with the limits of Tercom (Snover et al. 2006) as sacrebleu sets them.

use std::cmp::Reverse;
use std::collections::HashMap;

const LONGEST_SHIFT: usize = 10;
const FARTHEST_SHIFT: usize = 50;
const BEAM: usize = 25;
const MOST_CANDIDATES: usize = 1000;
const NEVER: usize = usize::MAX / 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Substitute,
    Insert,
    Delete,
}

/// The fewest edits found from `hypothesis` to `reference`.
pub(super) fn edits(hypothesis: &[&str], reference: &[&str]) -> usize {
    if reference.is_empty() {
        return hypothesis.len();
    }
    // Words as numbers: compared often, moved often.
    let mut ids = HashMap::new();
    let mut number = |words: &[&str]| -> Vec<u32> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            let next = ids.len() as u32;
            out.push(*ids.entry((*word).to_owned()).or_insert(next));
        }
        out
    };
    let (mut words, reference) = (number(hypothesis), number(reference));
    let mut table = Table::new(&reference);
    let (mut shifts, mut checked) = (0, 0);
    loop {
        let best = best_shift(&words, &reference, &mut table, &mut checked);
        match best {
            Some((gain, shifted)) if gain > 0 && checked < MOST_CANDIDATES => {
                shifts += 1;
                words = shifted;
            }
            _ => return shifts + table.distance(&words),
        }
    }
}

/// Rows of the edit distance matrix of the last words asked for; what the next ones share with
/// them at their beginning is not computed again.
struct Table<'a> {
    reference: &'a [u32],
    words: Vec<u32>,
    rows: Vec<Vec<(usize, Edit)>>,
}

impl<'a> Table<'a> {
    fn new(reference: &'a [u32]) -> Self {
        let first = (0..=reference.len()).map(|cost| (cost, Edit::Insert)).collect();
        Self { reference, words: Vec::new(), rows: vec![first] }
    }

    fn distance(&mut self, words: &[u32]) -> usize {
        let known = self.words.iter().zip(words).take_while(|(a, b)| a == b).count();
        self.rows.truncate(known + 1);
        let end = self.reference.len() + 1;
        let ratio =
            if words.is_empty() { 1.0 } else { self.reference.len() as f64 / words.len() as f64 };
        let beam = if (BEAM as f64) < ratio / 2.0 {
            whole((ratio / 2.0 + BEAM as f64).ceil())
        } else {
            BEAM
        };
        for i in known + 1..=words.len() {
            let diagonal = whole((i as f64 * ratio).floor());
            let from = diagonal.saturating_sub(beam);
            let to = if i == words.len() { end } else { end.min(diagonal + beam) };
            let mut row = vec![(NEVER, Edit::Keep); end];
            let above = &self.rows[i - 1];
            for j in from..to {
                if j == 0 {
                    row[0] = (above[0].0 + 1, Edit::Delete);
                    continue;
                }
                let same = words[i - 1] == self.reference[j - 1];
                let over = if same {
                    (above[j - 1].0, Edit::Keep)
                } else {
                    (above[j - 1].0 + 1, Edit::Substitute)
                };
                // At equal cost the first is taken.
                for edit in [over, (above[j].0 + 1, Edit::Delete), (row[j - 1].0 + 1, Edit::Insert)]
                {
                    if edit.0 < row[j].0 {
                        row[j] = edit;
                    }
                }
            }
            self.rows.push(row);
        }
        self.words = words.to_vec();
        self.rows.last().and_then(|row| row.last()).map_or(0, |cell| cell.0)
    }

    /// The edits of the last words asked for, from left to right.
    fn trace(&self) -> Vec<Edit> {
        let (mut i, mut j) = (self.words.len(), self.reference.len());
        let mut trace = Vec::with_capacity(i + j);
        while i > 0 || j > 0 {
            let edit = match (i, j) {
                (0, _) => Edit::Insert,
                (_, 0) => Edit::Delete,
                _ => self.rows[i][j].1,
            };
            trace.push(edit);
            if edit != Edit::Insert {
                i -= 1;
            }
            if edit != Edit::Delete {
                j -= 1;
            }
        }
        trace.reverse();
        trace
    }
}

/// A count that sacrebleu computes in floating point; the rounding is part of the definition.
#[expect(clippy::cast_sign_loss, reason = "ratios of lengths are not negative")]
fn whole(value: f64) -> usize {
    value as usize
}

/// Where each reference word stands in the hypothesis, and which words of either are wrong.
struct Alignment {
    /// The word at or before it; nothing before the first.
    position: Vec<Option<usize>>,
    reference_wrong: Vec<bool>,
    hypothesis_wrong: Vec<bool>,
}

fn align(trace: &[Edit]) -> Alignment {
    let mut out = Alignment { position: vec![], reference_wrong: vec![], hypothesis_wrong: vec![] };
    for edit in trace {
        let wrong = *edit != Edit::Keep;
        if *edit != Edit::Insert {
            out.hypothesis_wrong.push(wrong);
        }
        if *edit != Edit::Delete {
            out.position.push(out.hypothesis_wrong.len().checked_sub(1));
            out.reference_wrong.push(wrong);
        }
    }
    out
}

/// Of a shift: edits saved, length, start, target.
type Rank = (isize, usize, Reverse<usize>, Reverse<usize>);

/// The shift that saves most edits, and how many it saves. Ties go to the longest run, then to
/// the earliest, then to the earliest target: Tercom's order.
fn best_shift(
    words: &[u32],
    reference: &[u32],
    table: &mut Table,
    checked: &mut usize,
) -> Option<(isize, Vec<u32>)> {
    let before = table.distance(words);
    let aligned = align(&table.trace());
    let mut best: Option<(Rank, Vec<u32>)> = None;
    for (start, target, length) in runs(words, reference) {
        let inside = |position: &Option<usize>| {
            position.is_some_and(|at| (start..start + length).contains(&at))
        };
        if !aligned.hypothesis_wrong[start..start + length].contains(&true)
            || !aligned.reference_wrong[target..target + length].contains(&true)
            || inside(&aligned.position[target])
        {
            continue;
        }
        let mut last = None;
        for offset in 0..=length {
            // Before the reference word at target + offset: after where the one before it stands.
            let index = match (target + offset).checked_sub(1) {
                None => 0,
                Some(previous) => match aligned.position.get(previous) {
                    Some(position) => position.map_or(0, |at| at + 1),
                    None => break,
                },
            };
            if last == Some(index) {
                continue;
            }
            last = Some(index);
            let shifted = shift(words, start, length, index);
            let gain = before.cast_signed() - table.distance(&shifted).cast_signed();
            *checked += 1;
            let rank = (gain, length, Reverse(start), Reverse(index));
            if best.as_ref().is_none_or(|(best, _)| rank > *best) {
                best = Some((rank, shifted));
            }
        }
        if *checked >= MOST_CANDIDATES {
            break;
        }
    }
    best.map(|((gain, ..), shifted)| (gain, shifted))
}

/// (start in `words`, start in `reference`, length) of equal runs.
fn runs<'a>(
    words: &'a [u32],
    reference: &'a [u32],
) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    (0..words.len()).flat_map(move |start| {
        let near =
            start.saturating_sub(FARTHEST_SHIFT)..reference.len().min(start + FARTHEST_SHIFT + 1);
        near.flat_map(move |target| {
            let equal = words[start..]
                .iter()
                .zip(&reference[target..])
                .take(LONGEST_SHIFT)
                .take_while(|(a, b)| a == b)
                .count();
            (1..=equal).map(move |length| (start, target, length))
        })
    })
}

fn shift(words: &[u32], start: usize, length: usize, target: usize) -> Vec<u32> {
    let end = start + length;
    let parts: [&[u32]; 4] = if target < start {
        [&words[..target], &words[start..end], &words[target..start], &words[end..]]
    } else if target > end {
        [&words[..start], &words[end..target], &words[start..end], &words[target..]]
    } else {
        // Within itself: so many words further on.
        let after = words.len().min(length + target);
        [&words[..start], &words[end..after.max(end)], &words[start..end], &words[after.max(end)..]]
    };
    parts.concat()
}

//! What a target must hold, and how many hypotheses are kept to find a good place for it.

/// What the target of one sentence must hold: every phrase of it once, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// The phrases; of more than 64 the rest is not looked at.
    pub phrases: Vec<Phrase>,
    /// Tokens of the target without the demand, or what is usual. Places are not looked for much
    /// beyond that.
    pub usual: usize,
}

/// A phrase in its forms, of which one is enough; the first is preferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// None without tokens.
    pub forms: Vec<Form>,
}

/// One form of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its tokens inside a target.
    pub inner: Vec<u32>,
    /// Its tokens at the start of a target.
    pub initial: Vec<u32>,
}

/// More phrases don't fit into the bits that count them.
const MOST_PHRASES: usize = 64;
/// Rows of one sentence.
const MOST_ROWS: usize = 64;

/// How hypotheses of one sentence share its rows. A bank holds those that have as much of the
/// demand.
#[derive(Debug)]
pub(super) struct Banks {
    /// Tokens of each phrase, of its longest form.
    pub weights: Vec<usize>,
    /// Places of each bank.
    pub places: Vec<usize>,
    /// Their sum, rounded up so that sentences with like demands are decoded together.
    pub rows: usize,
}

impl Banks {
    /// A place for what is inside a phrase, and one more where a phrase may end: there the search
    /// goes on freely. The last bank has one a beam.
    pub fn new(demand: &Demand, beams: usize) -> Self {
        let longest =
            |phrase: &Phrase| phrase.forms.iter().map(|form| form.inner.len()).max().unwrap_or(0);
        let weights: Vec<usize> = demand.phrases.iter().take(MOST_PHRASES).map(longest).collect();
        let last: usize = weights.iter().sum();
        let mut rests = vec![false; last + 1];
        rests[0] = true;
        for weight in &weights {
            for bank in (*weight..=last).rev() {
                rests[bank] |= rests[bank - weight];
            }
        }
        let mut places: Vec<usize> = rests.iter().map(|rests| 1 + usize::from(*rests)).collect();
        places[last] = places[last].max(beams);
        let rows = places.iter().sum::<usize>().next_multiple_of(4).min(MOST_ROWS.max(beams));
        Self { weights, places, rows }
    }

    /// All phrases that have a form with tokens.
    pub fn all(&self) -> u64 {
        let possible = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
        possible.fold(0, |all, (phrase, _)| all | 1 << phrase)
    }

    /// The number of the bank for hypotheses that have all.
    pub fn last(&self) -> usize {
        self.places.len() - 1
    }

    /// Tokens of the phrases that are there.
    pub fn of(&self, met: u64) -> usize {
        self.weights.iter().enumerate().map(|(p, w)| if met & 1 << p == 0 { 0 } else { *w }).sum()
    }
}

use super::{Reader, numbers};

/// How such a file starts, `BINARY_SHORTLIST_MAGIC`.
const MAGIC: u64 = 0xF11A_48D5_0134_17F5;
/// Candidates come in multiples of so many, as intgemm wants them.
const MULTIPLE: usize = 8;

/// A lexical shortlist: for each source token the target tokens that are likely in its translation
/// (Kim et al. 2019, <https://aclanthology.org/D19-5632>). The others are never said.
///
/// ```text
/// magic, checksum, first, best, offsets, entries    u64 each
/// where the list of each source token begins        u64
/// target tokens of all lists                        u32
/// ```
pub struct Shortlist {
    /// Target tokens that are always candidates: the first of the vocabulary, its most frequent.
    first: usize,
    offsets: Vec<usize>,
    entries: Vec<u32>,
}

impl Shortlist {
    /// Reads a `lex.*.bin` file.
    ///
    /// * `vocabulary`: target tokens of the model
    ///
    /// # Errors
    /// When it is of another kind, cut off, or not what its checksum says, or names tokens that
    /// the model does not have.
    pub fn parse(bytes: &[u8], vocabulary: usize) -> Result<Self, String> {
        let cut = || "it is cut off".to_string();
        let mut reader = Reader(bytes);
        if reader.u64() != Some(MAGIC) {
            return Err("it is no binary shortlist of Marian".into());
        }
        let checksum = reader.u64().ok_or_else(cut)?;
        let summed = sum(reader.0);
        let mut field = || reader.u64().ok_or_else(cut);
        let (first, _best, offsets, entries) = (field()?, field()?, field()?, field()?);
        let bytes_of = |count: u64, width: u64| count.checked_mul(width).ok_or_else(cut);
        let offsets = reader.take(bytes_of(offsets, 8)?).ok_or_else(cut)?;
        let entries = reader.take(bytes_of(entries, 4)?).ok_or_else(cut)?;
        if !reader.0.is_empty() {
            return Err(format!("it has {} bytes too many", reader.0.len()));
        }
        if summed != checksum {
            return Err(format!("its checksum is {summed:#018x}, it says {checksum:#018x}"));
        }
        let entries = numbers(entries, u32::from_le_bytes);
        let offsets = numbers(offsets, u64::from_le_bytes)
            .into_iter()
            .map(usize::try_from)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        if offsets.last() != Some(&entries.len()) || !offsets.is_sorted() {
            return Err("its lists point outside of it".into());
        }
        if let Some(token) = entries.iter().find(|token| **token as usize >= vocabulary) {
            return Err(format!(
                "it names the target token {token}; the model has {vocabulary}, is it of another?"
            ));
        }
        let first = usize::try_from(first).map_or(vocabulary, |first| first.min(vocabulary));
        Ok(Self { first, offsets, entries })
    }

    /// Source tokens that have a list.
    #[must_use]
    pub fn source_tokens(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The target tokens that a translation of `source` may have, in ascending order: those that
    /// Marian takes for a batch of this sentence alone (`BinaryShortlistGenerator::generate`).
    /// Marian joins those of all sentences of a batch, so that a translation depends on its
    /// neighbours; here it does not.
    ///
    /// * `source`: tokens, the end-of-sentence token among them
    /// * `shared`: whether both languages have one vocabulary, of which tokens may be copied
    /// * `vocabulary`: target tokens of the model, as given to [`Shortlist::parse`]
    #[must_use]
    pub fn candidates(&self, source: &[u32], shared: bool, vocabulary: usize) -> Vec<u32> {
        let mut chosen = vec![false; vocabulary];
        chosen[..self.first.min(vocabulary)].fill(true);
        let mut choose = |token: u32| {
            if let Some(place) = chosen.get_mut(token as usize) {
                *place = true;
            }
        };
        for token in source {
            if shared {
                choose(*token);
            }
            let at = *token as usize;
            if let Some([start, end]) = self.offsets.get(at..=at + 1) {
                self.entries[*start..*end].iter().for_each(|token| choose(*token));
            }
        }
        let odd = chosen.iter().filter(|chosen| **chosen).count() % MULTIPLE;
        if odd > 0 {
            let free = chosen.iter_mut().skip(self.first).filter(|chosen| !**chosen);
            free.take(MULTIPLE - odd).for_each(|place| *place = true);
        }
        (0u32..).zip(chosen).filter_map(|(token, chosen)| chosen.then_some(token)).collect()
    }
}

/// The checksum: `util::hashMem<uint64_t>`, whole words only.
fn sum(bytes: &[u8]) -> u64 {
    numbers(bytes, u64::from_le_bytes).into_iter().fold(0, |sum: u64, word| {
        let mixed = word
            .wrapping_add(0x9e37_79b9)
            .wrapping_add(sum.wrapping_shl(6))
            .wrapping_add(sum.wrapping_shr(2));
        sum ^ mixed
    })
}

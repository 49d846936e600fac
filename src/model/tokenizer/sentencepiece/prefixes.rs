//! Owns the search for all entries of a list that a text starts with.

/// Strings with a number each.
#[derive(Default)]
pub(super) struct Prefixes {
    /// In the order of their bytes: all that share a beginning stand together.
    sorted: Vec<(Box<str>, usize)>,
}

impl Prefixes {
    /// Refuses empty and repeated entries.
    pub(super) fn new(entries: impl Iterator<Item = (String, usize)>) -> Result<Self, String> {
        let mut sorted: Vec<_> = entries.map(|(text, n)| (text.into_boxed_str(), n)).collect();
        sorted.sort_unstable();
        if sorted.first().is_some_and(|(text, _)| text.is_empty()) {
            return Err("a piece is empty".into());
        }
        match sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(format!("the piece {:?} is there twice", pair[0].0)),
            None => Ok(Self { sorted }),
        }
    }

    /// Length in bytes and number of each entry that `text` starts with, the shortest first.
    pub(super) fn of<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut range = &self.sorted[..];
        text.bytes()
            .enumerate()
            .map_while(move |(depth, byte)| {
                let at = |entry: &(Box<str>, usize)| entry.0.as_bytes().get(depth).copied();
                range = &range[range.partition_point(|entry| at(entry) < Some(byte))..];
                range = &range[..range.partition_point(|entry| at(entry) == Some(byte))];
                // All of the range agree up to here, so that only the first can end here.
                let (text, number) = range.first()?;
                Some((text.len() == depth + 1).then_some((depth + 1, *number)))
            })
            .flatten()
    }

    /// All entries with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sorted.iter().map(|(text, number)| (&**text, *number))
    }

    /// The number of exactly this entry.
    pub(super) fn get(&self, text: &str) -> Option<usize> {
        let at = self.sorted.binary_search_by(|(entry, _)| (**entry).cmp(text)).ok()?;
        Some(self.sorted[at].1)
    }
}

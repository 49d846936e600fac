//! Owns which tokens can stand in English text, by the script of what they spell.

use std::ops::RangeInclusive;

/// Letters of the Latin script, with the accents of names and the letters of transliterations;
/// digits; punctuation, symbols and emoji that no other script owns; and the sign for a byte that
/// is no character alone. Blocks of Unicode 16.
const RANGES: [RangeInclusive<char>; 10] = [
    // Basic Latin to Latin Extended-B
    '\u{0}'..='\u{24f}',
    // Letters ʿ and ʾ of transliterations, accents that are put on letters
    '\u{2b0}'..='\u{36f}',
    // Latin Extended Additional
    '\u{1e00}'..='\u{1eff}',
    // General Punctuation to Miscellaneous Symbols and Arrows, without Braille: currencies, arrows,
    // fractions, and the ▁ of SentencePiece
    '\u{2000}'..='\u{27ff}',
    '\u{2900}'..='\u{2bff}',
    // Letters joined: ﬁ
    '\u{fb00}'..='\u{fb06}',
    // Variants of emoji
    '\u{fe0e}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{fffd}'..='\u{fffd}',
    // Emoji
    '\u{1f000}'..='\u{1faff}',
];

/// Whether nothing in it is of another script than English is written in.
pub(super) fn may_be_english(text: &str) -> bool {
    text.chars().all(|char| RANGES.iter().any(|range| range.contains(&char)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_has_names_with_accents_prices_and_quotation_marks_and_no_other_script() {
        for text in
            ["▁the", "Erdoğan", "ʿAlī", "Nguyễn", "€", "“", "—", "½", "😀", "<0x0A>", "\u{fffd}"]
        {
            assert!(may_be_english(text), "{text}");
        }
        for text in ["▁سلام", "،", "۱", "٪", "мир", "▁世界", "。", "שלום", "ा", "▁aб", "１"]
        {
            assert!(!may_be_english(text), "{text}");
        }
    }
}

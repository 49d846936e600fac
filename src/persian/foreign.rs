//! Text in another script, which is not to be translated from Persian: English, addresses, code.

/// Whether a text has words and hardly any of them in Persian letters: fewer than one letter of
/// five. Digits alone are no words: `۱۴۰۴/۷/۲۹` is not foreign.
#[must_use]
pub fn is_foreign(text: &str) -> bool {
    let (mut own, mut all) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        all += 1;
        let is_own = matches!(c, '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
        own += usize::from(is_own);
    }
    all > 0 && own * 5 < all
}

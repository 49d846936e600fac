//! Which language a text is in, as far as its letters and its most frequent words tell. Written for
//! what a Persian newsroom gets: Persian, its neighbours in the Arabic script, and English. What is
//! neither is not named: Latin letters without English words say little.

/// Letters that a language has and Persian has not.
const LETTERS: [(&str, &str); 4] =
    [("ps", "ټډړږښځڅڼېۍګ"), ("ur", "ٹڈڑںےہھۂۃ"), ("ckb", "ڕڵۆێەڤ"), ("ar", "ةىأإ")];

/// Frequent words of Arabic that are none of Persian.
const ARABIC: &[&str] = &[
    "في", "على", "إلى", "الى", "أن", "ان", "التي", "الذي", "هذا", "هذه", "ذلك", "كان", "كانت",
    "عن", "مع", "قال", "قد", "لم", "هو", "هي", "حيث",
];

/// Frequent words of Persian that are none of Arabic, besides those with its own letters.
const PERSIAN: &[&str] = &[
    "از",
    "در",
    "به",
    "این",
    "را",
    "با",
    "است",
    "برای",
    "آن",
    "یک",
    "خود",
    "تا",
    "شد",
    "شده",
    "بر",
    "او",
    "هم",
    "نیز",
    "ها",
    "های",
    "می",
    "نمی",
    "بود",
    "کرد",
    "کرده",
    "باید",
    "دو",
    "هر",
    "اما",
    "دارد",
    "وی",
    "ای",
    "شود",
    "کند",
    "اند",
    "هستند",
    "سال",
    "روز",
    "همه",
    "خوب",
    "سلام",
    "شما",
    "ایران",
    "دنیا",
    "کشور",
    "دولت",
    "مردم",
];

/// Frequent words of English.
const ENGLISH: &[&str] = &[
    "the", "of", "and", "to", "in", "is", "was", "for", "that", "it", "with", "as", "on", "be",
    "by", "at", "this", "are", "from", "have", "has", "had", "not", "he", "his", "she", "they",
    "will", "said", "were", "which", "you", "we", "hello", "who", "their", "been", "would",
];

/// The languages that a text may be in with the confidence in percent, the likeliest first: codes
/// of ISO 639. None where there are no letters of the Arabic or the Latin script.
#[must_use]
pub fn languages(text: &str) -> Vec<(&'static str, u8)> {
    let (mut arabic, mut latin, mut all) = (0usize, 0usize, 0usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        all += 1;
        arabic += usize::from(is_arabic(c));
        latin += usize::from(c.is_ascii_alphabetic() || matches!(c, '\u{C0}'..='\u{24F}'));
    }
    let mut found: Vec<(&'static str, f64)> = Vec::new();
    if arabic > 0 {
        let share = arabic as f64 / all as f64;
        found.extend(in_arabic_script(text).into_iter().map(|(code, sure)| (code, sure * share)));
    }
    if latin > 0 {
        found.push(("en", english(text) * latin as f64 / all as f64));
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    let percent = |sure: f64| {
        #[allow(clippy::cast_sign_loss)] // from 0 to 100
        let percent = (sure * 100.0).round().clamp(0.0, 100.0) as u8;
        percent
    };
    let all = found.into_iter().map(|(code, sure)| (code, percent(sure)));
    all.filter(|(_, sure)| *sure > 0).collect()
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Every word that says something votes; what no word says is left to Persian, with less
/// confidence than one vote gives.
fn in_arabic_script(text: &str) -> Vec<(&'static str, f64)> {
    let words = text.split(|c: char| !(c.is_alphabetic() || c == '\u{200C}'));
    let mut votes: Vec<(&'static str, usize)> = Vec::new();
    for word in words.filter(|word| word.chars().any(is_arabic)) {
        if let Some(code) = vote(word) {
            match votes.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => votes.push((code, 1)),
            }
        }
    }
    let all: usize = votes.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return vec![("fa", 0.4)];
    }
    // Of one vote alone nobody is sure.
    votes.into_iter().map(|(code, count)| (code, count as f64 / (all as f64 + 0.5))).collect()
}

fn vote(word: &str) -> Option<&'static str> {
    let has = |letters: &str| word.chars().any(|c| letters.contains(c));
    if PERSIAN.contains(&word) {
        return Some("fa");
    }
    if let Some((code, _)) = LETTERS.iter().find(|(_, letters)| has(letters)) {
        return Some(code);
    }
    let with_article = word.chars().count() > 4 && word.starts_with("ال");
    if with_article || ARABIC.contains(&word) {
        return Some("ar");
    }
    (has("پچژگ") || word.contains('\u{200C}')).then_some("fa")
}

/// English text has a frequent word in every third or fourth; one that is not English a few that
/// look like one.
fn english(text: &str) -> f64 {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.is_ascii());
    let (mut known, mut all) = (0usize, 0usize);
    for word in words.filter(|word| !word.is_empty()) {
        all += 1;
        known += usize::from(ENGLISH.contains(&word.to_ascii_lowercase().as_str()));
    }
    let share = known as f64 / all.max(1) as f64;
    (0.3 + 3.5 * share).min(0.95)
}

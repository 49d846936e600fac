//! How alike a Persian and an English word sound. Persian writes most consonants and long vowels:
//! `اوچکین` is `Ovechkin`.

/// What a Persian letter may be in English; longer ones are tried too.
const LETTERS: &[(char, &str)] = &[
    ('ا', "a e o u i aa ea au ai ha"),
    ('آ', "a aa o u au ah"),
    ('ب', "b bb p"),
    ('پ', "p pp b ph"),
    ('ت', "t tt th d te dt"),
    ('ط', "t tt th"),
    ('ث', "s th ss c"),
    ('س', "s ss c sc ce z ts th ps cc x"),
    ('ص', "s ss c"),
    ('ج', "j g dj dg ge zh y gg dsch dzh gi z"),
    ('چ', "ch tch tsch c cz cs cc tch sch q ci tz"),
    ('ح', "h kh"),
    ('خ', "kh h ch x j g k gh ck"),
    ('د', "d dd dh t th"),
    ('ذ', "z dh th d s"),
    ('ر', "r rr rh re"),
    ('ز', "z s zz dh th ts x"),
    ('ژ', "zh j g ge s z ji rz x gi dj"),
    ('ش', "sh sch ch s sc x ss ti sz sk si c shch"),
    ('ض', "z dh d"),
    ('ظ', "z dh th"),
    ('ع', "a e o i u aa"),
    ('غ', "gh g q r"),
    ('ف', "f ff ph v gh pf w"),
    ('ق', "q gh g k c kh"),
    ('ک', "k c ck ch q cc kk qu cq kh ku gh"),
    ('گ', "g gg gh gu gue j k q ng"),
    ('ل', "l ll lh le"),
    ('م', "m mm mb mn me"),
    ('ن', "n nn ng gn ne kn n"),
    ('و', "v w u o oo ou au ow oe ue vv wh eau oa b eu ew"),
    ('ه', "h e a ah eh"),
    ('ی', "i y e ee ea ie ii ai ei j ey ay ie ll"),
    ('ئ', "e i y a o"),
    ('أ', "a"),
    ('ؤ', "o u"),
    ('ء', ""),
];

/// What two Persian letters together may be.
const PAIRS: &[(&str, &str)] = &[
    ("کس", "x xx cs ks cks"),
    ("گز", "x"),
    ("تس", "z ts tz c zz"),
    ("تز", "z tz tts zz"),
    ("دز", "z dz"),
    ("یو", "u eu ew iu you io yu"),
    ("او", "o u ou au ow aw oo w uv ov ub ao"),
    ("ای", "i e y ai ee ea ei ie ay ey ij"),
    ("اِ", "e"),
    ("نگ", "ng n nc nk ngue"),
    ("وا", "ua oi wa wha va ova oa"),
    ("وی", "ui wi we vi vy oui wy evi vee owie ey oy oi"),
    ("یا", "ia ya ja ea iya ija"),
    ("یی", "i y ie ii yi"),
    ("ئو", "o io eo yo u ew"),
    ("ائ", "ae ai a ay"),
    ("خو", "kho jo ju hua ho xo"),
    ("هو", "ho hu hua ju jo who"),
    ("سک", "sc sk sch"),
    ("چی", "ci chi cci"),
    ("ون", "n on un own"),
    ("مک", "mc mac"),
    ("تی", "ty ti tea tee"),
    ("شی", "ci shi xi sci"),
    ("اس", "s st es sp sc"),
];

/// How little two words sound alike, over the letters of the Persian one, vowels counting less: 0 is the same sound, and
/// what is above [`ALIKE`] is another word.
///
/// * `persian`: in Persian letters, without marks
/// * `english`: in small letters of ASCII, as [`plain`] gives them
pub(super) fn distance(persian: &str, english: &str) -> f32 {
    let fa: Vec<char> = persian.chars().take(LONGEST).collect();
    let en = &english.as_bytes()[..english.len().min(LONGEST)];
    if fa.is_empty() || en.is_empty() {
        return f32::INFINITY;
    }
    let width = en.len() + 1;
    let mut cost = vec![f32::INFINITY; (fa.len() + 1) * width];
    cost[0] = 0.0;
    for i in 0..=fa.len() {
        for j in 0..=en.len() {
            let now = cost[i * width + j];
            if !now.is_finite() {
                continue;
            }
            let mut reach = |i: usize, j: usize, more: f32| {
                let there = &mut cost[i * width + j];
                *there = there.min(now + more);
            };
            if j < en.len() {
                reach(i, j + 1, silent(en, j));
            }
            let Some(letter) = fa.get(i) else { continue };
            reach(i + 1, j, unwritten(&fa, i));
            if j < en.len() {
                reach(i + 1, j + 1, 1.2);
            }
            let sounds = LETTERS.iter().find(|(own, _)| own == letter).map_or("", |(_, s)| *s);
            for sound in sounds.split(' ').filter(|sound| !sound.is_empty()) {
                if en[j..].starts_with(sound.as_bytes()) {
                    reach(i + 1, j + sound.len(), 0.0);
                }
            }
            if let Some(next) = fa.get(i + 1) {
                let sounds = PAIRS.iter().filter(|(own, _)| {
                    let mut own = own.chars();
                    own.next() == Some(*letter) && own.next() == Some(*next)
                });
                for sound in sounds.flat_map(|(_, sounds)| sounds.split(' ')) {
                    if en[j..].starts_with(sound.as_bytes()) {
                        reach(i + 2, j + sound.len(), 0.0);
                    }
                }
            }
        }
    }
    let weight: f32 =
        fa.iter().map(|letter| if VOWELS.contains(letter) { 0.35 } else { 1.0 }).sum();
    cost[fa.len() * width + en.len()] / weight
}

/// Letters that may be vowels.
const VOWELS: [char; 6] = ['ا', 'آ', 'و', 'ی', 'ه', 'ع'];

/// Up to this distance two words are taken for the same name.
pub(super) const ALIKE: f32 = 0.30;

/// Letters that are looked at; no name is longer.
const LONGEST: usize = 32;

/// The cost of an English letter that Persian does not write.
fn silent(en: &[u8], at: usize) -> f32 {
    let last = at + 1 == en.len();
    match en[at] {
        b'a' | b'e' | b'i' | b'o' | b'u' => 0.08,
        b'y' => 0.15,
        letter if at > 0 && en[at - 1] == letter => 0.05,
        b'h' => 0.25,
        b's' | b't' | b'x' | b'd' | b'z' | b'p' if last => 0.5,
        b'r' | b'l' | b'g' | b'w' | b'n' => 0.8,
        _ => 1.0,
    }
}

/// The cost of a Persian letter that English does not write.
fn unwritten(fa: &[char], at: usize) -> f32 {
    match fa[at] {
        'ع' | 'ء' | 'ئ' => 0.1,
        'ا' | 'آ' if at == 0 => 0.1,
        'ا' | 'و' | 'ی' | 'آ' => 0.3,
        'ه' if at + 1 == fa.len() => 0.2,
        'ه' => 0.5,
        _ => 1.0,
    }
}

/// A word in small letters of ASCII: `Barça` is `barca`. Other letters are left out.
pub(super) fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' => plain.push(c),
            'à'..='å' | 'ā' | 'ă' | 'ą' => plain.push('a'),
            'æ' => plain.push_str("ae"),
            'ç' | 'ć' | 'č' => plain.push('c'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => plain.push('e'),
            'ì'..='ï' | 'ī' | 'ı' => plain.push('i'),
            'ñ' | 'ń' | 'ň' => plain.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => plain.push('o'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'ß' => plain.push_str("ss"),
            'ś' | 'š' | 'ş' | 'ș' => plain.push('s'),
            'ź' | 'ż' | 'ž' => plain.push('z'),
            'ğ' => plain.push('g'),
            'ł' => plain.push('l'),
            'ř' => plain.push('r'),
            'ţ' | 'ț' | 'ť' => plain.push('t'),
            'đ' | 'ď' | 'ð' => plain.push('d'),
            'þ' => plain.push_str("th"),
            _ => {}
        }
    }
    plain
}

//! The Persian room through its public door. The cases are in `tests/fixtures`, for
//! linguists to edit; properties hold for any text.

use std::cell::Cell;
use std::ops::Range;

use proptest::prelude::*;
use tarjoman::persian::{languages, normalize, segment, split_long};
use tokenizers::normalizer::Range as Side;

/// Text of the characters that the rules look at, and some that they don't.
fn text() -> impl Strategy<Value = String> {
    let letters = "ابدهیکوش آيكﷺ﷼ـ\u{64B}\u{653}\u{654}۱۲٣4aBxé𝄞";
    let marks = ".؟?!…،؛:«»“”\"'()[]/@–-\n\r\t \u{A0}\u{200C}\u{200F}\u{FEFF}\u{1C}";
    let chars: Vec<char> = letters.chars().chain(marks.chars()).collect();
    proptest::collection::vec(proptest::sample::select(chars), 0..60)
        .prop_map(|chars| chars.into_iter().collect())
}

/// In order, no overlap, nothing left out but white space, none empty.
fn assert_covers(text: &str, ranges: &[Range<usize>]) {
    let mut end = 0;
    for range in ranges {
        assert!(range.start >= end && range.end > range.start, "{ranges:?}");
        assert!(text[end..range.start].trim().is_empty(), "{:?} left out", &text[end..range.start]);
        let sentence = &text[range.clone()];
        assert_eq!(sentence.trim(), sentence);
        end = range.end;
    }
    assert!(text[end..].trim().is_empty(), "{:?} left out", &text[end..]);
}

fn cases(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn sentences_end_where_the_linguists_file_says() {
    let mut wrong = Vec::new();
    for case in cases(include_str!("../fixtures/segment.txt")) {
        let case = case.replace("\\n", "\n").replace("\\r", "\r");
        let text = case.replace('|', "");
        let expected: Vec<&str> = case.split('|').map(str::trim).collect();
        let found: Vec<&str> = segment(&text).into_iter().map(|range| &text[range]).collect();
        if found != expected {
            wrong.push(format!("expected {expected:#?}\nfound {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_model_reads_what_the_linguists_file_says() {
    for case in cases(include_str!("../fixtures/normalize.tsv")) {
        let case = unescape(case);
        let (displayed, expected) = case.split_once('\t').expect("a tab in every case");
        assert_eq!(normalize(displayed).get(), expected, "of {displayed:?}");
    }
}

/// Replaces `\u{200C}` by the character.
fn unescape(text: &str) -> String {
    let mut pieces = text.split("\\u{");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_once('}').expect("a closing brace");
        let code = u32::from_str_radix(code, 16).expect("a hexadecimal number");
        plain.push(char::from_u32(code).expect("a character"));
        plain.push_str(rest);
    }
    plain
}

#[test]
fn no_character_that_the_table_replaces_is_left() {
    for line in include_str!("../../src/persian/normalize.tsv").lines() {
        let from = line.split('\t').next().unwrap_or_default();
        let Some((first, last)) = from.split_once("..").or(Some((from, from))) else { continue };
        let code = |name: &str| u32::from_str_radix(name.strip_prefix("U+")?, 16).ok();
        let (Some(first), Some(last)) = (code(first), code(last)) else { continue };
        for displayed in (first..=last).filter_map(char::from_u32) {
            let once = normalize(&format!("ب{displayed}ب"));
            assert!(!once.get().contains(displayed) || displayed == ' ', "{displayed:?} is left");
            assert_eq!(normalize(once.get()).get(), once.get(), "of {displayed:?}");
        }
    }
}

#[test]
fn a_very_long_line_is_cut_into_balanced_pieces_with_few_questions() {
    for line in [
        "دولت اعلام کرد که بودجه، هرچند دیر، تصویب شد و اجرا می‌شود ".repeat(4000),
        "آ".repeat(100_000),
        format!("ب {}", "x".repeat(100_000)),
        format!("{}ب", " ".repeat(100_000)),
    ] {
        let (asked, bytes) = (Cell::new(0), Cell::new(0));
        let pieces = split_long(&line, &|piece| {
            asked.set(asked.get() + 1);
            bytes.set(bytes.get() + piece.len());
            piece.len() <= 400
        });
        assert_covers(&line, &pieces);
        assert!(pieces.iter().all(|piece| piece.len() <= 400));
        assert!(pieces.len() <= 1 + line.len() / 90, "{} pieces", pieces.len());
        assert!(asked.get() <= 2 * pieces.len());
        // log2 of 500 thousand is 19; uneven cuts and the last levels are allowed to double it.
        assert!(bytes.get() <= 38 * line.len(), "{} bytes asked about", bytes.get());
    }
}

#[test]
fn a_long_sentence_is_cut_at_the_strongest_mark_near_its_middle() {
    let text = "وزیر گفت که بودجه تصویب شد؛ مجلس، پس از دو روز بحث، با آن موافقت کرد";
    let pieces = split_long(text, &|piece| piece.chars().count() < 60);
    assert_eq!(&text[pieces[0].clone()], "وزیر گفت که بودجه تصویب شد؛");
    assert_eq!(pieces.len(), 2);
}

#[test]
fn fifty_thousand_marks_of_any_kind_do_not_take_long() {
    for unit in
        [".", "«", "(", "a\n", "آ. ", "» ", ") ", "؟\"", "\r\n\n", "(آ. ", "\"آ ", "«آ. ", "[آ] "]
    {
        let text = unit.repeat(50_000);
        assert_covers(&text, &segment(&text));
    }
}

proptest! {
    #[test]
    fn sentences_leave_out_nothing_but_white_space(text in text()) {
        assert_covers(&text, &segment(&text));
    }

    #[test]
    fn a_sentence_found_once_is_in_order_in_any_unicode(text in any::<String>()) {
        assert_covers(&text, &segment(&text));
        let _ = normalize(&text);
    }

    #[test]
    fn pieces_fit_and_leave_out_nothing(text in text(), limit in 1_usize..20) {
        let pieces = split_long(&text, &|piece| piece.chars().count() <= limit);
        assert_covers(&text, &pieces);
        for piece in pieces {
            prop_assert!(text[piece].chars().count() <= limit);
        }
    }

    #[test]
    fn what_fits_is_not_cut(text in text()) {
        prop_assert!(split_long(&text, &|_| true).len() <= 1);
    }

    #[test]
    fn nothing_fits_and_the_pieces_are_characters(text in text()) {
        let pieces = split_long(&text, &|_| false);
        assert_covers(&text, &pieces);
        prop_assert!(pieces.into_iter().all(|piece| text[piece].chars().count() == 1));
    }

    #[test]
    fn normalising_twice_changes_nothing_more(text in text()) {
        let once = normalize(&text);
        let twice = normalize(once.get());
        prop_assert_eq!(twice.get(), once.get());
    }

    #[test]
    fn every_range_of_the_normalised_text_leads_back_to_the_source(text in text()) {
        let normalized = normalize(&text);
        prop_assert_eq!(normalized.get_original(), &text);
        let starts: Vec<usize> =
            normalized.get().char_indices().map(|(at, _)| at).chain([normalized.get().len()]).collect();
        let mut last = 0;
        for pair in starts.windows(2) {
            let back = normalized.convert_offsets(Side::Normalized(pair[0]..pair[1]));
            let back = back.expect("a range inside the text");
            prop_assert!(back.start >= last && back.end > back.start);
            last = back.start;
        }
        for (index, &start) in starts.iter().enumerate() {
            for &end in &starts[index + 1..] {
                let back = normalized.convert_offsets(Side::Normalized(start..end));
                let back = back.expect("a range inside the text");
                prop_assert!(text.get(back.clone()).is_some(), "{back:?} cuts a character");
                let there = normalized.convert_offsets(Side::Original(back));
                prop_assert!(there.is_some_and(|there| there.start <= start && there.end >= end));
            }
        }
    }

    #[test]
    fn the_model_reads_no_space_beside_a_space_and_no_half_space_at_an_edge(text in text()) {
        let normalized = normalize(&text);
        let read = normalized.get();
        prop_assert_eq!(read.trim(), read);
        for pair in ["  ", " \u{200C}", "\u{200C} ", "\u{200C}\u{200C}"] {
            prop_assert!(!read.contains(pair));
        }
        let half_space = '\u{200C}';
        prop_assert!(!read.starts_with(half_space) && !read.ends_with(half_space));
    }
}

#[test]
fn the_language_of_a_text_is_what_the_linguists_file_says() {
    for case in cases(include_str!("../fixtures/languages.txt")) {
        let (code, text) = case.split_once('\t').expect("a code and a text");
        let found = languages(text);
        let best = found.first().map_or("-", |(code, _)| *code);
        assert_eq!(best, code, "{text}: {found:?}");
    }
    // Latin letters that are not English, and a word that is Persian and Arabic: nobody is sure.
    for text in ["Le président a déclaré mardi", "کتاب"] {
        assert!(
            languages(text).iter().all(|(_, sure)| *sure < 60),
            "{text}: {:?}",
            languages(text)
        );
    }
}

proptest! {
    #[test]
    fn languages_of_any_text_are_told_once_each_and_the_likeliest_first(text in text()) {
        let found = languages(&text);
        prop_assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1 && pair[0].0 != pair[1].0));
        prop_assert!(found.iter().all(|(_, sure)| (1..=100).contains(sure)));
    }
}

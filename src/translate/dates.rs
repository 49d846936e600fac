//! Dates of the source beside their Gregorian ones, as remarks on the units.

use crate::document::{AlignedDocument, Issue};
use crate::persian::{self, Day, WrittenDate};

/// Adds to each unit, for every date, year and decade that is not Gregorian, what it is in the
/// Gregorian calendar, and says where a date falls on another day of the week than is written. The
/// translation itself is left as the model made it.
///
/// * `reference`: the date of the article; a date without a year is the one closest to it
pub fn add_dates(document: &mut AlignedDocument, reference: Day) {
    let AlignedDocument { article, units, .. } = document;
    for unit in units {
        let sentence = &unit.sentence;
        let source = &article.blocks[sentence.block].text[sentence.span.clone()];
        for date in persian::dates(source) {
            let Some(written) = date.with_gregorian(reference) else { continue };
            let inferred = date.resolve(reference).filter(|resolved| resolved.year_inferred);
            let year = inferred.map_or_else(String::new, |resolved| {
                format!(
                    "; no year is written, {} is the closest to {reference}",
                    resolved.first.year
                )
            });
            let weekday = wrong_weekday(&date, reference).unwrap_or_default();
            unit.issues.push(Issue::note("date", format!("{written}{year}{weekday}")));
        }
        for years in persian::years(source) {
            let Some(written) = years.with_gregorian() else { continue };
            let century = if years.century_inferred { "; no century is written" } else { "" };
            unit.issues.push(Issue::note("date", format!("{written}{century}")));
        }
    }
}

/// What is to be said where a date falls on another day of the week than the text has it.
fn wrong_weekday(date: &WrittenDate, reference: Day) -> Option<String> {
    let written = date.weekday?;
    let day = date.resolve(reference).filter(|resolved| resolved.first == resolved.last)?.first;
    (day.weekday() != written).then(|| {
        let (written, is) = (Day::weekday_name(written), Day::weekday_name(day.weekday()));
        format!("; the text says {written}, that day is a {is}")
    })
}

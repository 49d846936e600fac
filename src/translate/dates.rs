//! Dates of the source beside their Gregorian ones, as remarks on the units.

use crate::document::{AlignedDocument, Issue};
use crate::persian::{self, Day};

/// Adds to each unit, for every date that is not Gregorian, what it is in the Gregorian
/// calendar. The translation itself is left as the model made it.
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
            unit.issues.push(Issue::note("date", format!("{written}{year}")));
        }
    }
}

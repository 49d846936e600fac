//! Tab-separated values: `id block source target score issues model licence provenance`, quoted as in
//! CSV where a field holds a tab, a quote or a line end. Text is untouched. Model and licence stand in
//! every record, as in JSON lines: a line before the names of the columns would be a record to most
//! readers.

use std::io;

use super::WriteOptions;
use crate::document::{AlignedDocument, Issue};

const COLUMNS: [&str; 9] =
    ["id", "block", "source", "target", "score", "issues", "model", "licence", "provenance"];

pub(super) fn write(
    document: &AlignedDocument,
    options: WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut records = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    if options.blocks_before == 0 {
        records.write_record(COLUMNS).map_err(io_error)?;
    }
    let provenance = document.provenance_line();
    for unit in &document.units {
        let score = unit.translation.candidates.first();
        records
            .write_record([
                unit.sentence.id.to_string().as_str(),
                (options.blocks_before + unit.sentence.block).to_string().as_str(),
                document.source(unit),
                unit.target(),
                score.map_or_else(String::new, |best| format!("{:.4}", best.score)).as_str(),
                unit.issues.iter().map(issue).collect::<Vec<_>>().join("; ").as_str(),
                document.model.as_str(),
                document.licence.as_deref().unwrap_or_default(),
                provenance.as_str(),
            ])
            .map_err(io_error)?;
    }
    records.flush()
}

fn issue(issue: &Issue) -> String {
    format!("{}: {}", issue.code, issue.message)
}

/// The crate's own conversion hides the kind, and with it a closed pipe.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

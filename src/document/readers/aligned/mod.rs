//! Translations that were written before, and maybe corrected since: JSON lines of the schema
//! `tarjoman.aligned/1`, TMX, XLIFF 2, and tab-separated values. Read back so that any writer can
//! write them.

mod jsonl;
mod tmx;
mod tsv;
mod xliff;

use std::path::Path;

use tokenizers::NormalizedString;

use super::{bytes, utf8};
use crate::document::{
    AlignedDocument, Article, Block, BlockKind, Error, Issue, Meta, Provenance, Result, Sentence,
    Translation, TranslationUnit, markup,
};

/// A unit as it stands in a file.
#[derive(Debug, Default)]
struct Row {
    /// The block that it says it is in; rows without one are blocks of their own.
    block: Option<usize>,
    kind: BlockKind,
    /// Whether it follows the row before without a space.
    joins: bool,
    source: String,
    translation: Translation,
    issues: Vec<Issue>,
    reviewed: bool,
}

/// What stands in a file.
struct File {
    model: String,
    licence: Option<String>,
    provenance: Provenance,
    rows: Vec<Row>,
}

/// Reads a translation from a file, or from standard input when the path is `-`.
///
/// # Errors
/// When the file can't be read, or is none of the formats.
pub fn open(path: impl AsRef<Path>) -> Result<AlignedDocument> {
    let (name, bytes) = bytes(path.as_ref())?;
    read(&name, bytes)
}

/// Reads a translation from bytes; `name` is for messages and for [`Meta`].
///
/// # Errors
/// As [`open`].
pub fn read(name: &str, bytes: Vec<u8>) -> Result<AlignedDocument> {
    let text = utf8(name, bytes)?;
    let shown = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    let file = match shown.chars().next() {
        Some('<') if xliff::is_there(shown) => xliff::read(name, shown)?,
        Some('<') => tmx::read(name, shown)?,
        Some('{') => jsonl::read(name, shown)?,
        _ => tsv::read(name, shown)?,
    };
    if file.rows.is_empty() {
        return Err(Error::Empty { name: name.to_owned() });
    }
    Ok(build(name, file))
}

/// Sources and their translations, whoever made them: every source is a block of its own.
pub fn of_pairs<'a>(
    name: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> AlignedDocument {
    let rows = pairs.into_iter().map(|(source, target)| tsv::row(source, target, None)).collect();
    let (model, provenance) = (String::new(), Provenance::default());
    build(name, File { model, licence: None, provenance, rows })
}

/// Blocks are rows in a row that name the same one.
fn build(name: &str, file: File) -> AlignedDocument {
    let File { model, licence, provenance, rows } = file;
    let mut article = Article {
        meta: Meta { name: name.to_owned(), ..Meta::default() },
        after: "\n".into(),
        is_rebuilt: true,
        ..Article::default()
    };
    let mut units = Vec::with_capacity(rows.len());
    let mut last: Option<usize> = None;
    for (id, row) in rows.into_iter().enumerate() {
        if row.block.is_none() || row.block != last || article.blocks.is_empty() {
            let before = match article.blocks.last().map(|block| block.kind) {
                None => "",
                Some(BlockKind::ListItem) if row.kind == BlockKind::ListItem => "\n",
                Some(_) => "\n\n",
            };
            article.blocks.push(Block {
                kind: row.kind,
                before: before.into(),
                ..Block::default()
            });
        }
        last = row.block;
        let block = article.blocks.len() - 1;
        let text = &mut article.blocks[block].text;
        if !text.is_empty() && !row.joins {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&row.source);
        let sentence = Sentence {
            id,
            block,
            span: start..text.len(),
            text: NormalizedString::from(row.source.as_str()),
        };
        let translation = Translation { sentence: id, ..row.translation };
        units.push(TranslationUnit {
            sentence,
            translation,
            issues: row.issues,
            reviewed: row.reviewed,
        });
    }
    AlignedDocument { article, model, licence, provenance, units }
}

/// Puts a translation back into the article that it is of, with its markup and the rest of its
/// file. Sentences are found by their text, in order.
///
/// # Errors
/// When a sentence is not in the article.
pub fn attach(mut document: AlignedDocument, article: Article) -> Result<AlignedDocument> {
    let (mut block, mut from) = (0, 0);
    for unit in &mut document.units {
        let source = document.article.blocks[unit.sentence.block].text[unit.sentence.span.clone()]
            .to_owned();
        let found = (block..article.blocks.len()).find_map(|index| {
            let start = if index == block { from } else { 0 };
            let at = article.blocks[index].text[start..].find(&source)? + start;
            Some((index, at))
        });
        let Some((index, at)) = found else {
            let reason = format!(
                "sentence {} of the translation is not in it, or not in this order",
                unit.sentence.id + 1
            );
            return Err(Error::Refused { name: article.meta.name, reason });
        };
        (block, from) = (index, at + source.len());
        unit.sentence.block = index;
        unit.sentence.span = at..from;
    }
    document.article = article;
    markup::note_lost(&mut document);
    Ok(document)
}

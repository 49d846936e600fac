//! Owns what is read and written: articles, sentences, translation units, and the formats
//! of both ([`readers`], [`writers`]). Does not know models, tokens or Persian.

mod article;
mod error;
pub mod markup;
pub mod readers;
mod render;
mod skeleton;
mod words;
pub mod writers;

use std::ops::Range;

use tokenizers::NormalizedString;

pub use article::{Article, Block, BlockKind, Mark, MarkKind, Meta};
pub use error::{Error, Result};
pub use skeleton::{Part, Piece, Skeleton, Slot, SourceFormat, Syntax};
pub use words::words;

/// One sentence of a document.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Its number in the document, from 0 without gaps.
    pub id: usize,
    /// The block that it is in.
    pub block: usize,
    /// Where it stands in the block's `text`, in bytes.
    pub span: Range<usize>,
    /// What the model reads; keeps the way back to the displayed source.
    pub text: NormalizedString,
}

/// An article and its sentences. The spans of a block's sentences are in order, do not
/// overlap, and leave out nothing but white space.
#[derive(Debug, Clone)]
pub struct Document {
    /// The article.
    pub article: Article,
    /// Its sentences, in order.
    pub sentences: Vec<Sentence>,
}

impl Document {
    /// The displayed source of a sentence.
    #[must_use]
    pub fn source(&self, sentence: &Sentence) -> &str {
        &self.article.blocks[sentence.block].text[sentence.span.clone()]
    }
}

/// One candidate translation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Candidate {
    /// English.
    pub text: String,
    /// Log-probability over length to the power of the length penalty; 0 is certain.
    pub score: f32,
}

/// A word of the source and a word of the translation that mean each other; many to many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordPair {
    /// Bytes in the displayed source of the sentence.
    pub source: Range<usize>,
    /// Bytes in the best candidate.
    pub target: Range<usize>,
}

/// How much of a sentence its translation comes from, as its alignment tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// From 0 to 1: the mean over words that say something (no particles, pronouns or auxiliary
    /// verbs) of the weight that words of the translation give them, where 1 is that of a whole
    /// word or more.
    pub share: f32,
    /// Those of them that next to nothing comes from, in bytes of the displayed source.
    pub missing: Vec<Range<usize>>,
}

/// The translation of one sentence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// The sentence.
    pub sentence: usize,
    /// Candidates, the best first; never empty.
    pub candidates: Vec<Candidate>,
    /// Which words belong together, of the best candidate; `None` where it is not known. Spans
    /// that are not words of these texts are left out by those who use them.
    pub alignment: Option<Vec<WordPair>>,
    /// How much of the source the best candidate comes from; `None` where it is not known.
    pub coverage: Option<Coverage>,
    /// The terms of a glossary that its source has, in order.
    pub terms: Vec<TermUse>,
    /// Like sentences of translation memories with their translations, the likest first.
    pub similar: Vec<Similar>,
}

/// A term of a glossary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Persian.
    pub source: String,
    /// Its English, the preferred form first; never empty.
    pub targets: Vec<String>,
}

/// A term of a glossary in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TermUse {
    /// As the glossary has it.
    pub source: String,
    /// Its preferred English.
    pub target: String,
    /// Whether the translation has one of its forms.
    pub honoured: bool,
}

/// A sentence of a translation memory that is like one of an article.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Similar {
    /// The share of its words that are the same in the same order, from 0 to 1.
    pub similarity: f32,
    /// The sentence.
    pub source: String,
    /// Its translation.
    pub target: String,
    /// The memory, and the unit in it, from 1.
    pub origin: String,
}

/// How a translation came about, so that it can be made again: the same input, program, model and
/// options give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// The program with its version; empty where it is not known.
    pub tool: String,
    /// What the model is: the commit on the hub, or the SHA-256 of its files.
    pub revision: String,
    /// What translations depend on besides, `name=value` with spaces between.
    pub options: String,
    /// When, as the environment says (`SOURCE_DATE_EPOCH`); there is no other clock, or two runs
    /// would differ. ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl Provenance {
    /// In one line, behind a model's name and licence.
    #[must_use]
    pub fn line(&self, model: &str, licence: Option<&str>) -> String {
        let mut line = model.to_owned();
        if let Some(licence) = licence {
            line.push_str(" (");
            line.push_str(licence);
            line.push(')');
        }
        let revision = Some(&self.revision).filter(|revision| !revision.is_empty());
        let revision = revision.map(|revision| format!("revision {revision}"));
        for more in [revision.as_ref(), Some(&self.tool), Some(&self.options), self.time.as_ref()] {
            if let Some(more) = more.filter(|more| !more.is_empty()) {
                line.push_str("; ");
                line.push_str(more);
            }
        }
        line
    }
}

/// How much an issue matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something may be wrong: an editor is to look.
    #[default]
    Doubt,
    /// A remark: nothing is wrong for all that is known.
    Note,
}

/// A doubt about a translation or a remark on it, for the editor.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Issue {
    /// Machine-readable, such as `sentence_split`.
    pub code: String,
    /// Whether it is a doubt.
    #[serde(default, skip_serializing_if = "Issue::is_doubt_of")]
    pub severity: Severity,
    /// What an editor reads.
    pub message: String,
    /// What of the displayed source it is about, in bytes of the sentence.
    #[serde(default, with = "ends", skip_serializing_if = "Option::is_none")]
    pub source_span: Option<Range<usize>>,
    /// What of the best candidate it is about, in bytes.
    #[serde(default, with = "ends", skip_serializing_if = "Option::is_none")]
    pub target_span: Option<Range<usize>>,
}

impl Issue {
    /// A doubt about the whole sentence.
    pub fn doubt(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), ..Self::default() }
    }

    /// A remark on the whole sentence.
    pub fn note(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::doubt(code, message) }
    }

    /// The same, about a place in the source.
    #[must_use]
    pub fn in_source(mut self, span: Range<usize>) -> Self {
        self.source_span = Some(span);
        self
    }

    /// The same, about a place in the translation.
    #[must_use]
    pub fn in_target(mut self, span: Range<usize>) -> Self {
        self.target_span = Some(span);
        self
    }

    /// Whether it is more than a remark.
    #[must_use]
    pub fn is_doubt(&self) -> bool {
        Self::is_doubt_of(&self.severity)
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it so
    fn is_doubt_of(severity: &Severity) -> bool {
        *severity == Severity::Doubt
    }
}

/// A span as `[start, end]`.
mod ends {
    use std::ops::Range;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option)] // serde calls it so
    pub fn serialize<S: Serializer>(
        span: &Option<Range<usize>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        span.as_ref().map(|span| [span.start, span.end]).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Range<usize>>, D::Error> {
        let ends = Option::<[usize; 2]>::deserialize(deserializer)?;
        Ok(ends.map(|[start, end]| start..end.max(start)))
    }
}

/// A sentence with its translation (the word of TMX and XLIFF).
#[derive(Debug, Clone)]
pub struct TranslationUnit {
    /// The source sentence.
    pub sentence: Sentence,
    /// Its translation.
    pub translation: Translation,
    /// Doubts about it.
    pub issues: Vec<Issue>,
    /// An editor has said that the translation is right as it stands.
    pub reviewed: bool,
}

impl TranslationUnit {
    /// The best translation.
    #[must_use]
    pub fn target(&self) -> &str {
        self.translation.candidates.first().map_or("", |best| &best.text)
    }

    /// Whether there is a doubt about it; remarks are none.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.issues.iter().any(Issue::is_doubt)
    }
}

/// A translated document: every sentence of the source exactly once, in order.
#[derive(Debug, Clone, Default)]
pub struct AlignedDocument {
    /// The article as it was read.
    pub article: Article,
    /// Name of the model that translated it.
    pub model: String,
    /// The licence of that model, and whether it forbids commercial use, where that is known.
    pub licence: Option<String>,
    /// How else it came about.
    pub provenance: Provenance,
    /// One unit a sentence, in order.
    pub units: Vec<TranslationUnit>,
}

impl AlignedDocument {
    /// The displayed source of a unit.
    #[must_use]
    pub fn source(&self, unit: &TranslationUnit) -> &str {
        &self.article.blocks[unit.sentence.block].text[unit.sentence.span.clone()]
    }

    /// Program, model and options in one line.
    #[must_use]
    pub fn provenance_line(&self) -> String {
        self.provenance.line(&self.model, self.licence.as_deref())
    }

    /// Whether an editor has said of every sentence that it is right.
    #[must_use]
    pub fn is_reviewed(&self) -> bool {
        !self.units.is_empty() && self.units.iter().all(|unit| unit.reviewed)
    }

    /// Every block with its units, in order; blocks without a sentence have none.
    pub fn blocks(&self) -> impl Iterator<Item = (&Block, &[TranslationUnit])> {
        let mut rest = self.units.as_slice();
        self.article.blocks.iter().enumerate().map(move |(index, block)| {
            let count = rest.iter().take_while(|unit| unit.sentence.block == index).count();
            let (units, after) = rest.split_at(count);
            rest = after;
            (block, units)
        })
    }
}

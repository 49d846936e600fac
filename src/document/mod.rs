//! Owns what is read and written: articles, sentences, translation units, and the formats
//! of both ([`readers`], [`writers`]). Does not know models, tokens or Persian.

mod error;
pub mod readers;
pub mod writers;

use std::ops::Range;

use tokenizers::NormalizedString;

pub use error::{Error, Result};

/// What a block of an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The title of the article.
    Title,
    /// A heading inside it.
    Heading,
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
}

/// A paragraph, heading or list item: what is displayed as one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// The displayed source, exactly as it was read.
    pub text: String,
    /// What stood in the file between the block before and this one.
    pub before: String,
}

/// What is known of an article as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// The file that it came from, or `-`.
    pub name: String,
}

/// An article as it was read. Concatenating `before` and `text` of every block, then
/// `after`, gives the decoded file back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// What is known of it as a whole.
    pub meta: Meta,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// What stood after the last block.
    pub after: String,
}

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

/// The translation of one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Translation {
    /// The sentence.
    pub sentence: usize,
    /// Candidates, the best first; never empty.
    pub candidates: Vec<Candidate>,
}

/// A doubt about a translation or a remark on it, for the editor.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Issue {
    /// Machine-readable, such as `sentence_split`.
    pub code: String,
    /// What an editor reads.
    pub message: String,
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
}

impl TranslationUnit {
    /// The best translation.
    #[must_use]
    pub fn target(&self) -> &str {
        self.translation.candidates.first().map_or("", |best| &best.text)
    }
}

/// A translated document: every sentence of the source exactly once, in order.
#[derive(Debug, Clone)]
pub struct AlignedDocument {
    /// The article as it was read.
    pub article: Article,
    /// Name of the model that translated it.
    pub model: String,
    /// The licence of that model, and whether it forbids commercial use, where that is known.
    pub licence: Option<String>,
    /// One unit a sentence, in order.
    pub units: Vec<TranslationUnit>,
}

impl AlignedDocument {
    /// The displayed source of a unit.
    #[must_use]
    pub fn source(&self, unit: &TranslationUnit) -> &str {
        &self.article.blocks[unit.sentence.block].text[unit.sentence.span.clone()]
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

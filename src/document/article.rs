//! Articles as they were read: blocks of displayed text with their inline markup, and what a
//! writer needs to give the same file back.

use std::ops::Range;

use super::{Skeleton, SourceFormat};

/// What a block of an article is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The title of the article.
    Title,
    /// A heading inside it.
    Heading,
    /// Running text.
    #[default]
    Paragraph,
    /// One item of a list.
    ListItem,
    /// What stands under a picture or a table.
    Caption,
}

/// What a piece of inline markup means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MarkKind {
    /// Strong, bold.
    Strong,
    /// Emphasis, italics.
    Emphasis,
    /// A link.
    Link,
    /// Code.
    Code,
    /// Anything else that the format can say: size, colour, a footnote, a picture.
    #[default]
    Other,
}

/// Inline markup over a part of a block's text; over nothing for what stands at a point, such
/// as a picture. Marks are in the order in which they open, the outer before the inner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bytes in the block's text.
    pub span: Range<usize>,
    /// What it means.
    pub kind: MarkKind,
    /// How it begins in the format of the article.
    pub open: String,
    /// How it ends there.
    pub close: String,
    /// Where a link leads.
    pub href: Option<String>,
}

impl Mark {
    /// Whether this is the formatting of a run of Word: it has no end of its own.
    pub(super) fn is_run(&self) -> bool {
        self.close.is_empty() && !self.span.is_empty()
    }
}

/// A paragraph, heading or list item: what is displayed as one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// The displayed source, exactly as it was read.
    pub text: String,
    /// What stood in the file between the block before and this one; in formats other than
    /// plain text, what would stand there in plain text.
    pub before: String,
    /// Its inline markup.
    pub marks: Vec<Mark>,
}

/// What is known of an article as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// The file that it came from, or `-`.
    pub name: String,
    /// What has text that is not read and stays as it is, such as comments.
    pub kept: Vec<&'static str>,
}

/// An article as it was read. Of plain text, concatenating `before` and `text` of every
/// block, then `after`, gives the decoded file back; other formats have a [`Skeleton`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// What is known of it as a whole.
    pub meta: Meta,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// What stood after the last block.
    pub after: String,
    /// The format that it came in.
    pub format: SourceFormat,
    /// The rest of the file; `None` for plain text, and where only the text is known.
    pub skeleton: Option<Skeleton>,
    /// Put together from a translation: only the text is that of the file.
    pub is_rebuilt: bool,
}

impl Article {
    /// Whether all of a plain text file is here: the text and what stood between it.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.format == SourceFormat::Text && self.skeleton.is_none() && !self.is_rebuilt
    }
}

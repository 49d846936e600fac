//! What remains of a file when its text is taken out, so that a translation can be put in.

use std::ops::Range;
use std::sync::Arc;

use super::{Article, Block, BlockKind, Mark, Meta};

/// The formats that articles come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceFormat {
    /// Plain text.
    #[default]
    Text,
    /// Markdown (`CommonMark` with tables, footnotes, strikethrough, front matter).
    Markdown,
    /// A web page; its main article is read.
    Html,
    /// A Word document.
    Docx,
    /// JSON, a record a line.
    Jsonl,
    /// The IPTC's news in JSON.
    Ninjs,
    /// NITF, or NewsML-G2 with NITF, XHTML or plain text in it.
    NewsXml,
    /// `SubRip` subtitles.
    Srt,
}

/// A file without its text. It is that of the translation already: language and direction are
/// those of English.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skeleton {
    /// The parts of the file that have text; one, but in a package.
    pub parts: Vec<Part>,
    /// The archive that the parts are in, as it was read.
    pub package: Option<Arc<[u8]>>,
}

/// A part of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its name in the package; empty without one.
    pub name: String,
    /// What it is made of, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Written as it is.
    Raw(String),
    /// Text of a block.
    Slot(Slot),
}

/// A place for the text of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The block.
    pub block: usize,
    /// The part of its text that stood here (a cue of subtitles has half a sentence).
    pub span: Range<usize>,
    /// How text and marks are written here.
    pub syntax: Syntax,
}

/// How text and marks are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntax {
    /// As they are.
    Plain,
    /// Markdown.
    Markdown,
    /// XML or HTML.
    Xml,
    /// XML or HTML where no markup may stand, such as `<title>`.
    XmlText,
    /// Runs of `WordprocessingML`; the properties (`<w:rPr>`) of a run without a mark.
    Docx(String),
    /// Inside a string of JSON.
    Json,
    /// HTML inside a string of JSON.
    JsonXml,
}

/// Builds an article and its skeleton, front to back.
#[derive(Debug, Default)]
pub(super) struct Builder {
    blocks: Vec<Block>,
    parts: Vec<Part>,
    part: Part,
    raw: String,
    /// Blocks that may come once more.
    again: Range<usize>,
}

impl Builder {
    /// Adds what is no text.
    pub fn raw(&mut self, text: &str) {
        self.raw.push_str(text);
    }

    /// Adds a block without a place for it.
    pub fn block(&mut self, kind: BlockKind, text: String, marks: Vec<Mark>) -> usize {
        let together = kind == BlockKind::ListItem
            && self.blocks.last().is_some_and(|block| block.kind == BlockKind::ListItem);
        let before = match (self.blocks.is_empty(), together) {
            (true, _) => "",
            (_, true) => "\n",
            _ => "\n\n",
        };
        self.blocks.push(Block { kind, text, before: before.into(), marks });
        self.blocks.len() - 1
    }

    /// Adds a place for the part `span` of a block.
    pub fn slot(&mut self, block: usize, span: Range<usize>, syntax: Syntax) {
        self.flush();
        self.part.pieces.push(Piece::Slot(Slot { block, span, syntax }));
    }

    /// Adds a block and a place for all of it; of a block that comes once more the place alone.
    pub fn place(&mut self, kind: BlockKind, text: String, marks: Vec<Mark>, syntax: Syntax) {
        let span = 0..text.len();
        let again = self.again.clone().find(|block| self.blocks[*block].text == text);
        let block = again.unwrap_or_else(|| self.block(kind, text, marks));
        self.slot(block, span, syntax);
    }

    /// From now on these blocks may come once more: what has their text is them. Of very many,
    /// those that came last.
    pub fn repeats(&mut self, blocks: Range<usize>) {
        const MOST: usize = 256;
        self.again = blocks.start.max(blocks.end.saturating_sub(MOST))..blocks.end;
    }

    /// The blocks so far.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }

    /// Gives the first place, left open, to the title.
    pub fn fill_title(&mut self) {
        let title = self.blocks.iter().position(|block| block.kind == BlockKind::Title);
        self.part.pieces.retain_mut(|piece| match piece {
            Piece::Slot(slot) if slot.block == usize::MAX => match title {
                Some(block) => {
                    slot.block = block;
                    slot.span = 0..self.blocks[block].text.len();
                    true
                }
                None => false,
            },
            _ => true,
        });
    }

    /// Ends a part of a package.
    pub fn end_part(&mut self, name: &str) {
        self.flush();
        let mut part = std::mem::take(&mut self.part);
        name.clone_into(&mut part.name);
        self.parts.push(part);
    }

    fn flush(&mut self) {
        if !self.raw.is_empty() {
            self.part.pieces.push(Piece::Raw(std::mem::take(&mut self.raw)));
        }
    }

    pub fn finish(
        self,
        name: String,
        format: SourceFormat,
        package: Option<Arc<[u8]>>,
    ) -> super::Result<Article> {
        let article = self.finish_any(name, format, package);
        if !article.blocks.iter().any(|block| block.text.chars().any(char::is_alphanumeric)) {
            return Err(super::Error::Empty { name: article.meta.name });
        }
        Ok(article)
    }

    /// The article, also where it has nothing to translate.
    pub fn finish_any(
        mut self,
        name: String,
        format: SourceFormat,
        package: Option<Arc<[u8]>>,
    ) -> Article {
        if self.parts.is_empty() {
            self.end_part("");
        }
        let skeleton = Some(Skeleton { parts: self.parts, package });
        let after = "\n".to_owned();
        let (meta, blocks) = (Meta { name, ..Meta::default() }, self.blocks);
        Article { meta, blocks, after, format, skeleton, is_rebuilt: false }
    }
}

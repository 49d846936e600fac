use crate::document::{Article, Document, Sentence};
use crate::persian;

/// Finds the sentences of an article, and for the model normalises them and puts lost
/// half-spaces back; what is displayed is left as it is.
#[must_use]
pub fn segment(article: Article) -> Document {
    sentences(article, true)
}

/// Like [`segment`]; half-spaces that a text has lost stay lost.
#[must_use]
pub fn segment_as_written(article: Article) -> Document {
    sentences(article, false)
}

pub(super) fn sentences(article: Article, restores: bool) -> Document {
    let mut sentences = Vec::new();
    for (block, content) in article.blocks.iter().enumerate() {
        for span in persian::segment(&content.text) {
            let mut text = persian::normalize(&content.text[span.clone()]);
            if restores {
                persian::restore(&mut text);
            }
            sentences.push(Sentence { id: sentences.len(), block, span, text });
        }
    }
    Document { article, sentences }
}

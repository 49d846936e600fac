use crate::document::{Article, Document, Sentence};
use crate::persian;

/// Finds the sentences of an article and normalises them for the model; what is displayed is
/// left as it is.
#[must_use]
pub fn segment(article: Article) -> Document {
    let mut sentences = Vec::new();
    for (block, content) in article.blocks.iter().enumerate() {
        for span in persian::segment(&content.text) {
            let text = persian::normalize(&content.text[span.clone()]);
            sentences.push(Sentence { id: sentences.len(), block, span, text });
        }
    }
    Document { article, sentences }
}

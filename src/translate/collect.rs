//! Puts pieces back into sentences, and sentences into the order of the source.

use crate::decode::Hypothesis;
use crate::document::{
    AlignedDocument, Candidate, Document, Issue, Translation, TranslationUnit, markup,
};
use crate::model::Tokenizer;

use super::Result;
use super::pieces::Piece;

/// Makes the aligned document.
///
/// * `pieces`: in the order of the source
/// * `hypotheses`: the candidates of each piece, best first, none empty
pub(super) fn collect(
    document: Document,
    model: String,
    tokenizer: &Tokenizer,
    pieces: &[Piece],
    hypotheses: &[Vec<Hypothesis>],
) -> Result<AlignedDocument> {
    let mut rest = pieces.iter().zip(hypotheses).peekable();
    let mut units = Vec::with_capacity(document.sentences.len());
    for sentence in document.sentences {
        let mut parts = Vec::new();
        while let Some((_, hypotheses)) = rest.next_if(|(piece, _)| piece.sentence == sentence.id) {
            parts.push(hypotheses);
        }
        let (candidates, issues) = match parts.as_slice() {
            [] => {
                let text = &document.article.blocks[sentence.block].text[sentence.span.clone()];
                (vec![Candidate { text: text.to_owned(), score: 0.0 }], vec![untranslated()])
            }
            [only] => (decode(tokenizer, only)?, doubts(&parts)),
            _ => (vec![join(tokenizer, &parts)?], doubts(&parts)),
        };
        let translation = Translation { sentence: sentence.id, candidates, alignment: None };
        units.push(TranslationUnit { sentence, translation, issues, reviewed: false });
    }
    let mut document = AlignedDocument { article: document.article, model, units };
    markup::note_lost(&mut document);
    Ok(document)
}

fn decode(tokenizer: &Tokenizer, hypotheses: &[Hypothesis]) -> Result<Vec<Candidate>> {
    hypotheses
        .iter()
        .map(|hypothesis| {
            let text = tokenizer.decode(&hypothesis.tokens)?;
            Ok(Candidate { text, score: hypothesis.score })
        })
        .collect()
}

/// The best of every part in a row; the score is their mean by length.
fn join(tokenizer: &Tokenizer, parts: &[&Vec<Hypothesis>]) -> Result<Candidate> {
    let best: Vec<&Hypothesis> = parts.iter().filter_map(|part| part.first()).collect();
    let texts = best
        .iter()
        .map(|hypothesis| Ok(tokenizer.decode(&hypothesis.tokens)?))
        .collect::<Result<Vec<String>>>()?;
    let tokens: usize = best.iter().map(|hypothesis| hypothesis.tokens.len()).sum();
    let weighted: f32 =
        best.iter().map(|hypothesis| hypothesis.score * hypothesis.tokens.len() as f32).sum();
    Ok(Candidate { text: texts.join(" "), score: weighted / tokens.max(1) as f32 })
}

fn untranslated() -> Issue {
    Issue {
        code: "not_translated".into(),
        message: "There is no letter or digit to translate; the source is passed through.".into(),
    }
}

fn doubts(parts: &[&Vec<Hypothesis>]) -> Vec<Issue> {
    let mut issues = Vec::new();
    if parts.len() > 1 {
        issues.push(Issue {
            code: "sentence_split".into(),
            message: format!(
                "The sentence was too long for the model and was translated in {} parts.",
                parts.len()
            ),
        });
    }
    let best = || parts.iter().filter_map(|part| part.first());
    if best().any(|hypothesis| hypothesis.truncated) {
        issues.push(Issue {
            code: "target_truncated".into(),
            message: "The translation reached the longest length allowed and may be cut off."
                .into(),
        });
    }
    issues
}

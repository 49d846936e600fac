//! Puts pieces back into sentences, and sentences into the order of the source.

use crate::decode::Hypothesis;
use crate::document::{
    AlignedDocument, Candidate, Document, Issue, Sentence, Translation, TranslationUnit, markup,
};
use crate::model::Tokenizer;

use super::Result;
use super::align::{Aligned, Translated, align};
use super::frame::translation;
use super::pieces::Piece;
use super::queue::Job;

/// Makes the aligned document.
///
/// * `asks`: whether hypotheses are answers of a language model
/// * `job`: its pieces are in the order of the source
/// * `hypotheses`: the candidates of each piece, best first, none empty
pub(super) fn collect(
    document: Document,
    model: String,
    tokenizer: &Tokenizer,
    asks: bool,
    job: &Job,
    hypotheses: &[Vec<Hypothesis>],
) -> Result<AlignedDocument> {
    let mut rest = job.pieces.iter().zip(hypotheses).peekable();
    let mut tried: Vec<(usize, Issue)> = Vec::new();
    for second in job.all_tried() {
        tried.extend(job.pieces.get(second.index).map(|piece| (piece.sentence, second.note())));
    }
    let mut units = Vec::with_capacity(document.sentences.len());
    for sentence in document.sentences {
        let mut parts = Vec::new();
        let mut own = Vec::new();
        while let Some((piece, hypotheses)) =
            rest.next_if(|(piece, _)| piece.sentence == sentence.id)
        {
            own.push(piece);
            parts.push(hypotheses);
        }
        let reader = Reader { tokenizer, asks };
        let (candidates, mut issues) = match parts.as_slice() {
            [] => {
                let text = &document.article.blocks[sentence.block].text[sentence.span.clone()];
                (vec![Candidate { text: text.to_owned(), score: 0.0 }], vec![untouched(text)])
            }
            [only] => {
                let (candidates, more) = reader.candidates(only)?;
                (candidates, doubts(&parts, more))
            }
            _ => {
                let (candidate, more) = reader.join(&parts)?;
                (vec![candidate], doubts(&parts, more))
            }
        };
        let from_tries = tried.iter().filter(|(id, _)| *id == sentence.id);
        issues.extend(from_tries.map(|(_, note)| note.clone()));
        let aligned = reader.alignment(&sentence, &candidates, &own, &parts)?;
        let (alignment, coverage) =
            aligned.map_or((None, None), |it| (Some(it.pairs), it.coverage));
        let translation = Translation { sentence: sentence.id, candidates, alignment, coverage };
        units.push(TranslationUnit { sentence, translation, issues, reviewed: false });
    }
    let mut document = AlignedDocument { article: document.article, model, licence: None, units };
    markup::note_lost(&mut document);
    Ok(document)
}

/// What stands between the translations of the parts of a sentence.
const JOINT: &str = " ";

/// Reads hypotheses as text.
struct Reader<'a> {
    tokenizer: &'a Tokenizer,
    /// Whether they are answers of a language model, which may hold more than a translation.
    asks: bool,
}

impl Reader<'_> {
    /// The translation, and what else was written.
    fn text(&self, hypothesis: &Hypothesis) -> Result<(String, Option<String>)> {
        let text = self.tokenizer.decode(&hypothesis.tokens)?;
        if !self.asks {
            return Ok((text, None));
        }
        let (text, more) = translation(&text);
        Ok((text.to_owned(), more.map(str::to_owned)))
    }

    /// All of one sentence, and what else stood in the best one.
    fn candidates(&self, hypotheses: &[Hypothesis]) -> Result<(Vec<Candidate>, Vec<String>)> {
        let mut more = Vec::new();
        let mut candidates = Vec::with_capacity(hypotheses.len());
        for hypothesis in hypotheses {
            let (text, rest) = self.text(hypothesis)?;
            more.extend(rest.filter(|_| candidates.is_empty()));
            candidates.push(Candidate { text, score: hypothesis.score });
        }
        Ok((candidates, more))
    }

    /// Which words of a sentence and of its best candidate belong together.
    fn alignment(
        &self,
        sentence: &Sentence,
        candidates: &[Candidate],
        pieces: &[&Piece],
        parts: &[&Vec<Hypothesis>],
    ) -> Result<Option<Aligned>> {
        let best = parts.iter().filter_map(|part| part.first());
        if pieces.is_empty() || best.clone().any(|best| best.alignment.is_none()) {
            return Ok(None);
        }
        let mut translated = Vec::with_capacity(pieces.len());
        let mut start = 0;
        for (piece, hypothesis) in pieces.iter().zip(best) {
            let (text, _) = self.text(hypothesis)?;
            let places = self.tokenizer.places(&hypothesis.tokens, &text).into_iter();
            let places = places.map(|at| at.start + start..at.end + start).collect();
            translated.push(Translated { piece, hypothesis, places });
            start += text.len() + JOINT.len();
        }
        let target = candidates.first().map_or("", |best| best.text.as_str());
        Ok(align(&sentence.text, target, &translated))
    }

    /// The best of every part in a row; the score is their mean by length.
    fn join(&self, parts: &[&Vec<Hypothesis>]) -> Result<(Candidate, Vec<String>)> {
        let best: Vec<&Hypothesis> = parts.iter().filter_map(|part| part.first()).collect();
        let mut more = Vec::new();
        let mut texts = Vec::with_capacity(best.len());
        for hypothesis in &best {
            let (text, rest) = self.text(hypothesis)?;
            more.extend(rest);
            texts.push(text);
        }
        let tokens: usize = best.iter().map(|hypothesis| hypothesis.tokens.len()).sum();
        let weighted: f32 =
            best.iter().map(|hypothesis| hypothesis.score * hypothesis.tokens.len() as f32).sum();
        let score = weighted / tokens.max(1) as f32;
        Ok((Candidate { text: texts.join(JOINT), score }, more))
    }
}

/// Why there is nothing to translate in a sentence.
fn untouched(text: &str) -> Issue {
    if text.chars().any(char::is_alphanumeric) {
        return Issue::note(
            "passed_through",
            "This is not Persian; it is passed through as it is.",
        );
    }
    Issue::note(
        "not_translated",
        "There is no letter or digit to translate; the source is passed through.",
    )
}

/// * `more`: what answers held beside translations
fn doubts(parts: &[&Vec<Hypothesis>], more: Vec<String>) -> Vec<Issue> {
    let mut issues = Vec::new();
    if parts.len() > 1 {
        let message = format!(
            "The sentence was too long for the model and was translated in {} parts.",
            parts.len()
        );
        issues.push(Issue::doubt("sentence_split", message));
    }
    let best = || parts.iter().filter_map(|part| part.first());
    if best().any(|hypothesis| hypothesis.truncated) {
        issues.push(Issue::doubt(
            "target_truncated",
            "The translation reached the longest length allowed and may be cut off.",
        ));
    }
    issues.extend(more.into_iter().map(|rest| {
        let message = format!("The model wrote more than a translation; left out: {rest}");
        Issue::doubt("answer_has_more", message)
    }));
    issues
}

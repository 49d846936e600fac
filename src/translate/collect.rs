//! Puts pieces back into sentences, and sentences into the order of the source.

use crate::decode::Hypothesis;
use crate::document::{
    AlignedDocument, Candidate, Document, Issue, Sentence, TermUse, Translation, TranslationUnit,
    markup,
};
use crate::model::Tokenizer;

use super::Result;
use super::align::{Aligned, Translated, align};
use super::frame::translation;
use super::glossary::Wanted;
use super::memory;
use super::pieces::Piece;
use super::queue::Job;
use super::translator::{TranslateOptions, Translator};

impl Translator {
    /// Makes the aligned document.
    ///
    /// * `job`: its pieces are in the order of the source
    /// * `hypotheses`: the candidates of each piece, best first, none empty
    pub(super) fn collect(
        &self,
        document: Document,
        job: &Job,
        hypotheses: &[Vec<Hypothesis>],
        options: &TranslateOptions,
    ) -> Result<AlignedDocument> {
        let reader = Reader { tokenizer: &self.tokenizer, asks: self.frame.asks() };
        let mut rest = job.pieces.iter().zip(hypotheses).peekable();
        let mut tried: Vec<(usize, Issue)> = Vec::new();
        for second in job.all_tried() {
            let piece = job.pieces.get(second.index);
            tried.extend(piece.map(|piece| (piece.sentence, second.note())));
        }
        let mut units = Vec::with_capacity(document.sentences.len());
        for sentence in document.sentences {
            let (mut own, mut parts) = (Vec::new(), Vec::new());
            while let Some((piece, hypotheses)) =
                rest.next_if(|(piece, _)| piece.sentence == sentence.id)
            {
                own.push(piece);
                parts.push(hypotheses);
            }
            let remembered = options.memory.as_ref().filter(|_| parts.is_empty());
            let remembered = remembered.and_then(|memory| memory.exact(sentence.text.get()));
            let (candidates, mut issues) = match (parts.as_slice(), remembered) {
                ([], Some(exact)) => reused(exact),
                ([], None) => {
                    let text = &document.article.blocks[sentence.block].text[sentence.span.clone()];
                    (vec![Candidate { text: text.to_owned(), score: 0.0 }], vec![untouched(text)])
                }
                ([only], _) => {
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
            let best = candidates.first().map_or("", |best| &best.text);
            let terms = terms(&sentence, &own, remembered.is_some(), best, options);
            issues.extend(terms.iter().filter(|term| !term.honoured).map(missed));
            let similar = match &options.memory {
                Some(memory) if remembered.is_none() => {
                    memory.similar(sentence.text.get(), SIMILAR)
                }
                _ => Vec::new(),
            };
            let aligned = reader.alignment(&sentence, &candidates, &own, &parts)?;
            let (alignment, coverage) =
                aligned.map_or((None, None), |it| (Some(it.pairs), it.coverage));
            let translation = Translation {
                sentence: sentence.id,
                candidates,
                alignment,
                coverage,
                terms,
                similar,
            };
            units.push(TranslationUnit { sentence, translation, issues, reviewed: false });
        }
        let mut document = AlignedDocument {
            article: document.article,
            model: self.name().to_owned(),
            units,
            ..AlignedDocument::default()
        };
        markup::note_lost(&mut document);
        Ok(document)
    }
}

/// The terms of a sentence, and which of them its translation has.
///
/// * `remembered`: whether it is from a memory, so that there are no pieces
fn terms(
    sentence: &Sentence,
    pieces: &[&Piece],
    remembered: bool,
    translation: &str,
    options: &TranslateOptions,
) -> Vec<TermUse> {
    let Some(glossary) = &options.glossary else { return Vec::new() };
    let wanted: Vec<Wanted> = if remembered {
        glossary.wanted(sentence.text.get())
    } else {
        pieces.iter().flat_map(|piece| piece.wanted.iter().cloned()).collect()
    };
    glossary.uses(&wanted, translation)
}

/// Like sentences that are shown beside a translation.
const SIMILAR: usize = 3;

/// What a memory has, with where it is from.
fn reused(exact: memory::Exact<'_>) -> (Vec<Candidate>, Vec<Issue>) {
    let state = if exact.reviewed { "reviewed" } else { "not reviewed" };
    let message = format!(
        "The translation is from the memory {}, unit {}, {state} there.",
        exact.memory, exact.unit
    );
    // No model has said how likely it is.
    let candidate = Candidate { text: exact.target.to_owned(), score: f32::NAN };
    (vec![candidate], vec![Issue::note("memory_exact", message)])
}

fn missed(term: &TermUse) -> Issue {
    let message = format!(
        "The glossary has {} for {}, which is not in the translation, or not as often.",
        term.target, term.source
    );
    Issue::doubt("glossary_missed", message)
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

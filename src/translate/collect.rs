//! Puts pieces back into sentences, and sentences into the order of the source.

use crate::decode::Hypothesis;
use crate::document::{
    AlignedDocument, Candidate, Document, Issue, TermUse, Translation, TranslationUnit, markup,
};
use crate::model::Tokenizer;

use super::Result;
use super::frame::translation;
use super::pieces::Piece;
use super::{TranslateOptions, memory};

/// Makes the aligned document.
///
/// * `asks`: whether hypotheses are answers of a language model
/// * `pieces`: in the order of the source
/// * `hypotheses`: the candidates of each piece, best first, none empty
pub(super) fn collect(
    document: Document,
    model: String,
    tokenizer: &Tokenizer,
    asks: bool,
    pieces: &[Piece],
    hypotheses: &[Vec<Hypothesis>],
    options: &TranslateOptions,
) -> Result<AlignedDocument> {
    let mut rest = pieces.iter().zip(hypotheses).peekable();
    let mut units = Vec::with_capacity(document.sentences.len());
    for sentence in document.sentences {
        let mut parts = Vec::new();
        let mut wanted = Vec::new();
        while let Some((piece, hypotheses)) =
            rest.next_if(|(piece, _)| piece.sentence == sentence.id)
        {
            parts.push(hypotheses);
            wanted.extend_from_slice(&piece.wanted);
        }
        let reader = Reader { tokenizer, asks };
        let remembered = options.memory.as_ref().filter(|_| parts.is_empty());
        let remembered = remembered.and_then(|memory| memory.exact(sentence.text.get()));
        let (candidates, mut issues) = match parts.as_slice() {
            [] if remembered.is_some() => remembered.map(reused).unwrap_or_default(),
            [] => {
                let text = &document.article.blocks[sentence.block].text[sentence.span.clone()];
                (vec![Candidate { text: text.to_owned(), score: 0.0 }], vec![untranslated()])
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
        let best = candidates.first().map_or("", |best| &best.text);
        let terms = match &options.glossary {
            Some(glossary) if remembered.is_some() => {
                glossary.uses(&glossary.wanted(sentence.text.get()), best)
            }
            Some(glossary) => glossary.uses(&wanted, best),
            None => Vec::new(),
        };
        issues.extend(terms.iter().filter(|term| !term.honoured).map(missed));
        let similar = match &options.memory {
            Some(memory) if remembered.is_none() => memory.similar(sentence.text.get(), SIMILAR),
            _ => Vec::new(),
        };
        let translation =
            Translation { sentence: sentence.id, candidates, terms, similar, alignment: None };
        units.push(TranslationUnit { sentence, translation, issues, reviewed: false });
    }
    let mut document =
        AlignedDocument { article: document.article, model, units, ..AlignedDocument::default() };
    markup::note_lost(&mut document);
    Ok(document)
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
        Ok((Candidate { text: texts.join(" "), score }, more))
    }
}

fn untranslated() -> Issue {
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

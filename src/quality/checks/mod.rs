//! Doubts about translations, each with a code, a reason that an editor understands, and the place
//! that it is about. A [`Check`] has no state and looks at a sentence with its translation, or at a
//! whole document; [`Checks`] is what runs them. What is done about a doubt, other rooms decide.

mod confidence;
mod english;
mod gender;
mod names;
mod negation;
mod numbers;
mod omission;
mod script;
mod text;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use tokenizers::NormalizedString;
use tokenizers::normalizer::Range as Part;

use crate::document::{AlignedDocument, Coverage, Issue, TranslationUnit, WordPair};
use crate::persian::{self, Token};

/// Changed whenever checks find something else than before.
const VERSION: u32 = 1;

/// Whether a doubt is one that another search may well get rid of.
#[must_use]
pub fn is_hard(code: &str) -> bool {
    const HARD: [&str; 8] = [
        "untranslated",
        "repetition",
        "too_short",
        "too_long",
        "omission",
        "number_missing",
        "number_changed",
        "number_added",
    ];
    HARD.contains(&code)
}

/// Words and marks of the longest text that is checked: some checks compare every word with every
/// other, and what is longer is no sentence.
const LONGEST: usize = 1000;

/// What is longer than this is not even cut into words.
const MOST_BYTES: usize = 64 << 10;

const NOT_CHECKED: &str = "not_checked";

/// Codes of sentences that no model was asked about: there is nothing to check.
const UNTOUCHED: [&str; 2] = ["not_translated", "passed_through"];

/// A sentence with its translation, as checks see them.
#[derive(Debug)]
pub struct Pair<'a> {
    shown: &'a str,
    read: NormalizedString,
    persian: Vec<Token>,
    /// Whether it is too long to be looked at.
    is_huge: bool,
    /// The translation.
    pub target: &'a str,
    english: Vec<english::Token<'a>>,
    /// Log-probability over length; `None` where it is not known.
    pub score: Option<f32>,
    /// Words that belong together, in bytes of the displayed source and of the target.
    pub alignment: Option<&'a [WordPair]>,
    /// How much of the source the target comes from, by the alignment.
    pub coverage: Option<&'a Coverage>,
    /// The model as the user named it.
    pub model: &'a str,
}

impl<'a> Pair<'a> {
    /// Two texts of which no more is known.
    ///
    /// * `source`: as displayed
    #[must_use]
    pub fn new(source: &'a str, target: &'a str) -> Self {
        let is_huge = source.len() > MOST_BYTES || target.len() > MOST_BYTES;
        let mut read = if is_huge { "".into() } else { persian::normalize(source) };
        persian::restore(&mut read);
        let persian = persian::tokens(read.get());
        let english = if is_huge { Vec::new() } else { english::tokens(target) };
        let is_huge = is_huge || persian.len() > LONGEST || english.len() > LONGEST;
        Self {
            shown: source,
            persian,
            read,
            target,
            english,
            is_huge,
            score: None,
            alignment: None,
            coverage: None,
            model: "",
        }
    }

    /// A unit of a document.
    #[must_use]
    pub fn of(document: &'a AlignedDocument, unit: &'a TranslationUnit) -> Self {
        let score = unit.translation.candidates.first().map(|best| best.score);
        Self {
            score: score.filter(|score| score.is_finite()),
            alignment: unit.translation.alignment.as_deref(),
            coverage: unit.translation.coverage.as_ref(),
            model: &document.model,
            ..Self::new(document.source(unit), unit.target())
        }
    }

    /// The source as a model reads it: letters in one form, half-spaces where they belong. Spans
    /// of issues are in it until [`Checks`] hands them out.
    #[must_use]
    pub fn source(&self) -> &str {
        self.read.get()
    }

    /// Words, numbers and marks of [`Pair::source`].
    #[must_use]
    pub fn persian(&self) -> &[Token] {
        &self.persian
    }

    /// Those of the target.
    fn english(&self) -> &[english::Token<'a>] {
        &self.english
    }

    /// Whether it is too long to be looked at.
    fn is_huge(&self) -> bool {
        self.is_huge
    }

    /// A place of [`Pair::source`] as it is displayed.
    #[must_use]
    pub fn shown(&self, span: &Range<usize>) -> &'a str {
        self.place(span).and_then(|span| self.shown.get(span)).unwrap_or_default()
    }

    /// A place of the displayed source.
    fn displayed(&self, span: &Range<usize>) -> Option<&'a str> {
        self.shown.get(span.clone())
    }

    /// A place of [`Pair::source`] in the displayed source.
    fn place(&self, span: &Range<usize>) -> Option<Range<usize>> {
        self.read.convert_offsets(Part::Normalized(span.clone()))
    }
}

/// Looks for one kind of error. Has no state: the same input gives the same issues.
pub trait Check: Send + Sync {
    /// The codes of the issues that it gives.
    fn codes(&self) -> &'static [&'static str];

    /// What is to be said about a sentence; places in the source are in [`Pair::source`].
    fn sentence(&self, _pair: &Pair<'_>) -> Vec<Issue> {
        Vec::new()
    }

    /// What only the document as a whole shows: units by their index, with issues whose places are
    /// in the displayed source.
    fn document(&self, _document: &AlignedDocument) -> Vec<(usize, Issue)> {
        Vec::new()
    }
}

/// The checks that are run, in the order of their issues.
#[derive(Clone)]
pub struct Checks(Arc<[Box<dyn Check>]>);

impl Default for Checks {
    fn default() -> Self {
        Self::new(vec![
            Box::new(numbers::Numbers),
            Box::new(names::Names),
            Box::new(text::Quotations),
            Box::new(negation::Negation),
            Box::new(script::Untranslated),
            Box::new(text::Repetition),
            Box::new(text::Length),
            Box::new(omission::Omission),
            Box::new(confidence::Confidence),
            Box::new(gender::Gender),
            Box::new(names::Consistency),
        ])
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checks({VERSION}, {:?})", self.codes())
    }
}

impl Checks {
    /// Checks of one's own choice.
    #[must_use]
    pub fn new(checks: Vec<Box<dyn Check>>) -> Self {
        Self(checks.into())
    }

    /// All codes that they give.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        self.0.iter().flat_map(|check| check.codes()).copied().collect()
    }

    /// What is to be said about a sentence; places are in the displayed source.
    #[must_use]
    pub fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        if pair.is_huge() {
            return vec![Issue::note(NOT_CHECKED, "The sentence is too long to be checked.")];
        }
        let mut issues: Vec<Issue> = self.0.iter().flat_map(|check| check.sentence(pair)).collect();
        for issue in &mut issues {
            issue.source_span = issue.source_span.take().and_then(|span| pair.place(&span));
        }
        issues
    }

    /// Puts issues on the units of a document, after those that are there already. What these
    /// checks said before is taken away first, so that it is never said twice.
    pub fn review(&self, document: &mut AlignedDocument) {
        let codes = self.codes();
        for unit in &mut document.units {
            let is_ours = |code: &str| codes.contains(&code) || code == NOT_CHECKED;
            unit.issues.retain(|issue| !is_ours(&issue.code));
        }
        let mut issues: Vec<(usize, Issue)> = Vec::new();
        for (index, unit) in document.units.iter().enumerate() {
            if !unit.issues.iter().any(|issue| UNTOUCHED.contains(&issue.code.as_str())) {
                let found = self.sentence(&Pair::of(document, unit));
                issues.extend(found.into_iter().map(|issue| (index, issue)));
            }
        }
        issues.extend(self.0.iter().flat_map(|check| check.document(document)));
        for (index, issue) in issues {
            if let Some(unit) = document.units.get_mut(index) {
                unit.issues.push(issue);
            }
        }
    }
}

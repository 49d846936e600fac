//! Documents that somebody waits for, each on its own: what a service needs of the engine.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::engine::{Prepared, Share};
use super::queue::{Job, Order};
use super::segment::sentences;
use super::translator::{Observer, TranslateOptions, Translator};
use super::{Error, Result};
use crate::document::{AlignedDocument, Article, Document};

/// A document that somebody waits for.
pub struct Request<T> {
    /// Comes back with the translation.
    pub tag: T,
    /// What is translated.
    pub article: Article,
    /// Hears how far this document is, and may call it off.
    pub observer: Arc<dyn Observer + Send>,
    /// Candidates for each sentence, at most as many as beams; `None` for those of the options.
    pub candidates: Option<usize>,
    /// Requests of one caller share one share of the model.
    pub share: Share,
}

impl Translator {
    /// Translates articles that come in at any time, as [`Translator::stream`] does, with these
    /// differences: each is delivered as soon as it is done; each has its own observer, and is let
    /// go when that one calls it off; a long one does not hold up a short one. There is no bound
    /// on what is in flight: whoever makes `requests` has to set one. A panic over one article is its
    /// failure. With `context`, articles are translated one after the other.
    ///
    /// * `requests`: read at once, on a thread of its own; may block
    /// * `observer`: hears of all articles together
    ///
    /// # Errors
    /// When an option is out of range or the system gives no threads. What is wrong with one
    /// article is delivered.
    pub fn serve<T: Send>(
        &self,
        requests: impl Iterator<Item = Request<T>> + Send,
        options: &TranslateOptions,
        observer: &dyn Observer,
        mut deliver: impl FnMut(T, Result<AlignedDocument>),
    ) -> Result<()> {
        if options.context > 0 {
            self.check(options)?;
            for Request { tag, article, observer, .. } in requests {
                let translate = || self.translate(article, options, observer.as_ref());
                let translated =
                    if observer.is_cancelled() { Err(Error::Cancelled) } else { whole(translate) };
                deliver(tag, translated);
            }
            return Ok(());
        }
        let documents = requests.map(|Request { tag, article, observer, candidates, share }| {
            let bytes = article.blocks.iter().map(|block| block.text.len()).sum();
            let prepared = whole(|| {
                let document = sentences(article, options.half_spaces);
                let pieces = self.pieces(&document, options);
                Ok((document, pieces))
            });
            let (document, pieces) = match prepared {
                Ok(prepared) => prepared,
                Err(error) => (nothing(), Err(error)),
            };
            let job = pieces.map(|pieces| Job::waited_for(pieces, observer, candidates));
            Prepared { tag: (tag, document), bytes, job, share }
        });
        self.run(documents, Order::Done, options, observer, |(tag, document), decoded| {
            let aligned = decoded.and_then(|(job, hypotheses)| {
                whole(|| self.aligned(document, &job, &hypotheses, options))
            });
            deliver(tag, aligned);
            ControlFlow::Continue(())
        })
    }
}

fn nothing() -> Document {
    Document { article: Article::default(), sentences: Vec::new() }
}

/// Work on one document: a panic is its failure and nobody else's. Nothing that lives on is changed
/// by it, so that what a panic leaves behind can't be seen.
fn whole<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Lost))
}

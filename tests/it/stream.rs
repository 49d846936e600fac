//! The engine that many documents share: order, isolation of failures, bounds.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use candle_core::{Device, Tensor};
use tarjoman::document::{AlignedDocument, Article, readers};
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{DecoderState, Error, ModelSource, Result, Seq2Seq};
use tarjoman::translate::{
    self, LoadOptions, Observer, Request, Share, Silent, TranslateOptions, Translator,
};

use crate::decode::golden;

fn translator() -> (Translator, TranslateOptions) {
    let source = ModelSource::Folder(golden("marian-tiny"));
    let files = source.resolve(&mut NoProgress).expect("the golden model is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    options.search.beams = 1;
    options.search.max_length = 8;
    options.batch_tokens = 100;
    options.workers = 3;
    (translator, options)
}

/// Article `number`: some sentences, of many lengths.
fn text(number: usize) -> String {
    let sentence = |at: usize| "دولت دیروز گزارش تازه‌ای داد و ".repeat(1 + (number + at) % 3);
    let paragraph = |at| format!("{}پایان {number}.", sentence(at));
    (0..number % 4).map(paragraph).collect::<Vec<_>>().join("\n\n")
}

fn article(text: &str) -> Article {
    readers::plain("test", text).unwrap_or_default()
}

fn targets(document: &AlignedDocument) -> Vec<String> {
    document.units.iter().map(|unit| unit.target().to_owned()).collect()
}

/// All results of a stream, in the order in which they came.
fn run(
    translator: &Translator,
    options: &TranslateOptions,
    texts: &[String],
) -> Vec<(usize, translate::Result<AlignedDocument>)> {
    let mut results = Vec::new();
    let articles = texts.iter().map(|text| article(text)).enumerate();
    let ended = translator.stream(articles, options, &Silent, |tag, result| {
        results.push((tag, result));
        ControlFlow::Continue(())
    });
    ended.expect("the engine runs");
    results
}

#[test]
fn articles_that_share_batches_come_back_in_order_each_as_if_it_were_alone() {
    let (translator, options) = translator();
    let texts: Vec<String> = (0..60).map(text).collect();
    let results = run(&translator, &options, &texts);
    assert_eq!(results.len(), texts.len());
    let mut sentences = 0;
    for (at, (tag, result)) in results.into_iter().enumerate() {
        assert_eq!(tag, at);
        let alone = translator.translate(article(&texts[at]), &options, &Silent).expect("alone");
        let shared = result.expect("shared");
        assert_eq!(targets(&shared), targets(&alone));
        sentences += shared.units.len();
    }
    assert!(sentences > 80, "{sentences} sentences");
}

/// A network that can't take sources of many tokens, and says so in one of two ways.
struct Faulty {
    network: Box<dyn Seq2Seq>,
    panics: bool,
}

const TOO_MANY: usize = 60;

impl Seq2Seq for Faulty {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState> {
        if lengths.iter().any(|length| *length >= TOO_MANY) {
            assert!(!self.panics, "a panic that the test asks for");
            return Err(Error::TooLong { tokens: TOO_MANY, limit: TOO_MANY });
        }
        self.network.start(input_ids, lengths)
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        self.network.step(last, state)
    }

    fn max_source_tokens(&self) -> usize {
        self.network.max_source_tokens()
    }

    fn max_target_tokens(&self) -> usize {
        self.network.max_target_tokens()
    }

    fn device(&self) -> &Device {
        self.network.device()
    }
}

#[test]
fn a_sentence_that_fails_fails_its_own_article_and_no_other() {
    let (whole, mut options) = translator();
    options.batch_tokens = 4096;
    let mut texts: Vec<String> = (0..24).map(text).collect();
    texts[7] = format!("سلام دنیا.\n\n{}\n\nخدا نگهدار.", "گزارش تازه ".repeat(TOO_MANY / 4));
    let expected = run(&whole, &options, &texts);
    for panics in [false, true] {
        let (translator, _) = translator();
        let faulty = translator.map_network(|network| Box::new(Faulty { network, panics }));
        let results = run(&faulty, &options, &texts);
        assert_eq!(results.len(), texts.len());
        for ((at, result), (_, expected)) in results.into_iter().zip(&expected) {
            match result {
                Ok(document) => {
                    assert_ne!(at, 7);
                    let expected = expected.as_ref().expect("the whole model does it");
                    assert_eq!(targets(&document), targets(expected));
                }
                Err(error) => {
                    assert_eq!(at, 7);
                    assert!(error.to_string().contains("sentence 2"), "{error}");
                }
            }
        }
    }
}

#[test]
fn no_more_is_read_than_the_engine_needs() {
    let (translator, options) = translator();
    let options = TranslateOptions { workers: 1, batch_tokens: 8, ..options };
    let read = AtomicUsize::new(0);
    let endless = std::iter::repeat_with(|| {
        let number = read.fetch_add(1, Ordering::Relaxed);
        (number, article("سلام دنیا."))
    });
    let mut delivered = 0;
    let ended = translator.stream(endless, &options, &Silent, |_, _| {
        delivered += 1;
        if delivered < 20 {
            return ControlFlow::Continue(());
        }
        // Time for everybody to be waiting for somebody.
        std::thread::sleep(Duration::from_millis(300));
        ControlFlow::Break(())
    });
    ended.expect("it ends when nobody wants more");
    assert_eq!(delivered, 20);
    let read = read.into_inner();
    assert!(read < 500, "{read} articles were read for 20");
}

#[test]
fn whoever_waits_for_an_answer_before_the_next_question_gets_it() {
    let (translator, options) = translator();
    let (ask, questions) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let articles = questions.into_iter();
            translator.stream(articles, &options, &Silent, |tag, result| {
                answer.send((tag, result.is_ok())).expect("the test listens");
                ControlFlow::Continue(())
            })
        });
        for number in 0..3 {
            ask.send((number, article("سلام دنیا."))).expect("the engine listens");
            let answered = answers.recv_timeout(Duration::from_secs(60)).expect("an answer");
            assert_eq!(answered, (number, true));
        }
        drop(ask);
    });
}

#[test]
fn options_that_no_sentence_can_be_translated_with_are_refused_at_once() {
    let (translator, options) = translator();
    let mut wrong = options.clone();
    wrong.search.max_length = 100_000;
    let articles = std::iter::once(((), article("سلام دنیا.")));
    let refused = translator.stream(articles, &wrong, &Silent, |(), _| panic!("nothing to give"));
    assert!(refused.expect_err("too long").to_string().contains("100000"));
}

/// Hears of one document, and may call it off.
#[derive(Default)]
struct Watcher {
    planned: AtomicUsize,
    done: AtomicUsize,
    off: bool,
}

impl Observer for Watcher {
    fn planned(&self, sentences: usize) {
        self.planned.fetch_add(sentences, Ordering::Relaxed);
    }

    fn translated(&self, sentences: usize) {
        self.done.fetch_add(sentences, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.off
    }
}

fn request(tag: usize, text: &str, watcher: &Arc<Watcher>) -> Request<usize> {
    Request {
        tag,
        article: article(text),
        observer: Arc::clone(watcher) as Arc<dyn Observer + Send>,
        candidates: None,
        share: Share::default(),
    }
}

#[test]
fn who_waits_for_a_short_text_does_not_wait_for_a_long_one() {
    let (translator, options) = translator();
    let options = TranslateOptions { workers: 1, batch_tokens: 20, ..options };
    let long: String = (1..200).map(|at| text(at) + "\n\n").collect();
    let short = "سلام دنیا.";
    let watcher = Arc::new(Watcher::default());
    let requests: Vec<_> = [(0, long.as_str()), (1, short), (2, ""), (3, short)]
        .into_iter()
        .map(|(tag, text)| request(tag, text, &watcher))
        .collect();
    let mut delivered = Vec::new();
    let ended = translator.serve(requests.into_iter(), &options, &Silent, |tag, result| {
        delivered.push((tag, targets(&result.expect("it is translated"))));
    });
    ended.expect("the engine runs");
    let order: Vec<usize> = delivered.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(order.len(), 4);
    assert_eq!(order[3], 0, "{order:?}");
    for (tag, found) in delivered {
        let text = [long.as_str(), short, "", short][tag];
        let alone = translator.translate(article(text), &options, &Silent).expect("alone");
        assert_eq!(found, targets(&alone));
    }
    let (planned, done) = (&watcher.planned, &watcher.done);
    assert_eq!(planned.load(Ordering::Relaxed), done.load(Ordering::Relaxed));
}

#[test]
fn many_texts_of_one_caller_have_one_share() {
    let (translator, options) = translator();
    let options = TranslateOptions { workers: 1, batch_tokens: 20, ..options };
    let watcher = Arc::new(Watcher::default());
    let mut requests: Vec<_> =
        (0..300).map(|at| request(at, "دولت دیروز گزارش تازه‌ای داد.", &watcher)).collect();
    let share = Share::default();
    for request in &mut requests {
        request.share = share.clone();
    }
    requests.push(request(300, "سلام دنیا.", &watcher));
    let mut order = Vec::new();
    let ended = translator.serve(requests.into_iter(), &options, &Silent, |tag, result| {
        assert!(result.is_ok());
        order.push(tag);
    });
    ended.expect("the engine runs");
    assert_eq!(order.len(), 301);
    let at = order.iter().position(|tag| *tag == 300).expect("it is delivered");
    assert!(at < 200, "the other caller came {at} of 300");
}

#[test]
fn what_is_called_off_is_let_go_and_the_others_are_not() {
    let (translator, options) = translator();
    let off = Arc::new(Watcher { off: true, ..Watcher::default() });
    let on = Arc::new(Watcher::default());
    let requests: Vec<_> =
        (0..40).map(|at| request(at, &text(at), if at % 3 == 1 { &off } else { &on })).collect();
    let mut delivered = 0;
    let ended = translator.serve(requests.into_iter(), &options, &Silent, |tag, result| {
        delivered += 1;
        match result {
            Ok(document) => {
                let alone = translator.translate(article(&text(tag)), &options, &Silent);
                assert_eq!(targets(&document), targets(&alone.expect("alone")));
            }
            Err(error) => {
                assert!(matches!(error, translate::Error::Cancelled), "{error}");
                assert_eq!(tag % 3, 1);
            }
        }
    });
    ended.expect("the engine runs");
    assert_eq!(delivered, 40);
    assert_eq!(off.done.load(Ordering::Relaxed), 0);
}

#[test]
fn each_request_has_as_many_candidates_as_it_asks_for() {
    let (translator, mut options) = translator();
    options.search.beams = 3;
    let watcher = Arc::new(Watcher::default());
    let asked = [None, Some(3), Some(1), Some(2)];
    let requests: Vec<_> = (0..asked.len())
        .map(|at| Request { candidates: asked[at], ..request(at, "سلام دنیا.", &watcher) })
        .collect();
    let mut found = [0; 4];
    let mut best = Vec::new();
    let ended = translator.serve(requests.into_iter(), &options, &Silent, |tag, result| {
        let document = result.expect("it is translated");
        found[tag] = document.units[0].translation.candidates.len();
        best.push(document.units[0].target().to_owned());
    });
    ended.expect("the engine runs");
    assert_eq!(found, [1, 3, 1, 2]);
    best.dedup();
    assert_eq!(best.len(), 1, "{best:?}");
}

//! Where a network computes, and what happens when the device has too little memory.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{Device, Tensor};
use tarjoman::document::readers;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{DecoderState, DeviceName, Error, ModelSource, Result, Seq2Seq};
use tarjoman::translate::{self, LoadOptions, Observer, TranslateOptions, Translator};

use crate::decode::golden;

#[test]
fn devices_have_the_names_that_users_know() {
    for (name, device) in [
        ("auto", DeviceName::Auto),
        ("cpu", DeviceName::Cpu),
        ("metal", DeviceName::Metal),
        ("cuda", DeviceName::Cuda(vec![0])),
        ("cuda:1", DeviceName::Cuda(vec![1])),
        ("cuda:0,2", DeviceName::Cuda(vec![0, 2])),
    ] {
        assert_eq!(name.parse::<DeviceName>().expect(name), device);
    }
    for name in ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:0,0", "metal:1", "auto:0"]
    {
        let error = name.parse::<DeviceName>().expect_err(name);
        assert!(error.hint().is_some_and(|hint| hint.contains("cuda:0,1")), "{error}");
    }
}

#[test]
fn a_device_that_the_build_cannot_use_is_refused_with_the_feature_that_it_lacks() {
    for (name, feature, built) in
        [("cuda:3", "cuda", cfg!(feature = "cuda")), ("metal", "metal", cfg!(feature = "metal"))]
    {
        if built {
            continue;
        }
        let device: DeviceName = name.parse().expect("a device");
        let error = device.open(&mut |_| ()).expect_err("it is not built for it");
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains(feature)), "{error}");
    }
    let opened = DeviceName::Cpu.open(&mut |_| ()).expect("there is a CPU");
    assert!(matches!(opened.as_slice(), [Device::Cpu]));
}

/// A network on a device that has memory for so many rows of a batch.
struct Small {
    network: Box<dyn Seq2Seq>,
    rows: usize,
    refused: &'static AtomicUsize,
}

impl Seq2Seq for Small {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState> {
        if lengths.len() > self.rows {
            self.refused.fetch_add(1, Ordering::Relaxed);
            // As CUDA says it.
            let said = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
            return Err(Error::Compute(candle_core::Error::Cuda(said.into())));
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

/// Remembers the sizes that were announced.
#[derive(Default)]
struct Sizes(std::sync::Mutex<Vec<usize>>);

impl Observer for Sizes {
    fn planned(&self, _: usize) {}

    fn translated(&self, _: usize) {}

    fn short_of_memory(&self, tokens: usize) {
        self.0.lock().expect("nobody panics").push(tokens);
    }
}

fn translator() -> (Translator, TranslateOptions) {
    let files = ModelSource::Folder(golden("marian-tiny")).resolve(&mut NoProgress);
    let files = files.expect("the golden model is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    options.search.beams = 2;
    options.search.max_length = 6;
    options.batch_tokens = 4096;
    options.workers = 1;
    (translator, options)
}

fn targets(
    translator: &Translator,
    options: &TranslateOptions,
    observer: &dyn Observer,
) -> Vec<translate::Result<Vec<String>>> {
    let articles = (0..12).map(|number| {
        let text = format!("گزارش شماره {number}.\n\nدولت گزارش تازه‌ای داد.\n\nپایان {number}.");
        (number, readers::plain("test", &text).unwrap_or_default())
    });
    let mut found = Vec::new();
    let ended =
        translator.stream(articles, options, observer, |_, document| {
            found.push(document.map(|document| {
                document.units.iter().map(|unit| unit.target().to_owned()).collect()
            }));
            ControlFlow::Continue(())
        });
    ended.expect("the engine runs");
    found
}

#[test]
fn out_of_memory_halves_the_batch_goes_on_and_says_so() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let (whole, options) = translator();
    let expected = targets(&whole, &options, &Sizes::default());
    let (translator, _) = translator();
    let small =
        translator.map_network(|network| Box::new(Small { network, rows: 5, refused: &REFUSED }));
    let sizes = Sizes::default();
    let found = targets(&small, &options, &sizes);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        let (found, expected) = (found.as_ref().expect("done"), expected.as_ref().expect("done"));
        assert_eq!(found, expected);
    }
    let sizes = sizes.0.into_inner().expect("nobody panics");
    assert!(!sizes.is_empty() && sizes.is_sorted_by(|first, second| first > second), "{sizes:?}");
    // What was learnt is kept: batches after the first are split before they are tried.
    assert!(REFUSED.load(Ordering::Relaxed) <= sizes.len() + 2, "{REFUSED:?} {sizes:?}");
}

#[test]
fn a_sentence_that_no_memory_is_enough_for_fails_with_the_reason() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let (translator, options) = translator();
    let none =
        translator.map_network(|network| Box::new(Small { network, rows: 0, refused: &REFUSED }));
    for document in targets(&none, &options, &Sizes::default()) {
        let error = document.expect_err("nothing fits");
        let mut reasons = vec![error.to_string()];
        let mut next = std::error::Error::source(&error);
        while let Some(source) = next {
            reasons.push(source.to_string());
            next = source.source();
        }
        assert!(reasons.join(": ").contains("out of memory"), "{reasons:?}");
    }
}

//! Statistics, costs and timed workloads of `bench`, as a library.

use std::fs;
use std::time::Instant;

use candle_core::Device;
use safetensors::tensor::SafeTensors;
use tarjoman::bench::{
    self, Loaded, Machine, Measured, Mode, Point, Report, SCHEMA, Sample, Summary, Task, Verdict,
};
use tarjoman::model::ComputeType;
use tarjoman::model::families::{self, Cost};

use super::decode::{cases, files, golden, options};

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 * a.abs().max(1.0)
}

#[test]
fn percentiles_are_those_of_numpy() {
    // numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [0, 25, 50, 95, 99, 100])
    let numbers = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
    for (percent, value) in
        [(0.0, 1.0), (25.0, 1.75), (50.0, 3.5), (95.0, 7.95), (99.0, 8.79), (100.0, 9.0)]
    {
        assert!(near(bench::percentile(&numbers, percent), value), "{percent}");
    }
    let summary = Summary::of(&numbers).expect("there are numbers");
    assert!(near(summary.median, 3.5) && near(summary.mad, 2.0) && summary.count == 8);
    assert!(Summary::of(&[]).is_none());
}

/// All orders, one by one.
fn counted_p(a: &[f64], b: &[f64]) -> f64 {
    let wins = |chosen: u32, ranks: usize| -> usize {
        let is_a = |rank: usize| chosen >> rank & 1 == 1;
        (0..ranks).filter(|at| is_a(*at)).map(|at| (0..at).filter(|it| !is_a(*it)).count()).sum()
    };
    let pairs = a.len() * b.len();
    let own = a.iter().flat_map(|a| b.iter().filter(move |b| a > b)).count();
    let (ranks, least) = (a.len() + b.len(), own.min(pairs - own));
    let orders: Vec<u32> =
        (0..1u32 << ranks).filter(|it| it.count_ones() as usize == a.len()).collect();
    let rare = orders.iter().filter(|order| wins(**order, ranks) <= least).count();
    (2.0 * rare as f64 / orders.len() as f64).min(1.0)
}

#[test]
fn the_test_of_ranks_is_what_counting_all_orders_gives() {
    let samples: [(&[f64], &[f64]); 5] = [
        (&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0]),
        (&[1.0, 4.0, 6.0], &[2.0, 3.0, 5.0, 7.0]),
        (&[9.0, 8.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        (&[5.0], &[1.0, 9.0]),
        (&[1.5, 2.5, 9.0, 8.5, 7.5, 6.5], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
    ];
    for (a, b) in samples {
        assert!(near(bench::rank_test(a, b), counted_p(a, b)), "{a:?} {b:?}");
        assert!(near(bench::rank_test(b, a), bench::rank_test(a, b)));
    }
    // As scipy's mannwhitneyu(method="asymptotic"): U is 231, its normal tail by math.erfc.
    let low: Vec<f64> = (0..30).map(f64::from).collect();
    let high: Vec<f64> = (0..30).map(|x| f64::from(x) + 8.5).collect();
    assert!((bench::rank_test(&low, &high) - SCIPY).abs() < 1e-5);
    assert!(near(bench::rank_test(&[], &[1.0]), 1.0));
}

/// Two-sided, with continuity correction.
const SCIPY: f64 = 0.001_236_184_563;

/// Weights of the matrices whose names pass.
fn weights(folder: &str, take: impl Fn(&str) -> bool) -> usize {
    let bytes = fs::read(golden(folder).join("model.safetensors")).expect("the golden");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let matrices = tensors.tensors().into_iter().filter(|(name, view)| {
        let is_other = ["embed", "shared", "bias"].iter().any(|it| name.contains(it));
        view.shape().len() == 2 && !is_other && take(name)
    });
    matrices.map(|(_, view)| view.shape().iter().product::<usize>()).sum()
}

#[test]
fn a_token_costs_the_matrices_that_it_meets() {
    let of_source = |name: &str| {
        let cross = name.contains("encoder_attn") || name.contains("EncDecAttention");
        let of_cross = ["k_proj", "v_proj", ".k.", ".v."].iter().any(|it| name.contains(it));
        let in_encoder = name.starts_with("model.encoder") || name.starts_with("encoder");
        in_encoder || cross && of_cross
    };
    for folder in ["marian-tiny", "m2m100-tiny", "nllb-tiny", "mbart-tiny", "t5-tiny", "mt5-tiny"] {
        let files = files(folder, &["model.safetensors"]);
        let text = fs::read_to_string(golden(folder).join("config.json")).expect("golden");
        let config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let size = |name: &str| config[name].as_u64().expect("a size") as usize;
        let cost = Cost::of(&files, ComputeType::F32).expect("readable").expect("a known family");
        let projection = size("d_model") * size("vocab_size");
        let source = weights(folder, of_source);
        let others = |name: &str| !of_source(name) && !name.contains("lm_head");
        assert_eq!(cost.source_weights, source, "{folder}");
        assert_eq!(cost.target_weights, weights(folder, others) + projection, "{folder}");
        assert!(near(cost.bytes_per_weight, 4.0) && !cost.in_int8, "{folder}");
    }
    for folder in ["gemma3-tiny", "qwen3-tiny", "qwen3-tied"] {
        let cost = Cost::of(&files(folder, &["model.safetensors"]), ComputeType::Bf16);
        let cost = cost.expect("readable").expect("a known family");
        let blocks = weights(folder, |name| !name.contains("lm_head"));
        assert_eq!(cost.source_weights, blocks, "{folder}");
        assert!(cost.target_weights > blocks && near(cost.bytes_per_weight, 2.0), "{folder}");
    }
}

fn point(mode: Mode) -> Point {
    Point {
        model: "tiny".into(),
        compute_type: ComputeType::F32,
        device: "cpu".into(),
        threads: 1,
        workers: 2,
        batch_tokens: Some(40),
        beams: Some(1),
        mode,
    }
}

#[test]
fn forced_work_is_counted_to_the_operation() {
    let folder = "marian-tiny";
    let files = files(folder, &["model.safetensors"]);
    let network = families::load(&files, &Device::Cpu).expect("the golden model");
    let (_, cases) = cases(folder);
    let search = tarjoman::decode::SearchOptions { beams: 1, candidates: 1, ..options(&cases[0]) };
    let cost = Cost::of(&files, ComputeType::F32).expect("readable").expect("known");
    let loaded = Loaded {
        networks: vec![network.as_ref()],
        search,
        batch_tokens: 2048,
        cost: Some(cost),
        load_seconds: 0.0,
    };
    let sources = vec![vec![5, 6, 7, 0], vec![8, 9, 10, 11, 12, 13, 14, 15, 16, 0]];
    let task = Task { sentences: 5, forced: true, warmup: 0, min_seconds: 0.0 };
    for mode in [Mode::Single, Mode::Batches] {
        let mut heard = 0;
        let sample =
            bench::time(&loaded, &sources, &point(mode), &task, Instant::now(), &mut || heard += 1)
                .expect("it runs");
        // Sentences are repeated: 4, 10, 4, 10 and 4 tokens; targets have 1.1 times as many.
        assert_eq!((heard, sample.sentences, sample.source_tokens), (1, 5, 32));
        let pass = &sample.passes[0];
        let rows = match mode {
            Mode::Single => 3 * 4 + 2 * 11,
            // Of like length together, with their mean.
            Mode::Batches => pass.target_tokens,
        };
        assert_eq!(pass.target_tokens, rows);
        assert_eq!(pass.latencies.len(), if mode == Mode::Single { 5 } else { 2 });
        let work = sample.work.expect("a known family");
        let weights = 32 * cost.source_weights + rows * cost.target_weights;
        assert!(near(work.operations, 2.0 * weights as f64));
    }
}

fn sample(seconds: f64) -> Sample {
    Sample {
        isa: "portable".into(),
        beams: 1,
        batch_tokens: 40,
        load_seconds: 0.5,
        first_sentence_seconds: 0.75,
        passes: vec![bench::Pass {
            seconds,
            target_tokens: 100,
            latencies: vec![seconds / 2.0, seconds / 2.0],
        }],
        cpu_seconds: Some(seconds),
        sentences: 4,
        source_tokens: 80,
        work: None,
        peak_memory_bytes: Some(1_000_000),
    }
}

fn report(seconds: &[f64]) -> Report {
    let point = point(Mode::Batches);
    let samples: Vec<Sample> = seconds.iter().copied().map(sample).collect();
    Report {
        schema: SCHEMA.into(),
        version: "0".into(),
        machine: Machine::here(),
        peaks: Vec::new(),
        text: "a text".into(),
        task: Task { sentences: 4, forced: false, warmup: 0, min_seconds: 0.0 },
        runs: seconds.len(),
        points: Measured::of(&point, &samples, &[]).into_iter().collect(),
        failed: Vec::new(),
    }
}

#[test]
fn a_comparison_tells_a_difference_from_noise() {
    let old = report(&[1.0, 1.01, 1.02, 0.99, 0.98]);
    let cases = [
        (report(&[0.5, 0.51, 0.52, 0.49, 0.48]), Verdict::Faster),
        (report(&[2.0, 2.01, 2.02, 1.99, 1.98]), Verdict::Slower),
        (report(&[1.005, 1.015, 1.0, 0.985, 0.995]), Verdict::Noise),
        (report(&[0.5, 0.5]), Verdict::TooFew),
    ];
    for (new, verdict) in cases {
        let (compared, warnings) = bench::compare(&new, &old);
        assert_eq!(compared[0].verdict, verdict);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    let mut elsewhere = report(&[1.0]);
    elsewhere.machine.cores += 1;
    elsewhere.points[0].point.threads = 7;
    let (compared, warnings) = bench::compare(&elsewhere, &old);
    assert!(compared[0].old.is_none());
    assert!(warnings[0].starts_with("another machine"), "{warnings:?}");
}

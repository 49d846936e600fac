//! The files of models in the format of Firefox Translations: damaged, missing, strange, and at
//! addresses.

use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use proptest::prelude::*;
use tarjoman::model::bergamot::{Container, Kind, Options, Shortlist};
use tarjoman::model::{Error, Tokenizer, families};
use tempfile::TempDir;

use super::decode::golden;
use super::firefox::{load, resolve};

const MODEL: &str = "model.faen.intgemm.alphas.bin";
const SHORTLIST: &str = "lex.50.50.faen.s2t.bin";
const VOCABULARY: &str = "vocab.faen.spm";

/// A copy of a golden folder's model, in which files can be changed.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(golden(name)).expect("the golden folder") {
        let entry = entry.expect("an entry");
        if !entry.file_name().to_string_lossy().contains(".json") {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("it is copied");
        }
    }
    folder
}

/// What is done to the bytes of a file.
type Change<'a> = &'a dyn Fn(Vec<u8>) -> Vec<u8>;

/// The error of a folder in which one file was changed, `None` to remove it.
fn broken(name: &str, file: &str, change: Option<Change<'_>>) -> Error {
    let folder = copy(name);
    let path = folder.path().join(file);
    let bytes = fs::read(&path).expect("the file is there");
    match change {
        Some(change) => fs::write(&path, change(bytes)).expect("it is written"),
        None => fs::remove_file(&path).expect("it is removed"),
    }
    let files = match resolve(folder.path()) {
        Ok(files) => files,
        Err(error) => return error,
    };
    let loaded = Tokenizer::load(&files.tokenizer).map(drop);
    loaded.and_then(|()| families::load(&files, &Device::Cpu).map(drop)).expect_err("it is broken")
}

/// Puts another text of the same length into a file.
fn replaced(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let at = bytes.windows(old.len()).position(|part| part == old.as_bytes()).expect("it is there");
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    bytes
}

#[test]
fn what_is_missing_is_named() {
    let error = broken("firefox-tiny", VOCABULARY, None);
    assert!(matches!(&error, Error::Missing { what, .. } if what.contains("vocab.faen.spm")));
    let error = broken("firefox-float", "trgvocab.faen.spm", None);
    assert!(matches!(&error, Error::Missing { what, .. } if what.contains("trgvocab.faen.spm")));
    let folder = copy("firefox-tiny");
    for pair in ["deen", "esen"] {
        let name = format!("model.{pair}.intgemm.alphas.bin");
        fs::rename(
            folder.path().join(if pair == "deen" { MODEL } else { SHORTLIST }),
            folder.path().join(name),
        )
        .expect("it is moved");
    }
    let error = resolve(folder.path()).expect_err("two pairs of languages");
    assert!(
        matches!(&error, Error::Missing { what, .. } if what.contains("model.esen")),
        "{error}"
    );
}

#[test]
fn a_shortlist_is_not_needed_and_a_damaged_one_is_refused() {
    let folder = copy("firefox-tiny");
    fs::remove_file(folder.path().join(SHORTLIST)).expect("it is removed");
    let model = load(folder.path()).expect("it loads");
    let input = Tensor::new(&[[5u32, 0]], &Device::Cpu).expect("tokens");
    let mut state = model.start(&input, &[2]).expect("a state");
    let last = Tensor::new(&[0u32], &Device::Cpu).expect("a token");
    let logits = model.step(&last, &mut state).and_then(|logits| Ok(logits.to_vec2::<f32>()?));
    assert!(logits.expect("logits")[0].iter().all(|logit| logit.is_finite()), "all tokens");
    for (change, word) in [
        (&(|bytes: Vec<u8>| bytes[..bytes.len() - 4].to_vec()) as &dyn Fn(_) -> _, "cut off"),
        (&|bytes: Vec<u8>| [&bytes[..], &[0; 3]].concat(), "too many"),
        (
            &|mut bytes: Vec<u8>| {
                bytes[100] ^= 1;
                bytes
            },
            "checksum",
        ),
        (&|_| b"some text of another kind".to_vec(), "no binary shortlist"),
    ] {
        let error = broken("firefox-tiny", SHORTLIST, Some(change)).to_string();
        assert!(error.contains(word) && error.contains(SHORTLIST), "{word}: {error}");
    }
}

#[test]
fn a_truncated_or_strange_model_file_is_an_error_that_says_so() {
    let whole = fs::read(golden("firefox-tiny").join(MODEL)).expect("the file");
    for length in [0, 7, 12, 900, 5000, whole.len() / 2, whole.len() - 1000] {
        let error = broken("firefox-tiny", MODEL, Some(&|bytes| bytes[..length].to_vec()));
        assert!(error.to_string().contains("cut off"), "{length}: {error}");
    }
    let strange: [(Change<'_>, &str); 10] = [
        (
            &|mut bytes| {
                bytes[0] = 2;
                bytes
            },
            "version 1",
        ),
        // The type of the first item: packed for another library.
        (
            &|mut bytes| {
                bytes[24..32].copy_from_slice(&0x1801u64.to_le_bytes());
                bytes
            },
            "0x1801",
        ),
        (&|bytes| replaced(&bytes, "dec-cell: ssru", "dec-cell: gruu"), "ssru"),
        (&|bytes| replaced(&bytes, "autoreg: rnn", "autoreg: aan"), "transformer-decoder-autoreg"),
        (&|bytes| replaced(&bytes, "postprocess: dan", "postprocess: dhn"), "'h'"),
        (&|bytes| replaced(&bytes, "projection: false", "projection: true "), "no-projection"),
        (&|bytes| replaced(&bytes, "type: transformer", "type: s2s        "), "transformer"),
        (&|bytes| replaced(&bytes, "dim-emb: 32", "dim-emb: 64"), "weights"),
        (&|bytes| replaced(&bytes, "heads: 4", "heads: 5"), "5 heads"),
        (
            &|bytes| replaced(&bytes, "tied-embeddings-all: true", "tied-embeddings-foo: true"),
            "untied output",
        ),
    ];
    for (change, word) in strange {
        let error = broken("firefox-tiny", MODEL, Some(change));
        assert!(error.to_string().contains(word), "{word}: {error}");
        assert!(error.to_string().contains(MODEL), "{error}");
    }
    let error = broken(
        "firefox-tiny",
        MODEL,
        Some(&|bytes| replaced(&bytes, "encoder_l1_self_Wq", "encoder_l1_self_Wx")),
    );
    assert!(matches!(error, Error::Weights { .. }), "{error}");
    let name = "model.faen.intgemm8.bin.gz";
    let error = broken("firefox-measured", name, Some(&|bytes| bytes[..bytes.len() / 2].to_vec()));
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn a_model_file_that_is_cut_off_anywhere_is_refused() {
    let whole = fs::read(golden("firefox-tiny").join(MODEL)).expect("the file");
    let in_the_list = 0..6000;
    let in_the_weights = (6000..whole.len()).step_by(997);
    for length in in_the_list.chain(in_the_weights).chain([whole.len() - 1]) {
        assert!(Container::parse(whole[..length].to_vec()).is_err(), "cut to {length}");
    }
    let whole = fs::read(golden("firefox-tiny").join(SHORTLIST)).expect("the file");
    for length in (0..whole.len()).step_by(7) {
        assert!(Shortlist::parse(&whole[..length], 1000).is_err(), "cut to {length}");
    }
}

#[test]
fn candidates_are_the_first_tokens_those_of_the_source_words_and_a_multiple_of_eight() {
    // Two source tokens with lists; the checksum was computed by hand of the format.
    let body: Vec<u8> = [3u64, 2, 3, 4, 0, 2, 4]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .chain([9u32, 12, 12, 30].iter().flat_map(|token| token.to_le_bytes()))
        .collect();
    let sum = body.chunks_exact(8).fold(0u64, |sum, word| {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        sum ^ word.wrapping_add(0x9e37_79b9).wrapping_add(sum << 6).wrapping_add(sum >> 2)
    });
    let file = |vocabulary| {
        let head = [0xF11A_48D5_0134_17F5u64, sum].map(u64::to_le_bytes).concat();
        Shortlist::parse(&[head, body.clone()].concat(), vocabulary)
    };
    let shortlist = file(40).expect("it is whole");
    assert_eq!(shortlist.source_tokens(), 2);
    assert_eq!(shortlist.candidates(&[0], false, 40), [0, 1, 2, 3, 4, 5, 9, 12]);
    assert_eq!(shortlist.candidates(&[1, 1], true, 40), [0, 1, 2, 3, 4, 5, 12, 30]);
    assert_eq!(shortlist.candidates(&[0, 1, 39], true, 40), [0, 1, 2, 3, 9, 12, 30, 39]);
    assert!(file(30).is_err(), "it names a token that the model lacks");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_model_file_or_an_error(
        changes in prop::collection::vec((0usize..6000, any::<u8>()), 0..12),
        length in 0usize..94_316,
    ) {
        let mut bytes = fs::read(golden("firefox-tiny").join(MODEL)).expect("the file");
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if length % 2 == 0 {
            bytes.truncate(length);
        }
        let size = bytes.len();
        if let Ok(container) = Container::parse(bytes) {
            let arrays = container.names().map(|name| container.get(name).expect("it is there"));
            let total: usize = arrays.map(|array| array.data.len()).sum();
            prop_assert!(total <= size);
            if let Ok(text) = container.options() {
                let _ = Options::parse(text);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_shortlist_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Container::parse(bytes.clone()).is_err());
        let magic = 0xF11A_48D5_0134_17F5u64.to_le_bytes();
        bytes.splice(..bytes.len().min(8), magic);
        prop_assert!(Shortlist::parse(&bytes, 100).is_err(), "no checksum fits");
    }
}

#[test]
fn a_model_yml_that_grows_without_end_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text.extend([format!("a{level}: &a{level} [{before}]\n")]);
    }
    assert!(Options::parse(&text).is_err());
    assert!(Options::parse("type: transformer").is_err_and(|error| error.contains("dim-emb")));
}

#[test]
fn the_options_of_mozillas_model_from_persian_are_read() {
    // From its metadata.json (mozilla/firefox-translations-models, models/tiny/faen).
    let text = "bert-train-type-embeddings: true\ndec-cell: ssru\ndec-cell-base-depth: 2\n\
        dec-depth: 2\ndim-emb: 256\ndim-rnn: 1024\ndim-vocabs:\n  - 32000\n  - 32000\n\
        enc-cell: gru\nenc-depth: 6\nenc-type: bidirectional\ninput-types:\n  []\n\
        layer-normalization: false\nlemma-dependency: \"\"\nlemma-dim-emb: 0\n\
        output-omit-bias: false\nright-left: false\ntied-embeddings: false\n\
        tied-embeddings-all: true\ntied-embeddings-src: false\n\
        transformer-decoder-autoreg: rnn\ntransformer-decoder-dim-ffn: 0\n\
        transformer-decoder-ffn-depth: 0\ntransformer-dim-ffn: 1536\n\
        transformer-ffn-activation: relu\ntransformer-ffn-depth: 2\n\
        transformer-guided-alignment-layer: last\ntransformer-heads: 8\n\
        transformer-no-affine: false\ntransformer-no-bias: false\n\
        transformer-no-projection: false\ntransformer-pool: false\n\
        transformer-postprocess: dan\ntransformer-postprocess-emb: d\n\
        transformer-postprocess-top: \"\"\ntransformer-preprocess: \"\"\n\
        transformer-rnn-projection: false\ntransformer-tied-layers:\n  []\n\
        transformer-train-position-embeddings: false\ntype: transformer\nulr: false\n\
        version: v1.12.14 2d067af 2024-02-16 11:44:13 -0500\n";
    let options = Options::parse(text).expect("it is known");
    assert_eq!((options.dim_emb, options.dim_vocabs), (256, [32000, 32000]));
    assert_eq!((options.enc_depth, options.dec_depth, options.inner()), (6, 2, [1536, 1536]));
}

#[test]
fn items_have_their_kind_and_factor() {
    let bytes = fs::read(golden("firefox-tiny").join(MODEL)).expect("the file");
    let container = Container::parse(bytes).expect("it is whole");
    let weight = container.get("encoder_l1_ffn_W1").expect("a matrix");
    assert_eq!((weight.kind, weight.shape), (Kind::Intgemm8, &[32, 64][..]));
    assert!(weight.factor > 1.0 && container.is_int8());
    let bias = container.get("encoder_l1_ffn_b1").expect("a vector");
    assert_eq!((bias.kind, bias.shape, bias.data.len()), (Kind::Float32, &[1, 64][..], 256));
    assert!(container.get("encoder_l1_ffn_W1_QuantMultA").is_some());
}

#[cfg(feature = "hub")]
mod at_an_address {
    use super::*;
    use crate::hub_server::{Faults, Hub};
    use crate::newsroom::User;

    fn publish(hub: &Hub, name: &str) {
        let folder = copy(name);
        let files: Vec<(String, Vec<u8>)> = fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry"))
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, fs::read(entry.path()).expect("a file"))
            })
            .collect();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
        hub.publish("models/faen", "main", &files);
    }

    fn files_in(user: &User, pulled: &str) -> Vec<String> {
        let (path, _) = user.ok(&["pull", pulled]);
        let names = crate::newsroom::names(Path::new(path.trim()));
        names.into_iter().filter(|name| !name.starts_with('.')).collect()
    }

    #[test]
    fn a_folder_or_a_model_file_or_a_list_brings_all_files_once() {
        for what in ["folder", "file", "list"] {
            let (hub, user) = (Hub::start(), User::new());
            publish(&hub, "firefox-tiny");
            let base = format!("{}/web/models/faen/", hub.endpoint());
            let address = match what {
                "folder" => base.clone(),
                "file" => format!("{base}{MODEL}"),
                _ => [MODEL, VOCABULARY].map(|name| format!("{base}{name}")).join(","),
            };
            let found = files_in(&user, &address);
            let expected = if what == "list" {
                vec![MODEL, VOCABULARY]
            } else {
                vec![SHORTLIST, MODEL, VOCABULARY]
            };
            assert_eq!(found, expected, "{what}");
            assert!(!hub.requests().is_empty());
            let (_, said) = user.ok(&["use", &address]);
            assert!(said.contains(&address), "{said}");
            assert!(hub.requests().is_empty(), "the copy serves");
            let (_, said) = user.ok(&["remove", &address]);
            assert!(said.contains("embedded model again"), "{said}");
            user.fails(1, &["remove", &address]);
        }
    }

    #[test]
    fn a_cut_download_goes_on_where_it_stopped_and_a_damaged_one_is_refused() {
        let (hub, mut user) = (Hub::start(), User::new());
        publish(&hub, "firefox-measured");
        let address = format!("{}/web/models/faen/", hub.endpoint());
        hub.set(Faults { stuck_at: Some(9000), ..Faults::default() });
        let said = user.fails(69, &["pull", &address]);
        assert!(said.contains("model.faen.intgemm8.bin.gz") && said.contains("9000 of"), "{said}");
        hub.set(Faults::default());
        assert_eq!(files_in(&user, &address), ["model.faen.intgemm8.bin.gz", "vocab.faen.spm.gz"]);
        let resumed =
            |request: &crate::hub_server::Request| request.range.as_deref() == Some("bytes=9000-");
        assert!(hub.requests().iter().any(resumed));

        user.ok(&["remove", &address]);
        hub.set(Faults { flipped_byte: true, ..Faults::default() });
        let said = user.fails(69, &["pull", &address]);
        assert!(said.contains("SHA-256"), "{said}");
        user.set("HF_HUB_OFFLINE", "1");
        let said = user.fails(69, &["pull", &address]);
        assert!(said.contains("not in the cache"), "{said}");
    }

    #[test]
    fn an_address_without_a_model_or_of_no_server_is_an_error_that_names_it() {
        let (hub, user) = (Hub::start(), User::new());
        let address = format!("{}/web/models/faen/", hub.endpoint());
        let said = user.fails(69, &["pull", &address]);
        assert!(said.contains(&address) && said.contains("no model file"), "{said}");
        hub.set(Faults { status: Some(403), ..Faults::default() });
        let said = user.fails(69, &["pull", &address]);
        assert!(said.contains("answered 403"), "{said}");
        let said = user.fails(69, &["pull", "http://127.0.0.1:9/faen/"]);
        assert!(said.contains("127.0.0.1:9"), "{said}");
        user.fails(69, &["pull", "https:///"]);
        user.fails(69, &["pull", &format!("{address},{address}")]);
        let said = user.fails(69, &["pull", "firefox-fa-en"]);
        assert!(said.contains("models/tiny/faen"), "{said}");
    }
}

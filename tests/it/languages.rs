//! Multilingual tokenizers against what Python makes of the same lines, and the choice of their
//! languages (`scripts/reference/README.md`).

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use tarjoman::model::{Error, Tokenizer};

use crate::decode::golden;
use crate::tokenizer::{MULTILINGUAL, assert_equal_to_python, files_of, load, with};

#[test]
fn multilingual_models_give_the_ids_and_texts_of_python() {
    for folder in MULTILINGUAL {
        assert_equal_to_python(folder, &files_of(folder, &golden(folder)));
    }
}

#[test]
fn languages_are_named_by_iso_codes_or_as_the_model_names_them() {
    for (folder, cases) in [
        (
            "m2m100-tiny",
            "fa=__fa__ fas=__fa__ pes=__fa__ __fa__=__fa__ eng=__en__ ja=__ja__ az=__az__",
        ),
        (
            "nllb-tiny",
            "fa=pes_Arab fas=pes_Arab pes_Arab=pes_Arab prs=prs_Arab en=eng_Latn ar=arb_Arab",
        ),
        ("nllb-tiny", "tr=tur_Latn ru=rus_Cyrl de=deu_Latn fr=fra_Latn es=spa_Latn zh=zho_Hans"),
        ("nllb-tiny", "ku=kmr_Latn ckb=ckb_Arab ps=pbt_Arab tg=tgk_Cyrl az=azj_Latn ur=urd_Arab"),
        (
            "mbart-tiny",
            "fa=fa_IR pes=fa_IR fa_IR=fa_IR en=en_XX ps=ps_AF az=az_AZ zh=zh_CN ja=ja_XX",
        ),
        ("mbart-json", "fa=fa_IR eng=en_XX ur=ur_PK tr=tr_TR ru=ru_RU de=de_DE hr=hr_HR"),
    ] {
        for (language, token) in cases.split(' ').filter_map(|case| case.split_once('=')) {
            let tokenizer = load(folder).with_languages(language, language).unwrap();
            let id = tokenizer.id(token);
            assert!(id.is_some(), "{token}");
            assert_eq!(tokenizer.encode("").unwrap().first().copied(), id, "{folder} {language}");
            assert_eq!(tokenizer.target_token(), id, "{folder} {language}");
        }
    }
}

#[test]
fn persian_into_english_is_what_a_model_does_when_nothing_is_chosen() {
    for (folder, tokens) in MULTILINGUAL.into_iter().zip([
        ["__fa__", "__en__"],
        ["pes_Arab", "eng_Latn"],
        ["fa_IR", "en_XX"],
        ["fa_IR", "en_XX"],
    ]) {
        let tokenizer = load(folder);
        assert_eq!(tokenizer.encode("").unwrap(), [tokenizer.id(tokens[0]).unwrap(), 2]);
        assert_eq!(tokenizer.target_token(), tokenizer.id(tokens[1]));
        assert_eq!(
            [tokenizer.eos(), tokenizer.unk(), tokenizer.pad()],
            [Some(2), Some(3), Some(1)]
        );
        assert_eq!(tokenizer.target_prefix("eng"), None);
    }
    // Where there is one pair of languages, there is nothing to choose.
    for folder in ["marian-tiny", "json-bpe"] {
        let tokenizer = load(folder).with_languages("fa", "eng").unwrap();
        assert_eq!(tokenizer.target_token(), None);
        assert!(tokenizer.languages().is_empty());
    }
}

#[test]
fn a_language_that_the_model_lacks_is_refused_with_those_that_it_has() {
    for (folder, language, known) in [
        ("m2m100-tiny", "ku", "af, am, ar, ast"),
        ("nllb-tiny", "ja", "pes_Arab, fra_Latn"),
        ("mbart-tiny", "tg", "ar_AR, cs_CZ"),
        ("mbart-json", "<mask>", "ar_AR, cs_CZ"),
    ] {
        for (source, target) in [(language, "en"), ("fa", language)] {
            let error = load(folder).with_languages(source, target).err().unwrap();
            let text = error.to_string();
            assert!(matches!(error, Error::Language { .. }) && error.hint().is_some(), "{text}");
            assert!(text.contains(&format!("{language:?}")) && text.contains(known), "{text}");
        }
    }
    let json = std::fs::read_to_string(golden("nllb-tiny/tokenizer.json")).unwrap();
    let (_copy, files) =
        with("nllb-tiny", "tokenizer.json", json.replace("pes_A", "xxx_A").as_bytes());
    let error = Tokenizer::load(&files).unwrap().encode("سلام").unwrap_err();
    assert!(error.to_string().contains("no language \"fa\""), "{error}");
    let turkish = Tokenizer::load(&files).unwrap().with_languages("tr", "en").unwrap();
    assert_eq!(turkish.encode("").unwrap().first().copied(), turkish.id("tur_Latn"));
}

#[test]
fn rows_that_no_token_stands_for_are_left_out() {
    let tokenizer = load("m2m100-tiny");
    let first = u32::try_from(tokenizer.vocabulary_size()).unwrap();
    assert_eq!(tokenizer.decode(&[first, first + 7]).unwrap(), "");
    assert!(tokenizer.decode(&[first + 8]).is_err());
}

#[test]
fn a_tokenizer_json_of_an_older_release_is_read_alike() {
    let new = std::fs::read_to_string(golden("nllb-tiny/tokenizer.json")).unwrap();
    let mut old: serde_json::Value = serde_json::from_str(&new).unwrap();
    for merge in old["model"]["merges"].as_array_mut().unwrap() {
        *merge = format!("{} {}", merge[0].as_str().unwrap(), merge[1].as_str().unwrap()).into();
    }
    let metaspace = serde_json::json!(
        {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true, "str_rep": "▁"}
    );
    old["decoder"] = metaspace.clone();
    old["pre_tokenizer"] = serde_json::json!(
        {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}
    );
    let (_copy, files) = with("nllb-tiny", "tokenizer.json", old.to_string().as_bytes());
    let (old, new) = (Tokenizer::load(&files).unwrap(), load("nllb-tiny"));
    for text in ["می‌روم به خانه", "«نقل قول»، ۱۲٬۳۴۵ ریال", "Hello, World!"]
    {
        let ids = old.encode(text).unwrap();
        assert_eq!(ids, new.encode(text).unwrap());
        assert_eq!(old.decode(&ids).unwrap(), new.decode(&ids).unwrap());
    }
}

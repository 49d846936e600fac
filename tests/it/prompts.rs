//! What language models are told, and what of their answers becomes a translation.

use std::path::{Path, PathBuf};
use std::process::Command;

use tarjoman::document::{AlignedDocument, readers};
use tarjoman::model::prompt::{Pair, Passage, known};
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{Error, ModelFiles, ModelSource, Prompt, Tokenizer, TokenizerFiles};
use tarjoman::translate::{self, LoadOptions, Silent, Translator};
use tempfile::TempDir;

use super::decode::golden;

const ARTICLE: &str = "سلام دنیا. باران آمد. هوا سرد شد.\n\nاین خبر است. پایان.\n";

/// A copy of a folder of a small language model, without files with these endings.
fn copy(model: &str, without: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(golden(model)).expect("golden") {
        let path = entry.expect("an entry").path();
        let ending = path.extension().and_then(|ending| ending.to_str()).expect("an ending");
        if !without.contains(&ending) {
            let name = path.file_name().expect("a name");
            std::fs::copy(&path, folder.path().join(name)).expect("it is copied");
        }
    }
    folder
}

fn resolve(folder: &Path) -> Result<ModelFiles, Error> {
    ModelSource::Folder(folder.to_path_buf()).resolve(&mut NoProgress)
}

fn translate(options: &LoadOptions, context: Option<usize>) -> AlignedDocument {
    let files = resolve(&golden("gemma3-tiny")).expect("it is whole");
    let translator = Translator::load(&files, options).expect("it loads");
    let mut options = translator.options();
    options.search.max_length = 12;
    options.context = context.unwrap_or(options.context);
    let article = readers::read("news.txt", ARTICLE.into()).expect("an article");
    translator.translate(article, &options, &Silent).expect("a translation")
}

fn own(text: &str) -> LoadOptions {
    let prompt = Prompt::new("own", text).expect("a prompt");
    LoadOptions { prompt: Some(prompt), ..LoadOptions::default() }
}

#[test]
fn prompts_are_what_the_models_were_trained_with() {
    let languages = Pair::new("fa", "eng").expect("languages");
    let say = |name: &str| {
        let prompt = Prompt::named(name).expect("a prompt");
        prompt.render(&languages, &Passage { before: &[], text: "سلام {text}." })
    };
    let plain = "Translate this from Persian to English:\nPersian: سلام {text}.\nEnglish:";
    assert_eq!(say("plain"), plain);
    assert_eq!(say("milmmt"), plain);
    assert_eq!(
        say("translategemma"),
        "<bos><start_of_turn>user\nYou are a professional Persian (fa) to English (en) translator. \
         Your goal is to accurately convey the meaning and nuances of the original Persian text \
         while adhering to English grammar, vocabulary, and cultural sensitivities.\nProduce only \
         the English translation, without any additional explanations or commentary. Please \
         translate the following Persian text into English:\n\n\nسلام {text}.<end_of_turn>\n\
         <start_of_turn>model\n"
    );
    let qwen = say("qwen3");
    assert!(qwen.starts_with("<|im_start|>user\n") && qwen.ends_with("<think>\n\n</think>\n\n"));
    assert!(known().iter().all(|prompt| !say(&prompt.name).contains("_language}")));
}

#[test]
fn earlier_sentences_are_lines_and_the_answer_begins_with_their_translations() {
    let languages = Pair::new("fa", "en").expect("languages");
    let before = [("یک.".to_owned(), "One.".to_owned()), ("دو.".to_owned(), "Two.".to_owned())];
    let passage = Passage { before: &before, text: "سه." };
    let prompt = Prompt::named("plain").expect("a prompt");
    assert_eq!(
        prompt.render(&languages, &passage),
        "Translate this from Persian to English:\nPersian: یک.\nدو.\nسه.\nEnglish: One.\nTwo.\n"
    );
    let own = Prompt::new("own", "Before: {context}\nNow: {text}\n{target_language}:\n");
    assert_eq!(
        own.expect("a prompt").render(&languages, &passage),
        "Before: یک. دو.\nNow: سه.\nEnglish:"
    );
    assert!(matches!(Prompt::new("own", "Translate."), Err(Error::Prompt { .. })));
    assert!(matches!(Pair::new("fa", "xx"), Err(Error::PromptLanguage { .. })));
}

#[test]
fn a_prompt_is_chosen_by_the_chat_template() {
    let name = |template: Option<(&str, &str)>| {
        let folder = copy("gemma3-tiny", &["gguf"]);
        if let Some((file, text)) = template {
            std::fs::write(folder.path().join(file), text).expect("it is written");
        }
        let files = resolve(folder.path()).expect("whole");
        Prompt::of(&files).expect("a prompt").expect("a language model").name
    };
    assert_eq!(name(None), "plain");
    let jinja = "chat_template.jinja";
    assert_eq!(name(Some((jinja, "{{ content['source_lang_code'] }}"))), "translategemma");
    assert_eq!(name(Some((jinja, "<start_of_turn>user"))), "gemma");
    assert_eq!(name(Some((jinja, "<|im_start|>{% if enable_thinking %}"))), "qwen3");
    let config = r#"{ "chat_template": "<|im_start|>user" }"#;
    assert_eq!(name(Some(("tokenizer_config.json", config))), "chatml");
    let files = resolve(&golden("marian-tiny")).expect("whole");
    assert_eq!(Prompt::of(&files).expect("files"), None);
}

#[test]
fn a_prompt_is_chosen_by_the_name_of_the_model_before_its_chat_template() {
    let files = resolve(&golden("gemma3-tiny")).expect("whole");
    for (model, prompt) in [
        ("xiaomi-research/MiLMMT-46-4B-v1.0", "milmmt"),
        ("xiaomi-research/MiLMMT-46-1B-v1.0@main", "milmmt"),
        ("somebody/milmmt-46-4b-GGUF", "milmmt"),
        ("google/translategemma-4b-it", "translategemma"),
        ("google/translategemma-27b-it@0123", "translategemma"),
        ("Qwen/Qwen3-4B-Instruct-2507", "chatml"),
        ("somebody/gemma-3-4b-pt", "plain"),
    ] {
        let files = ModelFiles { name: model.into(), ..files.clone() };
        let found = Prompt::of(&files).expect("a prompt").expect("a language model");
        assert_eq!(found.name, prompt, "{model}");
    }
}

#[test]
fn what_begins_a_text_stands_once_before_a_prompt_and_not_at_all_before_that_of_milmmt() {
    let files = resolve(&golden("gemma3-tiny")).expect("whole");
    let tokenizer = Tokenizer::load(&files.tokenizer).expect("a tokenizer");
    let begin = tokenizer.id("<bos>").expect("it has one");
    let languages = Pair::new("fa", "en").expect("languages");
    for prompt in known() {
        let text = prompt.render(&languages, &Passage { before: &[], text: "سلام." });
        let ids = tokenizer.encode(&text).expect("ids");
        assert_eq!(ids.iter().filter(|id| **id == begin).count(), 1, "{}", prompt.name);
        assert_eq!(ids[0], begin);
        assert_eq!(prompt.begin, prompt.name != "milmmt");
        let bare = tokenizer.encode_bare(&text).expect("ids");
        assert_eq!(bare, if text.starts_with("<bos>") { &ids[..] } else { &ids[1..] });
    }
    // The translator reads what the prompt says.
    let told = |begin| {
        let mut prompt = Prompt::new("own", "{text} <start_of_turn>").expect("a prompt");
        prompt.begin = begin;
        let options = LoadOptions { prompt: Some(prompt), ..LoadOptions::default() };
        let document = translate(&options, None);
        document.units.iter().map(|unit| unit.translation.candidates[0].score).collect::<Vec<_>>()
    };
    assert_ne!(told(true), told(false));
}

#[test]
fn every_sentence_has_one_translation_whatever_its_context() {
    let alone = translate(&LoadOptions::default(), None);
    assert_eq!(alone.units.len(), 5);
    for context in [1, 3] {
        let document = translate(&LoadOptions::default(), Some(context));
        assert_eq!(document.units.len(), 5);
        // The first sentence of a paragraph has no context.
        for first in [0, 3] {
            assert_eq!(document.units[first].target(), alone.units[first].target());
        }
        for (index, unit) in document.units.iter().enumerate() {
            assert_eq!(unit.sentence.id, index);
            assert!(!unit.target().contains('\n'));
        }
    }
    // The context is seen: here by what the model goes on to write.
    let told = own("{context} {text} <start_of_turn>");
    let targets = |document: &AlignedDocument| -> Vec<String> {
        document.units.iter().map(|unit| unit.target().to_owned()).collect()
    };
    let (without, with) = (translate(&told, Some(0)), translate(&told, Some(1)));
    assert_eq!(targets(&without)[0], targets(&with)[0]);
    assert_ne!(targets(&without), targets(&with));
}

#[test]
fn a_model_that_is_asked_stops_at_either_end_and_at_those_of_its_prompt() {
    let files = resolve(&golden("gemma3-tiny")).expect("whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    assert_eq!(translator.options().search.end, [1, 5]);
    let mut prompt = Prompt::new("own", "{text}").expect("a prompt");
    prompt.stop = vec!["<start_of_turn>".into(), "<not a token>".into()];
    let options = LoadOptions { prompt: Some(prompt), ..LoadOptions::default() };
    let translator = Translator::load(&files, &options).expect("it loads");
    assert_eq!(translator.options().search.end, [1, 4, 5]);
}

#[test]
fn a_chat_ends_with_its_turn_even_where_the_model_names_one_end_alone() {
    let folder = copy("gemma3-tiny", &["gguf"]);
    let one_end = r#"{ "eos_token_id": 1, "pad_token_id": 0 }"#;
    std::fs::write(folder.path().join("generation_config.json"), one_end).expect("it is written");
    let files = resolve(folder.path()).expect("whole");
    for (prompt, end) in [("translategemma", &[1, 5][..]), ("gemma", &[1, 5]), ("milmmt", &[1])] {
        let prompt = Prompt::named(prompt).cloned();
        let options = LoadOptions { prompt, ..LoadOptions::default() };
        let translator = Translator::load(&files, &options).expect("it loads");
        assert_eq!(translator.options().search.end, end);
    }
}

#[test]
fn a_translation_model_takes_neither_prompt_nor_context() {
    let files = resolve(&golden("marian-tiny")).expect("whole");
    let error = Translator::load(&files, &own("{text}")).err().expect("no language model");
    assert!(matches!(error, translate::Error::NoPrompt { option: "prompt", .. }), "{error}");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let article = readers::read("news.txt", ARTICLE.into()).expect("an article");
    let options = translate::TranslateOptions { context: 1, ..translator.options() };
    let error = translator.translate(article, &options, &Silent).expect_err("no language model");
    assert!(matches!(error, translate::Error::NoPrompt { option: "context", .. }), "{error}");
}

#[test]
fn a_folder_with_llama_cpp_s_file_and_a_tokenizer_is_a_model() {
    let folder = copy("qwen3-tiny", &["json", "safetensors"]);
    let files = resolve(folder.path()).expect("the tokenizer may be in it");
    let error = Translator::load(&files, &LoadOptions::default()).err().expect("it is not");
    assert!(error.to_string().contains("there is no tokenizer.json beside it"), "{error}");
    std::fs::write(folder.path().join("mmproj-model.gguf"), "images").expect("it is written");
    let tokenizer = golden("gemma3-tiny/tokenizer.json");
    std::fs::copy(tokenizer, folder.path().join("tokenizer.json")).expect("it is copied");
    let files = resolve(folder.path()).expect("whole");
    assert!(matches!(files.tokenizer, TokenizerFiles::Causal { template: Some(_), .. }));
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    assert_eq!(translator.options().search.end, [1, 5]);
}

fn tarjoman(arguments: &[&str], article: &Path, prompt: &Path) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    command.arg("translate").arg(article).arg("--model").arg(golden("gemma3-tiny"));
    command.args(["--max-length", "12", "--prompt"]).arg(prompt).args(arguments);
    command.output().expect("the binary runs")
}

#[test]
fn the_command_takes_a_prompt_of_the_user_s_by_file_or_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path
    };
    let article = file("news.txt", ARTICLE);
    let prompt = file("prompt.txt", "{source_language}: {text}\n{target_language}:\n");
    let format = ["--format", "jsonl", "--context", "1", "--compute-type", "bf16"];
    for prompt in [prompt.as_path(), Path::new("plain")] {
        let output = tarjoman(&format, &article, prompt);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{message}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 5);
    }
    for (prompt, code, word) in [
        (file("empty.txt", "Translate."), 64, "{text}"),
        (folder.path().join("missing.txt"), 78, "missing.txt"),
    ] {
        let output = tarjoman(&[], &article, &prompt);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains(word) && message.contains("hint: "), "{message}");
        assert_eq!(output.status.code(), Some(if code == 64 { 2 } else { code }), "{message}");
    }
}

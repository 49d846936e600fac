//! `config.json` and `generation_config.json`, as the transformers library writes them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::gguf::metadata;
use super::{Error, FileData, ModelFiles, Result, TokenizerFiles};

/// The model types that Tarjoman runs.
pub const FAMILIES: [&str; 9] =
    ["marian", "m2m_100", "mbart", "t5", "mt5", "umt5", "gemma3", "gemma3_text", "qwen3"];

/// The same, for messages.
pub const SUPPORTED: &str = "marian, m2m_100 (NLLB too), mbart, t5 (MADLAD-400 too), mt5, umt5, \
     gemma3, gemma3_text, qwen3 and the models of Firefox";

/// The part of `config.json` that every family has.
#[derive(Debug, Deserialize)]
pub struct Architecture {
    /// Such as `marian`.
    #[serde(default)]
    pub model_type: String,
}

/// `early_stopping` of transformers' beam search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyStopping {
    /// `false`: stop when the best running beam, at its present length, can't beat the worst
    /// finished one.
    #[default]
    Heuristic,
    /// `true`: stop as soon as there are as many finished candidates as beams.
    Always,
    /// `"never"`: like `false`, but with the length at which a running beam could score best.
    Never,
}

impl<'de> Deserialize<'de> for EarlyStopping {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Flag(bool),
            Word(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Flag(true) => Ok(Self::Always),
            Raw::Flag(false) => Ok(Self::Heuristic),
            Raw::Word(word) if word == "never" => Ok(Self::Never),
            Raw::Word(word) => Err(serde::de::Error::custom(format!(
                "early_stopping is {word:?}; known are true, false and \"never\""
            ))),
        }
    }
}

/// How a model wants to be decoded: `generation_config.json`, or for old models the same
/// names in `config.json`. What is absent has transformers' default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GenerationConfig {
    /// First token of the decoder.
    pub decoder_start_token_id: Option<u32>,
    /// Begin of text, of a language model.
    pub bos_token_id: Option<u32>,
    /// End of sentence; one id or several.
    #[serde(deserialize_with = "one_or_many")]
    pub eos_token_id: Vec<u32>,
    /// Padding.
    pub pad_token_id: Option<u32>,
    /// Beams; 1 is greedy search.
    pub num_beams: Option<usize>,
    /// Longest target in tokens, the start token counted in.
    pub max_length: Option<usize>,
    /// Shortest target in tokens, the start token counted in.
    pub min_length: Option<usize>,
    /// Exponent of the length by which a score is divided (Wu et al. 2016, simplified).
    pub length_penalty: Option<f32>,
    /// When beam search stops.
    pub early_stopping: Option<EarlyStopping>,
    /// No n-gram of this size occurs twice; 0 is off.
    pub no_repeat_ngram_size: Option<usize>,
    /// Above 1: tokens that are there already become less likely (Keskar et al. 2019).
    pub repetition_penalty: Option<f32>,
    /// Token sequences that are never generated.
    pub bad_words_ids: Option<Vec<Vec<u32>>>,
    /// Token that must follow the start token.
    pub forced_bos_token_id: Option<u32>,
    /// Token that must be the last one when the longest target is reached.
    #[serde(deserialize_with = "one_or_many")]
    pub forced_eos_token_id: Vec<u32>,
    /// Whether scores are log-softmaxed again after the constraints.
    pub renormalize_logits: Option<bool>,
    /// Longest target in tokens, as a multiple of the source's; Marian's `max-length-factor`.
    pub max_length_factor: Option<f32>,
    /// `[layer, head]`, each from 0: the attention that is read as word alignment, at the step that
    /// predicts a token. The name is that of Whisper's models.
    pub alignment_heads: Option<Vec<[usize; 2]>>,
}

impl GenerationConfig {
    /// Reads `generation_config.json`, or where there is none `config.json`.
    ///
    /// # Errors
    /// When the file can't be read, or has a value of the wrong kind.
    pub fn load(files: &ModelFiles) -> Result<Self> {
        if matches!(files.tokenizer, TokenizerFiles::Bergamot { .. }) {
            return Ok(Self::bergamot());
        }
        let own: Self = parse(&files.config)?;
        let Some(file) = &files.generation_config else { return Ok(own) };
        let mut config: Self = parse(file)?;
        // The token ids may be in config.json alone.
        config.decoder_start_token_id =
            config.decoder_start_token_id.or(own.decoder_start_token_id);
        config.pad_token_id = config.pad_token_id.or(own.pad_token_id);
        config.bos_token_id = config.bos_token_id.or(own.bos_token_id);
        if config.eos_token_id.is_empty() {
            config.eos_token_id = own.eos_token_id;
        }
        Ok(config)
    }
}

impl GenerationConfig {
    /// How Firefox runs its models (mozilla/translations, `inference/wasm`: `beam-size: 1`,
    /// `normalize: 1.0`, `word-penalty: 0`, `max-length-factor: 2.0`, and no `allow-unk`).
    /// Tokens are those of Marian's vocabularies: 0 ends a sentence and fills up a batch, 1 is what
    /// the vocabulary lacks; 0 stands where other families have a start token.
    fn bergamot() -> Self {
        Self {
            decoder_start_token_id: Some(0),
            eos_token_id: vec![0],
            pad_token_id: Some(0),
            num_beams: Some(1),
            length_penalty: Some(1.0),
            bad_words_ids: Some(vec![vec![1]]),
            max_length_factor: Some(2.0),
            ..Self::default()
        }
    }
}

/// Reads a JSON configuration file, or the configuration that a GGUF file carries.
pub(super) fn parse<T: DeserializeOwned>(file: &FileData) -> Result<T> {
    let fail =
        |error: serde_json::Error| Error::Config { file: file.name(), reason: error.to_string() };
    if let Some(path) = file.gguf() {
        let wrong = |reason| Error::Config { file: file.name(), reason };
        let object = metadata::configuration(path).map_err(wrong)?;
        return T::deserialize(serde_json::Value::Object(object)).map_err(fail);
    }
    // By way of an object: serde would take an array for the fields of a struct, too.
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&file.read()?).map_err(fail)?;
    T::deserialize(serde_json::Value::Object(object)).map_err(fail)
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        One(u32),
        Many(Vec<u32>),
    }
    Ok(match Option::<Raw>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Raw::One(id)) => vec![id],
        Some(Raw::Many(ids)) => ids,
    })
}

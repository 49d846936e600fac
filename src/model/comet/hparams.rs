//! `hparams.yaml`, which says what a model was trained as.

use serde::Deserialize;

use crate::model::{Error, FileData, Result};

/// What the estimator is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Kind {
    /// Source, translation and reference, each on its own (`wmt22-comet-da`).
    #[serde(rename = "regression_metric")]
    Regression,
    /// Source and translation, each on its own (`wmt20-comet-qe-da`).
    #[serde(rename = "referenceless_regression_metric")]
    Referenceless,
    /// Translation and source as one text (`wmt22-cometkiwi-da`).
    #[serde(rename = "unified_metric")]
    Unified,
}

/// How the tokens of a text become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Pool {
    Avg,
    Max,
    /// That of the first token.
    Cls,
}

/// How numbers become weights of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weighing {
    /// Release 2.2.4 and later call it `sparsemax_patch` where a model was trained under a wrong name.
    #[serde(alias = "sparsemax_patch")]
    Softmax,
    Sparsemax,
}

/// Which layers count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layers {
    Mix(Weighing),
    One(usize),
}

/// Non-linearity of the estimator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bend {
    Tanh,
    Sigmoid,
}

/// What decides the computation.
#[derive(Debug)]
pub(super) struct Hparams {
    pub kind: Kind,
    pub pool: Pool,
    pub layers: Layers,
    pub layer_norm: bool,
    pub hidden_sizes: Vec<usize>,
    pub activation: Bend,
    pub final_activation: Option<Bend>,
    /// The repository of the encoder's configuration and tokenizer.
    pub pretrained_model: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LayerName {
    Number(usize),
    Word(String),
}

/// The file, with the defaults of the package's classes.
#[derive(Deserialize)]
struct File {
    class_identifier: Kind,
    encoder_model: String,
    pretrained_model: String,
    pool: Option<Pool>,
    layer: Option<LayerName>,
    sent_layer: Option<LayerName>,
    layer_transformation: Option<Weighing>,
    layer_norm: Option<bool>,
    hidden_sizes: Option<Vec<usize>>,
    activations: Option<String>,
    final_activation: Option<String>,
    input_segments: Option<Vec<String>>,
}

impl Hparams {
    pub fn load(file: &FileData) -> Result<Self> {
        let wrong = |reason: String| Error::Config { file: file.name(), reason };
        let bytes = file.read()?;
        let text = std::str::from_utf8(&bytes).map_err(|error| wrong(error.to_string()))?;
        let read: File = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if read.encoder_model != "XLM-RoBERTa" {
            let found = read.encoder_model;
            return Err(wrong(format!("its encoder is {found}; Tarjoman knows XLM-RoBERTa")));
        }
        let bend = |name: &str| match name.to_lowercase().as_str() {
            "tanh" => Ok(Bend::Tanh),
            "sigmoid" => Ok(Bend::Sigmoid),
            _ => Err(wrong(format!("its activation is {name}; Tarjoman knows Tanh and Sigmoid"))),
        };
        let unified = read.class_identifier == Kind::Unified;
        let segments: Vec<&str> =
            read.input_segments.iter().flatten().map(String::as_str).collect();
        if unified && segments != ["mt", "src"] {
            return Err(wrong(
                "it reads other texts at once than translation and source; Tarjoman can't".into(),
            ));
        }
        let layer = if unified { read.sent_layer } else { read.layer };
        let usual = if unified { Weighing::Sparsemax } else { Weighing::Softmax };
        let layers = match layer {
            Some(LayerName::Number(layer)) => Layers::One(layer),
            None => Layers::Mix(read.layer_transformation.unwrap_or(usual)),
            Some(LayerName::Word(word)) if word == "mix" => {
                Layers::Mix(read.layer_transformation.unwrap_or(usual))
            }
            Some(LayerName::Word(word)) => {
                return Err(wrong(format!("its layer is {word:?}, not a number or \"mix\"")));
            }
        };
        Ok(Self {
            kind: read.class_identifier,
            pool: if unified { Pool::Cls } else { read.pool.unwrap_or(Pool::Avg) },
            layers,
            layer_norm: read.layer_norm.unwrap_or(true),
            hidden_sizes: read.hidden_sizes.unwrap_or_else(|| vec![3072, 1024]),
            activation: bend(read.activations.as_deref().unwrap_or("Tanh"))?,
            final_activation: read.final_activation.as_deref().map(bend).transpose()?,
            pretrained_model: read.pretrained_model,
        })
    }
}

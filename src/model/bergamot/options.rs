use serde::Deserialize;

use super::super::Layer;
use super::super::layers::Activation;

/// The part of `model.yml` that decides the computation. Names and defaults are Marian's; what is
/// set to something else than is computed here is refused by [`Options::parse`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::struct_excessive_bools)] // they are those of model.yml
pub struct Options {
    /// Channels between layers.
    pub dim_emb: usize,
    /// Tokens of the source and target vocabulary.
    pub dim_vocabs: [usize; 2],
    /// Layers of the encoder.
    pub enc_depth: usize,
    /// Layers of the decoder.
    pub dec_depth: usize,
    /// Heads of every attention.
    pub transformer_heads: usize,
    /// Channels inside the feed-forward blocks.
    pub transformer_dim_ffn: usize,
    /// The same for the decoder; 0 is the same as in the encoder.
    #[serde(default)]
    pub transformer_decoder_dim_ffn: usize,
    /// Non-linearity of the feed-forward blocks.
    #[serde(default = "swish")]
    pub transformer_ffn_activation: Activation,
    /// What happens before a block, a letter an operation.
    #[serde(default)]
    pub transformer_preprocess: Operations,
    /// What happens after a block.
    #[serde(default)]
    pub transformer_postprocess: Operations,
    /// What happens to the sum of embedding and position.
    #[serde(default)]
    pub transformer_postprocess_emb: Operations,
    /// What happens after the last layer.
    #[serde(default)]
    pub transformer_postprocess_top: Operations,
    /// One embedding `Wemb` for both languages and the output.
    #[serde(default)]
    pub tied_embeddings_all: bool,
    /// One embedding `Wemb` for both languages.
    #[serde(default)]
    pub tied_embeddings_src: bool,
    /// The output is the target's embedding.
    #[serde(default)]
    pub tied_embeddings: bool,
    /// Whether the output has no bias.
    #[serde(default)]
    pub output_omit_bias: bool,
    /// The decoder layer whose first head is trained towards word alignment: `last`, or its number
    /// from 1.
    #[serde(default)]
    pub transformer_guided_alignment_layer: Option<GuidedLayer>,
    #[serde(flatten)]
    fixed: Fixed,
}

/// A number or `last`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum GuidedLayer {
    /// From 1.
    Number(usize),
    /// `last`, or a number in quotes.
    Word(String),
}

fn swish() -> Activation {
    Activation::Swish
}

/// Dropout, residual and norm in the order of the letters; without dropout, which is for training.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Operations(Vec<Operation>);

/// A letter of [`Operations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `a`: add what came into the block.
    Add,
    /// `n`: layer norm.
    Norm,
}

impl TryFrom<String> for Operations {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut operations = Vec::new();
        for letter in text.chars() {
            match letter {
                'd' => {}
                'a' => operations.push(Operation::Add),
                'n' => operations.push(Operation::Norm),
                other => return Err(format!("the operation {other:?} in {text:?} is not known")),
            }
        }
        if operations.iter().filter(|operation| **operation == Operation::Norm).count() > 1 {
            return Err(format!("{text:?} has two norms"));
        }
        Ok(Self(operations))
    }
}

impl Operations {
    /// In their order.
    #[must_use]
    pub fn as_slice(&self) -> &[Operation] {
        &self.0
    }
}

/// What must be as it is in all students.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::struct_excessive_bools)] // they are those of model.yml
struct Fixed {
    r#type: String,
    #[serde(default)]
    transformer_decoder_autoreg: String,
    #[serde(default)]
    dec_cell: String,
    #[serde(default = "two")]
    transformer_ffn_depth: usize,
    #[serde(default)]
    transformer_decoder_ffn_depth: usize,
    #[serde(default)]
    transformer_no_projection: bool,
    #[serde(default)]
    transformer_no_affine: bool,
    #[serde(default)]
    transformer_no_bias: bool,
    #[serde(default)]
    transformer_rnn_projection: bool,
    #[serde(default)]
    transformer_pool: bool,
    #[serde(default)]
    transformer_train_position_embeddings: bool,
    #[serde(default)]
    transformer_train_positions: bool,
    #[serde(default)]
    transformer_tied_layers: Vec<usize>,
    #[serde(default)]
    layer_normalization: bool,
    #[serde(default)]
    lemma_dim_emb: i64,
    #[serde(default)]
    input_types: Vec<String>,
    #[serde(default)]
    right_left: bool,
    #[serde(default)]
    ulr: bool,
}

fn two() -> usize {
    2
}

/// More than any network has, so that no product of sizes overflows and no list gets absurd.
const LARGEST: usize = 1 << 20;

impl Options {
    /// Reads and checks a `model.yml`.
    ///
    /// # Errors
    /// When it is no YAML, lacks a size, or describes a network that would be computed wrongly.
    pub fn parse(text: &str) -> Result<Self, String> {
        let options: Self = serde_saphyr::from_str(text)
            .map_err(|error| format!("its model.yml can't be read: {error}"))?;
        options.check()?;
        Ok(options)
    }

    /// The layer that training guided towards word alignment (`transformer.h`).
    #[must_use]
    pub fn guided_layer(&self) -> Layer {
        let number = match &self.transformer_guided_alignment_layer {
            Some(GuidedLayer::Number(number)) => Some(*number),
            Some(GuidedLayer::Word(word)) => word.parse().ok(),
            None => None,
        };
        let known = number.filter(|number| (1..=self.dec_depth).contains(number));
        known.map_or(Layer::Last, |number| Layer::At(number - 1))
    }

    /// Channels inside the feed-forward blocks of encoder and decoder.
    #[must_use]
    pub fn inner(&self) -> [usize; 2] {
        let encoder = self.transformer_dim_ffn;
        match self.transformer_decoder_dim_ffn {
            0 => [encoder, encoder],
            decoder => [encoder, decoder],
        }
    }

    fn check(&self) -> Result<(), String> {
        let Self { fixed, dim_emb, transformer_heads: heads, .. } = self;
        let words = [
            ("type", fixed.r#type.as_str(), "transformer"),
            ("transformer-decoder-autoreg", &fixed.transformer_decoder_autoreg, "rnn"),
            ("dec-cell", &fixed.dec_cell, "ssru"),
        ];
        if let Some((name, found, known)) = words.iter().find(|(_, found, known)| found != known) {
            return Err(format!("its {name} is {found:?}; Tarjoman knows {known:?}"));
        }
        let switches = [
            ("untied output", !(self.tied_embeddings_all || self.tied_embeddings)),
            ("transformer-no-projection", fixed.transformer_no_projection),
            ("transformer-no-affine", fixed.transformer_no_affine),
            ("transformer-no-bias", fixed.transformer_no_bias),
            ("transformer-rnn-projection", fixed.transformer_rnn_projection),
            ("transformer-pool", fixed.transformer_pool),
            (
                "transformer-train-position-embeddings",
                fixed.transformer_train_position_embeddings || fixed.transformer_train_positions,
            ),
            ("transformer-tied-layers", !fixed.transformer_tied_layers.is_empty()),
            ("layer-normalization", fixed.layer_normalization),
            ("lemma-dim-emb", fixed.lemma_dim_emb != 0),
            ("input-types", fixed.input_types.iter().any(|kind| kind != "sequence")),
            ("right-left", fixed.right_left),
            ("ulr", fixed.ulr),
            ("transformer-ffn-depth", fixed.transformer_ffn_depth != 2),
            (
                "transformer-decoder-ffn-depth",
                ![0, 2].contains(&fixed.transformer_decoder_ffn_depth),
            ),
        ];
        if let Some((name, _)) = switches.iter().find(|(_, set)| *set) {
            return Err(format!("Tarjoman does not know how to compute its {name}"));
        }
        let sizes = [
            ("dim-emb", *dim_emb),
            ("dim-vocabs", self.dim_vocabs[0]),
            ("dim-vocabs", self.dim_vocabs[1]),
            ("enc-depth", self.enc_depth),
            ("dec-depth", self.dec_depth),
            ("transformer-heads", *heads),
            ("transformer-dim-ffn", self.inner()[0]),
            ("transformer-decoder-dim-ffn", self.inner()[1]),
        ];
        if let Some((name, size)) = sizes.iter().find(|(_, size)| !(1..=LARGEST).contains(size)) {
            return Err(format!("its {name} is {size}"));
        }
        if !dim_emb.is_multiple_of(*heads) || !dim_emb.is_multiple_of(2) {
            return Err(format!("{dim_emb} channels can't be split into {heads} heads"));
        }
        if self.tied_embeddings_all && self.dim_vocabs[0] != self.dim_vocabs[1] {
            return Err(format!("one embedding for vocabularies of {:?} tokens", self.dim_vocabs));
        }
        Ok(())
    }
}

//! Owns the layout of a `.spm` file: the fields of `sentencepiece_model.proto`
//! (<https://github.com/google/sentencepiece>) that change a result, with their numbers and
//! defaults. The rest is skipped.

/// A whole model.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ModelProto {
    /// The vocabulary; a piece's place is its id.
    #[prost(message, repeated, tag = "1")]
    pub pieces: Vec<Piece>,
    /// How it was trained.
    #[prost(message, optional, tag = "2")]
    pub trainer_spec: Option<TrainerSpec>,
    /// How text is cleaned before it is cut.
    #[prost(message, optional, tag = "3")]
    pub normalizer_spec: Option<NormalizerSpec>,
}

/// One entry of the vocabulary.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Piece {
    /// The text, `▁` for a space.
    #[prost(string, optional, tag = "1")]
    pub text: Option<String>,
    /// Unigram: logarithm of its probability. BPE: the later it was merged, the lower.
    #[prost(float, optional, tag = "2")]
    pub score: Option<f32>,
    /// What it may be used for.
    #[prost(enumeration = "Kind", optional, tag = "3", default = "Normal")]
    pub kind: Option<i32>,
}

/// What a piece may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    /// Matches text.
    Normal = 1,
    /// Stands for all that nothing matches.
    Unknown = 2,
    /// Never matches text: `<s>`, `</s>`.
    Control = 3,
    /// Matches before all others and is not normalised.
    UserDefined = 4,
    /// Switched off.
    Unused = 5,
    /// One byte of a character that nothing matches.
    Byte = 6,
}

/// The part of the training options that a reader needs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TrainerSpec {
    /// The algorithm.
    #[prost(enumeration = "Algorithm", optional, tag = "3", default = "Unigram")]
    pub model_type: Option<i32>,
    /// `▁` at the end of a word instead of at its start.
    #[prost(bool, optional, tag = "24", default = "false")]
    pub treat_whitespace_as_suffix: Option<bool>,
    /// Unknown characters come out as bytes.
    #[prost(bool, optional, tag = "35", default = "false")]
    pub byte_fallback: Option<bool>,
    /// How the unknown piece reads.
    #[prost(string, optional, tag = "44", default = " \u{2047} ")]
    pub unk_surface: Option<String>,
}

/// How text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Algorithm {
    /// The likeliest sequence of pieces.
    Unigram = 1,
    /// Merges of neighbours, the earliest learnt first.
    Bpe = 2,
    /// Words.
    Word = 3,
    /// Characters.
    Char = 4,
}

/// How text is cleaned before it is cut.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NormalizerSpec {
    /// Replacement rules in a compiled form.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub precompiled_charsmap: Option<Vec<u8>>,
    /// A space is put before the text.
    #[prost(bool, optional, tag = "3", default = "true")]
    pub add_dummy_prefix: Option<bool>,
    /// Spaces at the ends go, several become one.
    #[prost(bool, optional, tag = "4", default = "true")]
    pub remove_extra_whitespaces: Option<bool>,
    /// A space becomes `▁`.
    #[prost(bool, optional, tag = "5", default = "true")]
    pub escape_whitespaces: Option<bool>,
}

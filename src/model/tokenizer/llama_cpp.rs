//! Owns the tokenizer that llama.cpp writes into a GGUF file (`tokenizer.ggml.*`), rebuilt for the
//! tokenizers library: SentencePiece's merges by score, as `GemmaConverter` of transformers 5.23
//! does it (`convert_slow_tokenizer.py`), and merges of bytes, as its `Qwen2Converter`; that of T5
//! becomes the SentencePiece model that it was.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::gguf_file::Value;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::replace::Replace;
use tokenizers::normalizers::{NFC, Prepend, Sequence as Normalizers};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer};

use super::sentencepiece::SentencePiece;
use super::sentencepiece::proto::{Kind, ModelProto, NormalizerSpec, Piece, TrainerSpec};
use super::{SPACE, guarded};
use crate::model::gguf::metadata::{self, Metadata};

/// What llama.cpp calls a token (`llama_token_type`): SentencePiece's kinds of pieces.
const NORMAL: i64 = 1;
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
const UNUSED: i64 = 5;
const BYTE: i64 = 6;

/// Longer pieces are found whole or not at all: SentencePiece trains none above 16 characters, and a
/// made file might have one as long as itself.
const LONGEST_MERGED: usize = 256;

/// How text is parted before its bytes are merged, of `tokenizer.ggml.pre` = `qwen2`
/// (`tokenization_qwen2.py`).
const QWEN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// One entry of the vocabulary.
struct Token {
    text: String,
    kind: i64,
    score: f32,
}

/// The tokenizer in a file.
///
/// # Errors
/// Says what the file lacks, or that it holds another tokenizer than Gemma's and Qwen's.
pub(super) fn read(path: &Path) -> Result<Tokenizer, String> {
    let content = metadata::content(path)?;
    let metadata = Metadata(&content.metadata);
    match (kind(&metadata)?, metadata.text("tokenizer.ggml.pre")) {
        ("llama", _) => sentencepiece(&metadata),
        ("gpt2", Some("qwen2")) => bytes(&metadata),
        ("gpt2", pre) => Err(format!(
            "tokenizer.ggml.pre is {:?}; without a tokenizer.json beside it Tarjoman knows \
             \"qwen2\"",
            pre.unwrap_or_default()
        )),
        (other, _) => Err(format!(
            "tokenizer.ggml.model is {other:?}; without a tokenizer.json beside it Tarjoman knows \
             \"llama\" and \"gpt2\""
        )),
    }
}

/// What llama.cpp calls the kind of tokenizer.
fn kind<'a>(metadata: &'a Metadata) -> Result<&'a str, String> {
    let kind = metadata.text("tokenizer.ggml.model");
    kind.ok_or_else(|| {
        "there is no tokenizer.json beside it, and no tokenizer in it (llama.cpp's \
         tokenizer.ggml.model)"
            .into()
    })
}

/// The tokenizer of a T5 in a file.
///
/// # Errors
/// Says what the file lacks, or that it holds another tokenizer.
pub(super) fn t5(path: &Path) -> Result<SentencePiece, String> {
    let content = metadata::content(path)?;
    let metadata = Metadata(&content.metadata);
    match kind(&metadata)? {
        "t5" => unigram(&metadata),
        other => Err(format!(
            "tokenizer.ggml.model is {other:?}; without a tokenizer.json or spiece.model beside it \
             Tarjoman knows \"t5\" for a T5"
        )),
    }
}

/// SentencePiece's likeliest sequence of pieces. Rows of the embedding without a piece are called
/// `[PAD7]` there, and are none here.
fn unigram(metadata: &Metadata) -> Result<SentencePiece, String> {
    let mut tokens = tokens(metadata, true)?;
    let is_filling = |token: &Token| token.kind == UNUSED && token.text.starts_with("[PAD");
    while tokens.last().is_some_and(is_filling) {
        tokens.pop();
    }
    let byte = |value: &Value| match value {
        Value::U8(byte) => Some(*byte),
        Value::I8(byte) => Some(byte.cast_unsigned()),
        _ => None,
    };
    let rules = metadata.list("tokenizer.ggml.precompiled_charsmap").unwrap_or_default();
    let rules: Option<Vec<u8>> = rules.iter().map(byte).collect();
    let rules = rules.ok_or("its normalisation rules are no bytes")?;
    let trainer = TrainerSpec {
        byte_fallback: Some(tokens.iter().any(|token| token.kind == BYTE)),
        ..TrainerSpec::default()
    };
    let normalizer = NormalizerSpec {
        precompiled_charsmap: Some(rules),
        add_dummy_prefix: metadata.flag("tokenizer.ggml.add_space_prefix"),
        remove_extra_whitespaces: metadata.flag("tokenizer.ggml.remove_extra_whitespaces"),
        ..NormalizerSpec::default()
    };
    // The numbers of both are the same.
    let kind = |kind| i32::try_from(kind).ok().filter(|kind| Kind::try_from(*kind).is_ok());
    let piece = |token: Token| {
        let kind = Some(kind(token.kind)?);
        Some(Piece { text: Some(token.text), score: Some(token.score), kind })
    };
    let pieces: Option<Vec<Piece>> = tokens.into_iter().map(piece).collect();
    SentencePiece::of(ModelProto {
        pieces: pieces.ok_or("a token is of no kind that SentencePiece has")?,
        trainer_spec: Some(trainer),
        normalizer_spec: Some(normalizer),
    })
}

/// SentencePiece's byte-pair merges: of all neighbours that make up a piece, those first whose piece
/// has the best score.
fn sentencepiece(metadata: &Metadata) -> Result<Tokenizer, String> {
    let tokens = tokens(metadata, true)?;
    let ids = ids(&tokens);
    let unknown = metadata.whole("tokenizer.ggml.unknown_token_id");
    let unknown = unknown.and_then(|id| tokens.get(usize::try_from(id).ok()?));
    let unknown = unknown.or_else(|| tokens.iter().find(|token| token.text == super::UNK));
    let unknown = unknown.ok_or("it has no unknown token")?.text.clone();
    let prefix = metadata.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    let begin = metadata.flag("tokenizer.ggml.add_bos_token").unwrap_or(true);
    let merges = merges(&tokens, &ids);
    guarded(|| {
        let bpe = BPE::builder().vocab_and_merges(ids, merges).unk_token(unknown);
        let mut tokenizer = Tokenizer::new(bpe.fuse_unk(true).byte_fallback(true).build()?);
        let spaces = Replace::new(" ", SPACE)?;
        let mut decoders = vec![
            Replace::new(SPACE, " ")?.into(),
            ByteFallback::default().into(),
            Fuse::default().into(),
        ];
        if prefix {
            let steps = vec![Prepend::new(SPACE.into()).into(), spaces.into()];
            tokenizer.with_normalizer(Some(Normalizers::new(steps)))?;
            decoders.push(Strip::new(' ', 1, 0).into());
        } else {
            tokenizer.with_normalizer(Some(spaces))?;
        }
        tokenizer.with_decoder(Some(Decoders::new(decoders)));
        finish(&mut tokenizer, metadata, tokens, begin)?;
        Ok(tokenizer)
    })
}

/// Merges of bytes, in the order of the file.
fn bytes(metadata: &Metadata) -> Result<Tokenizer, String> {
    let tokens = tokens(metadata, false)?;
    let ids = ids(&tokens);
    let merges = metadata.list("tokenizer.ggml.merges").ok_or("it has no tokenizer.ggml.merges")?;
    let merges = merges
        .iter()
        .map(|merge| {
            let (left, right) = merge.to_string().ok()?.split_once(' ')?;
            Some((left.to_owned(), right.to_owned()))
        })
        .collect::<Option<Merges>>()
        .ok_or("a merge is not of two tokens")?;
    let begin = metadata.flag("tokenizer.ggml.add_bos_token").unwrap_or(false);
    guarded(|| {
        let mut tokenizer = Tokenizer::new(BPE::builder().vocab_and_merges(ids, merges).build()?);
        let isolated = SplitDelimiterBehavior::Isolated;
        let split = Split::new(SplitPattern::Regex(QWEN.into()), isolated, false)?;
        let bytes = ByteLevel::new(false, false, false);
        tokenizer.with_normalizer(Some(NFC))?;
        tokenizer.with_pre_tokenizer(Some(PreTokenizers::new(vec![split.into(), bytes.into()])));
        tokenizer.with_decoder(Some(bytes));
        finish(&mut tokenizer, metadata, tokens, begin)?;
        Ok(tokenizer)
    })
}

/// Tokens that are found in a text before all others, and the one that begins a text.
fn finish(
    tokenizer: &mut Tokenizer,
    metadata: &Metadata,
    tokens: Vec<Token>,
    begin: bool,
) -> tokenizers::Result<()> {
    if begin && let Some(id) = metadata.whole("tokenizer.ggml.bos_token_id") {
        let token = tokens.get(usize::try_from(id)?).ok_or("there is no token to begin with")?;
        let begin = TemplateProcessing::builder()
            .try_single(vec![token.text.clone(), "$0".into()])?
            .special_tokens(vec![(token.text.clone(), u32::try_from(id)?)])
            .build()?;
        tokenizer.with_post_processor(Some(begin));
    }
    let found = tokens.into_iter().filter(|token| [CONTROL, USER_DEFINED].contains(&token.kind));
    let added =
        found.map(|token| AddedToken::from(token.text, token.kind == CONTROL).normalized(false));
    tokenizer.add_tokens(added)?;
    Ok(())
}

/// The vocabulary. llama.cpp's conversion writes what SentencePiece calls user-defined with spaces
/// and without its score, which is 0 there.
fn tokens(metadata: &Metadata, by_score: bool) -> Result<Vec<Token>, String> {
    let list = |name: &str| {
        let list = metadata.list(&format!("tokenizer.ggml.{name}"));
        list.ok_or_else(|| format!("it has no tokenizer.ggml.{name}"))
    };
    let (texts, kinds) = (list("tokens")?, list("token_type")?);
    let scores = if by_score { list("scores")? } else { &[] };
    if kinds.len() != texts.len() || (by_score && scores.len() != texts.len()) {
        return Err("it has not as many kinds and scores as tokens".into());
    }
    if u32::try_from(texts.len()).is_err() {
        return Err("it has more tokens than there are numbers for".into());
    }
    let number = |value: &Value| match value {
        Value::I32(kind) => Some(i64::from(*kind)),
        other => other.to_u64().ok().and_then(|kind| i64::try_from(kind).ok()),
    };
    let wrong = |at: usize| format!("token {at} makes no sense");
    let read = |(at, (text, kind)): (usize, (&Value, &Value))| {
        let (text, kind) = text.to_string().ok().zip(number(kind)).ok_or_else(|| wrong(at))?;
        let (mut text, mut score) = (text.clone(), 0.0);
        if by_score && kind == USER_DEFINED {
            text = text.replace(' ', SPACE);
        } else if by_score {
            score = scores[at].to_f32().ok().filter(|s| !s.is_nan()).ok_or_else(|| wrong(at))?;
        }
        Ok(Token { text, kind, score })
    };
    texts.iter().zip(kinds).enumerate().map(read).collect()
}

/// The first of two tokens that are written alike keeps the name.
fn ids(tokens: &[Token]) -> Vocab {
    let mut ids = Vocab::default();
    for (id, token) in tokens.iter().enumerate() {
        // Checked where they were read: there are no more than u32 counts.
        ids.entry(token.text.clone()).or_insert(id as u32);
    }
    ids
}

/// The neighbours that make up each piece, best score first, then the longer left one; of those
/// that are alike the order of the vocabulary.
fn merges(tokens: &[Token], ids: &Vocab) -> Merges {
    let text = |kind: i64| kind == NORMAL || kind == USER_DEFINED;
    let pieces: HashMap<&str, u32> = tokens
        .iter()
        .filter(|token| text(token.kind))
        .filter_map(|token| Some((token.text.as_str(), *ids.get(&token.text)?)))
        .collect();
    let mut merges = Vec::new();
    let is_made = |token: &&Token| text(token.kind) && token.text.len() <= LONGEST_MERGED;
    for token in tokens.iter().filter(is_made) {
        let first = merges.len();
        for (at, _) in token.text.char_indices().skip(1) {
            let (left, right) = token.text.split_at(at);
            if let (Some(a), Some(b)) = (pieces.get(left), pieces.get(right)) {
                merges.push((token.score, (*a, *b), left, right));
            }
        }
        merges[first..].sort_by_key(|(_, ids, ..)| *ids);
    }
    let length = |text: &str| Reverse(text.chars().count());
    merges.sort_by(|(a, _, left, right), (b, _, other_left, other_right)| {
        let lengths = (length(left), length(right)).cmp(&(length(other_left), length(other_right)));
        b.total_cmp(a).then(lengths)
    });
    merges.into_iter().map(|(_, _, left, right)| (left.to_owned(), right.to_owned())).collect()
}

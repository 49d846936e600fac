//! Owns SentencePiece models (Kudo and Richardson 2018, <https://arxiv.org/abs/1808.06226>):
//! reading a `.spm` file, cutting text into its pieces and joining pieces to text. Equal to the
//! C++ library, to the last tie; knows no ids of a translation model.

mod normalizer;
mod prefixes;
pub(super) mod proto;
mod segment;

use std::collections::HashMap;
use std::ops::Range;

use prost::Message;

use self::normalizer::Normalizer;
use self::prefixes::Prefixes;
use self::proto::{Algorithm, Kind, ModelProto};
use super::SPACE;

/// One SentencePiece model.
pub(super) struct SentencePiece {
    normalizer: Normalizer,
    vocabulary: Vocabulary,
    /// Pieces that are never merged with others.
    user_defined: Prefixes,
    algorithm: Algorithm,
    byte_fallback: bool,
    unknown_surface: String,
}

/// The pieces of a model.
struct Vocabulary {
    entries: Vec<Entry>,
    /// The pieces that text may match.
    text: Prefixes,
    /// The others, by name.
    reserved: HashMap<String, usize>,
    unknown: usize,
    /// Of normal pieces.
    lowest_score: f32,
    highest_score: f32,
}

struct Entry {
    score: f32,
    kind: Kind,
}

impl SentencePiece {
    /// Reads a `.spm` file. Refuses what the C++ library refuses.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let model = ModelProto::decode(bytes)
            .map_err(|error| format!("not a SentencePiece model: {error}"))?;
        Self::of(model)
    }

    /// The same of a file that was read already. Refuses what the C++ library refuses.
    pub(super) fn of(model: ModelProto) -> Result<Self, String> {
        // The format knows no length: a file cut between two pieces is a smaller vocabulary. But
        // these two stand behind the pieces in all files.
        let (Some(trainer), Some(normalizer)) = (model.trainer_spec, model.normalizer_spec) else {
            return Err("it ends before its trainer_spec and normalizer_spec".into());
        };
        let algorithm = trainer.model_type();
        if matches!(algorithm, Algorithm::Word | Algorithm::Char) {
            return Err(format!("SentencePiece models of type {algorithm:?} are not supported"));
        }
        let user_defined = |piece: &&proto::Piece| piece.kind() == Kind::UserDefined;
        let user_defined = || {
            let pieces = model.pieces.iter().filter(user_defined);
            Prefixes::new(pieces.map(|piece| (piece.text().to_string(), 0)))
        };
        let normalizer = Normalizer::new(&normalizer, &trainer, user_defined()?)?;
        Ok(Self {
            normalizer,
            user_defined: user_defined()?,
            vocabulary: Vocabulary::new(model.pieces, trainer.byte_fallback())?,
            algorithm,
            byte_fallback: trainer.byte_fallback(),
            unknown_surface: trainer.unk_surface().into(),
        })
    }

    /// All pieces with their numbers, in no order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&str, usize)> {
        let reserved = self.vocabulary.reserved.iter().map(|(piece, id)| (piece.as_str(), *id));
        self.vocabulary.text.iter().chain(reserved)
    }

    /// Hands out the pieces of a text, each with the bytes that it stands for. What no piece matches
    /// comes as it stands, a whole run at once, or in bytes where the model has them.
    pub(super) fn encode(&self, text: &str, mut each: impl FnMut(&str, Range<usize>)) {
        let (text, origins) = self.normalizer.normalize(text);
        let cuts = match self.algorithm {
            Algorithm::Bpe => segment::bpe(&text, &self.vocabulary, &self.user_defined),
            _ => segment::unigram(&text, &self.vocabulary),
        };
        let unknown = |piece: usize| piece == self.vocabulary.unknown;
        let mut at = 0;
        for run in cuts.chunk_by(|a, b| unknown(a.1) && unknown(b.1)) {
            let (first, piece) = run[0];
            let start = at;
            at += run.iter().map(|(part, _)| part.len()).sum::<usize>();
            let span = origins[start]..origins[at];
            if !unknown(piece) {
                each(first, span);
            } else if self.byte_fallback {
                for byte in run.iter().flat_map(|(part, _)| part.bytes()) {
                    each(&format!("<0x{byte:02X}>"), span.clone());
                }
            } else {
                each(&run.iter().map(|(part, _)| *part).collect::<String>(), span);
            }
        }
    }

    /// Joins pieces to text, without space at its ends. Pieces of another model stand for
    /// themselves.
    pub(super) fn decode<'a>(&self, pieces: impl Iterator<Item = &'a str>) -> String {
        let mut out = String::new();
        let mut bytes = Vec::new();
        for piece in pieces {
            let id = self.vocabulary.id(piece);
            let kind = self.vocabulary.entries[id].kind;
            if kind == Kind::Byte {
                bytes.extend(byte_of(piece));
                continue;
            }
            push_bytes(&mut out, &mut bytes);
            match kind {
                Kind::Control => {}
                Kind::Unknown if self.vocabulary.reserved.contains_key(piece) => {
                    out.push_str(&self.unknown_surface);
                }
                _ => out.push_str(piece),
            }
        }
        push_bytes(&mut out, &mut bytes);
        out.replace(SPACE, " ").trim_matches(is_space).to_string()
    }
}

impl Vocabulary {
    fn new(pieces: Vec<proto::Piece>, byte_fallback: bool) -> Result<Self, String> {
        let mut entries = Vec::with_capacity(pieces.len());
        let mut text = Vec::with_capacity(pieces.len());
        let mut reserved = HashMap::new();
        let mut unknown = None;
        // The original starts from the smallest positive float here, not from minus infinity, so
        // that user-defined pieces always have a score of about -0.1.
        let (mut lowest_score, mut highest_score) = (f32::MAX, f32::MIN_POSITIVE);
        for (id, piece) in pieces.into_iter().enumerate() {
            let (kind, score) = (piece.kind(), piece.score());
            let name = piece.text.unwrap_or_default();
            entries.push(Entry { score, kind });
            match kind {
                Kind::Normal | Kind::UserDefined | Kind::Unused => {
                    if kind == Kind::Normal {
                        lowest_score = lowest_score.min(score);
                        highest_score = highest_score.max(score);
                    }
                    text.push((name, id));
                    continue;
                }
                Kind::Unknown if unknown.replace(id).is_some() => {
                    return Err("it has two unknown pieces".into());
                }
                Kind::Byte if !byte_fallback || byte_of(&name).is_none() => {
                    return Err(format!("it has a byte piece {name:?}"));
                }
                Kind::Unknown | Kind::Control | Kind::Byte => {}
            }
            if let Some(twice) = reserved.insert(name, id) {
                return Err(format!("pieces {twice} and {id} are the same"));
            }
        }
        let bytes = entries.iter().filter(|entry| entry.kind == Kind::Byte).count();
        if byte_fallback && bytes != 256 {
            return Err(format!("it has {bytes} byte pieces, not 256"));
        }
        Ok(Self {
            entries,
            text: Prefixes::new(text.into_iter())?,
            reserved,
            unknown: unknown.ok_or("it has no unknown piece")?,
            lowest_score,
            highest_score,
        })
    }

    /// The number of a piece; of the unknown one for what is not a piece.
    fn id(&self, piece: &str) -> usize {
        let reserved = || self.reserved.get(piece).copied();
        reserved().or_else(|| self.text.get(piece)).unwrap_or(self.unknown)
    }
}

/// White space as Python counts it: the four separators of ASCII are among it, in Rust they aren't.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The byte of a piece such as `<0xD8>`.
fn byte_of(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    let upper = digits.len() == 2 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    if upper { u8::from_str_radix(digits, 16).ok() } else { None }
}

/// Appends bytes as text, a replacement character for each that is part of none, and empties them.
fn push_bytes(out: &mut String, bytes: &mut Vec<u8>) {
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (text, wrong) = match std::str::from_utf8(rest) {
            Ok(text) => (text, 0),
            // Valid up to there, as the error says.
            Err(error) => {
                (std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(), 1)
            }
        };
        out.push_str(text);
        out.extend(std::iter::repeat_n(char::REPLACEMENT_CHARACTER, wrong));
        rest = &rest[text.len() + wrong..];
    }
    bytes.clear();
}

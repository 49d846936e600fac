//! Owns COMET (Rei et al. 2020, 2022): networks that read a source, its translation and mostly a
//! reference, and say how good the translation is. Unbabel's models, as their package computes
//! them: XLM-R as the encoder, a mix of its layers, pooling, and a small estimator on top. Does not
//! know files of text or tables of scores.

mod encoder;
mod files;
mod head;
mod hparams;

use candle_core::{Device, Tensor};

use self::encoder::Encoder;
pub use self::files::CometFiles;
use self::head::{Estimator, Mix};
use self::hparams::{Hparams, Kind, Pool};
use super::weights;
use super::{Error, FileData, Result};

/// Tokens that are encoded together, without padding.
const BATCH: usize = 2048;

/// What is scored.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// The source.
    pub source: &'a str,
    /// Its translation.
    pub translation: &'a str,
    /// What the translation should be; models that need none don't look at it.
    pub reference: &'a str,
}

/// A loaded model.
pub struct Comet {
    name: String,
    revision: String,
    tokenizer: tokenizers::Tokenizer,
    encoder: Encoder,
    mix: Mix,
    estimator: Estimator,
    pool: Pool,
    kind: Kind,
}

impl Comet {
    /// Loads a model.
    ///
    /// # Errors
    /// When a file is damaged, or it is a model of another kind.
    pub fn load(files: &CometFiles, device: &Device) -> Result<Self> {
        let hparams = Hparams::load(&files.hparams)?;
        let config = super::config::parse(&files.config)?;
        encoder::check(&config, &files.config.name())?;
        let tokenizer = tokenizers::Tokenizer::from_bytes(&*files.tokenizer.read()?);
        let tokenizer = tokenizer.map_err(|error| Error::Tokenizer {
            file: files.tokenizer.name(),
            reason: error.to_string(),
        })?;
        let checkpoint = std::slice::from_ref(&files.weights);
        let weights = weights::open(checkpoint, candle_core::DType::F32, device)?;
        let fail = |source| Error::Weights { file: FileData::names(checkpoint), source };
        let parts = || {
            let encoder = Encoder::load(&config, &weights.pp("encoder.model"))?;
            let layers = config.num_hidden_layers + 1;
            let mix = Mix::load(&hparams, layers, &weights.pp("layerwise_attention"))?;
            let inputs = hparams.kind.parts() * config.hidden_size;
            let estimator = Estimator::load(&hparams, inputs, &weights.pp("estimator.ff"))?;
            candle_core::Result::Ok((encoder, mix, estimator))
        };
        let (encoder, mix, estimator) = parts().map_err(fail)?;
        Ok(Self {
            name: files.name.clone(),
            revision: files.revision()?,
            tokenizer,
            encoder,
            mix,
            estimator,
            pool: hparams.pool,
            kind: hparams.kind,
        })
    }

    /// The model as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the model is: its commit on the hub, or a hash of its files.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Whether it looks at references.
    #[must_use]
    pub fn wants_references(&self) -> bool {
        self.kind == Kind::Regression
    }

    /// The score of each segment; better ones are mostly close to 1, bad ones to 0.
    ///
    /// * `done`: told of every batch, how many of how many tokens are encoded
    ///
    /// # Errors
    /// When a text can't be cut into tokens, or the device fails.
    pub fn score(
        &self,
        segments: &[Segment<'_>],
        done: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<f32>> {
        // The same text, such as the source of several systems, is encoded once.
        let mut texts = Texts::default();
        let places: Vec<Vec<usize>> = segments
            .iter()
            .map(|segment| {
                let Segment { source, translation, reference } = *segment;
                let tokens = |text| self.tokens(text);
                Ok(match self.kind {
                    Kind::Regression => vec![
                        texts.add(tokens(translation)?),
                        texts.add(tokens(reference)?),
                        texts.add(tokens(source)?),
                    ],
                    Kind::Referenceless => {
                        vec![texts.add(tokens(translation)?), texts.add(tokens(source)?)]
                    }
                    Kind::Unified => {
                        vec![texts.add(self.joined(&tokens(translation)?, &tokens(source)?))]
                    }
                })
            })
            .collect::<Result<_>>()?;
        let vectors = self.embed(&texts.tokens, done)?;
        let row = |place: &usize| vectors[*place].clone();
        let mut scores = Vec::with_capacity(segments.len());
        for places in &places {
            let vectors: Vec<Tensor> = places.iter().map(row).collect();
            scores.push(self.estimator.forward(&self.kind.features(&vectors)?)?);
        }
        Ok(scores)
    }

    /// Tokens with those for begin and end, at most as many as the package keeps.
    fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        let encoded = self.tokenizer.encode(text, true).map_err(|error| Error::Tokenizer {
            file: self.name.clone(),
            reason: error.to_string(),
        })?;
        let mut ids = encoded.get_ids().to_vec();
        let most = self.encoder.positions().saturating_sub(2).max(2);
        if let Some(end) = ids.last().copied().filter(|_| ids.len() > most) {
            ids.truncate(most - 1);
            ids.push(end);
        }
        Ok(ids)
    }

    /// Two texts as one, `<s> first </s></s> second </s>`, cut off where it is too long.
    fn joined(&self, first: &[u32], second: &[u32]) -> Vec<u32> {
        let mut joined = first.to_vec();
        let end = first.last().copied();
        joined.extend(end);
        joined.extend(second.iter().skip(1));
        joined.truncate(self.encoder.positions());
        joined
    }

    /// A vector `[channels]` for each text.
    fn embed(&self, texts: &[Vec<u32>], done: &mut dyn FnMut(usize, usize)) -> Result<Vec<Tensor>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|index| (std::cmp::Reverse(texts[*index].len()), *index));
        let all: usize = texts.iter().map(Vec::len).sum();
        let mut found: Vec<Option<Tensor>> = vec![None; texts.len()];
        let (mut rest, mut encoded) = (order.as_slice(), 0);
        while let Some(longest) = rest.first().map(|index| texts[*index].len()) {
            let (batch, after) = rest.split_at((BATCH / longest.max(1)).clamp(1, rest.len()));
            rest = after;
            let rows: Vec<&[u32]> = batch.iter().map(|index| texts[*index].as_slice()).collect();
            let layers = self.encoder.forward(&rows)?;
            let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
            let mixed = self.mix.forward(&layers, &lengths)?;
            let mut start = 0;
            for (index, length) in batch.iter().zip(&lengths) {
                let rows = mixed.narrow(0, start, *length)?;
                found[*index] = Some(match self.pool {
                    Pool::Avg => rows.mean(0)?,
                    Pool::Max => rows.max(0)?,
                    Pool::Cls => rows.get(0)?,
                });
                start += length;
            }
            encoded += start;
            done(encoded, all);
        }
        Ok(found.into_iter().flatten().collect())
    }
}

/// Texts as tokens, each once.
#[derive(Default)]
struct Texts {
    tokens: Vec<Vec<u32>>,
    known: std::collections::HashMap<Vec<u32>, usize>,
}

impl Texts {
    fn add(&mut self, tokens: Vec<u32>) -> usize {
        *self.known.entry(tokens).or_insert_with_key(|tokens| {
            self.tokens.push(tokens.clone());
            self.tokens.len() - 1
        })
    }
}

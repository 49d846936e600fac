//! Language models that translate by continuing a prompt: Gemma 3 (Gemma Team 2025) and Qwen3 (Qwen
//! Team 2025), as in transformers 5.23 `modeling_gemma3.py` and `modeling_qwen3.py`, from their
//! own checkpoints or from llama.cpp's files.
//!
//! A batch is uneven without harm: prompts are padded on the right, where no token of theirs looks,
//! positions are counted a row, and what is written goes to a cache of its own.

mod attention;
mod block;
mod config;
mod names;

use candle_core::{DType, Device, Result, Tensor};

use self::attention::Sight;
use self::block::Block;
pub(super) use self::config::{GemmaConfig, GemmaWithImages, QwenConfig, Shape};
use self::names::{GEMMA, LLAMA_CPP, QWEN};
use crate::model::layers::{Linear, RmsNorm, Rope, Rotary, Turns, padding_mask};
use crate::model::state::Prompts;
use crate::model::weights::{Head, Weights};
use crate::model::{self, DecoderState, Error, Seq2Seq};

/// Longest prompt and longest target, in tokens, where the model itself has positions for more. A
/// sentence with its context is far below; what is above is a model that does not stop.
const LONGEST: (usize, usize) = (2048, 1024);

/// The network.
#[derive(Debug)]
pub struct Causal {
    /// `[vocabulary, channels]`
    embedding: Linear,
    scale_embedding: Option<f64>,
    blocks: Vec<Block>,
    norm: RmsNorm,
    head: Head,
    rotary: Rotary,
    sliding_rotary: Rotary,
    window: usize,
    logit_cap: Option<f64>,
    longest: (usize, usize),
    dtype: DType,
    device: Device,
}

/// What differs between blocks that see all tokens and those that see the last ones.
struct Kinds<T> {
    full: T,
    sliding: T,
}

impl<T> Kinds<T> {
    fn of(&self, block: &Block) -> &T {
        if block.sliding { &self.sliding } else { &self.full }
    }
}

impl Causal {
    /// Takes the weights under the names of transformers' or llama.cpp's checkpoints.
    ///
    /// # Errors
    /// When a weight is missing or does not fit the configuration.
    pub(super) fn load(mut shape: Shape, weights: &Weights) -> Result<Self> {
        let (names, trunk) = if names::of_llama_cpp(weights) {
            // llama.cpp's conversion adds it.
            shape.norm_offset = 0.0;
            (&LLAMA_CPP, weights.clone())
        } else {
            (if shape.post_norms { &GEMMA } else { &QWEN }, names::trunk(weights))
        };
        let table =
            |weights: &Weights| Linear::load(weights, shape.channels, shape.vocabulary, false);
        let embedding = table(&trunk.pp(names.embedding))?;
        let head = if shape.tied { embedding.clone() } else { table(&names::head(weights))? };
        let blocks = trunk.pp(names.blocks);
        let half = shape.positions / 2;
        let longest = (LONGEST.0.min(half), LONGEST.1.min(half));
        let device = weights.device().clone();
        let rotary = |rope: Rope| Rotary::new(rope, shape.head_dim, longest.0 + longest.1, &device);
        Ok(Self {
            embedding,
            scale_embedding: shape.scale_embedding.then(|| (shape.channels as f64).sqrt()),
            blocks: shape
                .sliding
                .iter()
                .enumerate()
                .map(|(at, sliding)| Block::load(&blocks.pp(at), &shape, names, *sliding))
                .collect::<Result<_>>()?,
            norm: RmsNorm::load(
                &trunk.pp(names.norm),
                shape.channels,
                shape.epsilon,
                shape.norm_offset,
            )?,
            head: weights.head(head)?,
            rotary: rotary(shape.rope)?,
            sliding_rotary: rotary(shape.sliding_rope)?,
            window: shape.window,
            logit_cap: shape.logit_cap,
            longest,
            dtype: weights.dtype(),
            device,
        })
    }

    /// `ids` `[tokens]` to `[tokens, channels]`.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        let embedded = self.embedding.rows(ids)?.to_dtype(self.dtype)?;
        match self.scale_embedding {
            Some(scale) => embedded * scale,
            None => Ok(embedded),
        }
    }

    fn turns(&self, positions: &Tensor) -> Result<Kinds<Turns>> {
        Ok(Kinds {
            full: self.rotary.at(positions, self.dtype)?,
            sliding: self.sliding_rotary.at(positions, self.dtype)?,
        })
    }

    /// Keys and values of prompts `[batch, time]`, for each block twice
    /// `[batch, key_heads, time, head_dim]`. What stands where a prompt is padded means nothing.
    fn read(&self, input_ids: &Tensor) -> Result<Vec<(Tensor, Tensor)>> {
        let (batch, time) = input_ids.dims2()?;
        let embedded = self.embed(&input_ids.flatten_all()?)?;
        let mut x = embedded.reshape((batch, time, ()))?;
        let turns = self.turns(&Tensor::arange(0, time as u32, &self.device)?)?;
        let mask = |window: usize| -> Result<Tensor> {
            let sees = |from: usize, to: usize| to <= from && from - to < window;
            let mask: Vec<f32> = (0..time * time)
                .map(|at| if sees(at / time, at % time) { 0.0 } else { f32::NEG_INFINITY })
                .collect();
            Tensor::from_vec(mask, (time, time), &self.device)?.to_dtype(self.dtype)
        };
        let masks = Kinds { full: mask(usize::MAX)?, sliding: mask(self.window)? };
        let mut state = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let (next, keys_values) = block.read(&x, turns.of(block), masks.of(block))?;
            x = next;
            state.push(keys_values);
        }
        Ok(state)
    }

    /// What the tokens at the present step may see.
    fn sight(&self, state: &DecoderState) -> Result<Kinds<Sight>> {
        let (lengths, written) = (state.prompt_lengths(), state.position() + 1);
        let whole = |source: Option<&Tensor>| Sight { source: source.cloned(), written };
        let full = whole(state.source_mask());
        let time = match self.blocks.first() {
            Some(_) => state.cross(0).0.dim(2)?,
            None => 0,
        };
        let sliding = if lengths.iter().all(|length| length + written <= self.window) {
            whole(state.source_mask())
        } else {
            let mask: Vec<f32> = lengths
                .iter()
                .flat_map(|length| {
                    let first = (length + written).saturating_sub(self.window);
                    let sees = first..*length;
                    (0..time)
                        .map(move |at| if sees.contains(&at) { 0.0 } else { f32::NEG_INFINITY })
                })
                .collect();
            let mask = Tensor::from_vec(mask, (lengths.len(), 1, 1, time), &self.device)?;
            let source = Some(mask.to_dtype(self.dtype)?);
            Sight { source, written: written.min(self.window) }
        };
        Ok(Kinds { full, sliding })
    }

    /// `last` `[rows]` to logits `[rows, vocabulary]`.
    fn decode(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        let beams = state.rows() / state.sentences().max(1);
        let positions: Vec<u32> = state
            .prompt_lengths()
            .iter()
            .flat_map(|length| std::iter::repeat_n((length + state.position()) as u32, beams))
            .collect();
        let turns = self.turns(&Tensor::new(positions, &self.device)?)?;
        let sight = self.sight(state)?;
        let mut x = self.embed(last)?;
        for (at, block) in self.blocks.iter().enumerate() {
            x = block.step(&x, at, turns.of(block), sight.of(block), state)?;
        }
        state.advance();
        let logits = self.head.linear.forward(&self.norm.forward(&x)?)?.to_dtype(DType::F32)?;
        match self.logit_cap {
            Some(cap) => (logits / cap)?.tanh()? * cap,
            None => Ok(logits),
        }
    }
}

impl Seq2Seq for Causal {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> model::Result<DecoderState> {
        let (batch, time) = input_ids.dims2()?;
        if time > self.longest.0 {
            return Err(Error::TooLong { tokens: time, limit: self.longest.0 });
        }
        let ids: Vec<Vec<u32>> = input_ids.to_vec2()?;
        let last = ids
            .iter()
            .zip(lengths)
            .map(|(row, length)| length.checked_sub(1).and_then(|at| row.get(at)).copied());
        let Some(last) = last.collect::<Option<Vec<u32>>>() else {
            return Err(candle_core::Error::Msg("a prompt without a token".into()).into());
        };
        // Where all prompts are one token long there is nothing to read but padding.
        let read = (time - 1).max(1);
        let lengths: Vec<usize> = lengths.iter().map(|length| length - 1).collect();
        let keys_values = self.read(&input_ids.narrow(1, 0, read)?.contiguous()?)?;
        let mask = padding_mask(&lengths, read, &self.device)?
            .map(|mask| mask.to_dtype(self.dtype))
            .transpose()?;
        let prompts = Prompts { lengths, last };
        Ok(DecoderState::new(keys_values, mask, batch).with_prompts(prompts))
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> model::Result<Tensor> {
        let tokens = state.position() + 1;
        if tokens > self.longest.1 {
            return Err(Error::TooLong { tokens, limit: self.longest.1 });
        }
        Ok(self.decode(last, state)?)
    }

    fn max_source_tokens(&self) -> usize {
        self.longest.0
    }

    fn max_target_tokens(&self) -> usize {
        self.longest.1
    }

    fn outputs(&self) -> Option<&[u32]> {
        self.head.tokens.as_deref()
    }

    fn device(&self) -> &Device {
        &self.device
    }
}

//! Marian's students (Kim et al. 2019, <https://aclanthology.org/D19-5632>; Bogoychev et al. 2020,
//! <https://aclanthology.org/2020.ngt-1.26>), the networks of Firefox Translations: a transformer
//! encoder, and a decoder with SSRU cells in place of self-attention. Follows browsermt/marian-dev
//! at 2781d735 (`src/models/transformer.h`, `src/rnn/cells.h`).

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::sigmoid;
use candle_nn::{LayerNorm, Module};

use crate::model::bergamot::{Container, Matrices, Operation, Operations, Options, Shortlist};
use crate::model::layers::{
    Activation, Attention, Linear, padding_mask, sinusoidal_positions_tensor2tensor,
};
use crate::model::state::Candidates;
use crate::model::{self, AlignmentHeads, DecoderState, Error, FileData, ModelFiles, Seq2Seq};

/// `max-length-break` of Firefox: longer sources are cut.
const LONGEST_SOURCE: usize = 128;
/// Twice that, and the start token: `max-length-factor` of Firefox.
const LONGEST_TARGET: usize = 2 * LONGEST_SOURCE + 1;
const LAYER_NORM_EPSILON: f64 = 1e-6;

/// What happens before or after a block.
#[derive(Debug)]
struct Steps {
    operations: Operations,
    norm: Option<LayerNorm>,
}

impl Steps {
    /// The norm, where there is one, is `{prefix}_ln_scale{suffix}` and `{prefix}_ln_bias{suffix}`.
    fn load(
        matrices: &Matrices<'_>,
        operations: &Operations,
        prefix: &str,
        suffix: &str,
        channels: usize,
    ) -> Result<Self> {
        let part = |part: &str| matrices.vector(&format!("{prefix}_ln_{part}{suffix}"), channels);
        let norm = if operations.as_slice().contains(&Operation::Norm) {
            Some(LayerNorm::new(part("scale")?, part("bias")?, LAYER_NORM_EPSILON))
        } else {
            None
        };
        Ok(Self { operations: operations.clone(), norm })
    }

    /// `x` and what came into the block, both `[.., channels]`, to the same shape.
    fn forward(&self, x: &Tensor, before: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for operation in self.operations.as_slice() {
            x = match (operation, &self.norm) {
                (Operation::Add, _) => (x + before)?,
                (Operation::Norm, Some(norm)) => norm.forward(&x)?,
                (Operation::Norm, None) => x,
            };
        }
        Ok(x)
    }
}

/// What happens before and after a block.
#[derive(Debug)]
struct Around {
    before: Steps,
    after: Steps,
}

impl Around {
    fn load(matrices: &Matrices<'_>, options: &Options, before: &str, after: &str) -> Result<Self> {
        let (pre, post) = (&options.transformer_preprocess, &options.transformer_postprocess);
        Ok(Self {
            before: Steps::load(matrices, pre, before, "_pre", options.dim_emb)?,
            after: Steps::load(matrices, post, after, "", options.dim_emb)?,
        })
    }

    fn forward(&self, x: &Tensor, block: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        self.after.forward(&block(&self.before.forward(x, x)?)?, x)
    }
}

#[derive(Debug)]
struct FeedForward {
    around: Around,
    first: Linear,
    second: Linear,
    activation: Activation,
}

impl FeedForward {
    fn load(
        matrices: &Matrices<'_>,
        options: &Options,
        prefix: &str,
        inner: usize,
    ) -> Result<Self> {
        let name = |part: &str| format!("{prefix}_{part}");
        let channels = options.dim_emb;
        Ok(Self {
            around: Around::load(matrices, options, &name("ffn"), &name("ffn"))?,
            first: matrices.linear(&name("W1"), Some(&name("b1")), channels, inner)?,
            second: matrices.linear(&name("W2"), Some(&name("b2")), inner, channels)?,
            activation: options.transformer_ffn_activation,
        })
    }

    /// `[.., channels]` to the same shape.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.around
            .forward(x, |x| self.second.forward(&self.first.forward_activated(x, self.activation)?))
    }
}

/// An attention with what is around it.
#[derive(Debug)]
struct AttentionBlock {
    around: Around,
    attention: Attention,
}

impl AttentionBlock {
    fn load(matrices: &Matrices<'_>, options: &Options, prefix: &str) -> Result<Self> {
        let channels = options.dim_emb;
        let projection = |part: char| {
            let (weight, bias) = (format!("{prefix}_W{part}"), format!("{prefix}_b{part}"));
            matrices.linear(&weight, Some(&bias), channels, channels)
        };
        let projections = [projection('q')?, projection('k')?, projection('v')?, projection('o')?];
        let name = format!("{prefix}_Wo");
        Ok(Self {
            around: Around::load(matrices, options, &name, &name)?,
            attention: Attention::of(projections, channels, options.transformer_heads)?,
        })
    }
}

#[derive(Debug)]
struct EncoderLayer {
    self_attention: AttentionBlock,
    feed_forward: FeedForward,
}

impl EncoderLayer {
    fn load(matrices: &Matrices<'_>, options: &Options, prefix: &str) -> Result<Self> {
        let [inner, _] = options.inner();
        Ok(Self {
            self_attention: AttentionBlock::load(matrices, options, &format!("{prefix}_self"))?,
            feed_forward: FeedForward::load(matrices, options, &format!("{prefix}_ffn"), inner)?,
        })
    }

    /// `x` `[batch, time, channels]`, `mask` `[batch, 1, 1, time]`.
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let AttentionBlock { around, attention } = &self.self_attention;
        let x = around.forward(x, |x| {
            let (keys, values) = attention.keys_values(x)?;
            attention.forward(x, &keys, &values, mask)
        })?;
        self.feed_forward.forward(&x)
    }
}

/// Simpler simple recurrent unit (Kim et al. 2019, 3.1): `f = sigmoid(Wf x + b)`,
/// `c = f c' + (1 - f) W x`, and the output is what of `c` is above zero.
#[derive(Debug)]
struct Ssru {
    around: Around,
    input: Linear,
    forget: Linear,
}

impl Ssru {
    fn load(matrices: &Matrices<'_>, options: &Options, prefix: &str) -> Result<Self> {
        let name = |part: &str| format!("{prefix}_{part}");
        let channels = options.dim_emb;
        Ok(Self {
            around: Around::load(matrices, options, prefix, &name("ffn"))?,
            input: matrices.linear(&name("W"), None, channels, channels)?,
            forget: matrices.linear(&name("Wf"), Some(&name("bf")), channels, channels)?,
        })
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    fn step(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        self.around.forward(x, |x| {
            let forget = sigmoid(&self.forget.forward(x)?)?;
            let fresh = ((1.0 - &forget)? * self.input.forward(x)?)?;
            let cell = match state.cell(layer) {
                Some(cell) => ((forget * cell)? + fresh)?,
                None => fresh,
            };
            state.set_cell(layer, cell.clone());
            cell.relu()
        })
    }
}

#[derive(Debug)]
struct DecoderLayer {
    rnn: Ssru,
    context: AttentionBlock,
    feed_forward: FeedForward,
}

impl DecoderLayer {
    fn load(matrices: &Matrices<'_>, options: &Options, prefix: &str) -> Result<Self> {
        let [_, inner] = options.inner();
        Ok(Self {
            rnn: Ssru::load(matrices, options, &format!("{prefix}_rnn"))?,
            context: AttentionBlock::load(matrices, options, &format!("{prefix}_context"))?,
            feed_forward: FeedForward::load(matrices, options, &format!("{prefix}_ffn"), inner)?,
        })
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    fn step(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        let x = self.rnn.step(x, layer, state)?;
        let AttentionBlock { around, attention } = &self.context;
        let x = around.forward(&x, |x| attention.step_source(x, layer, state))?;
        self.feed_forward.forward(&x)
    }
}

/// The network.
pub struct Student {
    options: Options,
    encoder_embedding: Linear,
    encoder_start: Steps,
    encoder: Vec<EncoderLayer>,
    encoder_top: Steps,
    decoder_embedding: Linear,
    decoder_start: Steps,
    decoder: Vec<DecoderLayer>,
    decoder_top: Steps,
    output: Linear,
    /// `[positions, channels]`
    positions: Tensor,
    shortlist: Option<Shortlist>,
    /// Whether both languages have one vocabulary.
    shared: bool,
    device: Device,
}

impl Student {
    /// Reads a model file and its shortlist.
    ///
    /// * `shared`: whether both languages have one vocabulary
    ///
    /// # Errors
    /// When a file is damaged or of another kind, or its network is one that is not known.
    pub(super) fn load(files: &ModelFiles, shared: bool, device: &Device) -> model::Result<Self> {
        let model = &files.config;
        let wrong = |file: &FileData, reason| Error::Config { file: file.name(), reason };
        let container =
            Container::parse(model.read()?.into_owned()).map_err(|reason| wrong(model, reason))?;
        let options =
            container.options().and_then(Options::parse).map_err(|reason| wrong(model, reason))?;
        let shortlist = files
            .weights
            .get(1)
            .map(|file| {
                let [_, vocabulary] = options.dim_vocabs;
                Shortlist::parse(&file.read()?, vocabulary).map_err(|reason| wrong(file, reason))
            })
            .transpose()?;
        Self::build(&Matrices { container: &container, device }, options)
            .map(|student| Self { shortlist, shared, ..student })
            .map_err(|source| Error::Weights { file: model.name(), source })
    }

    fn build(matrices: &Matrices<'_>, options: Options) -> Result<Self> {
        let channels = options.dim_emb;
        let [sources, targets] = options.dim_vocabs;
        let shared = options.tied_embeddings_all || options.tied_embeddings_src;
        let name = |side: &str| if shared { "Wemb".into() } else { format!("{side}_Wemb") };
        let (encoder_embedding, _) = matrices.embedding(&name("encoder"), sources, channels)?;
        let (decoder_embedding, output) =
            matrices.embedding(&name("decoder"), targets, channels)?;
        let bias = if options.output_omit_bias {
            None
        } else {
            Some(matrices.vector("decoder_ff_logit_out_b", targets)?)
        };
        let steps = |side: &str, operations, place, suffix| {
            Steps::load(matrices, operations, &format!("{side}_{place}"), suffix, channels)
        };
        let start = |side| steps(side, &options.transformer_postprocess_emb, "emb", "_pre");
        let top = |side| steps(side, &options.transformer_postprocess_top, "top", "");
        let positions =
            sinusoidal_positions_tensor2tensor(0..LONGEST_TARGET, channels, matrices.device)?;
        Ok(Self {
            encoder_embedding,
            encoder_start: start("encoder")?,
            encoder: (1..=options.enc_depth)
                .map(|layer| EncoderLayer::load(matrices, &options, &format!("encoder_l{layer}")))
                .collect::<Result<_>>()?,
            encoder_top: top("encoder")?,
            decoder_embedding,
            decoder_start: start("decoder")?,
            decoder: (1..=options.dec_depth)
                .map(|layer| DecoderLayer::load(matrices, &options, &format!("decoder_l{layer}")))
                .collect::<Result<_>>()?,
            decoder_top: top("decoder")?,
            output: output.with_bias(bias)?,
            positions,
            shortlist: None,
            shared: false,
            device: matrices.device.clone(),
            options,
        })
    }

    /// `input_ids` `[batch, time]`, `mask` `[batch, 1, 1, time]` to `[batch, time, channels]`.
    fn encode(&self, input_ids: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (batch, time) = input_ids.dims2()?;
        let embedded = self.encoder_embedding.rows(&input_ids.flatten_all()?)?;
        let embedded = embedded.reshape((batch, time, ()))?;
        let embedded = self.place(&embedded, 0, time)?;
        let mut x = self.encoder_start.forward(&embedded, &embedded)?;
        for layer in &self.encoder {
            x = layer.forward(&x, mask)?;
        }
        self.encoder_top.forward(&x, &embedded)
    }

    /// Scales `[.., time, channels]` and adds the positions from `first` on.
    fn place(&self, embedded: &Tensor, first: usize, time: usize) -> Result<Tensor> {
        let scale = (self.options.dim_emb as f32).sqrt();
        let positions = self.positions.narrow(0, first, time)?;
        (embedded * f64::from(scale))?.broadcast_add(&positions)
    }

    /// `last` `[rows]` to logits `[rows, vocabulary]`.
    fn decode(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        let embedded = if state.position() == 0 {
            // Marian knows no start token: before the first one there are zeros.
            let shape = (last.dim(0)?, self.options.dim_emb);
            Tensor::zeros(shape, self.positions.dtype(), &self.device)?
        } else {
            self.decoder_embedding.rows(last)?
        };
        // Every row is at the same position, which stands for the time dimension here.
        let embedded = self.place(&embedded, state.position(), 1)?;
        let mut x = self.decoder_start.forward(&embedded, &embedded)?;
        for (index, layer) in self.decoder.iter().enumerate() {
            x = layer.step(&x, index, state)?;
        }
        state.advance();
        let x = self.decoder_top.forward(&x, &embedded)?;
        match state.candidates() {
            Some(candidates) => self.shortlisted(&x, candidates),
            None => self.output.forward(&x),
        }
    }

    /// `x` `[rows, channels]` to logits `[rows, vocabulary]`: minus infinity for tokens that are
    /// not candidates of the row's sentence.
    fn shortlisted(&self, x: &Tensor, candidates: &[Arc<Candidates>]) -> Result<Tensor> {
        let (rows, [_, vocabulary]) = (x.dim(0)?, self.options.dim_vocabs);
        let beams = rows / candidates.len().max(1);
        let mut logits = vec![f32::NEG_INFINITY; rows * vocabulary];
        let sentences = logits.chunks_exact_mut((beams * vocabulary).max(1));
        for ((sentence, candidates), logits) in candidates.iter().enumerate().zip(sentences) {
            let x = x.narrow(0, sentence * beams, beams)?;
            let some = candidates.output.forward(&x)?.to_vec2::<f32>()?;
            for (row, logits) in some.iter().zip(logits.chunks_exact_mut(vocabulary)) {
                for (id, logit) in candidates.ids.iter().zip(row) {
                    logits[*id as usize] = *logit;
                }
            }
        }
        Tensor::from_vec(logits, (rows, vocabulary), &self.device)
    }
}

impl Seq2Seq for Student {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> model::Result<DecoderState> {
        let (batch, time) = input_ids.dims2()?;
        let limit = self.max_source_tokens();
        if time > limit {
            return Err(Error::TooLong { tokens: time, limit });
        }
        let mask = padding_mask(lengths, time, &self.device)?;
        let encoded = self.encode(input_ids, mask.as_ref())?;
        let cross = self
            .decoder
            .iter()
            .map(|layer| layer.context.attention.keys_values(&encoded))
            .collect::<Result<Vec<_>>>()?;
        let state = DecoderState::new(cross, mask, batch);
        let Some(shortlist) = &self.shortlist else { return Ok(state) };
        let [_, vocabulary] = self.options.dim_vocabs;
        let candidates = input_ids
            .to_vec2::<u32>()?
            .iter()
            .zip(lengths)
            .map(|(row, length)| {
                let ids = shortlist.candidates(&row[..*length], self.shared, vocabulary);
                Ok(Arc::new(Candidates { output: self.output.select(&ids)?, ids }))
            })
            .collect::<Result<_>>()?;
        Ok(state.with_candidates(candidates))
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> model::Result<Tensor> {
        let (tokens, limit) = (state.position() + 1, self.max_target_tokens());
        if tokens > limit {
            return Err(Error::TooLong { tokens, limit });
        }
        Ok(self.decode(last, state)?)
    }

    fn alignment_heads(&self) -> Option<AlignmentHeads> {
        Some(AlignmentHeads::guided(self.options.guided_layer(), vec![0]))
    }

    fn max_source_tokens(&self) -> usize {
        LONGEST_SOURCE
    }

    fn max_target_tokens(&self) -> usize {
        LONGEST_TARGET
    }

    fn device(&self) -> &Device {
        &self.device
    }
}

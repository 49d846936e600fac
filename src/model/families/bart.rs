//! The network that Marian, M2M100 and mBART share: they differ in where they normalise, how
//! they count positions, and which tables are tied, all of which [`Shape`] says.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{LayerNorm, Module};

use crate::kernels::{rows, with_slice, with_slice_mut};
use crate::model::layers::{
    Activation, DecoderLayer, EncoderLayer, LayerOptions, Linear, layer_norm, padding_mask,
};
use crate::model::weights::{Head, Weights};
use crate::model::{self, AlignmentHeads, DecoderState, Error, Layer, Seq2Seq};

/// Encoder or decoder.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// Layers.
    pub layers: usize,
    /// Heads of every attention.
    pub heads: usize,
    /// Channels inside the feed-forward blocks.
    pub inner: usize,
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
}

/// What decides the computation.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own in the families' code
pub struct Shape {
    /// Channels between layers.
    pub channels: usize,
    /// The source side.
    pub encoder: Side,
    /// The target side.
    pub decoder: Side,
    /// Non-linearity of the feed-forward blocks.
    pub activation: Activation,
    /// Whether blocks normalise their input, see [`LayerOptions::norm_first`].
    pub norm_first: bool,
    /// Whether embeddings are normalised (`layernorm_embedding`).
    pub embedding_norm: bool,
    /// Whether the last layer is followed by a norm (`layer_norm`).
    pub final_norm: bool,
    /// Whether embeddings are multiplied by the square root of the channels.
    pub scale_embedding: bool,
    /// Whether both sides share one embedding.
    pub shared_embedding: bool,
    /// Whether the output projection is the decoder's embedding.
    pub tied_projection: bool,
    /// Whether logits have a bias (`final_logits_bias`); absent weights stand for zeros.
    pub logits_bias: bool,
    /// Whether training guided the first head of the last layer towards word alignment.
    pub guided: bool,
}

/// Position tables `[positions, channels]`; row 0 belongs to the first token.
#[derive(Debug, Clone)]
pub struct Positions {
    /// Of the source.
    pub encoder: Tensor,
    /// Of the target.
    pub decoder: Tensor,
}

/// The network.
#[derive(Debug)]
pub struct Bart {
    encoder_embedding: Embedding,
    encoder: Vec<EncoderLayer>,
    encoder_norm: Option<LayerNorm>,
    decoder_embedding: Embedding,
    decoder: Vec<DecoderLayer>,
    decoder_norm: Option<LayerNorm>,
    head: Head,
    guided: bool,
    device: Device,
}

/// Tokens and positions to channels.
#[derive(Debug)]
struct Embedding {
    /// `[vocabulary, channels]`
    tokens: Linear,
    /// `[positions, channels]`
    positions: Tensor,
    scale: f64,
    norm: Option<LayerNorm>,
}

impl Embedding {
    /// `ids` `[n]` to `[n, channels]`, without positions.
    fn tokens(&self, ids: &Tensor) -> Result<Tensor> {
        self.tokens.rows(ids)? * self.scale
    }

    /// `ids` `[n]` at these positions to `[n, channels]`, in one pass on a CPU.
    fn on_cpu(&self, ids: &Tensor, position: impl Fn(usize) -> usize) -> Result<Tensor> {
        let x = self.tokens.rows(ids)?;
        let (scale, channels) = (self.scale as f32, x.dim(1)?);
        with_slice(&self.positions, |positions| {
            with_slice_mut(&x, |x| {
                for (row, x) in x.chunks_exact_mut(channels.max(1)).enumerate() {
                    rows::scale_and_add(
                        x,
                        scale,
                        &positions[position(row) * channels..][..channels],
                    );
                }
            })
        })??;
        match &self.norm {
            Some(norm) => norm.forward(&x),
            None => Ok(x),
        }
    }

    /// Adds positions `[time, channels]` from `first` on to `[.., time, channels]`.
    fn place(&self, embedded: &Tensor, first: usize, time: usize) -> Result<Tensor> {
        let placed = embedded.broadcast_add(&self.positions.narrow(0, first, time)?)?;
        match &self.norm {
            Some(norm) => norm.forward(&placed),
            None => Ok(placed),
        }
    }
}

impl Bart {
    /// Takes the weights under the names of transformers' checkpoints.
    ///
    /// # Errors
    /// When a weight is missing or does not fit the shape.
    pub fn load(shape: &Shape, positions: Positions, weights: &Weights) -> Result<Self> {
        let channels = shape.channels;
        // Tied tensors are saved once, under a name that varies with the version of the writer.
        let tied = |names: &[&str], rows: usize| {
            let present = |name: &str| weights.pp(name).contains_tensor("weight");
            let name = names.iter().find(|name| present(name)).unwrap_or(&names[0]);
            Linear::load(&weights.pp(name), channels, rows, false)
        };
        let (source, target) = ("model.encoder.embed_tokens", "model.decoder.embed_tokens");
        let (source_tokens, target_tokens) = if shape.shared_embedding {
            if shape.tied_projection {
                let names = ["model.shared", source, target, "lm_head"];
                let shared = tied(&names, shape.encoder.vocabulary)?;
                (shared.clone(), shared)
            } else {
                // transformers 5 takes "untied" to mean the embeddings of the two sides as well, and
                // writes a table for each; earlier versions wrote one for both.
                let rows = shape.encoder.vocabulary;
                (tied(&[source, "model.shared"], rows)?, tied(&[target, "model.shared"], rows)?)
            }
        } else {
            let decoder = tied(&[target, "lm_head"], shape.decoder.vocabulary)?;
            (tied(&[source], shape.encoder.vocabulary)?, decoder)
        };
        let projection = if shape.tied_projection {
            target_tokens.clone()
        } else {
            tied(&["lm_head"], shape.decoder.vocabulary)?
        };
        let bias = if shape.logits_bias && weights.contains_tensor("final_logits_bias") {
            Some(weights.get((1, shape.decoder.vocabulary), "final_logits_bias")?.squeeze(0)?)
        } else {
            None
        };
        let norm = |present: bool, name: &str| {
            present.then(|| layer_norm(&weights.pp(name), channels)).transpose()
        };
        let embedding = |tokens, positions, name| {
            let scale = if shape.scale_embedding { (channels as f64).sqrt() } else { 1.0 };
            let norm = norm(shape.embedding_norm, name)?;
            let positions = Tensor::to_dtype(&positions, weights.dtype())?;
            Result::Ok(Embedding { tokens, positions, scale, norm })
        };
        let options = |side: Side| LayerOptions {
            channels,
            heads: side.heads,
            inner: side.inner,
            activation: shape.activation,
            norm_first: shape.norm_first,
        };
        Ok(Self {
            encoder_embedding: embedding(
                source_tokens,
                positions.encoder,
                "model.encoder.layernorm_embedding",
            )?,
            encoder: (0..shape.encoder.layers)
                .map(|layer| weights.pp(format!("model.encoder.layers.{layer}")))
                .map(|weights| EncoderLayer::load(&weights, &options(shape.encoder)))
                .collect::<Result<_>>()?,
            encoder_norm: norm(shape.final_norm, "model.encoder.layer_norm")?,
            decoder_embedding: embedding(
                target_tokens,
                positions.decoder,
                "model.decoder.layernorm_embedding",
            )?,
            decoder: (0..shape.decoder.layers)
                .map(|layer| weights.pp(format!("model.decoder.layers.{layer}")))
                .map(|weights| DecoderLayer::load(&weights, &options(shape.decoder)))
                .collect::<Result<_>>()?,
            decoder_norm: norm(shape.final_norm, "model.decoder.layer_norm")?,
            head: weights.head(projection.with_bias(bias)?)?,
            guided: shape.guided,
            device: weights.device().clone(),
        })
    }

    /// `input_ids` `[batch, time]`, of which `lengths` are real, to `[batch, time, channels]`.
    fn encode(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (batch, time) = input_ids.dims2()?;
        let embedded = self.encoder_embedding.tokens(&input_ids.flatten_all()?)?;
        let embedded = embedded.reshape((batch, time, ()))?;
        let mut x = self.encoder_embedding.place(&embedded, 0, time)?;
        let mask = padding_mask(lengths, time, &self.device)?;
        for layer in &self.encoder {
            x = layer.forward(&x, mask.as_ref())?;
        }
        self.encoded(x)
    }

    /// The same with the kernels of this CPU, and without padding: to `[tokens, channels]`, the
    /// sentences one after another.
    fn encode_on_cpu(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let rows = input_ids.to_vec2::<u32>()?;
        let real = || rows.iter().zip(lengths).flat_map(|(row, length)| row.iter().take(*length));
        let places: Vec<usize> = lengths.iter().flat_map(|length| 0..*length).collect();
        let ids: Vec<u32> = real().copied().collect();
        let ids = Tensor::from_vec(ids, places.len(), &self.device)?;
        let mut x = self.encoder_embedding.on_cpu(&ids, |row| places[row])?;
        for layer in &self.encoder {
            x = layer.forward_on_cpu(&x, lengths)?;
        }
        self.encoded(x)
    }

    fn encoded(&self, x: Tensor) -> Result<Tensor> {
        match &self.encoder_norm {
            Some(norm) => norm.forward(&x),
            None => Ok(x),
        }
    }

    /// Whether the kernels of this CPU take it.
    fn is_direct(&self) -> bool {
        self.device.is_cpu() && self.encoder_embedding.positions.dtype() == DType::F32
    }

    /// `last` `[rows]` to logits `[rows, vocabulary]`.
    fn decode(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        let position = state.position();
        let mut x = if state.is_on_cpu() {
            self.decoder_embedding.on_cpu(last, |_| position)?
        } else {
            let embedded = self.decoder_embedding.tokens(last)?;
            // Every row is at the same position, which stands for the time dimension here.
            self.decoder_embedding.place(&embedded, position, 1)?
        };
        for (index, layer) in self.decoder.iter().enumerate() {
            x = layer.forward(&x, index, state)?;
        }
        state.advance();
        if let Some(norm) = &self.decoder_norm {
            x = norm.forward(&x)?;
        }
        let head = &self.head.linear;
        if state.is_on_cpu() && matches!(head, Linear::Int8 { .. }) {
            let room = state.room_for_logits(x.dim(0)?, head.outputs()?)?;
            return head.forward_into(&x, &room);
        }
        head.forward(&x)?.to_dtype(DType::F32)
    }
}

impl Seq2Seq for Bart {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> model::Result<DecoderState> {
        let (batch, time) = input_ids.dims2()?;
        let limit = self.max_source_tokens();
        if time > limit {
            return Err(Error::TooLong { tokens: time, limit });
        }
        if self.is_direct() {
            let encoded = self.encode_on_cpu(input_ids, lengths)?;
            let source =
                self.decoder.iter().map(|layer| layer.sorted_source_keys_values(&encoded, lengths));
            return Ok(DecoderState::on_cpu(source.collect::<Result<_>>()?, lengths));
        }
        let encoded = self.encode(input_ids, lengths)?;
        let mask = padding_mask(lengths, time, &self.device)?;
        let cross = self
            .decoder
            .iter()
            .map(|layer| layer.source_keys_values(&encoded))
            .collect::<Result<Vec<_>>>()?;
        Ok(DecoderState::new(cross, mask, batch))
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> model::Result<Tensor> {
        let (tokens, limit) = (state.position() + 1, self.max_target_tokens());
        if tokens > limit {
            return Err(Error::TooLong { tokens, limit });
        }
        Ok(self.decode(last, state)?)
    }

    fn alignment_heads(&self) -> Option<AlignmentHeads> {
        Some(if self.guided {
            AlignmentHeads::guided(Layer::Last, vec![0])
        } else {
            AlignmentHeads::unguided()
        })
    }

    fn max_source_tokens(&self) -> usize {
        self.encoder_embedding.positions.dim(0).unwrap_or(0)
    }

    fn max_target_tokens(&self) -> usize {
        self.decoder_embedding.positions.dim(0).unwrap_or(0)
    }

    fn outputs(&self) -> Option<&[u32]> {
        self.head.tokens.as_deref()
    }

    fn device(&self) -> &Device {
        &self.device
    }
}

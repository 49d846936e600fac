//! Which cross-attention tells where a target token comes from, and what it said at the last step.

use candle_core::{DType, Device, Result, Tensor};

use super::DecoderState;
use super::direct::Heads;

/// Which cross-attention of a network is read as word alignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignmentHeads {
    /// The decoder layer.
    pub layer: Layer,
    /// Its heads, whose mean is taken; none stand for all.
    pub heads: Vec<usize>,
    /// Whether a token has the weights of the step that reads it (Chen et al. 2020,
    /// <https://aclanthology.org/2020.emnlp-main.42>), not of the step that predicts it. The step
    /// that reads it knows what it is; but a network whose attention was trained towards word
    /// alignment was trained at the step that predicts (Garg et al. 2019,
    /// <https://aclanthology.org/D19-1453>; Marian's `guided-alignment`).
    pub shifted: bool,
}

/// A layer of the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Counted from 0.
    At(usize),
    /// The last one.
    Last,
    /// The third of six, and so on.
    Middle,
}

impl Layer {
    /// Its number in a decoder of so many layers, at least one.
    fn of(self, layers: usize) -> usize {
        match self {
            Self::At(layer) => layer,
            Self::Last => layers.saturating_sub(1),
            Self::Middle => layers.div_ceil(2).saturating_sub(1),
        }
    }
}

impl AlignmentHeads {
    /// The one layer that training guided towards word alignment.
    #[must_use]
    pub fn guided(layer: Layer, heads: Vec<usize>) -> Self {
        Self { layer, heads, shifted: false }
    }

    /// Of a network that was not guided: all heads of the middle, at the step that reads a token.
    /// The third of six decoder layers is what Chen et al. take.
    #[must_use]
    pub fn unguided() -> Self {
        Self { layer: Layer::Middle, heads: Vec::new(), shifted: true }
    }
}

/// The weights of one layer at the last step.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub layer: usize,
    pub heads: Vec<usize>,
    /// `[rows, width]`
    pub weights: Vec<f32>,
    /// Source tokens of the longest sentence.
    pub width: usize,
}

impl Watch {
    /// * `layers`: of the decoder
    ///
    /// # Errors
    /// When there is no such layer.
    pub fn new(heads: &AlignmentHeads, layers: usize) -> Result<Self> {
        let layer = heads.layer.of(layers);
        if layer >= layers {
            candle_core::bail!("alignment is read from layer {layer} of {layers}");
        }
        Ok(Self { layer, heads: heads.heads.clone(), weights: Vec::new(), width: 0 })
    }

    /// Refuses heads that a layer does not have.
    pub fn check(&self, heads: usize) -> Result<()> {
        match self.heads.iter().find(|head| **head >= heads) {
            Some(head) => candle_core::bail!("alignment is read from head {head} of {heads}"),
            None => Ok(()),
        }
    }

    /// Takes weights `[sentences, heads, beams, source_time]`.
    pub fn take(&mut self, weights: &Tensor) -> Result<()> {
        let (_, heads, _, width) = weights.dims4()?;
        self.check(heads)?;
        let weights = weights.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
        let chosen = if self.heads.is_empty() {
            weights
        } else {
            let index: Vec<u32> = self.heads.iter().map(|head| *head as u32).collect();
            weights.index_select(&Tensor::new(index, &Device::Cpu)?, 1)?
        };
        self.weights = chosen.mean(1)?.flatten_all()?.to_vec1()?;
        self.width = width;
        Ok(())
    }
}

impl DecoderState {
    /// One step of attention to the source on a CPU: `queries` `[rows, channels]` to the same
    /// shape.
    ///
    /// # Errors
    /// As [`DecoderState::attend_past`].
    ///
    /// # Panics
    /// As there.
    pub fn attend_source(
        &mut self,
        layer: usize,
        queries: &Tensor,
        heads: Heads,
    ) -> Result<Tensor> {
        let Some(direct) = &self.direct else {
            candle_core::bail!("a state that is not on the CPU");
        };
        if let Some(watch) = self.watch.as_mut().filter(|watch| watch.layer == layer) {
            watch.check(heads.count)?;
            (watch.weights, watch.width) =
                direct.weigh_source(layer, queries, heads, &watch.heads)?;
        }
        direct.attend_source(layer, queries, heads)
    }

    /// Writes down from now on what the attention to the source says of the alignment.
    ///
    /// # Errors
    /// When the network has no such layer.
    pub fn watch(&mut self, heads: &AlignmentHeads) -> Result<()> {
        self.watch = Some(Watch::new(heads, self.layers())?);
        Ok(())
    }

    /// Takes attention weights `[sentences, heads, beams, source_time]` of a layer, if they are
    /// those that are watched.
    ///
    /// # Errors
    /// When the layer has no such head.
    pub fn observe(&mut self, layer: usize, weights: &Tensor) -> Result<()> {
        match self.watch.as_mut().filter(|watch| watch.layer == layer) {
            Some(watch) => watch.take(weights),
            None => Ok(()),
        }
    }

    /// What was written down at the last step: weights `[rows, source_time]`, each row with the
    /// sum 1 over the tokens of its source, and `source_time`. Nothing before the first step and
    /// where nothing is watched.
    #[must_use]
    pub fn weights(&self) -> Option<(&[f32], usize)> {
        let watch = self.watch.as_ref().filter(|watch| watch.width > 0)?;
        Some((&watch.weights, watch.width))
    }
}

//! What decoding remembers between steps. Beams are reordered and finished sentences dropped
//! from outside; the model only appends (CTranslate2's `DecoderState`).

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};

use super::alignment::Watch;
use super::direct::{Direct, Heads};
use super::layers::Linear;

/// Tokens by which the cache grows.
const GROWTH: usize = 32;

/// Keys and values of one decoder layer.
#[derive(Debug, Clone)]
pub struct LayerState {
    /// Source keys, `[sentences, heads, source_time, head_dim]`, computed once a sentence and
    /// shared by its beams.
    pub cross_keys: Tensor,
    /// Source values, of the same shape.
    pub cross_values: Tensor,
    self_keys: Cache,
    self_values: Cache,
    /// `[rows, channels]`, of a recurrent layer, once it has taken a step.
    cell: Option<Tensor>,
}

/// A preallocated `[capacity, rows, heads, head_dim]`. Time comes first: appending is one
/// copy, and what is filled is contiguous, so that a reorder touches nothing else.
#[derive(Debug, Clone)]
struct Cache {
    buffer: Option<Tensor>,
}

impl Cache {
    /// Writes `step` `[rows, heads, head_dim]` at `position`; returns what is filled as
    /// `[rows, heads, position + 1, head_dim]`, a view.
    fn append(&mut self, step: &Tensor, position: usize) -> Result<Tensor> {
        let (rows, heads, head_dim) = step.dims3()?;
        let capacity = match &self.buffer {
            Some(buffer) => buffer.dim(0)?,
            None => 0,
        };
        if position >= capacity {
            let shape = (capacity + GROWTH.max(capacity / 2), rows, heads, head_dim);
            let larger = Tensor::zeros(shape, step.dtype(), step.device())?;
            if let Some(buffer) = self.buffer.take().filter(|_| position > 0) {
                larger.slice_set(&buffer.narrow(0, 0, position)?, 0, 0)?;
            }
            self.buffer = Some(larger);
        }
        let Some(buffer) = &self.buffer else {
            candle_core::bail!("the cache has no buffer at position {position}");
        };
        buffer.slice_set(&step.unsqueeze(0)?.contiguous()?, 0, position)?;
        buffer.narrow(0, 0, position + 1)?.permute((1, 2, 0, 3))
    }

    fn select(&mut self, rows: &Tensor, filled: usize) -> Result<()> {
        let Some(buffer) = &self.buffer else { return Ok(()) };
        let kept = buffer.narrow(0, 0, filled)?.index_select(rows, 1)?;
        let (capacity, old_rows, heads, head_dim) = buffer.dims4()?;
        let new_rows = rows.dim(0)?;
        if new_rows == old_rows {
            return buffer.slice_set(&kept, 0, 0);
        }
        let shape = (capacity, new_rows, heads, head_dim);
        let resized = Tensor::zeros(shape, buffer.dtype(), buffer.device())?;
        resized.slice_set(&kept, 0, 0)?;
        self.buffer = Some(resized);
        Ok(())
    }
}

/// The prompts of a model that continues its source. All of a prompt but the last token is the
/// source of [`LayerState`]; the last one is the first that is decoded.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// Tokens of each live sentence's prompt before the last one.
    pub lengths: Vec<usize>,
    /// The last token of each.
    pub last: Vec<u32>,
}

/// The target tokens that the translation of a sentence may have.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Ascending.
    pub ids: Vec<u32>,
    /// The output projection to these alone.
    pub output: Linear,
}

/// What decoding remembers between steps.
#[derive(Debug, Clone)]
pub struct DecoderState {
    layers: Vec<LayerState>,
    source_mask: Option<Tensor>,
    prompts: Option<Prompts>,
    candidates: Option<Vec<Arc<Candidates>>>,
    pub(super) direct: Option<Direct>,
    pub(super) watch: Option<Watch>,
    logits: Option<Tensor>,
    sentences: usize,
    rows: usize,
    position: usize,
}

impl DecoderState {
    /// A state at position 0 with one row a sentence.
    ///
    /// * `cross`: keys and values of every decoder layer, each
    ///   `[sentences, heads, source_time, head_dim]`
    /// * `source_mask`: `[sentences, 1, 1, source_time]`
    #[must_use]
    pub fn new(
        cross: Vec<(Tensor, Tensor)>,
        source_mask: Option<Tensor>,
        sentences: usize,
    ) -> Self {
        let layers = cross
            .into_iter()
            .map(|(cross_keys, cross_values)| LayerState {
                cross_keys,
                cross_values,
                self_keys: Cache { buffer: None },
                self_values: Cache { buffer: None },
                cell: None,
            })
            .collect();
        Self {
            layers,
            source_mask,
            prompts: None,
            candidates: None,
            direct: None,
            watch: None,
            logits: None,
            sentences,
            rows: sentences,
            position: 0,
        }
    }

    /// The same for a model that continues its source.
    #[must_use]
    pub fn with_prompts(self, prompts: Prompts) -> Self {
        Self { prompts: Some(prompts), ..self }
    }

    /// What decoding begins with, one token a sentence, if that is not the model's start token.
    #[must_use]
    pub fn first_tokens(&self) -> Option<&[u32]> {
        self.prompts.as_ref().map(|prompts| prompts.last.as_slice())
    }

    /// Tokens before the first that is decoded, of each live sentence; none where the source is
    /// not continued.
    #[must_use]
    pub fn prompt_lengths(&self) -> &[usize] {
        self.prompts.as_ref().map_or(&[], |prompts| &prompts.lengths)
    }

    /// Remembers for each sentence the target tokens that its translation may have.
    #[must_use]
    pub fn with_candidates(mut self, candidates: Vec<Arc<Candidates>>) -> Self {
        self.candidates = Some(candidates);
        self
    }

    /// What [`DecoderState::with_candidates`] was given, for the live sentences.
    #[must_use]
    pub fn candidates(&self) -> Option<&[Arc<Candidates>]> {
        self.candidates.as_deref()
    }

    /// What a recurrent layer remembers, `[rows, channels]`; nothing before its first step.
    ///
    /// # Panics
    /// When the model has no such layer.
    #[must_use]
    pub fn cell(&self, layer: usize) -> Option<&Tensor> {
        self.layers[layer].cell.as_ref()
    }

    /// Replaces what a recurrent layer remembers, `[rows, channels]`.
    ///
    /// # Panics
    /// When the model has no such layer.
    pub fn set_cell(&mut self, layer: usize, cell: Tensor) {
        self.layers[layer].cell = Some(cell);
    }

    /// The same on a CPU, where keys and values stay as they are computed and nothing is copied
    /// when beams are reordered.
    ///
    /// * `source`: keys and values of every decoder layer, each `[source_tokens, channels]`,
    ///   without padding, each sentence sorted by heads
    /// * `lengths`: source tokens of each sentence
    #[must_use]
    pub fn on_cpu(source: Vec<(Tensor, Tensor)>, lengths: &[usize]) -> Self {
        let direct = Direct::new(source, lengths.to_vec());
        Self { direct: Some(direct), ..Self::new(Vec::new(), None, lengths.len()) }
    }

    /// Whether this is a state [`DecoderState::on_cpu`].
    #[must_use]
    pub fn is_on_cpu(&self) -> bool {
        self.direct.is_some()
    }

    /// One step of self-attention on a CPU: queries, keys and values of this step, each
    /// `[rows, channels]`, to what the queries gather, of the same shape.
    ///
    /// # Errors
    /// When this is another kind of state, or shapes do not fit.
    ///
    /// # Panics
    /// When the model has no such layer.
    pub fn attend_past(
        &mut self,
        layer: usize,
        queries_keys_values: [&Tensor; 3],
        heads: Heads,
    ) -> Result<Tensor> {
        match &mut self.direct {
            Some(direct) => direct.attend_past(layer, self.position, queries_keys_values, heads),
            None => candle_core::bail!("a state that is not on the CPU"),
        }
    }

    /// Layers of the decoder.
    pub(super) fn layers(&self) -> usize {
        self.direct.as_ref().map_or(self.layers.len(), Direct::layers)
    }

    /// Room on a CPU for the logits of a step, `[rows, vocabulary]`: the same memory at every step,
    /// of which the system would else take back, and clear, megabytes each time.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn room_for_logits(&mut self, rows: usize, vocabulary: usize) -> Result<Tensor> {
        let room = match self.logits.take() {
            Some(room) if room.dim(0)? >= rows && room.dim(1)? == vocabulary => room,
            _ => Tensor::zeros((rows, vocabulary), DType::F32, &Device::Cpu)?,
        };
        let view = room.narrow(0, 0, rows)?;
        self.logits = Some(room);
        Ok(view)
    }

    /// Tokens decoded so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Live sentences.
    #[must_use]
    pub fn sentences(&self) -> usize {
        self.sentences
    }

    /// Rows: live sentences x beams.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// `[sentences, 1, 1, source_time]`, where any source is padded.
    #[must_use]
    pub fn source_mask(&self) -> Option<&Tensor> {
        self.source_mask.as_ref()
    }

    /// Source keys and values of a layer, see [`LayerState`].
    ///
    /// # Panics
    /// When the model has no such layer.
    #[must_use]
    pub fn cross(&self, layer: usize) -> (&Tensor, &Tensor) {
        (&self.layers[layer].cross_keys, &self.layers[layer].cross_values)
    }

    /// Appends keys and values `[rows, heads, head_dim]` of this step to a layer; returns all
    /// so far, twice `[rows, heads, position + 1, head_dim]`.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When the model has no such layer.
    pub fn append(
        &mut self,
        layer: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let position = self.position;
        let state = &mut self.layers[layer];
        Ok((state.self_keys.append(keys, position)?, state.self_values.append(values, position)?))
    }

    /// Ends a step: all layers have appended.
    pub fn advance(&mut self) {
        if let Some(direct) = &mut self.direct {
            direct.advance();
        }
        self.position += 1;
    }

    /// Makes row `i` continue what row `rows[i]` was: beams that survive, or the first
    /// expansion from one row a sentence to many. Rows of a sentence stay next to each other.
    ///
    /// # Errors
    /// When `rows` is no multiple of the live sentences, or the device fails.
    pub fn reorder(&mut self, rows: &[u32]) -> Result<()> {
        if !rows.len().is_multiple_of(self.sentences.max(1)) {
            candle_core::bail!("{} rows for {} sentences", rows.len(), self.sentences);
        }
        let unchanged = rows.len() == self.rows && rows.iter().zip(0..).all(|(row, at)| *row == at);
        if !unchanged {
            self.select_rows(rows)?;
        }
        Ok(())
    }

    /// Keeps these live sentences (in ascending order) and drops the rest.
    ///
    /// # Errors
    /// When the device fails.
    pub fn retain(&mut self, sentences: &[u32]) -> Result<()> {
        if sentences.len() == self.sentences {
            return Ok(());
        }
        let beams = self.rows / self.sentences.max(1);
        let rows: Vec<u32> = sentences
            .iter()
            .flat_map(|sentence| (0..beams as u32).map(move |beam| sentence * beams as u32 + beam))
            .collect();
        self.sentences = sentences.len();
        if let Some(prompts) = &mut self.prompts {
            prompts.lengths =
                sentences.iter().map(|index| prompts.lengths[*index as usize]).collect();
            prompts.last = sentences.iter().map(|index| prompts.last[*index as usize]).collect();
        }
        if sentences.is_empty() {
            self.rows = 0;
            return Ok(());
        }
        if let Some(all) = &self.candidates {
            let one = |sentence: &u32| all.get(*sentence as usize).cloned();
            self.candidates = Some(sentences.iter().filter_map(one).collect());
        }
        if let Some(direct) = &mut self.direct {
            direct.retain(sentences);
            return self.select_rows(&rows);
        }
        let device = self.device()?;
        let kept = Tensor::new(sentences, &device)?;
        for layer in &mut self.layers {
            layer.cross_keys = layer.cross_keys.index_select(&kept, 0)?;
            layer.cross_values = layer.cross_values.index_select(&kept, 0)?;
        }
        if let Some(mask) = &self.source_mask {
            self.source_mask = Some(mask.index_select(&kept, 0)?);
        }
        self.select_rows(&rows)
    }

    fn select_rows(&mut self, rows: &[u32]) -> Result<()> {
        if let Some(direct) = &mut self.direct {
            direct.reorder(rows, self.position);
            self.rows = rows.len();
            return Ok(());
        }
        let index = Tensor::new(rows, &self.device()?)?;
        for layer in &mut self.layers {
            layer.self_keys.select(&index, self.position)?;
            layer.self_values.select(&index, self.position)?;
            if let Some(cell) = &layer.cell {
                layer.cell = Some(cell.index_select(&index, 0)?);
            }
        }
        self.rows = rows.len();
        Ok(())
    }

    fn device(&self) -> Result<Device> {
        match self.layers.first() {
            Some(layer) => Ok(layer.cross_keys.device().clone()),
            None => candle_core::bail!("a decoder without layers"),
        }
    }
}

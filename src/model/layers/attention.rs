use candle_core::{Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_nn::ops::softmax_last_dim;

use super::Linear;

/// Multi-head attention (Vaswani et al. 2017), with the field names of the BART family.
#[derive(Debug, Clone)]
pub struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    heads: usize,
    head_dim: usize,
}

impl Attention {
    /// Four projections `[channels, channels]` with biases.
    ///
    /// # Errors
    /// When a weight is missing, of another shape, or `channels` is no multiple of `heads`.
    pub fn load(weights: &VarBuilder, channels: usize, heads: usize) -> Result<Self> {
        if heads == 0 || !channels.is_multiple_of(heads) {
            candle_core::bail!("{channels} channels can't be split into {heads} heads");
        }
        let linear = |name| Linear::load(&weights.pp(name), channels, channels);
        Ok(Self {
            q_proj: linear("q_proj")?,
            k_proj: linear("k_proj")?,
            v_proj: linear("v_proj")?,
            out_proj: linear("out_proj")?,
            heads,
            head_dim: channels / heads,
        })
    }

    /// Keys and values of `x` `[batch, time, channels]`: twice `[batch, heads, time, head_dim]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn keys_values(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((self.split(&self.k_proj.forward(x)?)?, self.split(&self.v_proj.forward(x)?)?))
    }

    /// Keys and values of one step, `x` `[rows, channels]`: twice `[rows, heads, head_dim]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step_keys_values(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        let shape = (x.dim(0)?, self.heads, self.head_dim);
        Ok((self.k_proj.forward(x)?.reshape(shape)?, self.v_proj.forward(x)?.reshape(shape)?))
    }

    /// Attends from `x` `[batch, time, channels]` to keys and values
    /// `[batch, heads, other_time, head_dim]`.
    ///
    /// * `mask`: `[batch, 1, 1, other_time]`, 0 or minus infinity, added to the scores
    ///
    /// Returns `[batch, time, channels]`.
    ///
    /// # Errors
    /// When shapes do not fit or the device fails.
    pub fn forward(
        &self,
        x: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (batch, time, channels) = x.dims3()?;
        let queries = self.split(&self.q_proj.forward(x)?)?;
        let queries = (queries * (self.head_dim as f64).powf(-0.5))?;
        let scores = queries.matmul(&keys.t()?)?;
        let scores = match mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let context = softmax_last_dim(&scores)?.matmul(values)?;
        self.out_proj.forward(&context.transpose(1, 2)?.reshape((batch, time, channels))?)
    }

    /// `[batch, time, channels]` to `[batch, heads, time, head_dim]`.
    fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, time, _) = x.dims3()?;
        x.reshape((batch, time, self.heads, self.head_dim))?.transpose(1, 2)?.contiguous()
    }
}

/// Mask `[batch, 1, 1, time]` over padded rows: 0 for a token, minus infinity for padding;
/// nothing where no row is padded.
///
/// # Errors
/// When the device fails.
pub fn padding_mask(lengths: &[usize], time: usize, device: &Device) -> Result<Option<Tensor>> {
    if lengths.iter().all(|length| *length == time) {
        return Ok(None);
    }
    let mask: Vec<f32> = lengths
        .iter()
        .flat_map(|length| {
            (0..time).map(move |at| if at < *length { 0.0 } else { f32::NEG_INFINITY })
        })
        .collect();
    Ok(Some(Tensor::from_vec(mask, (lengths.len(), 1, 1, time), device)?))
}

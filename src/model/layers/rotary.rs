use candle_core::{D, DType, Device, Result, Tensor};

/// Positions as rotations of queries and keys (Su et al. 2021): channel `i` of a head turns with
/// channel `i + half`, the lower the faster (transformers `rotate_half`, ggml's `NEOX`).
#[derive(Debug, Clone)]
pub struct Rotary {
    /// `[positions, head_dim / 2]`, `f32`
    cosines: Tensor,
    sines: Tensor,
}

/// Rows of the table for the tokens at hand, twice `[tokens, 1, head_dim / 2]`.
#[derive(Debug, Clone)]
pub struct Turns {
    cosines: Tensor,
    sines: Tensor,
}

/// Wave lengths of positions, and what is done to them for texts that are longer than those of the
/// training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// Base of the wave lengths.
    pub theta: f64,
    /// What is done to them.
    pub scaling: Scaling,
}

/// How wave lengths are stretched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scaling {
    /// Positions are divided by this (Chen et al. 2023).
    Linear(f64),
    /// The long waves alone.
    Yarn(Yarn),
}

/// `YaRN` (Peng et al. 2023, <https://arxiv.org/abs/2309.00071>), as transformers' `yarn`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yarn {
    /// By which the longest waves are stretched.
    pub factor: f64,
    /// Tokens of the longest text in the training.
    pub trained: f64,
    /// Waves that turn more often than this over such a text stay as they are, and those that turn
    /// less often than the second are stretched in full. Default: 32 and 1.
    pub turns: (f64, f64),
    /// Whether these two borders are moved out to whole channels. Default: yes.
    pub whole: bool,
    /// Factor of queries and keys. Default: [`Yarn::attention`].
    pub attention: f64,
}

impl Yarn {
    /// What the paper found for a factor (section 3.4).
    #[must_use]
    pub fn attention(factor: f64, scale: f64) -> f64 {
        if factor <= 1.0 { 1.0 } else { 0.1 * scale * factor.ln() + 1.0 }
    }

    /// For each of `half` pairs of channels how much of its wave is stretched, from 0 to 1.
    fn shares(&self, theta: f64, half: usize) -> Vec<f32> {
        let channels = 2.0 * half as f64;
        let pair = |turns: f64| {
            let length = self.trained / (turns * 2.0 * std::f64::consts::PI);
            channels * length.ln() / (2.0 * theta.ln())
        };
        let (mut low, mut high) = (pair(self.turns.0), pair(self.turns.1));
        if self.whole {
            (low, high) = (low.floor(), high.ceil());
        }
        let low = low.max(0.0);
        let mut high = high.min(channels - 1.0);
        if (high - low).abs() < f64::EPSILON {
            high += 0.001;
        }
        let (low, width) = (low as f32, (high - low) as f32);
        (0..half).map(|pair| ((pair as f32 - low) / width).clamp(0.0, 1.0)).collect()
    }
}

impl Rope {
    /// Waves as in the training.
    #[must_use]
    pub fn plain(theta: f64) -> Self {
        Self { theta, scaling: Scaling::Linear(1.0) }
    }

    /// How far each of `half` pairs of channels turns from one position to the next. In single
    /// precision, as in transformers.
    fn rates(&self, half: usize) -> Vec<f32> {
        let lengths = (0..half).map(|pair| (self.theta as f32).powf(pair as f32 / half as f32));
        match self.scaling {
            Scaling::Linear(factor) => lengths.map(|length| 1.0 / length / factor as f32).collect(),
            Scaling::Yarn(yarn) => {
                let shares = yarn.shares(self.theta, half);
                let stretched = |(length, share): (f32, f32)| {
                    share / (yarn.factor as f32 * length) + (1.0 - share) / length
                };
                lengths.zip(shares).map(stretched).collect()
            }
        }
    }
}

impl Rotary {
    /// * `positions`: longest sequence
    ///
    /// # Errors
    /// When `head_dim` is odd or the device fails.
    pub fn new(rope: Rope, head_dim: usize, positions: usize, device: &Device) -> Result<Self> {
        if head_dim == 0 || !head_dim.is_multiple_of(2) {
            candle_core::bail!("heads of {head_dim} channels can't be turned in pairs");
        }
        let half = head_dim / 2;
        let rates = rope.rates(half);
        let angles: Vec<f32> = (0..positions)
            .flat_map(|position| rates.iter().map(move |rate| position as f32 * rate))
            .collect();
        let angles = Tensor::from_vec(angles, (positions, half), device)?;
        let attention = match rope.scaling {
            Scaling::Linear(_) => 1.0,
            Scaling::Yarn(yarn) => yarn.attention,
        };
        Ok(Self { cosines: (angles.cos()? * attention)?, sines: (angles.sin()? * attention)? })
    }

    /// The turns of tokens at these positions, `[tokens]`, `u32`, in the precision `dtype`.
    ///
    /// # Errors
    /// When a position is beyond the table, or the device fails.
    pub fn at(&self, positions: &Tensor, dtype: DType) -> Result<Turns> {
        let rows = |table: &Tensor| -> Result<Tensor> {
            table.index_select(positions, 0)?.unsqueeze(1)?.to_dtype(dtype)
        };
        Ok(Turns { cosines: rows(&self.cosines)?, sines: rows(&self.sines)? })
    }
}

impl Turns {
    /// Turns `x` `[.., tokens, heads, head_dim]`; returns the same shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let half = x.dim(D::Minus1)? / 2;
        let (left, right) = (x.narrow(D::Minus1, 0, half)?, x.narrow(D::Minus1, half, half)?);
        let (cosines, sines) = (&self.cosines, &self.sines);
        let turned = [
            (left.broadcast_mul(cosines)? - right.broadcast_mul(sines)?)?,
            (right.broadcast_mul(cosines)? + left.broadcast_mul(sines)?)?,
        ];
        Tensor::cat(&turned, D::Minus1)
    }
}

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

impl Rotary {
    /// * `theta`: base of the wave lengths
    /// * `factor`: by which positions are divided (Chen et al. 2023, linear interpolation)
    /// * `positions`: longest sequence
    ///
    /// # Errors
    /// When `head_dim` is odd or the device fails.
    pub fn new(
        theta: f64,
        factor: f64,
        head_dim: usize,
        positions: usize,
        device: &Device,
    ) -> Result<Self> {
        if head_dim == 0 || !head_dim.is_multiple_of(2) {
            candle_core::bail!("heads of {head_dim} channels can't be turned in pairs");
        }
        let half = head_dim / 2;
        // In single precision, as there.
        let rates: Vec<f32> = (0..half)
            .map(|pair| {
                let power = (2 * pair) as f32 / head_dim as f32;
                1.0 / (theta as f32).powf(power) / factor as f32
            })
            .collect();
        let angles: Vec<f32> = (0..positions)
            .flat_map(|position| rates.iter().map(move |rate| position as f32 * rate))
            .collect();
        let angles = Tensor::from_vec(angles, (positions, half), device)?;
        Ok(Self { cosines: angles.cos()?, sines: angles.sin()? })
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

use candle_core::{Result, Tensor};
use serde::Deserialize;

/// The non-linearity of a feed-forward block, by its name in `config.json`
/// (transformers `activations.py`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`
    Relu,
    /// `x * sigmoid(x)`
    #[serde(alias = "silu")]
    Swish,
    /// With the error function.
    Gelu,
    /// With the tanh approximation.
    #[serde(alias = "gelu_pytorch_tanh")]
    GeluNew,
}

impl Activation {
    /// Any shape to the same shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Relu => x.relu(),
            Self::Swish => x.silu(),
            Self::Gelu => x.gelu_erf(),
            Self::GeluNew => x.gelu(),
        }
    }
}

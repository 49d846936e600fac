//! Owns the building blocks that families share. Shapes are in the docstrings; what changes
//! during decoding is in [`DecoderState`](super::DecoderState), not here.

mod activation;
mod attention;
mod embedding;
mod int8;
mod linear;
mod norm;
mod relative;
mod rotary;
mod transformer;

pub use activation::Activation;
pub use attention::{Attention, AttentionOptions, padding_mask};
pub use embedding::{sinusoidal_positions, sinusoidal_positions_tensor2tensor};
pub use int8::StudentMatrix;
pub use linear::Linear;
pub use norm::RmsNorm;
pub use relative::RelativePositions;
pub use rotary::{Rope, Rotary, Scaling, Turns, Yarn};
pub use transformer::{DecoderLayer, EncoderLayer, LayerOptions, layer_norm};

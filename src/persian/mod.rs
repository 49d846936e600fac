//! Persian text, as pure functions: what the model reads ([`normalize()`]) and where
//! sentences begin and end ([`segment()`]). Does not know documents or models.

mod normalize;
mod segment;

pub use normalize::normalize;
pub use segment::segment;

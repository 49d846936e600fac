//! Persian text, as pure functions: what the model reads ([`normalize()`]), where sentences
//! begin and end ([`segment()`]), and where a sentence that is too long for a model may be
//! cut ([`split_long()`]). Does not know documents or models.

mod normalize;
mod segment;
mod split;
mod stops;
mod words;

pub use normalize::normalize;
pub use segment::segment;
pub use split::split_long;

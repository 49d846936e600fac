//! Owns judgement of translations: metrics against references. Knows documents; knows no model and
//! no decoding.

pub mod metrics;

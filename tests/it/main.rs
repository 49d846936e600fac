//! One integration binary: each further one would link candle again.

mod document;
mod persian;

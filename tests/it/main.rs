//! One integration binary: each further one would link candle again.

mod tokenizer;

//! One integration binary: each further one would link candle again.

mod decode;
mod document;
mod persian;
mod rooms;
mod tokenizer;
mod translate_command;
mod walk;

//! One integration binary: each further one would link candle again.

mod aligned;
mod decode;
mod document;
mod export;
mod formats;
mod gguf;
mod hostile;
#[cfg(feature = "hub")]
mod hub_server;
mod languages;
mod markup;
#[cfg(feature = "hub")]
mod models_command;
#[cfg(feature = "hub")]
mod newsroom;
mod pages;
mod persian;
#[cfg(feature = "hub")]
mod pull;
mod rooms;
mod source;
mod t5;
mod tokenizer;
mod translate_command;
mod walk;

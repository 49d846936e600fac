//! One integration binary: each further one would link candle again.

mod batch_command;
mod causal;
mod decode;
mod document;
mod firefox;
mod firefox_files;
mod gguf;
#[cfg(feature = "hub")]
mod hub_server;
mod int8;
mod kernels;
mod languages;
mod metrics;
#[cfg(feature = "hub")]
mod models_command;
#[cfg(feature = "hub")]
mod newsroom;
mod persian;
mod pipe_command;
mod prompts;
#[cfg(feature = "hub")]
mod pull;
mod rooms;
mod score_command;
mod source;
mod stream;
mod t5;
mod tokenizer;
mod translate_command;
mod walk;

//! One integration binary: each further one would link candle again.

mod aligned;
mod alignment;
mod batch_command;
mod bench;
mod bench_command;
mod causal;
mod check_command;
mod checks;
mod comet;
mod decode;
mod devices;
mod document;
mod export;
mod firefox;
mod firefox_files;
mod formats;
mod gguf;
mod glossary;
mod hostile;
#[cfg(feature = "hub")]
mod hub_server;
mod int8;
mod kernels;
mod languages;
mod markup;
mod memory;
mod metrics;
#[cfg(feature = "hub")]
mod models_command;
#[cfg(feature = "hub")]
mod newsroom;
mod packed;
mod pages;
mod pairs;
mod persian;
mod pipe_command;
mod prompts;
#[cfg(feature = "hub")]
mod pull;
mod readme;
mod restoration;
mod rooms;
mod score_command;
mod second_try;
#[cfg(feature = "serve")]
mod serve;
mod source;
mod stream;
mod t5;
mod tokenizer;
mod translate_command;
mod variants;
mod vocabulary;
mod walk;
mod word;

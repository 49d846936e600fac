//! One integration binary: each further one would link candle again.

#[cfg(feature = "hub")]
mod hub_server;
#[cfg(feature = "hub")]
mod models_command;
mod source;

//! One integration binary: each further one would link candle again.
mod decode;
#[cfg(feature = "hub")]
mod hub_server;
#[cfg(feature = "hub")]
mod models_command;
mod rooms;
mod source;

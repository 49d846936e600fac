//! x
/// y
pub struct DecoderState {}

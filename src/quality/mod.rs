//! Owns what is said about translations: [`metrics`] compare them with references, [`checks`]
//! look for what an editor must not miss. Knows documents and Persian, and no model.

pub mod checks;
pub mod metrics;

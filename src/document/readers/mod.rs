//! Readers: bytes of a file to an [`Article`](super::Article). A file a format.

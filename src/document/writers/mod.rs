//! Writers: an [`AlignedDocument`](super::AlignedDocument) to bytes. A file a format.

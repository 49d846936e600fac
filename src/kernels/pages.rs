//! Memory for weights.

use std::io;

use memmap2::MmapMut;

/// Zeros in memory of its own, on Linux in pages of 2 MiB if the system has some: a product with one
/// row reads every weight once, and the look-up of small pages takes a good part of its time.
///
/// # Errors
/// When there is no memory.
pub fn large_pages(bytes: usize) -> io::Result<MmapMut> {
    let pages = MmapMut::map_anon(bytes.max(1))?;
    // Where the system has none, small ones do.
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::HugePage);
    Ok(pages)
}

//! Progress bars on standard error, for downloads and for sentences.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::note;
use crate::model::source::Progress;
use crate::translate::Observer;

fn bar(visible: bool, template: &str) -> ProgressBar {
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(template).expect("the templates below are valid");
    ProgressBar::with_draw_target(None, target).with_style(style.progress_chars("=> "))
}

/// Shows how far a translation is.
pub(super) struct Sentences(ProgressBar);

impl Sentences {
    pub fn new(visible: bool) -> Self {
        Self(bar(visible, "{spinner} {pos}/{len} sentences [{bar:30}] {eta} left"))
    }

    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Observer for Sentences {
    fn planned(&self, sentences: usize) {
        self.0.set_length(sentences as u64);
    }

    fn translated(&self, sentences: usize) {
        self.0.inc(sentences as u64);
    }

    fn short_of_memory(&self, tokens: usize) {
        self.0.suspend(|| note(false, &short_of_memory(tokens)));
    }
}

/// What is said when a device has too little memory.
pub(crate) fn short_of_memory(tokens: usize) -> String {
    format!(
        "the device has no memory for so large a batch; going on with {tokens} tokens at once (--batch-tokens {tokens} begins with them)"
    )
}

/// A bar of files, with a message.
pub(super) fn files_bar(visible: bool) -> ProgressBar {
    bar(visible, "{spinner} {pos}/{len} files [{bar:30}] {msg}")
}

/// A bar of measurements, with a message.
pub(super) fn runs_bar(visible: bool) -> ProgressBar {
    bar(visible, "{spinner} {pos}/{len} runs [{bar:30}] {eta} left  {msg}")
}

/// A bar of tokens that are encoded.
pub(super) fn tokens_bar(visible: bool) -> ProgressBar {
    bar(visible, "{spinner} {pos}/{len} tokens [{bar:30}] {eta} left")
}

/// Shows how far a download is.
pub(super) struct Download {
    visible: bool,
    quiet: bool,
    bar: Option<ProgressBar>,
    bytes: u64,
}

impl Download {
    pub fn new(visible: bool, quiet: bool) -> Self {
        Self { visible, quiet, bar: None, bytes: 0 }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Download {
    fn started(&mut self, file: &str, bytes: u64) {
        // A download that begins anew takes the place of its bar.
        self.clear();
        let bar =
            bar(self.visible, "{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {eta} left");
        bar.set_length(bytes);
        bar.set_message(file.to_owned());
        (self.bar, self.bytes) = (Some(bar), bytes);
    }

    fn advanced(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    fn finished(&mut self, file: &str) {
        self.clear();
        note(self.quiet, &format!("fetched {file} ({})", size(self.bytes)));
    }

    fn warning(&mut self, message: &str) {
        note(self.quiet, message);
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Bytes as people write them, in powers of ten.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["kB", "MB", "GB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1000.0;
    let mut unit = 0;
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(amount < 9.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_keep_two_digits_that_mean_something() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (310_000_000, "310 MB"),
            (999_900_000, "1.0 GB"),
            (1_200_000_000, "1.2 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}

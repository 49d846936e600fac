//! Owns how a download looks on the terminal. Does not know what is fetched or why.

use std::io::{IsTerminal, stderr};

use crate::model::source::Progress;

/// Shows a bar a file where the error stream is a terminal, and a line a file elsewhere.
#[derive(Debug)]
pub struct Downloads {
    quiet: bool,
    #[cfg(feature = "hub")]
    bar: Option<indicatif::ProgressBar>,
    bytes: u64,
}

impl Downloads {
    /// `quiet` leaves only warnings.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            #[cfg(feature = "hub")]
            bar: None,
            bytes: 0,
        }
    }

    /// A line between the bars.
    fn say(&self, line: &str) {
        #[cfg(feature = "hub")]
        if let Some(bar) = &self.bar {
            return bar.suspend(|| eprintln!("{line}"));
        }
        eprintln!("{line}");
    }
}

impl Progress for Downloads {
    fn started(&mut self, _file: &str, bytes: u64) {
        self.bytes = bytes;
        #[cfg(feature = "hub")]
        if !self.quiet && stderr().is_terminal() {
            use indicatif::{ProgressBar, ProgressStyle};
            let style = ProgressStyle::with_template(
                "{msg} [{wide_bar}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            // A download that begins anew takes the place of its bar.
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            let bar = ProgressBar::new(bytes).with_style(style);
            bar.set_message(_file.to_string());
            self.bar = Some(bar);
        }
    }

    fn advanced(&mut self, bytes: u64) {
        #[cfg(feature = "hub")]
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
        let _ = bytes;
    }

    fn finished(&mut self, file: &str) {
        #[cfg(feature = "hub")]
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if !self.quiet {
            self.say(&format!("fetched {file} ({})", size(self.bytes)));
        }
    }

    fn warning(&mut self, message: &str) {
        self.say(&format!("warning: {message}"));
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        #[cfg(feature = "hub")]
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Bytes as people write them, in powers of ten.
#[must_use]
pub fn size(bytes: u64) -> String {
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

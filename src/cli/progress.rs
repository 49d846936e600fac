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
}

/// Shows how far a download is.
pub(super) struct Download {
    visible: bool,
    quiet: bool,
    bar: Option<ProgressBar>,
}

impl Download {
    pub fn new(visible: bool, quiet: bool) -> Self {
        Self { visible, quiet, bar: None }
    }
}

impl Progress for Download {
    fn started(&mut self, file: &str, bytes: u64) {
        let bar = bar(self.visible, "{msg} [{bar:30}] {bytes}/{total_bytes} {eta} left");
        bar.set_length(bytes);
        bar.set_message(file.to_owned());
        self.bar = Some(bar);
    }

    fn advanced(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    fn finished(&mut self, _: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn warning(&mut self, message: &str) {
        note(self.quiet, message);
    }
}

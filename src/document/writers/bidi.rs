//! Which parts of a text run against it: Latin words and digits in Persian, Persian in English.
//! They are isolated, or their brackets and numbers would be laid out the wrong way around.

/// A piece of text.
pub(super) struct Run<'a> {
    pub text: &'a str,
    /// Whether it runs from left to right.
    pub latin: bool,
}

/// Cuts text into Latin runs and the rest. A run goes from the first Latin letter or digit
/// to the last one before the next letter of another script.
pub(super) fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut done = 0;
    // Start and end of the run being read, and whether it has a letter.
    let mut open: Option<(usize, usize, bool)> = None;
    let mut close = |open: &mut Option<(usize, usize, bool)>| {
        if let Some((start, end, _)) = open.take() {
            let end = with_closers(text, start, end);
            runs.extend([(done, start, false), (start, end, true)]);
            done = end;
        }
    };
    for (at, c) in text.char_indices() {
        // Numbers in a row with words between them read from right to left, each for itself.
        if is_latin(c) || c.is_ascii_digit() {
            if open.is_some_and(|(_, end, letter)| {
                !letter && !is_latin(c) && text[end..at].contains(' ')
            }) {
                close(&mut open);
            }
            let (start, _, letter) = open.unwrap_or((at, at, false));
            open = Some((start, at + c.len_utf8(), letter || is_latin(c)));
        } else if c.is_alphanumeric() || c == '\n' {
            close(&mut open);
        }
    }
    close(&mut open);
    runs.push((done, text.len(), false));
    runs.into_iter()
        .filter(|(start, end, _)| start < end)
        .map(|(start, end, latin)| Run { text: &text[start..end], latin })
        .collect()
}

/// The end of a run with the brackets behind it that close one inside it.
fn with_closers(text: &str, start: usize, mut end: usize) -> usize {
    for (open, closed) in [('(', ')'), ('[', ']')] {
        let run = &text[start..end];
        let is_open = run.matches(open).count() > run.matches(closed).count();
        if is_open && text[end..].starts_with(closed) {
            end += closed.len_utf8();
        }
    }
    end
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (c.is_alphabetic() && ('\u{C0}'..='\u{24F}').contains(&c))
}

/// Cuts English text into right-to-left runs and the rest.
pub(super) fn rtl_runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut done = 0;
    let mut open: Option<(usize, usize)> = None;
    let mut close = |open: &mut Option<(usize, usize)>| {
        if let Some((start, end)) = open.take() {
            let end = with_closers(text, start, end);
            runs.extend([(done, start, true), (start, end, false)]);
            done = end;
        }
    };
    for (at, c) in text.char_indices() {
        if is_rtl(c) {
            let (start, _) = open.unwrap_or((at, at));
            open = Some((start, at + c.len_utf8()));
        } else if c.is_alphanumeric() || c == '\n' {
            close(&mut open);
        }
    }
    close(&mut open);
    runs.push((done, text.len(), true));
    runs.into_iter()
        .filter(|(start, end, _)| start < end)
        .map(|(start, end, latin)| Run { text: &text[start..end], latin })
        .collect()
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

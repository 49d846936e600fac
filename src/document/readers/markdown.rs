//! Markdown: `CommonMark` with tables, footnotes and strikethrough; front matter, code and
//! reference definitions stay as they are. Parsing is pulldown-cmark's; what it says of places
//! lets everything that is no text be kept to the byte.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::html;
use super::inline::Inline;
use crate::document::skeleton::Builder;
use crate::document::{Article, BlockKind, MarkKind, Result, SourceFormat, Syntax};

pub(super) fn read(name: String, text: &str) -> Result<Article> {
    // The parser takes a byte order mark for text, and front matter after it for a rule.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let events: Vec<(Event<'_>, Range<usize>)> =
        Parser::new_ext(text, options).into_offset_iter().collect();
    let ends = ends(&events);
    let mut walk = Walk {
        text,
        builder: Builder::default(),
        inline: Inline::default(),
        kinds: Vec::new(),
        done: 0,
        end: None,
        has_title: false,
    };
    let mut index = 0;
    while let Some((event, range)) = events.get(index) {
        // What is not translated is passed over whole.
        let passed = match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_)) => {
                walk.end_block();
                if matches!(event, Event::Start(Tag::HtmlBlock))
                    && !html::is_harmless(&text[range.clone()])
                {
                    walk.raw_to(range.start);
                    walk.done = range.end.max(walk.done);
                }
                true
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                walk.point(range, html::is_safe_address(dest_url, true));
                true
            }
            _ => false,
        };
        if passed {
            index = ends[index].max(index) + 1;
            continue;
        }
        let close = events[..ends[index]].last().map_or(range.start, |(_, range)| range.end);
        walk.event(event, range, close);
        index += 1;
    }
    walk.end_block();
    walk.raw_to(text.len());
    walk.builder.finish(name, SourceFormat::Markdown, None)
}

/// For the start of everything, where its end is; for others, themselves.
fn ends(events: &[(Event<'_>, Range<usize>)]) -> Vec<usize> {
    let mut ends: Vec<usize> = (0..events.len()).collect();
    let mut open = Vec::new();
    for (index, (event, _)) in events.iter().enumerate() {
        match event {
            Event::Start(_) => open.push(index),
            Event::End(_) => {
                if let Some(start) = open.pop() {
                    ends[start] = index;
                }
            }
            _ => {}
        }
    }
    ends
}

struct Walk<'a> {
    text: &'a str,
    builder: Builder,
    inline: Inline,
    /// Of the blocks around, the inner ones last.
    kinds: Vec<BlockKind>,
    /// The bytes before are in the article.
    done: usize,
    /// Where the text of the block being read ends so far.
    end: Option<usize>,
    has_title: bool,
}

impl Walk<'_> {
    fn event(&mut self, event: &Event<'_>, range: &Range<usize>, close: usize) {
        match event {
            Event::Start(tag) => self.start(tag, range, close),
            Event::End(tag) => self.finish(*tag, range),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(text, range);
            }
            Event::Code(code) => {
                let raw = &self.text[range.clone()];
                let fence = raw.len() - raw.trim_start_matches('`').len();
                let inside = raw.get(fence..raw.len().saturating_sub(fence)).unwrap_or_default();
                let pad = if inside.starts_with(' ') || inside.starts_with('`') { " " } else { "" };
                let fence = &raw[..fence];
                self.begin(range);
                let (open, close) = (format!("{fence}{pad}"), format!("{pad}{fence}"));
                self.inline.open(MarkKind::Code, open, close, None);
                self.inline.text(code);
                self.inline.close();
            }
            Event::InlineHtml(html) => self.point(range, html::is_harmless(html)),
            Event::FootnoteReference(_) => self.point(range, true),
            Event::SoftBreak => {
                self.begin(range);
                self.inline.collapsed(" ");
            }
            Event::HardBreak => self.end_block(),
            Event::TaskListMarker(_) | Event::Rule | Event::Html(_) => {
                self.end_block();
                self.raw_to(range.end);
            }
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>, close: usize) {
        let close = &self.text[close.clamp(range.start, range.end)..range.end];
        let (kind, width) = match tag {
            Tag::Strong => (MarkKind::Strong, 2),
            Tag::Emphasis => (MarkKind::Emphasis, 1),
            Tag::Strikethrough => {
                let raw = &self.text[range.clone()];
                (MarkKind::Other, (raw.len() - raw.trim_start_matches('~').len()).clamp(1, 2))
            }
            Tag::Link { link_type, dest_url, .. } => {
                self.begin(range);
                let is_safe = html::is_safe_address(dest_url, false);
                let (open, close) = match link_type {
                    _ if !is_safe => (String::new(), String::new()),
                    LinkType::Autolink | LinkType::Email => ("<".into(), ">".into()),
                    LinkType::Inline | LinkType::Reference if close.starts_with(']') => {
                        ("[".into(), close.to_owned())
                    }
                    // The text of these is their label, which the translation changes.
                    _ => ("[".into(), format!("](<{}>)", dest_url.replace(['<', '>', '\n'], ""))),
                };
                let href = is_safe.then(|| dest_url.to_string());
                return self.inline.open(MarkKind::Link, open, close, href);
            }
            Tag::Superscript | Tag::Subscript => (MarkKind::Other, 1),
            _ => return self.start_block(tag),
        };
        self.begin(range);
        let sign = &self.text[range.start..range.start + width];
        self.inline.open(kind, sign.to_owned(), sign.to_owned(), None);
    }

    fn start_block(&mut self, tag: &Tag<'_>) {
        self.end_block();
        let around = self.kinds.last().copied().unwrap_or_default();
        self.kinds.push(match tag {
            Tag::Heading { level: pulldown_cmark::HeadingLevel::H1, .. } if !self.has_title => {
                self.has_title = true;
                BlockKind::Title
            }
            Tag::Heading { .. } => BlockKind::Heading,
            Tag::Item => BlockKind::ListItem,
            Tag::BlockQuote(_) | Tag::List(_) | Tag::Paragraph => around,
            _ => BlockKind::Paragraph,
        });
    }

    fn finish(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Strong
            | TagEnd::Emphasis
            | TagEnd::Strikethrough
            | TagEnd::Link
            | TagEnd::Superscript
            | TagEnd::Subscript => {
                self.inline.close();
                self.end = Some(range.end);
            }
            _ => {
                self.end_block();
                self.kinds.pop();
            }
        }
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        self.begin(range);
        self.inline.collapsed(text);
    }

    fn point(&mut self, range: &Range<usize>, is_kept: bool) {
        self.begin(range);
        if is_kept {
            self.inline.point(self.text[range.clone()].to_owned());
        }
    }

    /// Something of a block's text stands at `range`.
    fn begin(&mut self, range: &Range<usize>) {
        if self.end.is_none() {
            // A backslash before the first character belongs to it.
            let escaped = self.text[self.done.min(range.start)..range.start].ends_with('\\');
            self.raw_to(range.start - usize::from(escaped));
        }
        self.end = Some(range.end.max(self.end.unwrap_or(0)));
    }

    fn end_block(&mut self) {
        if let Some(end) = self.end.take() {
            let kind = self.kinds.last().copied().unwrap_or_default();
            self.inline.end(kind, Syntax::Markdown, &mut self.builder);
            self.done = end.max(self.done);
        }
    }

    fn raw_to(&mut self, end: usize) {
        if self.done < end {
            self.builder.raw(&self.text[self.done..end]);
            self.done = end;
        }
    }
}

//! HTML: the main article of a page, or all of a part of a page. What is kept is on a list of
//! elements and attributes, so that what is written again has no script, and no link that is
//! one. Parsing is html5ever's, as browsers do it.

mod dom;
mod main_content;
mod safe;

use dom::{Dom, Kind};
use safe::Role;
pub(super) use safe::{is_harmless, is_safe_address};

use super::inline::Inline;
use crate::document::skeleton::Builder;
use crate::document::{Article, BlockKind, Error, MarkKind, Result, SourceFormat, Syntax};

/// Reads a page.
pub(super) fn read(name: String, text: &str) -> Result<Article> {
    let Some(dom) = Dom::parse(text, false) else { return Err(too_deep(name)) };
    let main = main_content::find(&dom);
    let mut walk = Walk::new(&dom, Syntax::Xml, true);
    walk.page(main);
    walk.builder.finish(name, SourceFormat::Html, None)
}

/// Reads HTML that is no page: a part of one, all of which is wanted. What has no text to translate
/// is an article too.
pub(super) fn read_fragment(name: String, text: &str) -> Result<Article> {
    let mut builder = Builder::default();
    read_part(&name, text, Syntax::Xml, &mut builder, str::to_owned)?;
    Ok(builder.finish_any(name, SourceFormat::Html, None))
}

/// Reads a part of a page, such as ninjs' `body_html`, and adds it to an article; blocks are
/// written with `syntax`, and `escape` turns HTML into what stands in the file.
pub(super) fn read_part(
    name: &str,
    text: &str,
    syntax: Syntax,
    builder: &mut Builder,
    escape: fn(&str) -> String,
) -> Result<()> {
    let Some(dom) = Dom::parse(text, true) else { return Err(too_deep(name.to_owned())) };
    let mut walk = Walk { escape, ..Walk::new(&dom, syntax, false) };
    std::mem::swap(&mut walk.builder, builder);
    walk.children(0, BlockKind::Paragraph);
    walk.end(BlockKind::Paragraph);
    std::mem::swap(&mut walk.builder, builder);
    Ok(())
}

fn too_deep(name: String) -> Error {
    Error::Refused {
        name,
        reason: "its elements nest too deep or multiply, or a tag does not end".into(),
    }
}

struct Walk<'a> {
    dom: &'a Dom,
    builder: Builder,
    inline: Inline,
    syntax: Syntax,
    /// Whether navigation and the like are dropped.
    is_page: bool,
    /// Whether the title has been; a part of a page has none.
    has_title: bool,
    /// Turns raw HTML into what stands in the file.
    escape: fn(&str) -> String,
}

impl<'a> Walk<'a> {
    fn new(dom: &'a Dom, syntax: Syntax, is_page: bool) -> Self {
        Self {
            dom,
            builder: Builder::default(),
            inline: Inline::default(),
            syntax,
            is_page,
            has_title: !is_page,
            escape: str::to_owned,
        }
    }

    fn page(&mut self, main: usize) {
        self.raw("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
        let is_h1 =
            |node: &usize| self.dom.name(*node) == "h1" && !self.dom.text(*node).trim().is_empty();
        let inside = main_content::kept(self.dom, main).find(is_h1);
        let title = inside.or_else(|| self.dom.below(0).find(is_h1));
        let head = self.dom.find("title").map(|node| self.dom.text(node));
        match (title, head) {
            // Filled when the number of the block is known.
            (Some(_), _) => self.builder.slot(usize::MAX, 0..0, Syntax::XmlText),
            (None, Some(head)) => {
                self.inline.collapsed(&head);
                self.inline.end(BlockKind::Title, Syntax::XmlText, &mut self.builder);
                self.has_title = true;
            }
            (None, None) => {}
        }
        self.raw("</title>\n</head>\n<body>\n");
        if let (None, Some(title)) = (inside, title) {
            self.block(title, BlockKind::Paragraph);
            self.raw("\n");
        }
        // A cell can't stand without its table.
        let is_bare = matches!(self.dom.name(main), "" | "body" | "tbody" | "tr" | "td");
        if is_bare || safe::role(self.dom.name(main)) != Role::Block {
            self.children(main, BlockKind::Paragraph);
            self.end(BlockKind::Paragraph);
        } else {
            self.block(main, BlockKind::Paragraph);
        }
        self.raw("\n</body>\n</html>\n");
        self.builder.fill_title();
    }

    fn raw(&mut self, html: &str) {
        self.builder.raw(&(self.escape)(html));
    }

    fn end(&mut self, kind: BlockKind) {
        self.inline.end(kind, self.syntax.clone(), &mut self.builder);
    }

    fn children(&mut self, node: usize, kind: BlockKind) {
        for &child in self.dom.children(node) {
            match &self.dom.nodes[child].kind {
                Kind::Text(text) => self.text(text),
                Kind::Element { .. } => self.element(child, kind),
                Kind::Document | Kind::Other => {}
            }
        }
    }

    /// White space between blocks keeps its line ends, for those who read the source.
    fn text(&mut self, text: &str) {
        if self.inline.is_empty() && self.inline.is_closed() && text.trim().is_empty() {
            self.raw(if text.contains('\n') { "\n" } else { " " });
        } else {
            self.inline.collapsed(text);
        }
    }

    fn element(&mut self, node: usize, kind: BlockKind) {
        let name = self.dom.name(node);
        if self.is_page && main_content::is_junk(self.dom, node) {
            return;
        }
        match safe::role(name) {
            // Nobody asked for the article alone: what a reader would see is not dropped.
            Role::Dropped if !self.is_page && safe::shows_text(name) => self.children(node, kind),
            Role::Dropped => {}
            Role::Unwrapped => self.children(node, kind),
            Role::Break => {
                self.end(kind);
                self.raw("<br>");
            }
            Role::Point => {
                let tag = safe::tag(self.dom, node);
                if name == "hr" {
                    self.end(kind);
                    self.raw(&tag);
                } else {
                    self.inline.point(tag);
                }
            }
            Role::Verbatim => {
                self.end(kind);
                let mut text = String::new();
                crate::document::render::xml(&self.dom.text(node), &mut text);
                self.raw(&format!("{}{text}</{name}>", safe::tag(self.dom, node)));
            }
            Role::Block => {
                self.end(kind);
                self.block(node, kind);
            }
            Role::Inline => self.mark(node, kind),
        }
    }

    fn block(&mut self, node: usize, around: BlockKind) {
        let name = self.dom.name(node);
        let kind = match name {
            "h1" if !std::mem::replace(&mut self.has_title, true) => BlockKind::Title,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => BlockKind::Heading,
            "li" | "dt" | "dd" => BlockKind::ListItem,
            "figcaption" | "caption" => BlockKind::Caption,
            _ => around,
        };
        self.raw(&safe::tag(self.dom, node));
        self.children(node, kind);
        self.end(kind);
        self.raw(&format!("</{name}>"));
    }

    fn mark(&mut self, node: usize, kind: BlockKind) {
        let name = self.dom.name(node);
        let tag = safe::tag(self.dom, node);
        if matches!(name, "span" | "a") && tag.len() == name.len() + 2 {
            // It says nothing without an attribute.
            return self.children(node, kind);
        }
        let meaning = match name {
            "a" => MarkKind::Link,
            "b" | "strong" => MarkKind::Strong,
            "i" | "em" | "cite" => MarkKind::Emphasis,
            "code" | "kbd" | "samp" => MarkKind::Code,
            _ => MarkKind::Other,
        };
        let href = safe::href(self.dom, node).map(str::to_owned);
        self.inline.open(meaning, tag, format!("</{name}>"), href);
        self.children(node, kind);
        self.inline.close();
    }
}

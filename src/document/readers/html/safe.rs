//! What of HTML is kept: a list of elements, of attributes and of addresses. What is not on a
//! list can't be a way around it.

use super::dom::{Dom, Kind};
use crate::document::render::xml;

/// What is done with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Block,
    Inline,
    /// Without content.
    Point,
    Break,
    /// Kept, but not translated.
    Verbatim,
    /// Its content stays.
    Unwrapped,
    /// Gone with its content.
    Dropped,
}

pub fn role(name: &str) -> Role {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "li" | "blockquote"
        | "figure" | "figcaption" | "table" | "caption" | "colgroup" | "thead" | "tbody"
        | "tfoot" | "tr" | "td" | "th" | "div" | "section" | "article" | "main" | "header"
        | "footer" | "dl" | "dt" | "dd" | "address" | "details" | "summary" | "aside" => {
            Role::Block
        }
        "a" | "b" | "strong" | "i" | "em" | "u" | "s" | "del" | "ins" | "mark" | "small"
        | "sub" | "sup" | "span" | "code" | "kbd" | "samp" | "cite" | "q" | "abbr" | "time" => {
            Role::Inline
        }
        "img" | "hr" | "wbr" | "col" => Role::Point,
        "br" => Role::Break,
        "pre" => Role::Verbatim,
        "script" | "style" | "noscript" | "template" | "iframe" | "object" | "embed" | "applet"
        | "svg" | "math" | "canvas" | "audio" | "video" | "form" | "button" | "input"
        | "select" | "textarea" | "option" | "datalist" | "dialog" | "head" | "title" | "meta"
        | "link" | "base" | "frame" | "frameset" | "noframes" | "noembed" | "xmp" | "plaintext"
        | "source" | "track" | "param" | "map" | "area" => Role::Dropped,
        _ => Role::Unwrapped,
    }
}

/// Whether the text inside an element that is dropped is one that readers see.
pub fn shows_text(name: &str) -> bool {
    matches!(name, "form" | "button" | "select" | "option" | "textarea" | "dialog" | "title")
}

/// The opening tag with the attributes that are kept.
pub fn tag(dom: &Dom, node: usize) -> String {
    let name = dom.name(node);
    let mut tag = format!("<{name}");
    if let Kind::Element { attributes, .. } = &dom.nodes[node].kind {
        for attribute in attributes {
            let key = &*attribute.name.local;
            if is_kept(key, &attribute.value) {
                tag.push(' ');
                tag.push_str(key);
                tag.push_str("=\"");
                let mut value = String::new();
                xml(&attribute.value, &mut value);
                tag.push_str(&value.replace('"', "&quot;"));
                tag.push('"');
            }
        }
    }
    tag.push('>');
    tag
}

/// Where a link leads, if it may.
pub fn href(dom: &Dom, node: usize) -> Option<&str> {
    dom.attribute(node, "href").filter(|href| is_safe_address(href, false))
}

fn is_kept(key: &str, value: &str) -> bool {
    match key {
        "href" | "cite" => is_safe_address(value, false),
        "src" => is_safe_address(value, true),
        "alt" | "title" | "width" | "height" | "colspan" | "rowspan" | "span" | "scope"
        | "headers" | "datetime" | "id" | "class" | "start" | "reversed" | "value" | "type"
        | "rel" | "target" | "hreflang" | "loading" | "role" | "itemprop" | "itemscope"
        | "itemtype" => true,
        _ => key.strip_prefix("data-").is_some_and(|key| {
            key.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        }),
    }
}

/// Whether an address is relative or of a kind that runs nothing. Browsers skip control
/// characters and white space in a scheme; so does this.
pub fn is_safe_address(address: &str, is_picture: bool) -> bool {
    let address: String =
        address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let address = address.to_ascii_lowercase();
    let Some((scheme, rest)) = address.split_once(':') else { return true };
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    match scheme {
        "http" | "https" => true,
        "mailto" | "tel" | "geo" => !is_picture,
        "data" => {
            let kinds = ["image/png", "image/jpeg", "image/gif", "image/webp"];
            is_picture && kinds.iter().any(|kind| rest.starts_with(kind))
        }
        _ => false,
    }
}

/// Whether HTML in the midst of Markdown is made of nothing but tags, attributes and comments
/// that are kept; anything out of the ordinary is not.
pub fn is_harmless(html: &str) -> bool {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            let Some(end) = comment.find("-->") else { return false };
            if comment[..end].contains(['<', '>']) {
                return false;
            }
            rest = &comment[end + 3..];
            continue;
        }
        let Some(end) = rest.find('>') else { return false };
        if !is_harmless_tag(&rest[..end]) {
            return false;
        }
        rest = &rest[end + 1..];
    }
    true
}

/// `p`, `/p`, `img src="..." alt="..." /`.
fn is_harmless_tag(tag: &str) -> bool {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
    let (name, mut rest) = tag.split_at(end);
    if !matches!(
        role(&name.to_ascii_lowercase()),
        Role::Block | Role::Inline | Role::Point | Role::Break
    ) {
        return false;
    }
    loop {
        rest = rest.trim_start();
        if matches!(rest, "" | "/") {
            return true;
        }
        let Some((key, after)) = rest.split_once('=') else { return false };
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return false;
        };
        let Some((value, after)) = after[1..].split_once(quote) else { return false };
        // An entity could spell what the list does not see.
        let is_direction = matches!(key, "dir" | "lang" | "align");
        if value.contains('&') || !(is_direction || is_kept(key, value)) {
            return false;
        }
        rest = after;
    }
}

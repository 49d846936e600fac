//! Which part of a page is the article: an `<article>` that holds most of the text, or else the
//! smallest container that does. Navigation, links to other articles, forms and the like are
//! no text.

use super::dom::{Dom, Kind};
use super::safe::{Role, role};

/// Of the text of the page, what the article must hold.
const MOST: f64 = 0.7;

/// What an `<article>` must hold: comments and teasers may stand around it.
const ENOUGH: f64 = 0.4;

/// The element that holds the article.
pub fn find(dom: &Dom) -> usize {
    let weights = weigh(dom);
    let body = dom.find("body").unwrap_or(0);
    let all = weights[body] as f64;
    let marked = |node: &usize| {
        dom.name(*node) == "article" || dom.attribute(*node, "itemprop") == Some("articleBody")
    };
    let article = kept(dom, body).filter(marked).max_by_key(|node| weights[*node]);
    if let Some(article) = article.filter(|node| weights[*node] as f64 >= all * ENOUGH) {
        return article;
    }
    let mut at = body;
    loop {
        let next = dom.children(at).iter().copied().filter(|node| is_container(dom, *node));
        match next.max_by_key(|node| weights[*node]) {
            Some(next) if weights[next] > 0 && weights[next] as f64 >= all * MOST => at = next,
            _ => return at,
        }
    }
}

fn is_container(dom: &Dom, node: usize) -> bool {
    matches!(
        dom.name(node),
        "div" | "section" | "article" | "main" | "center" | "table" | "tbody" | "tr" | "td"
    ) || (role(dom.name(node)) == Role::Unwrapped && !dom.name(node).is_empty())
}

/// Characters of text outside links, below each node.
fn weigh(dom: &Dom) -> Vec<usize> {
    let mut weights = vec![0; dom.nodes.len()];
    let order: Vec<usize> = kept(dom, 0).collect();
    for &node in order.iter().rev() {
        if let Kind::Text(text) = &dom.nodes[node].kind {
            weights[node] = text.chars().filter(|c| c.is_alphanumeric()).count();
        }
        if dom.name(node) == "a" {
            weights[node] = 0;
        }
        if let Some(parent) = dom.nodes[node].parent {
            weights[parent] += weights[node];
        }
    }
    weights
}

/// The nodes below one that are not junk, in the order of the page.
pub fn kept(dom: &Dom, node: usize) -> impl Iterator<Item = usize> {
    let mut stack = vec![node];
    std::iter::from_fn(move || {
        let node = stack.pop()?;
        let below = dom.children(node).iter().rev().copied();
        stack.extend(below.filter(|node| !is_junk(dom, *node)));
        Some(node)
    })
}

/// Words in a class or an id that name what is no article.
const NAMES: &[&str] = &[
    "nav",
    "navbar",
    "navigation",
    "menu",
    "breadcrumb",
    "breadcrumbs",
    "share",
    "sharing",
    "social",
    "related",
    "comments",
    "sidebar",
    "advert",
    "advertisement",
    "ads",
    "newsletter",
    "cookie",
    "cookies",
    "promo",
    "pagination",
];

/// Whether an element is not of the article.
pub fn is_junk(dom: &Dom, node: usize) -> bool {
    let name = dom.name(node);
    if name.is_empty() {
        return false;
    }
    if matches!(name, "nav" | "aside" | "footer" | "menu") || role(name) == Role::Dropped {
        return true;
    }
    if dom.attribute(node, "hidden").is_some() || dom.attribute(node, "aria-hidden") == Some("true")
    {
        return true;
    }
    let roles =
        ["navigation", "banner", "contentinfo", "complementary", "search", "menu", "dialog"];
    if dom.attribute(node, "role").is_some_and(|role| roles.contains(&role)) {
        return true;
    }
    // Words on the page as a whole say nothing of a part of it.
    if matches!(name, "div" | "section" | "ul" | "ol" | "p" | "span") {
        let names = [dom.attribute(node, "class"), dom.attribute(node, "id")];
        let words = names.into_iter().flatten().flat_map(|text| text.split([' ', '-', '_']));
        if words.into_iter().any(|word| NAMES.contains(&word.to_ascii_lowercase().as_str())) {
            return true;
        }
    }
    matches!(name, "ul" | "ol") && is_list_of_links(dom, node)
}

/// Three links or more, and hardly a word outside them.
fn is_list_of_links(dom: &Dom, node: usize) -> bool {
    let (mut links, mut linked, mut all) = (0, 0, 0);
    let mut stack = vec![(node, false)];
    while let Some((node, inside)) = stack.pop() {
        if let Kind::Text(text) = &dom.nodes[node].kind {
            let count = text.chars().filter(|c| c.is_alphanumeric()).count();
            all += count;
            linked += if inside { count } else { 0 };
        }
        let is_link = dom.name(node) == "a";
        links += usize::from(is_link);
        stack.extend(dom.children(node).iter().map(|child| (*child, inside || is_link)));
    }
    links >= 3 && linked * 5 >= all * 4
}

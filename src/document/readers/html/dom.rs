//! A web page as a tree: what html5ever's parser builds, in one vector. Refuses a page that
//! nests deeper than any real one, before the parser's work grows with the square of it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName, local_name, ns, parse_document, parse_fragment,
};

/// Elements in each other. Pages made by machine reach about 100.
const DEEPEST: usize = 512;

/// Elements and texts. Formatting that is never closed is repeated in each paragraph, which
/// lets a small page become a large tree.
const MOST_NODES: usize = 1_000_000;

/// Bytes that are parsed before the depth is looked at again.
const STEP: usize = 4096;

/// Places in one tag where an attribute may begin. The parser compares each attribute with all
/// before it; pages that carry data in attributes reach some ten thousand.
const MOST_ATTRIBUTES: usize = 100_000;

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Document,
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
    Text(String),
    /// A comment, a processing instruction, the document type: dropped.
    Other,
}

#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
}

/// The tree; node 0 is the document.
#[derive(Debug)]
pub struct Dom {
    pub nodes: Vec<Node>,
}

impl Dom {
    /// Parses a whole page, or a part of one; `None` when it nests too deep.
    pub fn parse(text: &str, is_fragment: bool) -> Option<Self> {
        let sink = Sink::default();
        let options = ParseOpts::default();
        let mut parser = if is_fragment {
            let context = QualName::new(None, ns!(html), local_name!("body"));
            parse_fragment(sink, options, context, Vec::new(), false)
        } else {
            parse_document(sink, options)
        };
        let mut rest = text;
        // Places where an attribute may begin, since the parser last built something.
        let mut silent = 0;
        while !rest.is_empty() {
            let mut end = STEP.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (step, after) = rest.split_at(end);
            parser.process(StrTendril::from_slice(step));
            rest = after;
            let sink = &parser.tokenizer.sink.sink;
            if sink.built.replace(0) > 0 {
                silent = 0;
            }
            let places = step.bytes().filter(|c| b" \t\n\r\x0C/=\"'".contains(c)).count();
            // A picture in an attribute has a few of these bytes too.
            if places > step.len() / 32 {
                silent += places;
            }
            if sink.refused.get() || silent > MOST_ATTRIBUTES {
                return None;
            }
        }
        let sink = parser.finish();
        (!sink.refused.get()).then(|| Self { nodes: sink.nodes.into_inner() })
    }

    /// The local name of an element; empty for other nodes.
    pub fn name(&self, node: usize) -> &str {
        match &self.nodes[node].kind {
            Kind::Element { name, .. } => &name.local,
            _ => "",
        }
    }

    pub fn attribute(&self, node: usize, wanted: &str) -> Option<&str> {
        let Kind::Element { attributes, .. } = &self.nodes[node].kind else { return None };
        let found = attributes.iter().find(|attribute| &*attribute.name.local == wanted)?;
        Some(&found.value)
    }

    pub fn children(&self, node: usize) -> &[usize] {
        &self.nodes[node].children
    }

    /// The node and all below it, in the order of the page.
    pub fn below(&self, node: usize) -> impl Iterator<Item = usize> {
        let mut stack = vec![node];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            stack.extend(self.nodes[node].children.iter().rev());
            Some(node)
        })
    }

    /// The first element of a name, in the order of the page.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.below(0).find(|node| self.name(*node) == name)
    }

    /// All text below a node.
    pub fn text(&self, node: usize) -> String {
        self.below(node)
            .filter_map(|node| match &self.nodes[node].kind {
                Kind::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// A node as the parser holds it: the names are asked for often.
#[derive(Debug, Clone)]
struct Handle {
    node: usize,
    name: Option<Rc<QualName>>,
    is_integration_point: bool,
}

struct Sink {
    nodes: RefCell<Vec<Node>>,
    refused: Cell<bool>,
    /// Depth of each node at the time it was appended.
    depths: RefCell<Vec<usize>>,
    /// What was built since somebody last looked.
    built: Cell<usize>,
}

impl Default for Sink {
    fn default() -> Self {
        let document = Node { kind: Kind::Document, parent: None, children: Vec::new() };
        Self {
            nodes: RefCell::new(vec![document]),
            refused: Cell::new(false),
            depths: RefCell::new(vec![0]),
            built: Cell::new(0),
        }
    }
}

impl Sink {
    fn add(&self, kind: Kind) -> usize {
        self.built.set(self.built.get() + 1);
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() > MOST_NODES {
            self.refused.set(true);
        }
        nodes.push(Node { kind, parent: None, children: Vec::new() });
        self.depths.borrow_mut().push(0);
        nodes.len() - 1
    }

    fn handle(&self, kind: Kind) -> Handle {
        Handle { node: self.add(kind), name: None, is_integration_point: false }
    }

    fn detach(&self, node: usize) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[node].parent.take() {
            let children = &mut nodes[parent].children;
            // Mostly the last one.
            if let Some(at) = children.iter().rposition(|child| *child == node) {
                children.remove(at);
            }
        }
    }

    fn insert(&self, parent: usize, at: usize, node: usize) {
        self.detach(node);
        let mut nodes = self.nodes.borrow_mut();
        let at = at.min(nodes[parent].children.len());
        nodes[parent].children.insert(at, node);
        nodes[node].parent = Some(parent);
        let mut depths = self.depths.borrow_mut();
        depths[node] = depths[parent] + 1;
        if depths[node] > DEEPEST {
            self.refused.set(true);
        }
    }

    /// Puts a node or text before the child `at` of a parent; text joins text that it follows.
    fn put(&self, parent: usize, at: usize, child: NodeOrText<Handle>) {
        self.built.set(self.built.get() + 1);
        match child {
            NodeOrText::AppendNode(handle) => self.insert(parent, at, handle.node),
            NodeOrText::AppendText(text) => {
                {
                    let mut nodes = self.nodes.borrow_mut();
                    let before = at.checked_sub(1).and_then(|at| nodes[parent].children.get(at));
                    if let Some(&before) = before
                        && let Kind::Text(there) = &mut nodes[before].kind
                    {
                        there.push_str(&text);
                        return;
                    }
                }
                let node = self.add(Kind::Text(text.to_string()));
                self.insert(parent, at, node);
            }
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { node: 0, name: None, is_integration_point: false }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        // Asked of elements only; were it not, the answer would be an element of no name.
        static NOTHING: std::sync::LazyLock<QualName> =
            std::sync::LazyLock::new(|| QualName::new(None, ns!(), local_name!("")));
        target.name.as_deref().unwrap_or(&NOTHING).expanded()
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Handle {
        let shared = Rc::new(name.clone());
        Handle {
            node: self.add(Kind::Element { name, attributes }),
            name: Some(shared),
            is_integration_point: flags.mathml_annotation_xml_integration_point,
        }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.handle(Kind::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.handle(Kind::Other)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        let at = self.nodes.borrow()[parent.node].children.len();
        self.put(parent.node, at, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        prev_element: &Handle,
        child: NodeOrText<Handle>,
    ) {
        let has_parent = self.nodes.borrow()[element.node].parent.is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(prev_element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// A template shows nothing: what is in it goes nowhere.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        let handle = self.handle(Kind::Other);
        let mut depths = self.depths.borrow_mut();
        depths[handle.node] = depths[target.node] + 1;
        self.refused.set(self.refused.get() || depths[handle.node] > DEEPEST);
        drop(depths);
        handle
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.node == y.node
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(handle) = &new_node {
            self.detach(handle.node);
        }
        let found = {
            let nodes = self.nodes.borrow();
            nodes[sibling.node].parent.and_then(|parent| {
                let children = &nodes[parent].children;
                let at = children.iter().rposition(|child| *child == sibling.node)?;
                Some((parent, at))
            })
        };
        if let Some((parent, at)) = found {
            self.put(parent, at, new_node);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, more: Vec<Attribute>) {
        if let Kind::Element { attributes, .. } = &mut self.nodes.borrow_mut()[target.node].kind {
            for attribute in more {
                if attributes.iter().all(|there| there.name != attribute.name) {
                    attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.node);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let children = std::mem::take(&mut self.nodes.borrow_mut()[node.node].children);
        for child in children {
            self.nodes.borrow_mut()[child].parent = None;
            let at = self.nodes.borrow()[new_parent.node].children.len();
            self.insert(new_parent.node, at, child);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        handle.is_integration_point
    }
}

//! What a workflow means, in a few lines of text: what is recorded of it with the executions it started.
//!
//! Always true: two versions of a node whose parts are equal do the same with the same data. What changes nothing of what
//! an execution does to the world is left out: titles, comments, layout, retries, time-outs, what a trigger asks of its
//! senders. The text is stable: a later flowc gives the same for the same meaning.

use std::fmt;

/// Of a whole workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    pub fail_fast: bool,
    /// In declaration order.
    pub nodes: Vec<NodeOutline>,
    /// In the order of the workflow's edges.
    pub edges: Vec<EdgeOutline>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOutline {
    pub id: String,
    /// As in JSON: `http`, `send_email`, …
    pub kind: String,
    /// The keys of its configuration that decide what it does, and a digest of what each says.
    pub parts: Vec<(String, String)>,
    pub reads: Reads,
}

/// Whose outputs a node reads, its outgoing conditions included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reads {
    /// By id.
    pub nodes: Vec<String>,
    /// `previous_outputs` as a whole.
    pub all: bool,
    /// What led to it: `error`, or the default input of a transform.
    pub activation: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeOutline {
    /// Index into [`Outline::nodes`].
    pub from: usize,
    /// Index into [`Outline::nodes`].
    pub to: usize,
    pub required: bool,
    /// A digest of the condition.
    pub when: Option<String>,
    /// The condition holds after success only, such as `result.success == true`.
    pub after_success: bool,
}

/// A text that is no outline: written by a later version, or damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineError {
    /// From 1.
    pub line: usize,
}

/// The first line. Another number would be another judgement.
const HEAD: &str = "outline 1";

impl Outline {
    /// The index of a node.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// One per node, edge and setting: [`Outline::read`] takes them.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{HEAD} fail_fast={}", self.fail_fast)];
        lines.extend(self.nodes.iter().map(NodeOutline::line));
        lines.extend(self.edges.iter().map(EdgeOutline::line));
        lines
    }

    /// # Errors
    /// When the text is not what [`Outline::lines`] gives.
    pub fn read<'t>(lines: impl IntoIterator<Item = &'t str>) -> Result<Outline, OutlineError> {
        let mut lines = lines.into_iter().zip(1..);
        let head = lines.next().map(|(text, _)| text.strip_prefix(HEAD));
        let fail_fast = match head {
            Some(Some(" fail_fast=false")) => false,
            Some(Some(" fail_fast=true")) => true,
            _ => return Err(OutlineError { line: 1 }),
        };
        let mut outline = Outline { fail_fast, nodes: Vec::new(), edges: Vec::new() };
        for (text, line) in lines {
            let read = match text.split_once(' ') {
                Some(("node", rest)) => NodeOutline::read(rest).map(|node| outline.nodes.push(node)),
                Some(("edge", rest)) => EdgeOutline::read(rest, &outline).map(|edge| outline.edges.push(edge)),
                _ => None,
            };
            read.ok_or(OutlineError { line })?;
        }
        Ok(outline)
    }
}

impl NodeOutline {
    fn line(&self) -> String {
        let mut line = format!("node {} {}", self.id, self.kind);
        for (part, digest) in &self.parts {
            line += &format!(" {part}={digest}");
        }
        for id in &self.reads.nodes {
            line += &format!(" reads:{id}");
        }
        for (word, said) in [(" reads:*", self.reads.all), (" reads:^", self.reads.activation)] {
            line += if said { word } else { "" };
        }
        line
    }

    fn read(text: &str) -> Option<NodeOutline> {
        let mut words = text.split(' ');
        let [id, kind] = [words.next()?, words.next()?].map(str::to_owned);
        let mut node = NodeOutline { id, kind, parts: Vec::new(), reads: Reads::default() };
        for word in words {
            match (word.strip_prefix("reads:"), word.split_once('=')) {
                (Some("*"), _) => node.reads.all = true,
                (Some("^"), _) => node.reads.activation = true,
                (Some(id), _) => node.reads.nodes.push(id.to_owned()),
                (None, Some((part, digest))) => node.parts.push((part.to_owned(), digest.to_owned())),
                (None, None) => return None,
            }
        }
        Some(node)
    }
}

impl EdgeOutline {
    fn line(&self) -> String {
        let mut line = format!("edge {} {}", self.from, self.to);
        if self.required {
            line += " required";
        }
        if let Some(digest) = &self.when {
            line += &format!(" when={digest}");
        }
        if self.after_success {
            line += " success";
        }
        line
    }

    fn read(text: &str, outline: &Outline) -> Option<EdgeOutline> {
        let mut words = text.split(' ');
        let mut end = || words.next()?.parse().ok().filter(|node| *node < outline.nodes.len());
        let mut edge = EdgeOutline { from: end()?, to: end()?, required: false, when: None, after_success: false };
        for word in words {
            match word.strip_prefix("when=") {
                Some(digest) => edge.when = Some(digest.to_owned()),
                None => match word {
                    "required" => edge.required = true,
                    "success" => edge.after_success = true,
                    _ => return None,
                },
            }
        }
        Some(edge)
    }
}

impl fmt::Display for OutlineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the workflow's outline cannot be read: a later version may have written it", self.line)
    }
}

impl std::error::Error for OutlineError {}

//! A workflow as a picture.
//!
//! Comes in: the AST and what was found about it. Goes out: [`Picture`], which `mermaid`, `dot` and `svg` write down.
//! Always true: every node and every connection the author wrote is in it, also those that are wrong: what does not exist
//! is drawn as missing. The AST rather than the model, because a picture helps most where something is wrong.

mod condition;
mod detail;
pub mod dot;
mod layout;
pub mod mermaid;
pub mod svg;
mod text;

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, ValueKind};
use std::collections::HashMap;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub title: String,
    /// In the order of the source, then the missing ones.
    pub nodes: Vec<Node>,
    /// In the order of `connections`, then those that only `dependencies` ask for.
    pub edges: Vec<Edge>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub id: String,
    pub name: Option<String>,
    pub role: Role,
    /// What it does, in a few words: `POST /payments/charge`.
    pub detail: String,
    /// Runs only after failures.
    pub is_handler: bool,
    /// Into [`Picture::findings`].
    pub findings: Vec<usize>,
}

/// What a node looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Webhook,
    Manual,
    Http,
    Mail,
    Filter,
    Transform,
    /// Of a kind without a look of its own, or of none.
    Other,
    /// Named somewhere, and not there.
    Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// As it is written.
    pub condition: Option<String>,
    /// Taken only after a failure.
    pub on_failure: bool,
    pub findings: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub slug: &'static str,
    pub headline: String,
}

impl Picture {
    pub fn new(workflow: &ast::Workflow, slug: &str, found: &[Diagnostic]) -> Picture {
        let mut builder = Builder::default();
        builder.nodes(workflow);
        builder.connections(workflow);
        builder.dependencies(workflow);
        builder.places.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        for diagnostic in found {
            builder.mark(diagnostic);
        }
        let Builder { mut nodes, edges, findings, .. } = builder;
        handlers(&mut nodes, &edges);
        let title = workflow.name.as_ref().map_or_else(|| slug.to_owned(), |name| name.value.clone());
        Picture { title, nodes, edges, findings }
    }

    /// The worst of these findings.
    pub fn worst(&self, findings: &[usize]) -> Option<Severity> {
        findings.iter().map(|finding| self.findings[*finding].severity).max()
    }
}

impl Finding {
    /// `error[unknown-node]: there is no node `x``
    pub fn line(&self) -> String {
        format!("{}[{}]: {}", self.severity.word(), self.slug, self.headline)
    }
}

fn handlers(nodes: &mut [Node], edges: &[Edge]) {
    let mut ways = vec![(0, 0); nodes.len()];
    for edge in edges {
        ways[edge.to].0 += 1;
        ways[edge.to].1 += usize::from(edge.on_failure);
    }
    for (node, (all, on_failure)) in nodes.iter_mut().zip(ways) {
        node.is_handler = all > 0 && all == on_failure;
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    findings: Vec<Finding>,
    ids: HashMap<String, usize>,
    /// The edge between two nodes: of several the first.
    by_pair: HashMap<(usize, usize), usize>,
    /// What stands where. Places of dependencies lie inside those of their nodes.
    places: Vec<(Span, Drawn)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Node(usize),
    Edge(usize),
}

impl Builder {
    fn nodes(&mut self, workflow: &ast::Workflow) {
        for node in &workflow.nodes {
            let index = self.nodes.len();
            self.ids.entry(node.id.value.clone()).or_insert(index);
            self.places.push((node.span, Drawn::Node(index)));
            self.nodes.push(Node {
                id: node.id.value.clone(),
                name: node.name.as_ref().map(|name| name.value.clone()),
                role: role(node),
                detail: detail::detail(node),
                is_handler: false,
                findings: Vec::new(),
            });
        }
    }

    fn connections(&mut self, workflow: &ast::Workflow) {
        for connection in &workflow.connections {
            let condition = match connection.condition.as_ref().map(|condition| &condition.kind) {
                Some(ValueKind::String(text)) if !text.value.trim().is_empty() => Some(text),
                _ => None,
            };
            let edge = Edge {
                from: self.node(&connection.from.value),
                to: self.node(&connection.to.value),
                condition: condition.map(|text| text.value.trim().to_owned()),
                on_failure: condition.is_some_and(condition::is_failure),
                findings: Vec::new(),
            };
            self.edge(edge, connection.span);
        }
    }

    fn dependencies(&mut self, workflow: &ast::Workflow) {
        for (to, node) in workflow.nodes.iter().enumerate() {
            for dependency in &node.dependencies {
                let from = self.node(&dependency.value);
                match self.by_pair.get(&(from, to)) {
                    Some(edge) => self.places.push((dependency.span, Drawn::Edge(*edge))),
                    None => {
                        let edge = Edge { from, to, condition: None, on_failure: false, findings: Vec::new() };
                        self.edge(edge, dependency.span);
                    }
                }
            }
        }
    }

    fn edge(&mut self, edge: Edge, span: Span) {
        let index = self.edges.len();
        self.by_pair.entry((edge.from, edge.to)).or_insert(index);
        self.places.push((span, Drawn::Edge(index)));
        self.edges.push(edge);
    }

    /// The node of this id: if there is none, one that says so.
    fn node(&mut self, id: &str) -> usize {
        if let Some(index) = self.ids.get(id) {
            return *index;
        }
        let index = self.nodes.len();
        self.ids.insert(id.to_owned(), index);
        self.nodes.push(Node {
            id: id.to_owned(),
            name: None,
            role: Role::Missing,
            detail: "there is no such node".to_owned(),
            is_handler: false,
            findings: Vec::new(),
        });
        index
    }

    fn mark(&mut self, diagnostic: &Diagnostic) {
        let finding = self.findings.len();
        self.findings.push(Finding {
            severity: diagnostic.severity,
            slug: diagnostic.code.slug(),
            headline: diagnostic.headline.clone(),
        });
        let mut spans = vec![diagnostic.primary.span];
        // A circle is its edges, and each is labelled.
        if diagnostic.code == Code::Cycle {
            spans.extend(diagnostic.labels.iter().map(|label| label.span));
        }
        for span in spans {
            let findings = match self.drawn(span) {
                Some(Drawn::Node(node)) => &mut self.nodes[node].findings,
                Some(Drawn::Edge(edge)) => &mut self.edges[edge].findings,
                None => continue,
            };
            if findings.last() != Some(&finding) {
                findings.push(finding);
            }
        }
    }

    /// The smallest thing that holds this place. Places nest at most twice.
    fn drawn(&self, span: Span) -> Option<Drawn> {
        let after = self.places.partition_point(|(place, _)| place.start <= span.start);
        let holds = |place: &Span| place.file == span.file && place.end >= span.end && span.file == FileId::WORKFLOW;
        let around = self.places[..after].iter().rev();
        around.take(PLACES_MAX).find(|(place, _)| holds(place)).map(|(_, drawn)| *drawn)
    }
}

/// So many dependencies before the one that is meant are looked at.
const PLACES_MAX: usize = 1_000;

fn role(node: &ast::Node) -> Role {
    match (node.word(), node.trigger) {
        ("webhook", true) => Role::Webhook,
        ("manual", true) => Role::Manual,
        ("http", false) => Role::Http,
        ("send_email", false) => Role::Mail,
        ("data_filter", false) => Role::Filter,
        ("data_transform", false) => Role::Transform,
        _ => Role::Other,
    }
}

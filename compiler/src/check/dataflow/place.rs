//! Where data comes from: variables, the input and what nodes answer, down to the field.
//!
//! Always true: a place is numbered after the one it is part of, so that a walk from the last to the first sees parts
//! before wholes. Depth is limited: what lies deeper is taken for the whole of what lies above.

use super::class::{self, Class, Kind};
use super::words::words;
use crate::model::expr::Path;
use crate::model::ty::{Format, Literal, Private, Type};
use crate::model::{self, EnvId, NodeId, Workflow};
use crate::source::Span;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Index into [`Places`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(u32);

/// What a place is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    Input,
    /// The envelope of a node.
    Output(NodeId),
    /// A variable of the environment.
    Variable(EnvId),
    /// `previous_outputs` as a whole.
    Outputs,
    /// Some variable: what is said where there were too many.
    Variables,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Field(String),
    /// Any element of an array, or a field whose name is only known when it runs.
    Any,
}

#[derive(Debug)]
struct Place {
    parent: Option<PlaceId>,
    root: Root,
    /// `None`: the root itself.
    step: Option<Step>,
    fields: BTreeMap<String, PlaceId>,
    any: Option<PlaceId>,
    depth: u32,
    /// Where the author named it first.
    read: Option<Span>,
    /// Whether it is named elsewhere, too.
    is_read_again: bool,
    /// Where a schema declares it.
    declared: Option<Span>,
    /// What a schema says that it may be.
    shape: Shape,
    kind: Option<&'static Kind>,
    /// Whether its own name says so, not that of the object around it.
    is_named: bool,
    /// Of the last steps, for names that go over steps: `customer.name`.
    words: Arc<[String]>,
    /// The private places in it, the worst first: each stands in the lists of what it lies in, of which there are few. Known when
    /// all are.
    private: Vec<PlaceId>,
}

/// What a place may be by a schema. Where no schema speaks of it, neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shape {
    list: bool,
    object: bool,
}

/// Deeper paths are cut off.
const DEPTH_MAX: u32 = 64;

/// What a name says of a value.
#[derive(Debug, Clone)]
struct Meaning {
    kind: Option<&'static class::Kind>,
    /// Whether it is nothing private, whatever it is a part of.
    harmless: bool,
    /// Its own words, and the last ones before it.
    words: Arc<[String]>,
}

impl Meaning {
    fn of(before: &[String], name: &str) -> Meaning {
        let own = words(name);
        let kind = class::of_words(before, &own);
        let harmless = class::is_harmless(&own);
        let near = &before[before.len().saturating_sub(2)..];
        Meaning { kind, harmless, words: near.iter().cloned().chain(own).collect() }
    }
}

/// Every place that a workflow reads.
#[derive(Debug, Default)]
pub struct Places {
    places: Vec<Place>,
    roots: BTreeMap<Root, PlaceId>,
    /// What a name means behind these words: every node reads the same few.
    meanings: HashMap<Arc<[String]>, HashMap<String, Meaning>>,
}

impl Places {
    pub fn root(&mut self, root: Root) -> PlaceId {
        if let Some(id) = self.roots.get(&root) {
            return *id;
        }
        let id = self.push(Place {
            parent: None,
            root,
            step: None,
            fields: BTreeMap::new(),
            any: None,
            depth: 0,
            read: None,
            is_read_again: false,
            declared: None,
            shape: Shape::default(),
            kind: None,
            is_named: false,
            words: Arc::default(),
            private: Vec::new(),
        });
        self.roots.insert(root, id);
        id
    }

    /// A part of a place; the place itself where it lies too deep.
    pub fn child(&mut self, id: PlaceId, name: &str) -> PlaceId {
        // An element by its position; which one makes no difference.
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.any(id);
        }
        let parent = &self.places[id.0 as usize];
        if let Some(child) = parent.fields.get(name) {
            return *child;
        }
        if parent.depth >= DEPTH_MAX {
            return id;
        }
        let known = self.meanings.get(&parent.words).and_then(|names| names.get(name)).cloned();
        let meaning = known.unwrap_or_else(|| {
            let meaning = Meaning::of(&parent.words, name);
            let names = self.meanings.entry(Arc::clone(&parent.words)).or_default();
            names.insert(name.to_owned(), meaning.clone());
            meaning
        });
        let kind = match meaning.kind {
            None if meaning.harmless => None,
            own => own.or(parent.kind),
        };
        let child = Place {
            parent: Some(id),
            root: parent.root,
            step: Some(Step::Field(name.to_owned())),
            fields: BTreeMap::new(),
            any: None,
            depth: parent.depth + 1,
            read: None,
            is_read_again: false,
            declared: None,
            shape: Shape::default(),
            kind,
            is_named: meaning.kind.is_some(),
            words: meaning.words,
            private: Vec::new(),
        };
        let child = self.push(child);
        self.places[id.0 as usize].fields.insert(name.to_owned(), child);
        child
    }

    /// Any element of a place.
    pub fn any(&mut self, id: PlaceId) -> PlaceId {
        let parent = &self.places[id.0 as usize];
        if let Some(any) = parent.any {
            return any;
        }
        if parent.depth >= DEPTH_MAX {
            return id;
        }
        let any = Place {
            parent: Some(id),
            root: parent.root,
            step: Some(Step::Any),
            fields: BTreeMap::new(),
            any: None,
            depth: parent.depth + 1,
            read: None,
            is_read_again: false,
            declared: None,
            shape: Shape::default(),
            kind: parent.kind,
            is_named: false,
            words: Arc::clone(&parent.words),
            private: Vec::new(),
        };
        let any = self.push(any);
        self.places[id.0 as usize].any = Some(any);
        any
    }

    fn push(&mut self, place: Place) -> PlaceId {
        let id = PlaceId(self.places.len() as u32);
        self.places.push(place);
        id
    }

    /// The author names it here.
    pub fn read(&mut self, id: PlaceId, span: Span) {
        let place = &mut self.places[id.0 as usize];
        let first = *place.read.get_or_insert(span);
        place.is_read_again |= first != span;
    }

    pub fn read_at(&self, id: PlaceId) -> Option<Span> {
        self.places[id.0 as usize].read
    }

    pub fn declared_at(&self, id: PlaceId) -> Option<Span> {
        self.places[id.0 as usize].declared
    }

    /// How the author names a place: where first, and whether again. Whoever names a part of it names it, too.
    pub fn named(&self, id: PlaceId) -> Option<(Span, bool)> {
        let place = &self.places[id.0 as usize];
        let parts = place.fields.values().chain(&place.any).filter_map(|part| self.named(*part));
        parts
            .chain(place.read.map(|read| (read, place.is_read_again)))
            .reduce(|(first, again), (other, other_again)| (first.min(other), again || other_again || first != other))
    }

    /// The fields of every place that has some, by name.
    pub fn objects(&self) -> impl Iterator<Item = &BTreeMap<String, PlaceId>> {
        self.places.iter().map(|place| &place.fields).filter(|fields| !fields.is_empty())
    }

    /// The headers of answers that are read, by the node that answered.
    pub fn headers(&self) -> impl Iterator<Item = (NodeId, &str, PlaceId)> {
        self.roots.iter().flat_map(|(root, id)| {
            let Root::Output(node) = root else { return Vec::new() };
            let of = |id: PlaceId, name: &str| self.places[id.0 as usize].fields.get(name).copied();
            let headers = of(*id, "result").and_then(|result| of(result, "headers"));
            let fields = headers.iter().flat_map(|headers| &self.places[headers.0 as usize].fields);
            fields.map(|(name, id)| (*node, name.as_str(), *id)).collect::<Vec<_>>()
        })
    }

    /// The variables that are read.
    pub fn variables(&self) -> impl Iterator<Item = (EnvId, PlaceId)> {
        self.roots.iter().filter_map(|(root, id)| match root {
            Root::Variable(variable) => Some((*variable, *id)),
            Root::Input | Root::Output(_) | Root::Outputs | Root::Variables => None,
        })
    }

    /// What a schema says of a place: the fields it has, and how private they are. Before anything else is read.
    pub(super) fn declare(&mut self, id: PlaceId, ty: &Type) {
        let mut open = vec![(id, ty)];
        while let Some((id, ty)) = open.pop() {
            if self.is_depth_max(id) {
                continue;
            }
            for member in ty.members() {
                match member {
                    Type::Array(array) => {
                        self.places[id.0 as usize].shape.list = true;
                        open.push((self.any(id), &array.items));
                    }
                    Type::Object(object) => {
                        self.places[id.0 as usize].shape.object = true;
                        for field in object.fields() {
                            let child = self.child(id, &field.name);
                            let place = &mut self.places[child.0 as usize];
                            place.declared = place.declared.or(field.span);
                            let is_flag = field.ty.members().iter().all(|ty| {
                                matches!(ty, Type::Bool | Type::Null | Type::Missing | Type::Literal(Literal::Bool(_)))
                            });
                            place.kind = match (field.private, place.kind) {
                                // A yes or no is nobody's address, whatever it is called.
                                (None, _) if is_flag => None,
                                (None, None) if field.ty.members().contains(&Type::String(Format::Email)) => {
                                    class::named("email")
                                }
                                (None, kind) => kind,
                                (Some(Private::Personal), Some(kind)) if kind.class == Class::Personal => Some(kind),
                                (Some(Private::Sensitive), Some(kind)) if kind.class == Class::Sensitive => Some(kind),
                                (Some(Private::Personal), _) => Some(&class::MARKED_PERSONAL),
                                (Some(Private::Sensitive), _) => Some(&class::MARKED_SENSITIVE),
                            };
                            open.push((child, &field.ty));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whether a schema says that it is a list, and nothing else.
    fn is_list(&self, id: PlaceId) -> bool {
        self.places[id.0 as usize].shape == Shape { list: true, object: false }
    }

    /// What a transform of fields looks at where it is given this place: the object itself, or each item of a list. Where no schema
    /// speaks of it, the place stands for its items too: names say the same of both.
    pub(super) fn each(&mut self, id: PlaceId) -> Vec<PlaceId> {
        let Shape { list, object } = self.places[id.0 as usize].shape;
        let items = self.places[id.0 as usize].fields.get("items").copied();
        let mut each = if object || !list { vec![id] } else { Vec::new() };
        if list {
            each.push(self.any(id));
        }
        // Of another transform's list, `{items, count, total}`.
        each.extend(items.filter(|items| self.places[items.0 as usize].shape.list).map(|items| self.any(items)));
        each
    }

    /// The items of the list that a transform is given as this place, or as the one field of it that is a list.
    pub(super) fn items(&mut self, id: PlaceId) -> Vec<PlaceId> {
        let fields = self.places[id.0 as usize].fields.values();
        let lists: Vec<PlaceId> = fields.filter(|field| self.places[field.0 as usize].shape.list).copied().collect();
        std::iter::once(id).chain(lists).map(|list| self.any(list)).collect()
    }

    pub fn is_depth_max(&self, id: PlaceId) -> bool {
        self.places[id.0 as usize].depth >= DEPTH_MAX
    }

    pub fn root_of(&self, id: PlaceId) -> Root {
        self.places[id.0 as usize].root
    }

    /// Whether it is all there is of its root: the whole input, a node's whole answer.
    pub fn is_whole(&self, id: PlaceId) -> bool {
        let steps = self.steps(id);
        match self.root_of(id) {
            Root::Input | Root::Outputs => steps.is_empty(),
            Root::Output(_) => match steps.as_slice() {
                [] => true,
                [Step::Field(first)] => first == "result",
                [Step::Field(first), Step::Field(second)] => first == "result" && second == "response",
                _ => false,
            },
            Root::Variable(_) | Root::Variables => false,
        }
    }

    /// What its name says about it, or that of an object it lies in.
    pub fn kind(&self, id: PlaceId) -> Option<&'static Kind> {
        self.places[id.0 as usize].kind
    }

    /// Whether it is one text by its own name, such as a card number: then a piece of it is a piece of that text.
    pub fn is_one_text(&self, id: PlaceId) -> bool {
        let place = &self.places[id.0 as usize];
        let plural = || place.words.last().is_some_and(|word| word.ends_with('s') && !word.ends_with("ss"));
        place.is_named && !plural()
    }

    /// Once every place is known: what is private in each, for [`Places::private_parts`].
    pub(super) fn settle(&mut self) {
        for at in (0..self.places.len()).rev() {
            let place = &self.places[at];
            // The whole body in an answer's `result` says all once more.
            let is_result = matches!(place.root, Root::Output(_)) && place.depth == 1;
            let fields = place.fields.iter().filter(|(name, _)| !(is_result && *name == "response"));
            let children = fields.map(|(_, child)| child).chain(&place.any);
            let mut private: Vec<PlaceId> = Vec::new();
            for child in children {
                let child = &self.places[child.0 as usize];
                private.extend_from_slice(&child.private);
            }
            if place.kind.is_some() {
                private = vec![PlaceId(at as u32)];
            }
            self.sort_by_harm(&mut private);
            self.places[at].private = private;
        }
    }

    fn sort_by_harm(&self, private: &mut Vec<PlaceId>) {
        private.sort_by_key(|id| (self.kind(*id).map(|kind| std::cmp::Reverse(kind.class)), *id));
        private.dedup();
    }

    /// The private places in a place that the workflow names somewhere, the worst first; of an object that is private as
    /// a whole, only itself. Behind [`Step::Any`] may stand any field of what is around it, unless that is a list.
    pub fn private_parts(&self, id: PlaceId, without: &[String]) -> Cow<'_, [PlaceId]> {
        let mut start = &self.places[id.0 as usize];
        while let Place { step: Some(Step::Any), parent: Some(parent), .. } = start
            && !self.is_list(*parent)
        {
            start = &self.places[parent.0 as usize];
        }
        if without.is_empty() {
            return Cow::Borrowed(&start.private);
        }
        let kept = start.fields.iter().filter(|(name, _)| !without.contains(name)).map(|(_, child)| child);
        let mut private: Vec<PlaceId> =
            kept.chain(&start.any).flat_map(|child| &self.places[child.0 as usize].private).copied().collect();
        self.sort_by_harm(&mut private);
        Cow::Owned(private)
    }

    /// From the root.
    pub fn steps(&self, id: PlaceId) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut place = &self.places[id.0 as usize];
        while let (Some(parent), Some(step)) = (place.parent, &place.step) {
            steps.push(step);
            place = &self.places[parent.0 as usize];
        }
        steps.reverse();
        steps
    }

    /// As an author would write it: `input_data.items[].sku`, `previous_outputs.check.result`, `API_KEY`.
    pub fn name(&self, id: PlaceId, workflow: &Workflow) -> String {
        let mut name = match self.root_of(id) {
            Root::Input => "input_data".to_owned(),
            Root::Output(node) => format!("previous_outputs.{}", workflow.node(node).id.value),
            Root::Variable(variable) => workflow.environment[variable.0].name.clone(),
            Root::Outputs => "previous_outputs".to_owned(),
            Root::Variables => "any variable".to_owned(),
        };
        for step in self.steps(id) {
            match step {
                Step::Any => name.push_str("[]"),
                Step::Field(field) if is_plain(field) => {
                    name.push('.');
                    name.push_str(field);
                }
                Step::Field(field) => name.push_str(&format!("[{field:?}]")),
            }
        }
        name
    }

    /// Whether data at a path may be what lies at this place, or a part of it. For tests of soundness: a position in an
    /// array and [`Step::Any`] are the same.
    pub fn covers(&self, id: PlaceId, path: &Path) -> bool {
        let root = match path.root {
            model::expr::Root::Input => Root::Input,
            model::expr::Root::Output(node) => Root::Output(node),
            model::expr::Root::Error => return false,
        };
        if self.root_of(id) == Root::Outputs {
            return matches!(root, Root::Output(_));
        }
        let mut steps = self.steps(id);
        while steps.last() == Some(&&Step::Any) {
            steps.pop();
        }
        let fits = |(step, name): (&&Step, &String)| match step {
            Step::Any => true,
            Step::Field(field) => field == name,
        };
        self.root_of(id) == root && steps.len() <= path.steps.len() && steps.iter().zip(&path.steps).all(fits)
    }
}

/// What can stand behind a dot.
fn is_plain(step: &str) -> bool {
    step.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && step.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'))
}

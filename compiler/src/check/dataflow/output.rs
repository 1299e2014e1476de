//! What the envelope of a node carries: an answer is a source of its own, a transform hands on what it was given.

use super::carried::{Carried, Mode, UNREAD, join_atom};
use super::expr::Reader;
use super::place::{PlaceId, Places, Root};
use crate::check::Graph;
use crate::model::{Filter, Kind, NodeId, Transform, TransformStep, Workflow};
use std::collections::BTreeMap;

/// Every envelope, by node.
pub(super) fn outputs(workflow: &Workflow, graph: &Graph, places: &mut Places) -> Vec<Carried> {
    let mut outputs: Vec<Carried> = Vec::with_capacity(workflow.nodes.len());
    for id in workflow.node_ids() {
        outputs.push(match workflow.node(id).kind {
            Kind::Webhook(_) | Kind::Manual(_) => {
                let input = Carried::place(places.root(Root::Input), Mode::Is, UNREAD);
                Carried::object([("result".to_owned(), input)])
            }
            // Until its turn comes, and for those on a cycle.
            Kind::Http(_) | Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {
                Carried::place(places.root(Root::Output(id)), Mode::Is, UNREAD)
            }
        });
    }
    for id in &graph.order {
        let node = workflow.node(*id);
        let error = bare_error(workflow, graph, places, &outputs, *id);
        let envelope = match &node.kind {
            Kind::Webhook(_) | Kind::Manual(_) | Kind::Http(_) | Kind::Email(_) | Kind::Rust(_) | Kind::Unknown => {
                continue;
            }
            Kind::Filter(filter) => filter_output(filter, Reader::new(places, &outputs, &error)),
            Kind::Transform(transform) => {
                let input = match &transform.input {
                    Some(input) => Reader::new(places, &outputs, &error).tree(input),
                    None => default_input(workflow, graph, places, &outputs, *id),
                };
                let result = transformed(transform, input, places, &outputs, &error);
                Carried::object([("result".to_owned(), result)])
            }
        };
        outputs[id.0] = envelope.bounded(places);
    }
    outputs
}

/// `error` in a node: that of the node whose edge led here, whichever it was.
pub(super) fn bare_error(
    workflow: &Workflow,
    graph: &Graph,
    places: &mut Places,
    outputs: &[Carried],
    id: NodeId,
) -> Carried {
    from_sources(workflow, graph, places, outputs, id, "error")
}

fn default_input(workflow: &Workflow, graph: &Graph, places: &mut Places, outputs: &[Carried], id: NodeId) -> Carried {
    let mut input = from_sources(workflow, graph, places, outputs, id, "result");
    input.read_here(workflow.node(id).id.span);
    input
}

/// Nodes with very many edges into them: any output there is.
const SOURCES_MAX: usize = 32;

fn from_sources(
    workflow: &Workflow,
    graph: &Graph,
    places: &mut Places,
    outputs: &[Carried],
    id: NodeId,
    field: &str,
) -> Carried {
    let incoming = &graph.incoming[id.0];
    if incoming.len() > SOURCES_MAX {
        return Carried::place(places.root(Root::Outputs), Mode::Made, workflow.node(id).id.span);
    }
    let mut sources: Vec<NodeId> = incoming.iter().map(|edge| workflow.edges[*edge].from).collect();
    sources.sort_unstable();
    sources.dedup();
    Carried::all(sources.into_iter().map(|source| outputs[source.0].member(places, field, None)))
}

fn filter_output(filter: &Filter, mut reader: Reader) -> Carried {
    reader.expr(&filter.condition);
    let message = reader.mixed(&filter.error_message);
    Carried::object([("error".to_owned(), Carried::object([("message".to_owned(), message)]))])
}

fn transformed(
    transform: &Transform,
    input: Carried,
    places: &mut Places,
    outputs: &[Carried],
    error: &Carried,
) -> Carried {
    // The expressions of most steps are about the items of a list.
    let of_item =
        |places: &mut Places, item: Carried, expr| Reader::new(places, outputs, error).with_item(item).expr(expr);
    match &transform.step {
        TransformStep::FilterItems { condition: of } | TransformStep::SortItems { by: of, .. } => {
            let item = item_of(&input, places);
            of_item(places, item.clone(), of);
            list(item)
        }
        TransformStep::MapItems { expression } => {
            let item = item_of(&input, places);
            list(of_item(places, item, expression))
        }
        TransformStep::GroupItems { by } => {
            let item = item_of(&input, places);
            let key = of_item(places, item.clone(), by);
            let group = [("key".to_owned(), key.clone()), ("items".to_owned(), Carried::array(item.clone()))];
            let mut groups = key.text();
            groups.join(Carried::array(Carried::array(item)));
            list(Carried::object(group)).or(Carried::object([("groups".to_owned(), groups)]))
        }
        TransformStep::CalculateTotal { of } => {
            let item = item_of(&input, places);
            Carried::object([("total".to_owned(), of_item(places, item, of).text())])
        }
        TransformStep::AddFields { fields } => {
            let each = each_of(&input, places);
            let mut reader = Reader::new(places, outputs, error).with_item(each.clone());
            let added: BTreeMap<String, Carried> =
                fields.iter().map(|(name, value)| (name.clone(), reader.tree(value))).collect();
            either(&input, each.with_fields(&added))
        }
        TransformStep::ExtractFields { fields } => {
            let each = each_of(&input, places);
            let taken = fields.iter().map(|(name, path)| (name.clone(), dotted(&each, path, places)));
            either(&input, Carried::object(taken))
        }
        TransformStep::JsonToCsv { columns } => {
            let item = item_of(&input, places);
            let csv = match columns {
                Some(columns) => Carried::all(columns.iter().map(|column| dotted(&item, column, places))),
                None => item.clone(),
            };
            let names = if columns.is_some() { Carried::default() } else { item.keys() };
            let names = ("columns".to_owned(), Carried::array(names));
            Carried::object([("csv".to_owned(), csv.text()), names])
        }
    }
}

/// The dots lead as `field` of the runtime's transforms follows them.
fn dotted(value: &Carried, path: &str, places: &mut Places) -> Carried {
    path.split('.').fold(value.clone(), |value, name| value.member(places, name, None))
}

/// `{items, count, total}`.
fn list(item: Carried) -> Carried {
    Carried::object([("items".to_owned(), Carried::array(item))])
}

/// An item of the list that a transform is given: of an array, or of the one field that is an array.
fn item_of(input: &Carried, places: &mut Places) -> Carried {
    let mut item = at_places(input, |id| places.items(id));
    let parts = input.fields.values().chain(input.elements.as_deref());
    for part in parts {
        item.join(part.element(places));
    }
    if let Some(elements) = &input.elements {
        item.join((**elements).clone());
    }
    item
}

/// What fields are added to or taken from: the object that a transform is given, or each item of a list.
fn each_of(input: &Carried, places: &mut Places) -> Carried {
    let mut each = at_places(input, |id| places.each(id));
    each.fields.clone_from(&input.fields);
    each.elements.clone_from(&input.elements);
    let items = input.fields.get("items").and_then(|items| items.elements.as_deref());
    for elements in input.elements.as_deref().into_iter().chain(items) {
        each.join(elements.clone());
    }
    each
}

/// The same of the places that are meant where a value is the whole of one. What was made of a place stays made of it.
fn at_places(input: &Carried, mut meant: impl FnMut(PlaceId) -> Vec<PlaceId>) -> Carried {
    let mut carried = Carried::default();
    for (id, atom) in &input.atoms {
        let places = if atom.mode == Mode::Is { meant(*id) } else { vec![*id] };
        for place in places {
            join_atom(&mut carried.atoms, place, atom.clone());
        }
    }
    carried
}

/// The object that was made, or the list of them.
fn either(input: &Carried, made: Carried) -> Carried {
    let is_list = input.atoms.is_empty() && input.fields.keys().all(|name| name == "items");
    let is_object = input.atoms.is_empty() && input.elements.is_none() && !input.fields.contains_key("items");
    match (is_list && (input.elements.is_some() || !input.fields.is_empty()), is_object) {
        (true, _) => list(made),
        (_, true) => made,
        _ => list(made.clone()).or(made),
    }
}

//! `misspelt-name`: a field or a variable that is read, and beside it one of nearly the same name.
//!
//! Always true: said of what no schema declares, and only where it is a slip of the fingers from one name to the other, or where
//! a declared name is the same word (`orderId`, `order_id`). Of two names that are read equally often either may be the wrong one;
//! of two that differ by a letter the rarer is.

use super::Dataflow;
use super::place::PlaceId;
use crate::diagnostic::suggest::{NAMES_MAX, Slip, is_alike, slip};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Kind, Workflow};
use crate::source::Span;

/// A name that somebody could have meant.
struct Name<'a> {
    text: &'a str,
    declared: Option<Span>,
    read: Option<Span>,
    is_read_again: bool,
}

pub(super) fn names(workflow: &Workflow, dataflow: &Dataflow, diagnostics: &mut Diagnostics) {
    let places = &dataflow.places;
    let name = |text, id: PlaceId| {
        let named = places.named(id);
        let is_read_again = named.is_some_and(|(_, again)| again);
        Name { text, declared: places.declared_at(id), read: named.map(|(first, _)| first), is_read_again }
    };
    let mut found = Vec::new();
    // The fields of a larger object are data, no names that somebody has typed.
    for fields in places.objects().filter(|fields| fields.len() <= NAMES_MAX) {
        let names: Vec<Name> = fields.iter().map(|(text, id)| name(text, *id)).collect();
        found.extend(names.iter().filter_map(of_length));
        found.extend(beside(&names));
    }
    let variables: Vec<Name> =
        places.variables().map(|(variable, id)| name(&workflow.environment[variable.0].name, id)).collect();
    if variables.len() <= NAMES_MAX {
        found.extend(beside(&variables));
    }
    let headers = places.headers().filter(|(node, ..)| matches!(workflow.node(*node).kind, Kind::Http(_)));
    found.extend(headers.filter_map(|(_, header, id)| of_header(&name(header, id))));
    diagnostics.extend(found);
}

/// The field that every list and every text has.
fn of_length(name: &Name) -> Option<Diagnostic> {
    let read = name.read.filter(|_| name.declared.is_none())?;
    slip(name.text, "length")?;
    let headline = format!("`{}` is no `length`", name.text);
    Some(
        Diagnostic::new(Code::MisspeltName, read, headline)
            .label("missing, whatever the list or text")
            .help("write `length`"),
    )
}

/// The headers of an answer have names in lower case.
fn of_header(name: &Name) -> Option<Diagnostic> {
    let read = name.read.filter(|_| name.declared.is_none())?;
    let lower = name.text.to_ascii_lowercase();
    (lower != name.text).then(|| {
        Diagnostic::new(Code::MisspeltName, read, format!("the header `{}` is there as `{lower}`", name.text))
            .label("missing, whatever the service sends: names of headers are in lower case here")
            .help(format!("write `{lower}`"))
    })
}

fn beside(names: &[Name]) -> Vec<Diagnostic> {
    let wrong = |name: &Name| {
        let is_of_length = name.text == "length" || slip(name.text, "length").is_some();
        let read = name.read.filter(|_| name.declared.is_none() && !is_of_length)?;
        let is_meant = |other: &&Name| {
            if other.declared.is_some() && is_alike(name.text, other.text) {
                return true;
            }
            let Some(slip) = slip(name.text, other.text) else { return false };
            let is_alone = !name.is_read_again;
            match other.read {
                _ if other.declared.is_some() => true,
                None => false,
                Some(_) if other.is_read_again => is_alone,
                Some(first) => slip == Slip::Exchanged && is_alone && first < read,
            }
        };
        names.iter().find(is_meant).map(|meant| misspelt(name.text, read, meant))
    };
    names.iter().filter_map(wrong).collect()
}

fn misspelt(text: &str, read: Span, meant: &Name) -> Diagnostic {
    let (there, place) = match meant.declared {
        Some(declared) => ("declared here", Some(declared)),
        None => ("read here", meant.read),
    };
    let headline = format!("`{text}` is nearly `{}`", meant.text);
    let mut diagnostic = Diagnostic::new(Code::MisspeltName, read, headline).label("a slip of the fingers?");
    if let Some(place) = place {
        diagnostic = diagnostic.also(place, format!("`{}` is {there}", meant.text));
    }
    match meant.declared.is_some() || meant.is_read_again {
        true => diagnostic.help(format!("write `{}`, if that is what is meant", meant.text)),
        false => diagnostic.help("if both are one field, write both alike"),
    }
}

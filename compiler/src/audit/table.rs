//! The map as text for people: a table for each destination.

use super::{Class, Destination, DestinationKind, Flow, Form, Held, Map, Transport};
use crate::diagnostic::position::Positions;
use crate::source::Sources;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// More names than these are counted, not listed.
const NAMES_MAX: usize = 6;

impl Map {
    /// A summary, then a table for each destination, the most private first.
    pub fn table(&self, sources: &Sources) -> String {
        let positions = Positions::new(sources);
        let mut out = self.summary();
        for destination in &self.destinations {
            let _ = write!(out, "\n{}\n", heading(destination));
            if destination.flows.is_empty() {
                out.push_str("  nothing is sent there but what the workflow says literally\n");
                continue;
            }
            let mut rows = vec![["CLASS", "WHAT", "WHERE", "NODE", "AT"].map(str::to_owned)];
            let mut notes: Vec<Vec<String>> = vec![Vec::new()];
            for flow in &destination.flows {
                let start = positions.start(flow.span);
                rows.push([
                    flow.class.word().to_owned(),
                    what(flow),
                    flow.position.clone(),
                    flow.node_id.clone(),
                    format!("{}:{}", start.line, start.column),
                ]);
                notes.push(remarks(flow));
            }
            let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
            let widths: [usize; 5] = std::array::from_fn(width);
            for (row, notes) in rows.iter().zip(&notes) {
                let mut line = String::new();
                for (cell, width) in row.iter().zip(widths) {
                    let _ = write!(line, "  {cell:width$}");
                }
                let _ = writeln!(out, "{}", line.trim_end());
                for note in notes {
                    let _ = writeln!(out, "  {:1$}  └ {note}", "", widths[0]);
                }
            }
        }
        out
    }

    fn summary(&self) -> String {
        let mut names: BTreeSet<(Class, &str)> = BTreeSet::new();
        let mut complete = true;
        let inside = [DestinationKind::Record, DestinationKind::Program];
        let outside = self.destinations.iter().filter(|destination| !inside.contains(&destination.kind));
        for flow in outside.flat_map(|destination| &destination.flows) {
            if flow.holds.is_empty() {
                names.insert((flow.class, &flow.name));
            }
            names.extend(flow.holds.iter().map(|held| (held.class, held.name.as_str())));
            complete &= flow.complete;
        }
        let least = if complete { "" } else { "at least " };
        let count = |class: Class, one: &str, many: &str| match names.iter().filter(|(own, _)| *own == class).count() {
            0 => format!("no {many}"),
            1 => format!("{least}1 {one}"),
            count => format!("{least}{count} {many}"),
        };
        let places = |kind: DestinationKind, one: &str, many: &str| match self
            .destinations
            .iter()
            .filter(|destination| destination.kind == kind)
            .count()
        {
            0 => format!("no {many}"),
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        format!(
            "{}: {}, {} and {} go to {}, {} and {}\n",
            self.workflow,
            count(Class::Secret, "secret", "secrets"),
            count(Class::Sensitive, "sensitive field", "sensitive fields"),
            count(Class::Personal, "personal field", "personal fields"),
            places(DestinationKind::Service, "service", "services"),
            places(DestinationKind::MailServer, "mail server", "mail servers"),
            places(DestinationKind::Mailbox, "mailbox", "mailboxes"),
        )
    }
}

fn heading(destination: &Destination) -> String {
    let name = &destination.name;
    let transport = match destination.transport {
        Some(Transport::Configured) => ", https or http as the variable says".to_owned(),
        Some(transport) => format!(", {}", transport.word()),
        None => String::new(),
    };
    match destination.kind {
        DestinationKind::Service => format!("{name} (service{transport})"),
        DestinationKind::MailServer => format!("{name} (mail server{transport})"),
        DestinationKind::Mailbox => {
            let via = destination.via.as_deref().unwrap_or_default();
            format!("{name} (mailbox, through {via}{transport})")
        }
        DestinationKind::Record => format!("{name} (kept, and shown by the API)"),
        DestinationKind::Program => format!("{name} (goes nowhere)"),
    }
}

fn what(flow: &Flow) -> String {
    match flow.form {
        Form::Masked => format!("{} (a few characters)", flow.name),
        Form::Value | Form::Derived => flow.name.clone(),
    }
}

fn remarks(flow: &Flow) -> Vec<String> {
    let mut remarks = Vec::new();
    if !flow.holds.is_empty() {
        remarks.push(format!("holds {}", listed(&flow.holds, flow.complete)));
    }
    if !flow.without.is_empty() {
        remarks.push(format!("without {}", flow.without.join(", ")));
    }
    if let (Some(service), false) = (&flow.answer_of, flow.may_repeat.is_empty()) {
        remarks.push(format!("may repeat what {service} was sent: {}", listed(&flow.may_repeat, flow.complete)));
    }
    remarks
}

fn listed(held: &[Held], complete: bool) -> String {
    let mut names: Vec<String> =
        held.iter().take(NAMES_MAX).map(|held| format!("{} ({})", held.name, held.class.word())).collect();
    if held.len() > NAMES_MAX {
        let least = if complete { "" } else { "at least " };
        names.push(format!("and {least}{} more", held.len() - NAMES_MAX));
    }
    names.join(", ")
}

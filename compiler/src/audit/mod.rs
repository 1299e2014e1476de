//! The map of a workflow's data, for people who review its privacy: which field and which secret goes to which service or
//! mailbox, by which node.
//!
//! Comes in: a checked workflow. Goes out: [`Map`], and from it [`Map::table`] for people and `json` for programs.
//! Always true: everything that `check::dataflow` sees leaving is in it, harmless data too; destinations are named as in the
//! workflow, never by values.

#[cfg(feature = "cli")]
mod json;
mod table;
#[cfg(test)]
mod tests;

use crate::check::Graph;
use crate::check::dataflow::class::Class;
use crate::check::dataflow::destination::{self, Host, Transport};
use crate::check::dataflow::{
    Atom, Dataflow, Mode, Outflow, Part, PlaceId, Private, Root, Secret, Step, is_credential,
};
use crate::model::{Kind, NodeId, Workflow};
use crate::source::Span;
use std::collections::BTreeMap;

/// Where everything goes.
#[derive(Debug, Clone)]
pub struct Map {
    /// What the workflow is called.
    pub workflow: String,
    pub destinations: Vec<Destination>,
}

#[derive(Debug, Clone)]
pub struct Destination {
    pub kind: DestinationKind,
    /// As the workflow names it.
    pub name: String,
    pub transport: Option<Transport>,
    /// Of a mailbox: the server that is given its mails.
    pub via: Option<String>,
    /// The most private first.
    pub flows: Vec<Flow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestinationKind {
    Service,
    MailServer,
    Mailbox,
    /// The record of the execution, which the API shows.
    Record,
    /// Stays inside the program.
    Program,
}

/// One source that goes somewhere.
#[derive(Debug, Clone)]
pub struct Flow {
    pub source: SourceKind,
    /// `input_data.customer.email`, `PAYMENT_API_KEY`.
    pub name: String,
    pub class: Class,
    /// As in "a card number".
    pub title: Option<&'static str>,
    pub form: Form,
    /// The private fields in it.
    pub holds: Vec<Held>,
    /// Fields of it that were replaced before.
    pub without: Vec<String>,
    /// Of an answer: the service that gave it.
    pub answer_of: Option<String>,
    /// An answer may repeat what the service was sent: the private part of that.
    pub may_repeat: Vec<Held>,
    /// Whether `holds` and `may_repeat` are all there is: see [`Room`].
    pub complete: bool,
    pub node: NodeId,
    /// The id of the node.
    pub node_id: String,
    /// `POST ${API_URL}/orders`.
    pub endpoint: Option<String>,
    /// The key in the node's `config`.
    pub position: String,
    /// The expression.
    pub span: Span,
}

/// A private field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    pub name: String,
    pub class: Class,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Environment,
    Input,
    /// What a node was answered.
    Answer,
    /// What went wrong at a node.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Value,
    /// Made into text, or into something else.
    Derived,
    /// A few characters of it.
    Masked,
}

/// So many names stand in the lists of a map before it lists but [`HELD_MAX`] of each value. In full, every value that holds the
/// whole input would repeat all its fields: their number times that of the nodes.
const NAMES_MAX: usize = 100_000;
const HELD_MAX: usize = 64;

/// How many names may still be listed.
struct Room(usize);

impl Room {
    fn new() -> Room {
        Room(NAMES_MAX)
    }

    /// Of one value.
    fn most(&self) -> usize {
        if self.0 > 0 { usize::MAX } else { HELD_MAX }
    }

    fn take(&mut self, names: usize) {
        self.0 = self.0.saturating_sub(names);
    }
}

/// What a service is sent that is private.
#[derive(Default)]
struct Sent {
    held: Vec<Held>,
    cut: bool,
}

impl Map {
    pub fn new(workflow: &Workflow) -> Map {
        let dataflow = Dataflow::new(workflow, &Graph::new(workflow));
        let (hosts, sent) = (BTreeMap::new(), BTreeMap::new());
        let mut mapping = Mapping { workflow, dataflow: &dataflow, hosts, sent, room: Room::new() };
        mapping.services();
        let mut destinations: Vec<Destination> = Vec::new();
        // By kind and name.
        let mut places: BTreeMap<(DestinationKind, String), usize> = BTreeMap::new();
        for id in workflow.node_ids() {
            for destination in mapping.destinations(id) {
                places.entry((destination.kind, destination.name.clone())).or_insert_with(|| {
                    destinations.push(destination);
                    destinations.len() - 1
                });
            }
        }
        for outflow in &dataflow.outflows {
            let flows = mapping.flows(outflow);
            for destination in mapping.targets(outflow) {
                let at = *places.entry((destination.kind, destination.name.clone())).or_insert_with(|| {
                    destinations.push(destination);
                    destinations.len() - 1
                });
                destinations[at].flows.extend(flows.iter().cloned());
            }
        }
        for destination in &mut destinations {
            destination.flows.sort_by_key(|flow| (std::cmp::Reverse(flow.class), flow.node, flow.span));
        }
        destinations.sort_by_key(|destination| destination.kind);
        Map { workflow: workflow.slug.clone(), destinations }
    }
}

struct Mapping<'a> {
    workflow: &'a Workflow,
    dataflow: &'a Dataflow,
    hosts: BTreeMap<NodeId, Host>,
    /// The private part of what each service is sent, by its name.
    sent: BTreeMap<String, Sent>,
    /// For the lists of flows.
    room: Room,
}

impl Mapping<'_> {
    fn services(&mut self) {
        for id in self.workflow.node_ids() {
            if let Some(host) = destination::host(self.workflow, self.workflow.node(id)) {
                self.hosts.insert(id, host);
            }
        }
        let mut room = Room::new();
        for outflow in &self.dataflow.outflows {
            let is_request = matches!(self.workflow.node(outflow.node).kind, Kind::Http(_));
            let Some(host) = self.hosts.get(&outflow.node).filter(|_| is_request) else { continue };
            let (secrets, private, cut) = self.private(&outflow.carried, room.most());
            room.take(private.len());
            let secrets = secrets.iter().map(|secret| self.held_secret(secret));
            let held: Vec<Held> =
                secrets.chain(private.iter().map(|private| self.held(private.place, private.kind.class))).collect();
            let sent = self.sent.entry(host.name.clone()).or_default();
            sent.held.extend(held);
            sent.cut |= cut;
        }
        for sent in self.sent.values_mut() {
            sent.held.sort_by(|a, b| (b.class, &a.name).cmp(&(a.class, &b.name)));
            sent.held.dedup();
        }
    }

    /// The secrets and the private fields in it, and whether there are more.
    fn private(&self, carried: &BTreeMap<PlaceId, Atom>, most: usize) -> (Vec<Secret>, Vec<Private>, bool) {
        let mut private = self.dataflow.private(carried, most.saturating_add(1));
        let mut secrets = self.dataflow.secrets(self.workflow, carried, most.saturating_add(1));
        let cut = private.len().max(secrets.len()) > most;
        private.truncate(most);
        secrets.truncate(most);
        (secrets, private, cut)
    }

    fn held_secret(&self, secret: &Secret) -> Held {
        Held { name: self.workflow.environment[secret.variable.0].name.clone(), class: Class::Secret }
    }

    fn held(&self, place: PlaceId, class: Class) -> Held {
        Held { name: self.dataflow.places.name(place, self.workflow), class }
    }

    /// Everything a node talks to, whether anything is sent there or not.
    fn destinations(&self, id: NodeId) -> Vec<Destination> {
        let Some(host) = self.hosts.get(&id) else { return Vec::new() };
        let new = |kind, name: &str, transport, via| Destination {
            kind,
            name: name.to_owned(),
            transport: Some(transport),
            via,
            flows: Vec::new(),
        };
        match &self.workflow.node(id).kind {
            Kind::Email(email) => {
                let server = new(DestinationKind::MailServer, &host.name, host.transport, None);
                let mut mailboxes: Vec<Destination> = Vec::new();
                for mailbox in destination::mailboxes(self.workflow, email) {
                    if mailboxes.iter().all(|known| known.name != mailbox.name) {
                        let via = Some(host.name.clone());
                        mailboxes.push(new(DestinationKind::Mailbox, &mailbox.name, host.transport, via));
                    }
                }
                std::iter::once(server).chain(mailboxes).collect()
            }
            _ => vec![new(DestinationKind::Service, &host.name, host.transport, None)],
        }
    }

    /// Where an outflow goes.
    fn targets(&self, outflow: &Outflow) -> Vec<Destination> {
        let inside = |kind, name: &str| Destination {
            kind,
            name: name.to_owned(),
            transport: None,
            via: None,
            flows: Vec::new(),
        };
        let wanted = |wanted: &dyn Fn(DestinationKind) -> bool| {
            self.destinations(outflow.node).into_iter().filter(|destination| wanted(destination.kind)).collect()
        };
        match outflow.part {
            Part::UrlBase
            | Part::UrlPath
            | Part::UrlQuery
            | Part::CredentialHeader
            | Part::Header
            | Part::RequestBody
            | Part::Login
            | Part::MailServer => wanted(&|kind| kind != DestinationKind::Mailbox),
            // In nobody's copy.
            Part::Recipient if outflow.key == "bcc" => wanted(&|kind| kind == DestinationKind::MailServer),
            Part::Sender | Part::Recipient | Part::Subject | Part::MailBody => {
                wanted(&|kind| kind == DestinationKind::Mailbox)
            }
            Part::ErrorText | Part::Result => vec![inside(DestinationKind::Record, "the record of the execution")],
            Part::SignatureKey => vec![inside(DestinationKind::Program, "the program itself")],
        }
    }

    fn flows(&mut self, outflow: &Outflow) -> Vec<Flow> {
        let Mapping { workflow, dataflow, .. } = *self;
        let plain = |id: &PlaceId| match dataflow.places.root_of(*id) {
            Root::Variable(variable) => !is_credential(workflow, variable),
            _ => false,
        };
        // The variables that say where it goes are in its name already.
        let is_name = matches!(outflow.part, Part::UrlBase | Part::MailServer);
        let atoms = outflow.carried.iter().filter(|(id, _)| !(is_name && plain(id)));
        atoms.map(|(id, atom)| self.flow(outflow, *id, atom)).collect()
    }

    fn flow(&mut self, outflow: &Outflow, id: PlaceId, atom: &Atom) -> Flow {
        let Mapping { workflow, dataflow, .. } = *self;
        let places = &dataflow.places;
        let node = workflow.node(outflow.node);
        let kind = places.kind(id);
        let carried = BTreeMap::from([(id, atom.clone())]);
        let most = self.room.most();
        let (secrets, private, mut cut) = self.private(&carried, most);
        let mut holds: Vec<Held> = Vec::new();
        if places.root_of(id) == Root::Outputs {
            holds.extend(secrets.iter().map(|secret| self.held_secret(secret)));
        }
        let parts = private.iter().filter(|part| part.place != id);
        holds.extend(parts.map(|part| self.held(part.place, part.kind.class)));
        let (source, class) = match places.root_of(id) {
            Root::Variable(variable) => {
                let secret = is_credential(self.workflow, variable);
                (SourceKind::Environment, if secret { Class::Secret } else { Class::Plain })
            }
            Root::Variables => (SourceKind::Environment, Class::Secret),
            root => {
                let is_error = matches!(places.steps(id).first(), Some(Step::Field(field)) if field == "error");
                let source = match root {
                    Root::Input => SourceKind::Input,
                    _ if is_error => SourceKind::Error,
                    _ => SourceKind::Answer,
                };
                let held = holds.iter().map(|held| held.class).max();
                (source, kind.map(|kind| kind.class).max(held).unwrap_or(Class::Plain))
            }
        };
        let repeated = self.answer_of(id).and_then(|name| self.sent.get(name));
        let may_repeat: Vec<Held> = repeated.iter().flat_map(|sent| sent.held.iter().take(most).cloned()).collect();
        cut |= repeated.is_some_and(|sent| sent.cut || sent.held.len() > may_repeat.len());
        let answer_of = self.answer_of(id).map(str::to_owned);
        self.room.take(holds.len() + may_repeat.len());
        Flow {
            source,
            name: places.name(id, self.workflow),
            class,
            title: kind.map(|kind| kind.title),
            form: match atom.mode {
                Mode::Is => Form::Value,
                Mode::Masked => Form::Masked,
                // A variable is text from the start.
                Mode::Text if source == SourceKind::Environment => Form::Value,
                Mode::Text | Mode::Made => Form::Derived,
            },
            holds,
            without: atom.without.clone(),
            answer_of,
            may_repeat,
            complete: !cut,
            node: outflow.node,
            node_id: node.id.value.clone(),
            endpoint: match &node.kind {
                Kind::Http(http) => Some(destination::endpoint(self.workflow, http)),
                _ => None,
            },
            position: outflow.key.clone(),
            span: outflow.span,
        }
    }

    /// The service whose answer lies at a place, in its own words: not how long it took.
    fn answer_of(&self, id: PlaceId) -> Option<&str> {
        let Root::Output(node) = self.dataflow.places.root_of(id) else { return None };
        let field = |step: &Step| match step {
            Step::Field(field) => Some(field.clone()),
            Step::Any => None,
        };
        let steps: Vec<String> = self.dataflow.places.steps(id).into_iter().map_while(field).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let in_its_words = match steps.as_slice() {
            ["result", "status_code" | "success" | "duration", ..] | ["error", "code", ..] => false,
            ["result" | "error", ..] | [] => true,
            _ => false,
        };
        let is_request = matches!(self.workflow.node(node).kind, Kind::Http(_));
        self.hosts.get(&node).filter(|_| in_its_words && is_request).map(|host| host.name.as_str())
    }
}

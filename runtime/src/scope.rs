//! What an expression may read while one node is rendered or one edge is decided.
//!
//! Comes in: the input, the envelopes of the nodes that have settled, the environment, the fixed time stamp.
//! Goes out: [`Raw`] slices of them.
//! Always true: reading never fails and never blocks. A path that leads nowhere is missing, and is remembered
//! ([`Scope::read_missing`]), because the NO_ROUTE rule asks.

#[cfg(feature = "service")]
use crate::secret::Scrubber;
#[cfg(feature = "service")]
use crate::trace::TraceContext;
use crate::value::{Doc, Raw, Value};
use std::cell::{Cell, OnceCell};
use std::ops::Deref;
#[cfg(feature = "service")]
use std::sync::Arc;

/// Everything one rendering may read. Cheap to make: it borrows.
pub struct Scope<'a> {
    pub(crate) input: &'a Doc,
    /// The envelope of each node by index; `None` for one that has not settled or was skipped.
    pub(crate) outputs: &'a [Option<Doc>],
    /// Ids of the nodes by index, for `previous_outputs` as a whole.
    pub(crate) node_ids: &'a [&'static str],
    /// Values by index of [`crate::flow::Workflow::environment`].
    pub(crate) environment: &'a [String],
    /// What of it is secret, of that which the node reads; `None` where nothing is sent.
    #[cfg(feature = "service")]
    pub(crate) secrets: Option<&'a Arc<Scrubber>>,
    /// RFC 3339, UTC, milliseconds, such as `2026-11-22T18:21:00.000Z`.
    pub(crate) timestamp: &'a str,
    pub(crate) execution_id: &'a str,
    /// The node whose edge activated the one being rendered and that has an error.
    pub(crate) error_of: Option<usize>,
    /// The node whose edge activated the one being rendered: where a transform takes its input from.
    pub(crate) activated_by: Option<usize>,
    pub(crate) missing: Cell<bool>,
    /// The trace that the execution belongs to.
    #[cfg(feature = "service")]
    pub(crate) trace: Option<TraceContext>,
}

/// A static path into the input, into a node's envelope, or into the bare `error`.
pub struct Field {
    pub of: Of,
    /// As the author wrote it, for messages.
    pub path: &'static str,
}

/// Where a [`Field`] is read from.
pub enum Of {
    /// The whole input.
    Input,
    /// A slot of [`crate::flow::Workflow::input`].
    InputSlot(usize),
    /// The whole envelope of a node.
    Output(usize),
    /// Node index, and a slot of its [`crate::flow::Node::output`].
    OutputSlot(usize, usize),
    /// Names to follow inside the error of the activating node; empty: the error itself.
    Error(&'static [&'static str]),
}

/// The value at a path, built once.
pub struct Once<'s> {
    scope: &'s Scope<'s>,
    field: &'s Field,
    value: OnceCell<Value>,
}

impl Deref for Once<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| self.scope.get(self.field).value())
    }
}

impl Field {
    /// The input as a whole.
    pub const fn whole_input(path: &'static str) -> Field {
        Field { of: Of::Input, path }
    }

    pub const fn input(slot: usize, path: &'static str) -> Field {
        Field { of: Of::InputSlot(slot), path }
    }

    /// The envelope of a node as a whole.
    pub const fn whole_output(node: usize, path: &'static str) -> Field {
        Field { of: Of::Output(node), path }
    }

    pub const fn output(node: usize, slot: usize, path: &'static str) -> Field {
        Field { of: Of::OutputSlot(node, slot), path }
    }

    pub const fn error(steps: &'static [&'static str], path: &'static str) -> Field {
        Field { of: Of::Error(steps), path }
    }
}

impl<'a> Scope<'a> {
    /// A scope put together by hand: for tests and tools that call generated functions. The engine makes its own.
    /// `outputs` and `node_ids` are by index of the node, `environment` by index of the variable.
    pub fn by_hand(
        input: &'a Doc,
        (node_ids, outputs): (&'a [&'static str], &'a [Option<Doc>]),
        environment: &'a [String],
        timestamp: &'a str,
        execution_id: &'a str,
    ) -> Scope<'a> {
        Scope {
            input,
            outputs,
            node_ids,
            environment,
            timestamp,
            execution_id,
            error_of: None,
            activated_by: None,
            #[cfg(feature = "service")]
            secrets: None,
            missing: Cell::new(false),
            #[cfg(feature = "service")]
            trace: None,
        }
    }

    /// As if the edge from this node had led here: its error is `error`, its result the default input of a transform.
    pub fn activated_by(self, node: usize) -> Scope<'a> {
        Scope { error_of: Some(node), activated_by: Some(node), ..self }
    }

    /// The value at a path, as canonical JSON text.
    pub fn get(&self, field: &Field) -> Raw<'a> {
        let text = match field.of {
            Of::Input => Some(self.input.text()),
            Of::InputSlot(slot) => self.input.slot(slot),
            Of::Output(node) => self.outputs[node].as_ref().map(Doc::text),
            Of::OutputSlot(node, slot) => self.outputs[node].as_ref().and_then(|doc| doc.slot(slot)),
            Of::Error(steps) => self.error_text(steps),
        };
        if text.is_none() {
            self.missing.set(true);
        }
        Raw::new(text, field.path)
    }

    /// The value at a path, for code that reads it again and again: it is built at the first time, if there is one.
    pub fn once<'s>(&'s self, field: &'s Field) -> Once<'s> {
        Once { scope: self, field, value: OnceCell::new() }
    }

    /// An environment variable, by its index in [`crate::flow::Workflow::environment`].
    pub fn env(&self, index: usize) -> &'a str {
        &self.environment[index]
    }

    /// When this node was rendered: RFC 3339, UTC. The same for every attempt, and after a crash.
    pub fn timestamp(&self) -> &'a str {
        self.timestamp
    }

    pub fn execution_id(&self) -> &'a str {
        self.execution_id
    }

    /// `previous_outputs` as a whole: the envelopes of all nodes that have settled, by id.
    pub fn previous_outputs(&self) -> Value {
        let settled = self.node_ids.iter().zip(self.outputs);
        Value::object(settled.filter_map(|(id, doc)| Some((*id, Raw::new(Some(doc.as_ref()?.text()), "").value()))))
    }

    /// The `result` of the node whose edge activated this one: the default input of a transform.
    pub fn activating_result(&self) -> Raw<'a> {
        let envelope = self.activated_by.and_then(|node| self.outputs[node].as_ref()).map(Doc::text);
        Raw::new(envelope, "the activating node's result").get("result")
    }

    /// Whether any path read so far led nowhere.
    pub fn read_missing(&self) -> bool {
        self.missing.get()
    }

    /// Remembers that a path computed at run time led nowhere; returns the value unchanged.
    pub fn note(&self, value: Value) -> Value {
        if matches!(value, Value::Undefined) {
            self.missing.set(true);
        }
        value
    }

    fn error_text(&self, steps: &[&str]) -> Option<&'a str> {
        let envelope = self.outputs[self.error_of?].as_ref()?.text();
        let mut raw = Raw::new(Some(envelope), "error").get("error");
        for step in steps {
            raw = raw.get(step);
        }
        raw.text()
    }
}

//! Spans as OTLP's protobuf says them: `opentelemetry/proto/trace/v1/trace.proto`, version 1.
//!
//! Comes in: spans, the resource. Goes out: bytes. The numbers are those of the fields in the published files.

use super::{Span, Value};

/// The flags of a span say whether its parent is of another process.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

/// A message that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    /// What is empty is what is left out.
    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.message(field, bytes);
        }
    }

    fn message(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.key(field, VARINT);
        self.varint(number);
    }

    fn fixed64(&mut self, field: u64, number: u64) {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn fixed32(&mut self, field: u64, number: u32) {
        self.key(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn attribute(&mut self, field: u64, name: &str, value: Value) {
        let mut any = Message::default();
        match value {
            Value::Text(text) => any.message(1, text.as_bytes()),
            Value::Number(number) => any.number(3, number.cast_unsigned()),
        }
        let mut pair = Message::default();
        pair.bytes(1, name.as_bytes());
        pair.message(2, &any.0);
        self.message(field, &pair.0);
    }
}

/// `Span`.
pub fn span(span: &Span) -> Vec<u8> {
    let mut message = Message(Vec::with_capacity(320));
    message.bytes(1, &span.trace.trace_id().to_be_bytes());
    message.bytes(2, &span.id.to_be_bytes());
    if span.parent != 0 {
        message.bytes(4, &span.parent.to_be_bytes());
    }
    message.bytes(5, span.name.as_bytes());
    message.number(6, span.kind as u64);
    message.fixed64(7, span.began);
    message.fixed64(8, span.ended);
    for (name, value) in span.attributes {
        message.attribute(9, name, *value);
    }
    if span.failed {
        // `Status` with `STATUS_CODE_ERROR`. Without a description: that is what may hold anything.
        let mut status = Message::default();
        status.number(3, 2);
        message.message(15, &status.0);
    }
    let remote = if span.remote_parent { IS_REMOTE } else { 0 };
    message.fixed32(16, u32::from(span.trace.sampled()) | HAS_IS_REMOTE | remote);
    message.0
}

/// The beginning of every `ResourceSpans`: its `Resource`, and the `InstrumentationScope` of its one `ScopeSpans`.
pub struct Head {
    resource: Vec<u8>,
    scope: Vec<u8>,
}

impl Head {
    pub fn new(resource: &[(String, String)], scope_version: &str) -> Head {
        let mut message = Message::default();
        for (name, value) in resource {
            message.attribute(1, name, Value::Text(value));
        }
        let mut scope = Message::default();
        scope.bytes(1, b"flowc");
        scope.bytes(2, scope_version.as_bytes());
        Head { resource: message.0, scope: scope.0 }
    }

    /// `ExportTraceServiceRequest` with these spans.
    pub fn request(&self, spans: &[Vec<u8>]) -> Vec<u8> {
        let mut scope_spans = Message::default();
        scope_spans.message(1, &self.scope);
        for span in spans {
            scope_spans.message(2, span);
        }
        let mut resource_spans = Message::default();
        resource_spans.message(1, &self.resource);
        resource_spans.message(2, &scope_spans.0);
        let mut request = Message::default();
        request.message(1, &resource_spans.0);
        request.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::trace::TraceContext;

    /// The bytes are those of OpenTelemetry's own library for Python (opentelemetry-proto 1.45) for the same request.
    #[test]
    fn a_request_as_others_write_it() {
        let trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        let whole = Span {
            trace,
            id: 0x0102_0304_0506_0708,
            parent: trace.parent_id(),
            remote_parent: true,
            name: "order-fulfillment",
            kind: Kind::Consumer,
            began: 1_764_417_600_000_000_000,
            ended: 1_764_417_600_042_000_001,
            failed: true,
            attributes: &[("flow.node.attempt", Value::Number(300)), ("error.type", Value::Text("ünknown"))],
        };
        let bare = Span { parent: 0, remote_parent: false, failed: false, attributes: &[], ..whole };
        let resource = [("service.name".to_owned(), "orders".to_owned()), ("empty".to_owned(), String::new())];
        let request = Head::new(&resource, "0.1.0").request(&[span(&whole), span(&bare)]);
        let hex: String = request.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, EXPECTED);
    }

    const EXPECTED: &str = "0a95020a270a180a0c736572766963652e6e616d6512080a066f72646572730a0b0a05656d70747912020a0012e9010a0e0a05666c6f77631205302e312e30128b010a104bf92f3577b34da6a3ce929d0e0e473612080102030405060708220800f067aa0ba902b72a116f726465722d66756c66696c6c6d656e743005390080727b75787c1841815ef37d75787c184a180a11666c6f772e6e6f64652e617474656d7074120318ac024a180a0a6572726f722e74797065120a0a08c3bc6e6b6e6f776e7a02180285010103000012490a104bf92f3577b34da6a3ce929d0e0e4736120801020304050607082a116f726465722d66756c66696c6c6d656e743005390080727b75787c1841815ef37d75787c18850101010000";
}

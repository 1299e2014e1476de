//! The trace an execution belongs to: W3C Trace Context, <https://www.w3.org/TR/trace-context/>.
//!
//! Comes in: the `traceparent` header of the request that started an execution. Goes out: the header of the requests its
//! nodes make.
//! Always true: everything is derived from what came in, the execution and the node. So every attempt of a node sends the
//! same header, also after a crash. What came in is durable with the input; without one nothing is sent, so that the
//! called services decide for themselves whether they record; but a program that records traces itself begins one.

use sha2::{Digest, Sha256};
use std::fmt;

/// What came in: a trace, and the span in it that called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    parent_id: u64,
    /// Bit 0: the caller records.
    flags: u8,
}

impl TraceContext {
    /// `None`: the header is not as the recommendation wants it, and is to be ignored.
    pub fn parse(header: &str) -> Option<TraceContext> {
        let mut parts = header.trim().split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Later versions may add more at the end; version 00 has exactly these.
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let hex = |text: &str, digits: usize| {
            let plain = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            plain.then(|| u128::from_str_radix(text, 16).ok()).flatten()
        };
        hex(version, 2)?;
        let (trace_id, parent_id) = (hex(trace, 32)?, u64::try_from(hex(parent, 16)?).ok()?);
        let flags = u8::try_from(hex(flags, 2)?).ok()?;
        (trace_id != 0 && parent_id != 0).then_some(TraceContext { trace_id, parent_id, flags: flags & 1 })
    }

    /// A trace that begins with this execution, and carries its number.
    pub fn begin(execution: u128, sampled: bool) -> TraceContext {
        TraceContext { trace_id: execution, parent_id: 0, flags: u8::from(sampled) }
    }

    /// The same trace, recorded or not.
    #[must_use]
    pub fn sampled_as(self, sampled: bool) -> TraceContext {
        TraceContext { flags: u8::from(sampled), ..self }
    }

    /// What a node sends along: it is itself the caller.
    #[must_use]
    pub fn of_node(self, execution_id: &str, node_id: &str) -> TraceContext {
        TraceContext { parent_id: span_id(execution_id, node_id), ..self }
    }

    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// 0: the trace begins here.
    pub fn parent_id(self) -> u64 {
        self.parent_id
    }

    pub fn sampled(self) -> bool {
        self.flags & 1 == 1
    }

    /// 32 hexadecimal digits, as people search for it.
    pub fn trace_id_text(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The span of a node in an execution; of the execution itself with an empty `node_id`. Never 0.
pub fn span_id(execution_id: &str, node_id: &str) -> u64 {
    let hash = Sha256::new().chain_update("span\0").chain_update(execution_id).chain_update([0]).chain_update(node_id);
    let hash = hash.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(bytes).max(1)
}

/// The header's value.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the recommendation.
    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_recommendation_allows() {
        let trace = TraceContext::parse(HEADER).unwrap();
        assert_eq!(trace.to_string(), HEADER);
        assert!(trace.sampled());
        assert_eq!(trace.trace_id_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
        // Unknown flags are not passed on.
        assert_eq!(
            TraceContext::parse(&HEADER.replace("-01", "-fe")).unwrap().to_string(),
            HEADER.replace("-01", "-00")
        );
        // Later versions are read as this one.
        assert_eq!(TraceContext::parse(&format!("cc{}-what-comes", &HEADER[2..])), Some(trace));
    }

    #[test]
    fn what_it_does_not() {
        let zeros = [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ];
        let others = [
            "",
            "00",
            "garbage",
            &HEADER.to_uppercase(),
            &HEADER[..54],
            &format!("ff{}", &HEADER[2..]),
            &format!("{HEADER}-more"),
            &HEADER.replace("4bf", "+bf"),
            &HEADER.replace("4bf9", "é0"),
        ];
        for header in zeros.into_iter().chain(others) {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }

    #[test]
    fn a_node_sends_the_same_every_time() {
        let trace = TraceContext::parse(HEADER).unwrap();
        let node = |execution, node| trace.of_node(execution, node).to_string();
        assert_eq!(node("exec-1", "pay"), node("exec-1", "pay"));
        assert_ne!(node("exec-1", "pay"), node("exec-1", "ship"));
        assert_ne!(node("exec-1", "pay"), node("exec-2", "pay"));
        assert!(node("exec-1", "pay").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    }
}

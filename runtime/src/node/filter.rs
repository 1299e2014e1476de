//! The `data_filter` node: passes or does not.
//!
//! Comes in: the filter's condition and its message. Goes out: an [`Attempt`] that always succeeds, unless a template cannot be rendered.
//! Always true: `result.passed` is a boolean.

use super::{Attempt, NodeError, Outcome};
use crate::flow::Filter;
use crate::render::{Place, Text};
use crate::scope::Scope;
use crate::value::Fault;

/// Decides. A filter that does not pass has completed: whoever depends on it is told by `result.passed`.
///
/// # Errors
/// When the condition throws where JavaScript would.
pub fn settle(filter: &Filter, scope: &Scope) -> Result<Attempt, Fault> {
    if (filter.condition)(scope)? {
        return Ok(Attempt::succeeded("{\"passed\":true}".to_owned()));
    }
    let mut message = Text::new(Place::Prose);
    (filter.error_message)(scope, &mut message)?;
    let error = NodeError::new("FILTERED", message.finish("the message")?);
    Ok(Attempt { outcome: Outcome::Succeeded, result: Some("{\"passed\":false}".to_owned()), error: Some(error) })
}

//! Puts a schema into the text of a workflow, and leaves everything else as it was written.

use super::print::print;
use crate::syntax::ast::{Node, Workflow};
use serde_json::Value;

/// The key of a trigger's `config`.
const KEY: &str = "input_schema";

/// The workflow's text with the schema in the trigger `node`, or in the only trigger; and the trigger's id.
///
/// # Errors
/// What is in the way.
pub fn insert(text: &str, workflow: &Workflow, node: Option<&str>, schema: &Value) -> Result<(String, String), String> {
    let trigger = trigger(workflow, node)?;
    let id = &trigger.id.value;
    if trigger.config.entry(KEY).is_some() {
        return Err(format!("`{id}` has an `{KEY}` already: remove it first"));
    }
    let config = trigger.config.span.range();
    let (at, addition) = match trigger.config.entries.last() {
        // A node without a `config` has other keys, so a comma follows.
        None if config.is_empty() => {
            let at = trigger.span.range().start + 1;
            (at, format!(" \"config\": {{ \"{KEY}\": {} }},", print(schema, indent(text, at))))
        }
        None => {
            let outer = indent(text, config.start);
            let inner = outer + 2;
            let (margin, end) = (" ".repeat(inner), " ".repeat(outer));
            let addition = format!("\n{margin}\"{KEY}\": {}\n{end}", print(schema, inner));
            // Whatever white space stood between the braces goes.
            let text = [&text[..config.start + 1], &addition, &text[config.end - 1..]].concat();
            return Ok((text, id.clone()));
        }
        Some(last) => {
            let (key, at) = (last.key.span.range().start, last.value.span.range().end);
            let own_line = text[config.start..key].contains('\n');
            let margin = indent(text, key);
            let between = if own_line { format!(",\n{}", " ".repeat(margin)) } else { ", ".to_owned() };
            (at, format!("{between}\"{KEY}\": {}", print(schema, margin)))
        }
    };
    Ok(([&text[..at], &addition, &text[at..]].concat(), id.clone()))
}

fn trigger<'a>(workflow: &'a Workflow, id: Option<&str>) -> Result<&'a Node, String> {
    let mut triggers = workflow.nodes.iter().filter(|node| node.trigger);
    match id {
        Some(id) => triggers.find(|node| node.id.value == id).ok_or_else(|| format!("there is no trigger `{id}`")),
        None => match (triggers.next(), triggers.next()) {
            (Some(only), None) => Ok(only),
            (Some(first), Some(second)) => Err(format!(
                "there are several triggers: say which one with `--node {}` or `--node {}`",
                first.id.value, second.id.value
            )),
            (None, _) => Err("there is no trigger that could take it".to_owned()),
        },
    }
}

/// The white space that the line of this place begins with.
fn indent(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..].bytes().take_while(|byte| *byte == b' ').count()
}

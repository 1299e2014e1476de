//! What is asked of a value that its schema leaves no room for: `n == 3.5` of a whole number, `list[2]` of two elements at most.
//!
//! Comes in: the model. Goes out: such comparisons and indices.
//! Always true: a value that the workflow gets satisfies its schema; of several triggers all of them say so. Words that a schema
//! lists are types, and looked at with them.

use super::paths::is_equality;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{Binary, Path, Root};
use crate::model::schema::{Limit, Rule, Schema};
use crate::model::{Expr, ExprKind, Kind, Workflow};
use crate::source::Sources;
use flow_runtime::value::Value;

pub(super) fn asked(workflow: &Workflow, sources: &Sources, diagnostics: &mut Diagnostics) {
    super::expressions(workflow, &mut |_, _, expr| {
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Binary(operator, left, right) if is_equality(*operator) => {
                let found = [(left, right), (right, left)]
                    .into_iter()
                    .find_map(|(value, constant)| never(workflow, sources, *operator, value, constant));
                diagnostics.extend(found);
            }
            ExprKind::Index(list, index) => diagnostics.extend(behind_the_last(workflow, sources, list, index)),
            _ => {}
        });
    });
}

/// `n == 3.5`
fn never(
    workflow: &Workflow,
    sources: &Sources,
    operator: Binary,
    value: &Expr,
    constant: &Expr,
) -> Option<Diagnostic> {
    let (ExprKind::Path(path), Some(Value::Number(number))) = (&value.kind, constant.as_constant()) else {
        return None;
    };
    let rules = rules(workflow, path).filter(|_| !is_derived(value, constant))?;
    // `"3.5" == 3.5`
    let is_number = |rule: &&Rule| {
        let kinds = rule.kinds;
        rule.values.is_none() && !(kinds.string || kinds.array || kinds.object)
    };
    if !rules.iter().all(is_number) {
        return None;
    }
    let reasons: Option<Vec<String>> = rules.iter().map(|rule| excluded(rule, *number)).collect();
    let reason = reasons?.into_iter().next()?;
    let (name, written) = (written(sources, value), written(sources, constant));
    let (headline, label) = match matches!(operator, Binary::Equal | Binary::StrictEqual) {
        true => (format!("{name} is never {written}: it is {reason}"), "never equal"),
        false => (format!("{name} is always something else than {written}: it is {reason}"), "always different"),
    };
    let help = match number.fract() != 0.0 && rules.iter().all(|rule| rule.integer) {
        true => "compare with a whole number; if it can have decimals, declare it as `number`",
        false => "compare with a number that can be there, or let the schema allow this one",
    };
    let found = Diagnostic::new(Code::NeverEqual, constant.span, headline).label(label);
    Some(found.also(rules.first()?.span.start_only(), "declared here").help(help))
}

/// Why a number is none that a rule allows.
fn excluded(rule: &Rule, number: f64) -> Option<String> {
    let at_most = |limit: &Limit| number > limit.value || limit.exclusive && number == limit.value;
    let at_least = |limit: &Limit| number < limit.value || limit.exclusive && number == limit.value;
    let said = |limit: &Limit, exclusive: &str, inclusive: &str| {
        format!("{} {}", if limit.exclusive { exclusive } else { inclusive }, limit.value)
    };
    if rule.integer && number.fract() != 0.0 {
        return Some("a whole number".to_owned());
    }
    let most = rule.maximum.as_ref().filter(|limit| at_most(limit)).map(|limit| said(limit, "less than", "at most"));
    let least = || rule.minimum.as_ref().filter(|limit| at_least(limit));
    most.or_else(|| least().map(|limit| said(limit, "more than", "at least")))
}

/// `list[2]`, of two elements at most.
fn behind_the_last(workflow: &Workflow, sources: &Sources, list: &Expr, index: &Expr) -> Option<Diagnostic> {
    let (ExprKind::Path(path), Some(Value::Number(at))) = (&list.kind, index.as_constant()) else { return None };
    let rules = rules(workflow, path).filter(|_| !is_derived(list, index))?;
    let most: Option<Vec<usize>> =
        rules.iter().map(|rule| rule.max_items.filter(|_| !rule.kinds.string && !rule.kinds.object)).collect();
    let most = most?.into_iter().max()?;
    if *at < most as f64 || at.fract() != 0.0 {
        return None;
    }
    let name = written(sources, list);
    let headline = match most {
        0 => format!("{name} is always empty"),
        1 => format!("{name} has one element at most"),
        _ => format!("{name} has {most} elements at most"),
    };
    let found = Diagnostic::new(Code::UnknownField, index.span, headline)
        .label("always missing")
        .also(rules.first()?.span.start_only(), "declared here");
    Some(match most {
        0 => found.help("let the schema say how many there can be: `maxItems`"),
        _ => found.help(format!(
            "the first is `[0]`, the last that can be there is `[{}]`; if there can be more, say so in `maxItems`",
            most - 1
        )),
    })
}

/// `else` repeats the conditions above it, and what is wrong with them is said there.
fn is_derived(one: &Expr, other: &Expr) -> bool {
    one.span == other.span
}

fn written(sources: &Sources, expr: &Expr) -> String {
    match sources.get(expr.span.file).text.get(expr.span.range()) {
        Some(text) if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
        _ => "this value".to_owned(),
    }
}

/// What is said of the value at a path: by every trigger, or by the node. `None` where one of them says nothing.
fn rules<'a>(workflow: &'a Workflow, path: &Path) -> Option<Vec<&'a Rule>> {
    let rule = |schema: Option<&'a Schema>, steps: &[String]| {
        let schema = schema?;
        schema.at(steps).map(|id| &schema.rules[id.0])
    };
    match path.root {
        Root::Input if workflow.nodes.iter().any(|node| matches!(node.kind, Kind::Unknown)) => None,
        Root::Input => {
            let triggers = workflow.nodes.iter().filter(|node| node.kind.is_trigger());
            triggers.map(|node| rule(node.kind.input_schema(), &path.steps)).collect::<Option<Vec<_>>>()
        }
        // The body of a failed answer is held against no schema.
        Root::Output(node) => {
            let steps = path.steps.strip_prefix(&["result".to_owned()])?;
            match &workflow.node(node).kind {
                Kind::Rust(rust) => Some(vec![rule(rust.result_schema.as_ref(), steps)?]),
                _ => None,
            }
        }
        Root::Error => None,
    }
    .filter(|rules| !rules.is_empty())
}

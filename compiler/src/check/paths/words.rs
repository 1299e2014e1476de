//! Executions in words.
//!
//! Comes in: values of variables. Goes out: "`available` is missing or null", "`check` fails".
//! Always true: only what matters is said.

use super::analysis::{Fact, Paths};
use super::cells::{Cells, Sample};
use super::content::{Base, BaseRoot, success};
use super::mdd::{FALSE, Ref, Var};
use crate::model::NodeId;
use crate::model::ty::{Literal, Type};
use crate::source::Span;
use flow_runtime::value::Value;

/// One execution of those that a formula allows.
pub struct Example {
    /// The value of every variable.
    values: Vec<u32>,
    formula: Ref,
}

/// An execution in which something happens, in words, with as few facts as needed.
pub struct Witness {
    /// Such as "when `check` answers without `available`"; empty when it can always happen.
    pub when: String,
    /// The place that decides it, and what to say there.
    pub because: Option<(Span, String)>,
}

impl Paths<'_> {
    /// An execution in which a formula holds, as ordinary as possible. It must not be [`FALSE`].
    pub fn example(&mut self, formula: Ref) -> Example {
        let expected = self.plausibly(formula);
        let formula = if expected == FALSE { formula } else { expected };
        let facts = &self.facts;
        let rank = |var: usize, value: u32| match &facts[var] {
            Fact::Value(_, cells) => {
                let ordinary = cells.in_cell(value).any(|sample| sample.plausible && !sample.value.is_nullish());
                let order = cells.cell.iter().position(|cell| *cell == value).unwrap_or(0) as u32;
                order + if ordinary { 0 } else { 1 << 20 } + if cells.is_plausible(value) { 0 } else { 1 << 21 }
            }
            Fact::Started(_) | Fact::Outcome(_) | Fact::Opaque(_) => value,
        };
        let mut values: Vec<u32> = (0..facts.len())
            .map(|var| match &facts[var] {
                Fact::Value(_, cells) => cells.present(),
                Fact::Started(_) | Fact::Outcome(_) | Fact::Opaque(_) => 0,
            })
            .collect();
        for (var, value) in self.diagrams.example(formula, |var, value| rank(var as usize, value)) {
            values[var as usize] = value;
        }
        Example { values, formula }
    }

    /// Whether a formula holds in an execution.
    pub fn holds(&self, formula: Ref, example: &Example) -> bool {
        self.diagrams.holds(formula, &example.values)
    }

    /// Why a node is skipped in an execution: the nearest edge that was decided, and what decided it.
    pub fn why_skipped(&mut self, node: NodeId, example: &Example) -> Witness {
        let workflow = self.workflow;
        let name = |id: NodeId| workflow.node(id).id.value.as_str();
        let mut skipped = node;
        loop {
            let incoming = &self.graph.incoming[skipped.0];
            if incoming.is_empty() {
                let when = format!("when something else than `{}` starts the execution", name(skipped));
                return Witness { when, because: Some((workflow.node(skipped).id.span, "need not fire".into())) };
            }
            let ran = |edge: &&usize| self.holds(self.nodes[workflow.edges[**edge].from.0].runs, example);
            let not_taken = |edge: &&usize| !self.holds(self.edges[**edge].taken, example);
            let edge =
                incoming.iter().filter(ran).filter(not_taken).min_by_key(|edge| !workflow.edges[**edge].required);
            let Some(edge) = edge.copied() else {
                let behind =
                    incoming.iter().find(|edge| !self.holds(self.nodes[workflow.edges[**edge].from.0].runs, example));
                match behind {
                    Some(edge) => skipped = workflow.edges[*edge].from,
                    None => return Witness { when: String::new(), because: None },
                }
                continue;
            };
            let edge_model = &workflow.edges[edge];
            let skips = match skipped == node {
                true => format!("`{}` is skipped", name(node)),
                false => format!("`{}` is skipped, and so is `{}`", name(skipped), name(node)),
            };
            let fails = self.holds(self.nodes[edge_model.from.0].fails, example);
            let (when, because) = match &edge_model.condition {
                None if fails => (
                    format!("when `{}` fails", name(edge_model.from)),
                    (edge_model.span, format!("only after success: otherwise {skips}")),
                ),
                None => {
                    let when = match self.holds(self.nodes[edge_model.from.0].passes, example) {
                        true => format!("when `{}` finds no way on", name(edge_model.from)),
                        false => format!("when `{}` does not pass", name(edge_model.from)),
                    };
                    (when, (edge_model.span, format!("otherwise {skips}")))
                }
                Some(condition) => {
                    let said = self.edges[edge].said.yes;
                    let facts = self.facts_against(said, example, None);
                    let when = match facts.is_empty() {
                        true => format!("when the condition behind `{}` is false", name(edge_model.from)),
                        false => format!("when {facts}"),
                    };
                    (when, (condition.span, format!("when this is false, {skips}")))
                }
            };
            return Witness { when, because: Some(because) };
        }
    }

    /// What of an execution makes a condition false, as few facts as needed. `of`: the node whose condition it is.
    pub fn facts_against(&mut self, condition: Ref, example: &Example, of: Option<NodeId>) -> String {
        let mut facts: Vec<(Var, u32)> =
            self.diagrams.support(condition).into_iter().map(|var| (var, example.values[var as usize])).collect();
        // Those that are as they usually are can most easily be left out.
        facts.sort_by_key(|(var, value)| match &self.facts[*var as usize] {
            Fact::Outcome(_) => (0, *value),
            Fact::Opaque(_) | Fact::Started(_) => (1, 0),
            Fact::Value(_, cells) => (2, u32::from(*value != cells.present())),
        });
        let mut index = 0;
        while index < facts.len() {
            let others = facts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, fact)| *fact);
            let mut left = condition;
            for (var, value) in others.collect::<Vec<_>>() {
                let fact = self.diagrams.test(var, |other| other == value);
                left = self.diagrams.and(left, fact);
            }
            if left == FALSE {
                facts.remove(index);
            } else {
                index += 1;
            }
        }
        // That the node itself went well goes without saying, where anything else is to be said.
        let goes_without_saying = |(var, value): &(Var, u32)| match &self.facts[*var as usize] {
            Fact::Outcome(node) => of == Some(*node) && *value == 0,
            Fact::Value(base, cells) => {
                of.is_some_and(|node| *base == success(node)) && !cells.holds(self.is_false, *value)
            }
            Fact::Started(_) | Fact::Opaque(_) => false,
        };
        let said: Vec<bool> = facts.iter().map(|fact| !goes_without_saying(fact)).collect();
        let all = !said.contains(&true);
        let mut words = Vec::new();
        for (index, (var, value)) in facts.iter().enumerate().filter(|(index, _)| all || said[*index]) {
            let others = facts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, fact)| *fact);
            let values = self.values_like(*var, *value, &others.collect::<Vec<_>>(), condition, example.formula);
            words.extend(self.fact(*var, &values, of));
        }
        words.join(" and ")
    }

    /// The other values of a variable with which all would be the same.
    fn values_like(&mut self, var: Var, value: u32, others: &[(Var, u32)], condition: Ref, formula: Ref) -> Vec<u32> {
        let Fact::Value(base, cells) = &self.facts[var as usize] else { return vec![value] };
        let (first, count) = (u32::from(self.is_always_there(base)), cells.count);
        let (mut condition, mut formula) = (condition, formula);
        for (var, value) in others {
            let fact = self.diagrams.test(*var, |other| other == *value);
            condition = self.diagrams.and(condition, fact);
            formula = self.diagrams.and(formula, fact);
        }
        // Of a node that failed also that may be missing which is always there when it completes.
        let mut values = if value < first { vec![value] } else { Vec::new() };
        for cell in first..count {
            let fact = self.diagrams.test(var, |other| other == cell);
            let same = self.diagrams.and(condition, fact) == FALSE && self.diagrams.and(formula, fact) != FALSE;
            if same || cell == value {
                values.push(cell);
            }
        }
        values
    }

    /// A variable that has one of these values, in words; `None` where there are none for it.
    fn fact(&self, var: Var, values: &[u32], of: Option<NodeId>) -> Option<String> {
        let name = |id: NodeId| self.workflow.node(id).id.value.as_str();
        match &self.facts[var as usize] {
            Fact::Started(triggers) => Some(format!("`{}` starts the execution", name(triggers[values[0] as usize]))),
            Fact::Outcome(node) => {
                Some(format!("`{}` {}", name(*node), if values[0] == 0 { "completes" } else { "fails" }))
            }
            Fact::Opaque(_) => None,
            Fact::Value(base, cells) => {
                Some(format!("{} is {}", self.path_of(base, of), self.cell(base, cells, values)))
            }
        }
    }

    /// A path as the author would write it. `of`: the node in whose condition.
    pub fn path_of(&self, base: &Base, of: Option<NodeId>) -> String {
        let steps = base.steps.join(".");
        match base.root {
            BaseRoot::Input => format!("`input_data.{steps}`"),
            BaseRoot::Error(_) => format!("`error.{steps}`"),
            BaseRoot::Output(node) if of == Some(node) => {
                format!("`{}`", steps.strip_prefix("result.").unwrap_or(&steps))
            }
            BaseRoot::Output(node) => {
                let id = &self.workflow.node(node).id.value;
                match steps.strip_prefix("result.") {
                    Some(field) => format!("`{field}` of `{id}`"),
                    None => format!("`{steps}` of `{id}`"),
                }
            }
        }
    }

    /// The values of cells in words, those that one would expect if there are any. Of many kinds those are said that are
    /// not among them, where that is shorter.
    pub fn cell(&self, base: &Base, cells: &Cells, of: &[u32]) -> String {
        let expected = self.schemas.expected(base, cells);
        let words_of_cells = |of: &[u32]| words_of_cells(cells, of, expected.as_ref());
        let said = words_of_cells(of);
        if said.len() < KINDS_MAX {
            return list(&said);
        }
        let others: Vec<u32> = (0..cells.count).filter(|cell| !of.contains(cell)).collect();
        match words_of_cells(&others).as_slice() {
            [other] if other != "missing" => format!("not {other}"),
            _ => list(&said),
        }
    }
}

/// So many kinds of values are still listed.
const KINDS_MAX: usize = 4;

/// The kinds of values in cells, of a type if one is expected.
fn words_of_cells(cells: &Cells, of: &[u32], expected: Option<&Type>) -> Vec<String> {
    let samples = || cells.samples.iter().zip(&cells.cell).filter(|(_, cell)| of.contains(cell)).map(|each| each.0);
    let is_expected = |sample: &Sample| match expected {
        Some(ty) => super::expected::is_expected(cells, &sample.value, ty),
        None => sample.plausible,
    };
    let any = samples().any(is_expected);
    let values: Vec<&Value> =
        samples().filter(|sample| !any || is_expected(sample)).map(|sample| &sample.value).collect();
    let has = |wanted: fn(&Value) -> bool| values.iter().any(|value| wanted(value));
    let missing = has(|value| matches!(value, Value::Undefined));
    let empty = has(|value| matches!(value, Value::String(text) if text.is_empty()));
    let falsy = values.iter().all(|value| !value.truthy());
    let bools =
        [true, false].map(|wanted| values.iter().any(|value| matches!(value, Value::Bool(is) if *is == wanted)));
    let asked = !cells.numbers.is_empty() || !cells.texts.is_empty();
    // Only asked whether there is anything.
    if !asked && falsy && empty && values.len() > 2 {
        return vec![if missing { "missing or empty".into() } else { "empty".into() }];
    }
    if !asked && values.len() > 3 && !missing && values.iter().all(|value| value.truthy()) {
        return vec!["given".into()];
    }
    let mut words: Vec<String> = Vec::new();
    if missing {
        words.push("missing".into());
    }
    if has(|value| matches!(value, Value::Null)) {
        words.push("null".into());
    }
    for (is, word) in [(bools[0], "true"), (bools[1], "false")] {
        if is {
            words.push(word.into());
        }
    }
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
        .collect();
    words.extend(numbers_in_words(&cells.numbers, &numbers));
    let mut other = false;
    for value in &values {
        match value {
            Value::String(text) if cells.texts.contains(text) => {
                words.push(format!("`{:?}`", text.to_well_formed()));
            }
            Value::String(text) if !text.is_empty() => other = true,
            _ => {}
        }
    }
    match (empty, other) {
        (true, false) => words.push("empty".into()),
        (_, true) if cells.texts.is_empty() => words.push(of_length(cells, of, "text", is_some_text)),
        (_, true) => match expected.and_then(|ty| other_words(cells, ty)) {
            Some(others) => words.extend(others),
            None => words.push(of_length(cells, of, "another text", is_some_text)),
        },
        (false, false) => {}
    }
    let lists =
        |wanted: bool| values.iter().any(|value| matches!(value, Value::Array(items) if items.is_empty() == wanted));
    match (lists(true), lists(false)) {
        (true, false) if !words.iter().any(|word| word == "empty") => words.push("empty".into()),
        (_, true) => words.push(of_length(cells, of, "a list", is_some_list)),
        _ => {}
    }
    if has(|value| matches!(value, Value::Object(_))) {
        words.push("an object".into());
    }
    words.dedup();
    words
}

fn is_some_text(value: &Value) -> bool {
    matches!(value, Value::String(text) if !text.is_empty())
}

fn is_some_list(value: &Value) -> bool {
    matches!(value, Value::Array(items) if !items.is_empty())
}

/// A kind of values, where some of them are elsewhere for their length.
fn of_length(cells: &Cells, of: &[u32], kind: &str, is_one: fn(&Value) -> bool) -> String {
    let others = cells.samples.iter().zip(&cells.cell).filter(|(_, cell)| !of.contains(cell));
    let any_other = others.into_iter().any(|(sample, _)| is_one(&sample.value));
    if cells.length && any_other { format!("{kind} of another length") } else { kind.to_owned() }
}

/// The words of a type that has no other texts, without those that somebody asks for.
fn other_words(cells: &Cells, ty: &Type) -> Option<Vec<String>> {
    let texts = ty.members().iter().filter(|ty| matches!(ty, Type::String(_) | Type::Literal(Literal::String(_))));
    let words: Option<Vec<&str>> =
        texts.map(|ty| if let Type::Literal(Literal::String(text)) = ty { Some(&**text) } else { None }).collect();
    let asked = |word: &str| cells.texts.iter().any(|text| text.as_str() == Some(word));
    let others: Vec<String> =
        words?.into_iter().filter(|word| !asked(word)).map(|word| format!("`{word:?}`")).collect();
    (!others.is_empty() && others.len() <= KINDS_MAX).then_some(others)
}

/// `a, b or c`.
fn list(words: &[String]) -> String {
    match words {
        [] => "something else".into(),
        [word] => word.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Numbers, each of which stands for itself or for those between two constants.
fn numbers_in_words(constants: &[f64], numbers: &[f64]) -> Vec<String> {
    if numbers.is_empty() {
        return Vec::new();
    }
    if constants.is_empty() {
        return vec!["a number".into()];
    }
    // Places: before the first constant, at it, between it and the next, …
    let place = |number: f64| match constants.iter().position(|constant| number <= *constant) {
        None => 2 * constants.len(),
        Some(index) => 2 * index + usize::from(constants[index] == number),
    };
    let mut places: Vec<usize> = numbers.iter().map(|number| place(*number)).collect();
    places.sort_unstable();
    places.dedup();
    let last = 2 * constants.len();
    let mut words = Vec::new();
    let mut index = 0;
    while index < places.len() {
        let start = places[index];
        while index + 1 < places.len() && places[index + 1] == places[index] + 1 {
            index += 1;
        }
        let end = places[index];
        index += 1;
        let constant = |place: usize| constants[place / 2];
        words.push(match (start, end) {
            (0, end) if end == last => "a number".into(),
            (0, end) if end % 2 == 1 => format!("{} or less", constant(end)),
            (0, end) => format!("less than {}", constant(end)),
            (start, end) if end == last && start % 2 == 1 => format!("{} or more", constant(start)),
            (start, end) if end == last => format!("more than {}", constants[start / 2 - 1]),
            (start, end) if start == end && start % 2 == 1 => format!("{}", constant(start)),
            (start, end) => {
                let from = if start % 2 == 1 { constant(start) } else { constants[start / 2 - 1] };
                format!("between {from} and {}", constant(end))
            }
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let words = |constants: &[f64], numbers: &[f64]| numbers_in_words(constants, numbers).join(", ");
        assert_eq!(words(&[5.0], &[4.0]), "less than 5");
        assert_eq!(words(&[5.0], &[4.0, 5.0]), "5 or less");
        assert_eq!(words(&[5.0], &[6.0, 9.0]), "more than 5");
        assert_eq!(words(&[5.0], &[5.0, 6.0]), "5 or more");
        assert_eq!(words(&[5.0], &[4.0, 6.0]), "less than 5, more than 5");
        assert_eq!(words(&[5.0, 10.0], &[7.0]), "between 5 and 10");
        assert_eq!(words(&[5.0, 10.0], &[10.0]), "10");
        assert_eq!(words(&[], &[10.0]), "a number");
    }
}

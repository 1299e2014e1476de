//! The values at one path, grouped by what the workflow's conditions can tell apart.
//!
//! Comes in: every test of the path. Goes out: [`Cells`]: a partition of all values, each cell with a value that stands
//! for it, and which tests hold in it.
//! Always true: the tests are asked with the runtime's own operators, so `undefined == false` is false here because it is
//! false there. Every value a JSON document can have behaves like one of the representatives. Cell 0 is *missing*.
//!
//! A text can be anything as a text, as a number and in its length at once. Values are made for what most conditions ask; what
//! is left of the combinations is [`combined`] without one, so that some of them may be impossible, but none is forgotten.

use super::formula::{Test, has_length, some_object, value_of};
use crate::model::expr::{Expr, ExprKind};
use flow_runtime::expr as js;
use flow_runtime::value::{JsString, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

/// What is known of a value before any test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    Any,
    /// Anything, but nobody expects a number that is not whole.
    Whole,
    /// As [`Domain::Whole`]: the status of an answer. Whether it says that all went well is a question of its own.
    Status,
    Number,
    /// A whole number, 0 or more.
    Count,
    Text,
    List,
}

/// A value that stands for others.
#[derive(Debug, Clone)]
pub struct Sample {
    pub value: Value,
    /// Nobody is surprised by it: `null` where `true` is asked for, but not `[0]`.
    pub plausible: bool,
}

/// A partition of the values at a path.
pub struct Cells {
    /// The most ordinary first.
    pub samples: Vec<Sample>,
    /// The cell of each sample.
    pub cell: Vec<u32>,
    pub count: u32,
    /// The cell of null, where the value can be null.
    pub null: Option<u32>,
    /// By cell: whether anybody would expect a value of it.
    plausible: Vec<bool>,
    /// The numbers and texts it is compared with, in their order.
    pub numbers: Vec<f64>,
    pub texts: Vec<JsString>,
    /// Somebody asks for its length.
    pub length: bool,
    /// Its numbers are whole, as far as anybody expects.
    pub whole: bool,
    /// By test: the cells in which it holds.
    holds: HashMap<usize, Vec<bool>>,
}

/// Lists and texts are not made longer. Who asks whether one is, is told neither.
pub const LENGTH_MAX: f64 = 20_000.0;

/// The status of an answer that is no failure.
const STATUS_OK: RangeInclusive<f64> = 200.0..=299.0;

/// Of texts up to this length there is one between each two constants.
const SPELT_OUT_MAX: usize = 64;

/// Behind it are surrogates, which stand for no character alone.
const LAST_UNIT: u16 = 0xD7FF;

/// Evaluations for all paths together: some milliseconds, or a hundred different constants on one path. Beyond it the workflow
/// was not written by a person.
pub const EVALUATIONS_MAX: usize = 400_000;

impl Cells {
    /// Missing is a cell of its own where `missing_at` is the index of that test, the first one.
    pub fn new(tests: &[(usize, &Test)], domain: Domain, evaluations: &mut usize) -> Cells {
        let constants = Constants::of(tests);
        let mut samples = samples(&constants, domain);
        *evaluations += samples.len() * tests.len();
        let mut rows = Vec::new();
        if *evaluations <= EVALUATIONS_MAX {
            rows = truths_of(tests, &samples);
            let room = EVALUATIONS_MAX - *evaluations;
            match combined(tests, &constants, &samples, &rows, room) {
                Some(others) => {
                    *evaluations += others.len();
                    for (sample, row) in others {
                        samples.push(sample);
                        rows.push(row);
                    }
                }
                None => *evaluations = EVALUATIONS_MAX + 1,
            }
        }
        if *evaluations > EVALUATIONS_MAX {
            let cell = vec![0; samples.len()];
            return Cells::grouped(constants, domain, samples, cell, 1, HashMap::new());
        }
        let mut by_truth: HashMap<Vec<bool>, u32> = HashMap::new();
        let mut truths: Vec<Vec<bool>> = Vec::new();
        let mut cell = Vec::with_capacity(samples.len());
        for truth in rows {
            let next = truths.len() as u32;
            let index = *by_truth.entry(truth.clone()).or_insert(next);
            if index == next {
                truths.push(truth);
            }
            cell.push(index);
        }
        let holds = tests
            .iter()
            .enumerate()
            .map(|(position, (test, _))| (*test, truths.iter().map(|truth| truth[position]).collect()))
            .collect();
        Cells::grouped(constants, domain, samples, cell, truths.len() as u32, holds)
    }

    fn grouped(
        constants: Constants,
        domain: Domain,
        samples: Vec<Sample>,
        cell: Vec<u32>,
        count: u32,
        holds: HashMap<usize, Vec<bool>>,
    ) -> Cells {
        let mut plausible = vec![false; count as usize];
        let mut null = None;
        for (sample, &cell) in samples.iter().zip(&cell) {
            plausible[cell as usize] |= sample.plausible;
            if matches!(sample.value, Value::Null) {
                null = Some(cell);
            }
        }
        let Constants { numbers, texts, length, .. } = constants;
        let texts = texts.into_iter().collect();
        let whole = matches!(domain, Domain::Whole | Domain::Status);
        Cells { samples, cell, count, null, plausible, numbers, texts, length, whole, holds }
    }

    /// Whether a test holds in a cell.
    pub fn holds(&self, test: usize, cell: u32) -> bool {
        self.holds.get(&test).is_some_and(|holds| holds[cell as usize])
    }

    #[cfg(test)]
    pub fn has_test(&self, test: usize) -> bool {
        self.holds.contains_key(&test)
    }

    /// Whether anybody would expect a value of this cell.
    pub fn is_plausible(&self, cell: u32) -> bool {
        self.plausible[cell as usize]
    }

    pub fn in_cell(&self, cell: u32) -> impl Iterator<Item = &Sample> {
        self.samples.iter().zip(&self.cell).filter(move |(_, of)| **of == cell).map(|(sample, _)| sample)
    }

    /// Whether there is a status in a cell that says that all went well.
    pub fn has_status_ok(&self, cell: u32) -> bool {
        self.in_cell(cell).any(|sample| matches!(sample.value, Value::Number(number) if STATUS_OK.contains(&number)))
    }

    /// The cell of values that are there, most ordinary first, preferring truthy ones.
    pub fn present(&self) -> u32 {
        let there = || self.samples.iter().zip(&self.cell).filter(|(sample, _)| !sample.value.is_nullish());
        let plausible = there().find(|(sample, _)| sample.plausible && sample.value.truthy());
        plausible.or_else(|| there().next()).map_or(0, |(_, cell)| *cell)
    }
}

/// Of each sample: which tests hold. Many tests compare one operand with one constant after the other, so the operand is
/// evaluated once.
fn truths_of(tests: &[(usize, &Test)], samples: &[Sample]) -> Vec<Vec<bool>> {
    let mut operands: HashMap<String, Vec<Option<Value>>> = HashMap::new();
    let mut truths = vec![Vec::with_capacity(tests.len()); samples.len()];
    for (_, test) in tests {
        let Some(comparison) = test.comparison() else {
            truths.iter_mut().zip(samples).for_each(|(truth, sample)| truth.push(test.holds(&sample.value)));
            continue;
        };
        let values = operands
            .entry(comparison.operand_key())
            .or_insert_with(|| samples.iter().map(|sample| value_of(comparison.operand, &sample.value)).collect());
        for (truth, value) in truths.iter_mut().zip(values) {
            truth.push(value.as_ref().is_some_and(|value| comparison.holds(value)));
        }
    }
    truths
}

/// What of a text or a list a test asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    /// What it says, and its place among other texts.
    Text,
    /// Which number it is.
    Number,
    Length,
}

impl Aspect {
    fn of(test: &Test) -> Aspect {
        match (test.comparison(), test) {
            (Some(comparison), _) if has_length(comparison.operand) => Aspect::Length,
            (Some(comparison), _) if matches!(comparison.constant, Value::Number(_) | Value::Bool(_)) => Aspect::Number,
            (None, Test::Expr(expr)) if has_length(expr) => Aspect::Length,
            _ => Aspect::Text,
        }
    }
}

/// The combinations of what tests say of texts and of lists that no sample has, each with a sample that says the same as a text.
/// `None`: there are more than `room`.
fn combined(
    tests: &[(usize, &Test)],
    constants: &Constants,
    samples: &[Sample],
    rows: &[Vec<bool>],
    room: usize,
) -> Option<Vec<(Sample, Vec<bool>)>> {
    let aspects: Vec<Aspect> = tests.iter().map(|(_, test)| Aspect::of(test)).collect();
    let mut combined = Vec::new();
    if aspects.iter().collect::<BTreeSet<_>>().len() < 2 {
        return Some(combined);
    }
    let known: BTreeSet<&Vec<bool>> = rows.iter().collect();
    let is_text = |value: &Value| matches!(value, Value::String(text) if !text.is_empty());
    let is_list = |value: &Value| matches!(value, Value::Array(items) if !items.is_empty());
    for (is_alike, plausible) in
        [(&is_text as &dyn Fn(&Value) -> bool, constants.expects_text()), (&is_list, constants.expects_list())]
    {
        // What the tests of an aspect can say, and a sample of which they do.
        let said = |aspect: Aspect| {
            let mut said: BTreeMap<Vec<bool>, &Sample> = BTreeMap::new();
            for (sample, row) in samples.iter().zip(rows).filter(|(sample, _)| is_alike(&sample.value)) {
                // What a text is that stands in a condition is known from all sides.
                let is_constant = matches!(&sample.value, Value::String(text) if constants.texts.contains(text));
                if aspect != Aspect::Text || !is_constant {
                    let asked = row.iter().zip(&aspects).filter(|(_, of)| **of == aspect);
                    said.entry(asked.map(|(holds, _)| *holds).collect()).or_insert(sample);
                }
            }
            said
        };
        let [texts, numbers, lengths] = [Aspect::Text, Aspect::Number, Aspect::Length].map(said);
        if texts.len() * numbers.len() * lengths.len() > room {
            return None;
        }
        for (text, sample) in &texts {
            for number in numbers.keys() {
                for length in lengths.keys() {
                    let (mut text, mut number, mut length) = (text.iter(), number.iter(), length.iter());
                    let row = aspects.iter().map(|aspect| match aspect {
                        Aspect::Text => text.next(),
                        Aspect::Number => number.next(),
                        Aspect::Length => length.next(),
                    });
                    let row: Vec<bool> = row.flatten().copied().collect();
                    if !known.contains(&row) {
                        combined.push((Sample { value: sample.value.clone(), plausible }, row));
                    }
                }
            }
        }
    }
    Some(combined)
}

/// What the tests of a path compare it with.
#[derive(Default)]
struct Constants {
    numbers: Vec<f64>,
    texts: BTreeSet<JsString>,
    bools: bool,
    others: Vec<Value>,
    /// Somebody reads the `length`.
    length: bool,
    /// Numbers that are not lengths, so that the value may be meant as a number.
    number: bool,
}

impl Constants {
    fn of(tests: &[(usize, &Test)]) -> Constants {
        let mut constants = Constants::default();
        for (_, test) in tests {
            if let Test::Expr(expr) = test {
                constants.gather(expr, false);
            }
        }
        constants.numbers.sort_by(f64::total_cmp);
        constants
    }

    fn gather(&mut self, expr: &Expr, of_length: bool) {
        let of_length = of_length
            || matches!(&expr.kind, ExprKind::Binary(_, left, right) if has_length(left) || has_length(right));
        match &expr.kind {
            ExprKind::Constant(value) => self.add(value, of_length),
            ExprKind::Member(_, name) if name == "length" => self.length = true,
            _ => {}
        }
        // `undefined` behind `&&` and `||` is a default, not something to compare with; it does no harm.
        expr.children().into_iter().for_each(|child| self.gather(child, of_length));
    }

    /// What nobody compares with anything may be anything.
    fn are_none(&self) -> bool {
        !self.are_scalars() && !self.length
    }

    fn are_scalars(&self) -> bool {
        self.bools || self.number || !self.texts.is_empty()
    }

    fn expects_text(&self) -> bool {
        !self.texts.is_empty() || !self.are_scalars()
    }

    fn expects_list(&self) -> bool {
        self.length || self.are_none()
    }

    /// `total > "10"` compares numbers, where `total` is one.
    fn numbers_and_those_in_texts(&self) -> Vec<f64> {
        let in_texts = self.texts.iter().filter_map(|text| match js::plus(&Value::String(text.clone())) {
            Value::Number(number) if number.is_finite() => Some(number),
            _ => None,
        });
        let mut numbers: Vec<f64> = self.numbers.iter().copied().chain(in_texts).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers
    }

    fn add(&mut self, value: &Value, of_length: bool) {
        match value {
            Value::Undefined | Value::Null => {}
            Value::Bool(_) => self.bools = true,
            Value::Number(number) => {
                self.number |= !of_length;
                if !self.numbers.contains(number) && number.is_finite() {
                    self.numbers.push(*number);
                }
            }
            Value::String(text) => {
                self.texts.insert(text.clone());
            }
            Value::Array(items) => {
                items.iter().for_each(|item| self.add(item, of_length));
                self.others.push(value.clone());
            }
            Value::Object(_) => self.others.push(value.clone()),
        }
    }
}

fn samples(constants: &Constants, domain: Domain) -> Vec<Sample> {
    let plain = constants.are_none();
    let mut samples = Samples { domain, list: Vec::new() };
    samples.add(Value::Undefined, true);
    samples.add(Value::Null, true);
    samples.add(Value::Bool(false), constants.bools || plain);
    samples.add(Value::Bool(true), constants.bools || plain);
    let mut numbers = around(&constants.numbers_and_those_in_texts());
    if matches!(domain, Domain::Count | Domain::Whole) {
        // One between each two that is whole.
        let broken = numbers.iter().filter(|number| number.fract() != 0.0);
        let whole: Vec<f64> = broken.flat_map(|number| [number.floor(), number.ceil()]).collect();
        numbers.extend(whole);
    }
    if domain == Domain::Status {
        // The first and the last that say so, and those beside each that is asked for.
        let beside = numbers.iter().flat_map(|number| [number.floor(), number.ceil() - 1.0, number.floor() + 1.0]);
        let more = beside.chain([*STATUS_OK.start(), *STATUS_OK.end()]).filter(|number| STATUS_OK.contains(number));
        let more: Vec<f64> = more.collect();
        numbers.extend(more);
    }
    for number in &numbers {
        samples.add(Value::Number(*number), constants.number || plain);
    }
    let text = constants.expects_text();
    samples.text("", text);
    // Before all constants, and no number.
    samples.text("\0", false);
    for constant in &constants.texts {
        samples.add(Value::String(constant.clone()), true);
        // Between this one and the next.
        let units: Vec<u16> = constant.to_well_formed().encode_utf16().chain([0]).collect();
        samples.add(Value::from_units(&units), false);
    }
    // Behind all constants, and no number.
    samples.text("\u{fffd}another text", text);
    for number in &numbers {
        samples.text(&number.to_string(), false);
        // The same number in another text, where one of these may be asked for.
        if !constants.texts.is_empty() {
            samples.text(&format!(" {number}"), false);
        }
    }
    let list = constants.expects_list();
    samples.add(Value::array(Vec::new()), list);
    samples.add(Value::array(vec![Value::string("x")]), list);
    let lengths: Vec<usize> = if constants.length { lengths(&numbers) } else { Vec::new() };
    for length in &lengths {
        samples.add(Value::array(vec![Value::string("x"); *length]), list);
        samples.text(&"x".repeat(*length), false);
        if *length <= SPELT_OUT_MAX {
            samples.texts_of_length(*length, &constants.texts, text);
        }
    }
    samples.add(some_object(), plain);
    samples.add(Value::object([("another field", Value::Bool(true))]), plain);
    let scalars: Vec<Value> = samples.list.iter().map(|sample| sample.value.clone()).collect();
    for scalar in scalars {
        if !matches!(scalar, Value::Array(_) | Value::Object(_) | Value::Undefined) {
            samples.add(Value::array(vec![scalar.clone()]), false);
            if constants.length {
                samples.add(Value::object([("length", scalar)]), false);
            }
        }
    }
    for other in &constants.others {
        samples.add(other.clone(), false);
    }
    samples.list
}

/// The two that `==` takes for `true` and `false`, and two that it does not.
const USUAL: [f64; 4] = [1.0, 0.0, 2.0, -1.0];

/// The numbers, one below them, one above, and one between each two.
fn around(constants: &[f64]) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(constants.len() * 2 + 4);
    let (Some(first), Some(last)) = (constants.first().copied(), constants.last().copied()) else {
        return USUAL.to_vec();
    };
    numbers.push(last + step(last));
    for (index, number) in constants.iter().enumerate() {
        numbers.push(*number);
        if let Some(next) = constants.get(index + 1) {
            numbers.push(number + (next - number) / 2.0);
        }
    }
    numbers.push(first - step(first));
    for usual in USUAL {
        if !numbers.contains(&usual) {
            numbers.push(usual);
        }
    }
    numbers
}

/// Enough to be another number.
fn step(number: f64) -> f64 {
    (number.abs() / 1024.0).max(1.0)
}

/// Lengths that a list can have, around those that are asked for.
fn lengths(numbers: &[f64]) -> Vec<usize> {
    let mut lengths: Vec<usize> = numbers
        .iter()
        .flat_map(|number| [number.floor(), number.floor() + 1.0])
        .filter(|length| (0.0..=LENGTH_MAX + 1.0).contains(length))
        .map(|length| length as usize)
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// Whether it is a number that is not whole.
pub fn is_broken(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.fract() != 0.0)
}

struct Samples {
    domain: Domain,
    list: Vec<Sample>,
}

impl Samples {
    fn add(&mut self, value: Value, plausible: bool) {
        let fits = match self.domain {
            Domain::Any | Domain::Whole | Domain::Status => true,
            _ if matches!(value, Value::Undefined) => true,
            Domain::Number => matches!(value, Value::Number(_)),
            Domain::Count => matches!(value, Value::Number(number) if number >= 0.0) && !is_broken(&value),
            Domain::Text => matches!(value, Value::String(_)),
            Domain::List => matches!(value, Value::Array(_)),
        };
        if fits {
            let plausible = match self.domain {
                Domain::Any => plausible,
                Domain::Whole | Domain::Status => plausible && !is_broken(&value),
                _ => true,
            };
            self.list.push(Sample { value, plausible });
        }
    }

    fn text(&mut self, text: &str, plausible: bool) {
        self.add(Value::string(text), plausible);
    }

    /// The first text of this length, and the first behind each constant: one between each two, where there is any.
    fn texts_of_length(&mut self, length: usize, constants: &BTreeSet<JsString>, plausible: bool) {
        let mut texts = vec![Some(vec![0; length])];
        texts.extend(constants.iter().map(|constant| {
            let mut units: Vec<u16> = constant.to_well_formed().encode_utf16().collect();
            let is_longer = length > units.len();
            units.resize(length, 0);
            if is_longer {
                return Some(units);
            }
            let last = units.iter().rposition(|unit| *unit < LAST_UNIT)?;
            units[last] += 1;
            units[last + 1..].fill(0);
            Some(units)
        }));
        texts.into_iter().flatten().for_each(|units| self.add(Value::from_units(&units), plausible));
    }
}

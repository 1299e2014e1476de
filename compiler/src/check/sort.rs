//! `sort` and `reverse` on something that can be seen from elsewhere in the same expression.
//!
//! In JavaScript they change the array they are called on; here nothing can change a value. The two agree unless the
//! expression reads the array again afterwards, under whatever name, or sorts it more than once. That is refused.
//! Always true: what is accepted has JavaScript's value. What is refused may have it too: places are compared by what is
//! known of their paths.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{Arrow, Binary, Path, Root};
use crate::model::{Expr, ExprKind, Workflow};
use flow_runtime::expr::{EachMethod, Global, Method};
use std::collections::HashMap;
use std::ptr;

pub(super) fn observed(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    super::expressions(workflow, &mut |_, _, expr| {
        let mut changes = false;
        expr.walk(&mut |expr| changes |= changing(expr).is_some());
        if !changes {
            return;
        }
        let mut trace = Trace::default();
        let held = trace.visit(expr);
        trace.keep(&held);
        // The first one is enough: the others are usually the other half of the same mistake.
        if let Some((change, reason)) = trace.changes.iter().find_map(|change| Some((change, trace.seen(change)?))) {
            let method = change.method;
            let diagnostic = Diagnostic::new(
                Code::ObservedSort,
                change.sort.span,
                match reason {
                    Seen::Again(_) => format!("`{method}` would change what the same expression reads again"),
                    Seen::Repeated => format!("`{method}` would change the same array more than once"),
                },
            )
            .label(format!("in JavaScript `{method}` changes the array itself"));
            let diagnostic = match reason {
                Seen::Again(read) => diagnostic.also(read.span, "read again here"),
                Seen::Repeated => diagnostic,
            };
            diagnostics.push(diagnostic.help(format!("{method} a copy: `.slice().{method}(…)`")));
        }
    });
}

/// What is changed, and the method's name, where an expression is one that changes an array in JavaScript.
fn changing(expr: &Expr) -> Option<(&Expr, &'static str)> {
    match &expr.kind {
        ExprKind::Method(receiver, Method::Sort, _) | ExprKind::SortBy(receiver, _) => Some((receiver, "sort")),
        ExprKind::Method(receiver, Method::Reverse, _) => Some((receiver, "reverse")),
        _ => None,
    }
}

/// Where data that a value shares comes from.
#[derive(Debug, Clone)]
struct Origin<'a> {
    root: Source,
    steps: Vec<Step<'a>>,
    /// The names, and the calls, it came through; the last is where it is read now.
    through: Vec<&'a Expr>,
    /// The arrows of which each run sees another element, and so another origin.
    elements: Vec<&'a Arrow>,
    /// The sides of `?:` on which it stands.
    sides: Vec<Side<'a>>,
    /// The same data may stand at several places of one array.
    repeated: bool,
    /// All that was read of it, for messages.
    read: &'a Expr,
}

/// One side of a `?:` that is evaluated once, by its test.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    test: &'a Expr,
    holds: bool,
}

/// Whether two places stand on different sides of one `?:`, so that only one of them is evaluated.
fn exclude_each_other(left: &[Side], right: &[Side]) -> bool {
    let other = |one: &Side, other: &Side| ptr::eq(one.test, other.test) && one.holds != other.holds;
    left.iter().any(|one| right.iter().any(|two| other(one, two)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Path(Root),
    PreviousOutputs,
    /// The item of a transform.
    Item,
    /// What an expression made, where parameters give it a name.
    Made(*const Expr),
    /// Too much to follow: anything.
    Anything,
}

/// How many origins of one value, and steps of one origin, are followed.
const ORIGINS_MAX: usize = 128;
const STEPS_MAX: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Name(&'a str),
    /// An element or a member, nobody knows which.
    Any,
}

impl<'a> Origin<'a> {
    /// Whether a change to one could be seen through the other.
    fn overlaps(&self, other: &Origin) -> bool {
        let same = |(left, right): (&Step, &Step)| left == right || *left == Step::Any || *right == Step::Any;
        match (self.root, other.root) {
            (Source::PreviousOutputs, Source::Path(Root::Output(_)))
            | (Source::Path(Root::Output(_)), Source::PreviousOutputs) => true,
            (Source::Anything, _) | (_, Source::Anything) => true,
            (left, right) => left == right && self.steps.iter().zip(&other.steps).all(same),
        }
    }

    /// The order of an array's elements does not change how many there are.
    fn is_length_of(&self, other: &Origin) -> bool {
        self.root == other.root
            && self.steps.strip_prefix(&*other.steps).is_some_and(|rest| rest.first() == Some(&Step::Name("length")))
    }

    fn is_element_of(&self, arrow: &Arrow) -> bool {
        self.elements.iter().any(|element| ptr::eq(*element, arrow))
    }

    fn is_same(&self, other: &Origin) -> bool {
        let same = |(left, right): (&&Expr, &&Expr)| ptr::eq(*left, *right);
        self.root == other.root
            && self.steps == other.steps
            && self.repeated == other.repeated
            && self.through.len() == other.through.len()
            && self.through.iter().zip(&other.through).all(same)
            && self.elements.len() == other.elements.len()
            && self.elements.iter().all(|element| other.is_element_of(element))
            && self.sides.len() == other.sides.len()
            && !exclude_each_other(&self.sides, &other.sides)
    }

    fn comes_through(&self, expr: &Expr) -> bool {
        self.through.iter().any(|passed| ptr::eq(*passed, expr))
    }

    fn step(&self, step: Step<'a>, read: &'a Expr) -> Origin<'a> {
        let mut origin = self.clone();
        // A path cut short overlaps with more.
        if origin.steps.len() < STEPS_MAX {
            origin.steps.push(step);
        }
        origin.read = read;
        origin
    }

    fn through(&self, expr: &'a Expr) -> Origin<'a> {
        let mut origin = self.clone();
        origin.through.push(expr);
        origin.read = expr;
        origin
    }
}

/// What the value of an expression shares with the data.
#[derive(Debug, Clone, Default)]
struct Held<'a> {
    /// Data it may be itself.
    itself: Vec<Origin<'a>>,
    /// Data that may be inside it, at any depth, where it is a fresh array or object.
    inside: Vec<Origin<'a>>,
}

impl<'a> Held<'a> {
    /// A fresh array or object of these.
    fn fresh(items: impl IntoIterator<Item = Held<'a>>) -> Held<'a> {
        let inside = items.into_iter().flat_map(|item| item.itself.into_iter().chain(item.inside));
        Held { itself: Vec::new(), inside: distinct(inside) }
    }

    fn or(self, other: Held<'a>) -> Held<'a> {
        Held {
            itself: distinct(self.itself.into_iter().chain(other.itself)),
            inside: distinct(self.inside.into_iter().chain(other.inside)),
        }
    }

    /// A member or an element of it.
    fn step(&self, step: Step<'a>, read: &'a Expr) -> Held<'a> {
        let itself = self.itself.iter().map(|origin| origin.step(step, read));
        Held { itself: distinct(itself.chain(self.inside.iter().cloned())), inside: self.inside.clone() }
    }

    /// As each run of an arrow gets it: another element.
    fn element_of(self, arrow: &'a Arrow) -> Held<'a> {
        self.map(|origin| {
            let mut origin = origin.clone();
            origin.elements.push(arrow);
            origin
        })
    }

    /// As all runs of an arrow together give it.
    fn of_all_runs(self, arrow: &Arrow) -> Held<'a> {
        self.map(|origin| Origin { repeated: origin.repeated || !origin.is_element_of(arrow), ..origin.clone() })
    }

    fn map(self, change: impl Fn(&Origin<'a>) -> Origin<'a>) -> Held<'a> {
        Held { itself: self.itself.iter().map(&change).collect(), inside: self.inside.iter().map(&change).collect() }
    }

    fn origins(&self) -> impl Iterator<Item = &Origin<'a>> {
        self.itself.iter().chain(&self.inside)
    }
}

/// Data that was looked at, or is kept.
struct Read<'a> {
    origin: Origin<'a>,
    /// How many changes had been made before.
    after: usize,
    /// It is part of a value that goes on living, so a later change is seen as well.
    kept: bool,
    /// The arrows it happens in.
    inside: Vec<&'a Arrow>,
}

/// A `sort` or a `reverse`.
struct Change<'a> {
    sort: &'a Expr,
    method: &'static str,
    changed: Vec<Origin<'a>>,
    /// How many changes had been made, with this one.
    at: usize,
    inside: Vec<&'a Arrow>,
    sides: Vec<Side<'a>>,
}

enum Seen<'a> {
    Again(&'a Expr),
    Repeated,
}

/// An expression in the order in which JavaScript evaluates it.
#[derive(Default)]
struct Trace<'a> {
    reads: Vec<Read<'a>>,
    changes: Vec<Change<'a>>,
    inside: Vec<&'a Arrow>,
    /// The sides of `?:` outside of arrows: each run of one may take the other side.
    sides: Vec<Side<'a>>,
    /// What the parameters hold, by number.
    bound: HashMap<usize, Held<'a>>,
}

impl<'a> Trace<'a> {
    fn visit(&mut self, expr: &'a Expr) -> Held<'a> {
        match &expr.kind {
            ExprKind::Constant(_)
            | ExprKind::Env(_)
            | ExprKind::Timestamp
            | ExprKind::ExecutionId
            | ExprKind::Unknown => Held::default(),
            ExprKind::Path(Path { root, steps }) => {
                let steps = steps.iter().map(|step| Step::Name(step)).collect();
                self.name(expr, Source::Path(*root), steps)
            }
            ExprKind::PreviousOutputs => self.name(expr, Source::PreviousOutputs, Vec::new()),
            ExprKind::Parameter(parameter) => match self.bound.get(&parameter.number) {
                Some(held) => held.clone().map(|origin| origin.through(expr)),
                None => self.name(expr, Source::Item, Vec::new()),
            },
            ExprKind::Member(object, step) => self.visit(object).step(Step::Name(step), expr),
            ExprKind::Index(object, index) => {
                let object = self.visit(object);
                let index = self.visit(index);
                self.look(&index);
                object.step(Step::Any, expr)
            }
            ExprKind::Array(items) => Held::fresh(self.all(items)),
            ExprKind::Object(fields) => {
                let held: Vec<Held> = fields.iter().map(|(_, value)| self.visit(value)).collect();
                Held::fresh(held)
            }
            ExprKind::Text(parts) => self.nothing_of(parts),
            ExprKind::Unary(_, operand) => {
                let operand = self.visit(operand);
                self.look(&operand);
                Held::default()
            }
            ExprKind::Binary(Binary::And, left, right) => {
                // What `&&` gives of its left side is false, and so no array.
                let left = self.visit(left);
                self.look(&left);
                self.visit(right)
            }
            ExprKind::Binary(Binary::Or | Binary::Coalesce, left, right) => {
                let left = self.visit(left);
                left.or(self.visit(right))
            }
            ExprKind::Binary(_, left, right) => {
                let (left, right) = (self.visit(left), self.visit(right));
                self.look(&left);
                self.look(&right);
                Held::default()
            }
            ExprKind::Conditional(test, yes, no) => {
                let test = self.visit(test);
                self.look(&test);
                let yes = self.side(expr, true, yes);
                yes.or(self.side(expr, false, no))
            }
            ExprKind::Global(Global::ObjectValues | Global::ObjectEntries, arguments) => {
                let held = self.all(arguments);
                Held::fresh(held.into_iter().map(|held| held.step(Step::Any, expr)))
            }
            ExprKind::Global(_, arguments) => self.nothing_of(arguments),
            ExprKind::Method(receiver, method, arguments) => self.method(expr, receiver, *method, arguments),
            ExprKind::Each(receiver, method, arrow) => self.each(expr, receiver, *method, arrow),
            ExprKind::Reduce(receiver, arrow, initial) => self.reduce(expr, receiver, arrow, initial.as_deref()),
            ExprKind::SortBy(receiver, arrow) => {
                let receiver = self.walked(receiver);
                let result = self.change(expr, "sort", receiver);
                // Any element may be compared any number of times.
                let element = result.step(Step::Any, expr);
                let order = self.run(arrow, vec![element.clone(), element]);
                self.look(&order);
                result
            }
        }
    }

    /// One side of a `?:`.
    fn side(&mut self, test: &'a Expr, holds: bool, side: &'a Expr) -> Held<'a> {
        let before = self.sides.len();
        if self.inside.is_empty() {
            self.sides.push(Side { test, holds });
        }
        let held = self.visit(side);
        self.sides.truncate(before);
        held
    }

    fn name(&self, expr: &'a Expr, root: Source, steps: Vec<Step<'a>>) -> Held<'a> {
        let (elements, sides) = (Vec::new(), self.sides.clone());
        let origin = Origin { root, steps, through: vec![expr], elements, sides, repeated: false, read: expr };
        Held { itself: vec![origin], inside: Vec::new() }
    }

    fn all(&mut self, exprs: &'a [Expr]) -> Vec<Held<'a>> {
        exprs.iter().map(|expr| self.visit(expr)).collect()
    }

    /// What is made of these shares nothing with them.
    fn nothing_of(&mut self, exprs: &'a [Expr]) -> Held<'a> {
        for held in self.all(exprs) {
            self.look(&held);
        }
        Held::default()
    }

    fn method(&mut self, expr: &'a Expr, receiver: &'a Expr, method: Method, arguments: &'a [Expr]) -> Held<'a> {
        let receiver = self.visit(receiver);
        let arguments = self.all(arguments);
        match method {
            Method::Sort => self.change(expr, "sort", receiver),
            Method::Reverse => self.change(expr, "reverse", receiver),
            Method::At => {
                arguments.iter().for_each(|argument| self.look(argument));
                receiver.step(Step::Any, expr)
            }
            Method::Slice | Method::Concat | Method::Flat => {
                self.look(&receiver);
                arguments.iter().for_each(|argument| self.look(argument));
                // What is an array among the arguments gives its elements; and `flat` goes any number of steps down.
                let elements = arguments.iter().map(|argument| argument.step(Step::Any, expr));
                let down = receiver.step(Step::Any, expr);
                let further = if method == Method::Flat { down.step(Step::Any, expr) } else { Held::default() };
                Held::fresh(elements.chain(arguments.iter().cloned()).chain([down, further]))
            }
            _ => {
                self.look(&receiver);
                arguments.iter().for_each(|argument| self.look(argument));
                Held::default()
            }
        }
    }

    fn each(&mut self, expr: &'a Expr, receiver: &'a Expr, method: EachMethod, arrow: &'a Arrow) -> Held<'a> {
        let receiver = self.walked(receiver);
        let element = receiver.step(Step::Any, expr);
        let own = element.clone().element_of(arrow);
        let result = self.run(arrow, vec![own, Held::default(), receiver.clone()]).of_all_runs(arrow);
        self.look(&receiver);
        match method {
            EachMethod::Map => Held::fresh([result]),
            EachMethod::FlatMap => Held::fresh([result.step(Step::Any, expr), result]),
            EachMethod::Filter => {
                self.look(&result);
                Held::fresh([element.map(|origin| origin.through(expr))])
            }
            EachMethod::Find => {
                self.look(&result);
                element.map(|origin| origin.through(expr))
            }
            EachMethod::FindIndex | EachMethod::Some | EachMethod::Every => {
                self.look(&result);
                Held::default()
            }
        }
    }

    fn reduce(&mut self, expr: &'a Expr, receiver: &'a Expr, arrow: &'a Arrow, initial: Option<&'a Expr>) -> Held<'a> {
        let receiver = self.walked(receiver);
        let initial = initial.map(|initial| self.visit(initial)).unwrap_or_default();
        let element = receiver.step(Step::Any, expr);
        let own = element.clone().element_of(arrow);
        // What one run gives the next one gets: what it began with, or anything that has a name inside.
        let mut accumulator = initial.or(element).or(receiver.clone());
        let mut names = Vec::new();
        arrow.body.walk(&mut |part| names.push(part));
        for part in names {
            accumulator = match &part.kind {
                ExprKind::Path(_) | ExprKind::PreviousOutputs => accumulator.or(self.visit(part)),
                ExprKind::Parameter(parameter) if self.bound.contains_key(&parameter.number) => {
                    accumulator.or(self.visit(part))
                }
                _ => accumulator,
            };
        }
        let parameters = vec![accumulator.clone(), own, Held::default(), receiver.clone()];
        let result = self.run(arrow, parameters).of_all_runs(arrow);
        self.look(&receiver);
        self.look(&result);
        accumulator.or(result).map(|origin| origin.through(expr))
    }

    /// An array that an arrow is called with; the parameters give it names even when it is a fresh one.
    fn walked(&mut self, receiver: &'a Expr) -> Held<'a> {
        let held = self.visit(receiver);
        held.or(self.name(receiver, Source::Made(ptr::from_ref(receiver)), Vec::new()))
    }

    /// Evaluates an arrow with what its parameters hold.
    fn run(&mut self, arrow: &'a Arrow, arguments: Vec<Held<'a>>) -> Held<'a> {
        for (parameter, argument) in arrow.parameters.iter().zip(arguments) {
            self.bound.insert(parameter.number, argument);
        }
        self.inside.push(arrow);
        let result = self.visit(&arrow.body);
        self.inside.pop();
        result
    }

    /// In JavaScript the result is the very array that was changed.
    fn change(&mut self, sort: &'a Expr, method: &'static str, receiver: Held<'a>) -> Held<'a> {
        self.look(&receiver);
        let at = self.changes.len() + 1;
        let (inside, sides) = (self.inside.clone(), self.sides.clone());
        self.changes.push(Change { sort, method, changed: receiver.itself.clone(), at, inside, sides });
        receiver.map(|origin| origin.through(sort))
    }

    /// The data is looked at, now.
    fn look(&mut self, held: &Held<'a>) {
        self.read(held, false);
    }

    /// The data goes on living.
    fn keep(&mut self, held: &Held<'a>) {
        self.read(held, true);
    }

    fn read(&mut self, held: &Held<'a>, kept: bool) {
        let (after, inside) = (self.changes.len(), self.inside.clone());
        let read = |origin: &Origin<'a>| Read { origin: origin.clone(), after, kept, inside: inside.clone() };
        self.reads.extend(held.origins().map(read));
    }

    /// How a change would be seen.
    fn seen(&self, change: &Change<'a>) -> Option<Seen<'a>> {
        let again = self.reads.iter().find(|read| change.is_seen_by(read));
        if let Some(read) = again {
            return Some(Seen::Again(read.origin.read));
        }
        let mut changed = change.changed.iter();
        let repeated =
            changed.any(|origin| origin.repeated || !change.inside.iter().all(|arrow| origin.is_element_of(arrow)));
        repeated.then_some(Seen::Repeated)
    }
}

impl Change<'_> {
    fn is_seen_by(&self, read: &Read) -> bool {
        let shares_a_run = read.inside.iter().any(|arrow| self.inside.iter().any(|other| ptr::eq(*arrow, *other)));
        if read.after < self.at && !read.kept && !shares_a_run {
            return false;
        }
        if exclude_each_other(&self.sides, &read.origin.sides) {
            return false;
        }
        // What was read through the sort is sorted here as well. And what the sorted array came from was read for it.
        let last = read.origin.through.last();
        self.changed.iter().any(|changed| {
            !read.origin.comes_through(self.sort)
                && !last.is_some_and(|last| changed.comes_through(last))
                && changed.overlaps(&read.origin)
                && !read.origin.is_length_of(changed)
        })
    }
}

/// Each of them once.
fn distinct<'a>(origins: impl Iterator<Item = Origin<'a>>) -> Vec<Origin<'a>> {
    let mut distinct: Vec<Origin<'a>> = Vec::new();
    for origin in origins {
        if distinct.len() == ORIGINS_MAX {
            let (elements, sides) = (Vec::new(), Vec::new());
            let (root, steps, through) = (Source::Anything, Vec::new(), Vec::new());
            return vec![Origin { root, steps, through, elements, sides, ..origin }];
        }
        if !distinct.iter().any(|known| known.is_same(&origin)) {
            distinct.push(origin);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use crate::pipeline;
    use crate::source::SourceFile;
    use std::collections::BTreeMap;

    /// The codes of what is wrong with an expression.
    fn refused(expression: &str) -> Vec<&'static str> {
        let quoted = flow_runtime::value::Value::string(expression).to_json().unwrap();
        let text = format!(
            r#"{{"nodes":[{{"id":"a","type":"action","action_type":"data_filter","config":{{"filter_condition":{quoted}}}}}]}}"#
        );
        let file = SourceFile { name: "w".to_owned(), text };
        match pipeline::check(file, "w", &BTreeMap::new()) {
            Ok(_) => Vec::new(),
            Err(rejected) => rejected.diagnostics.iter().map(|found| found.code.slug()).collect(),
        }
    }

    #[test]
    fn time_does_not_double_with_depth() {
        let reduces = format!("{}b.sort(){}", "a.reduce((x, y) => ".repeat(25), ")".repeat(25));
        assert_eq!(refused(&reduces), ["observed-sort"]);
        let copies = format!("[a, b]{}[0].sort()", ".concat([c]).flat().map(x => x || d)".repeat(30));
        assert_eq!(refused(&copies), ["observed-sort"]);
        let choices =
            format!("{}.sort().length", (0..15).fold("a".to_owned(), |inner, at| format!("(x{at} ? {inner} : b{at})")));
        assert_eq!(refused(&choices), [""; 0]);
    }

    #[test]
    fn only_one_side_of_a_choice_is_evaluated() {
        assert_eq!(refused("(c ? a.sort() : a)[0] == b"), [""; 0]);
        assert_eq!(refused("c ? a[0] == b : a.reverse()[0] == b"), [""; 0]);
        assert_eq!(refused("[c ? a.sort() : b, a][1][0] == d"), ["observed-sort"]);
        assert_eq!(refused("xs.map(x => x.c ? a.sort() : a)[0][0] == b"), ["observed-sort"]);
        assert_eq!(refused("(c ? a.sort() : d ? a : b)[0] == a[0]"), ["observed-sort"]);
    }

    #[test]
    fn too_much_to_follow_is_refused() {
        let many: Vec<String> = (0..200).map(|at| format!("a{at}")).collect();
        assert_eq!(refused(&format!("[{}][0].sort()[0] == b", many.join(","))), ["observed-sort"]);
        assert_eq!(refused(&format!("[{}][0].slice().sort()[0] == b", many.join(","))), [""; 0]);
    }
}

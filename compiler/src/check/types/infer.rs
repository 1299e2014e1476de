//! The type of an expression, and everything that is wrong inside it.
//!
//! Comes in: an expression, the types of the names, what the flow of the workflow says at this place. Goes out: its type.
//! Always true: a type is a superset of the values the expression can have; what was reported is `json` from there on, so
//! that one mistake gives one message. A part that no data can reach is not complained about.

use super::dates;
use super::messages;
use super::names::Names;
use super::narrow::{self, Fact, Origin, Reference};
use super::operators::is_text;
use super::signatures;
use super::transforms;
use crate::check::knowledge::Place;
use crate::check::knowledge::Supposed;
use crate::check::paths::{is_equality, is_ordering};
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Arrow, Binary, Expr, ExprKind, Path, Root, Unary};
use crate::model::ty::{Format, Literal, Read, Rest, Step, Test, Type};
use crate::model::{Kind, NodeId};
use crate::source::{Sources, Span};
use flow_runtime::expr::{EachMethod, Global, Method};
use std::rc::Rc;

/// Typing the expressions of one place.
pub(super) struct Typing<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) sources: &'a Sources,
    /// What was found; taken by whoever asked.
    pub(super) found: Vec<Diagnostic>,
    /// What holds everywhere at this place of the workflow: of the input, and of what nodes gave.
    everywhere: Rc<[Rc<Fact>]>,
    /// What that makes of the types of names; kept, because an expression after the other reads the same.
    roots: Vec<(Root, Type)>,
    /// Those of them that hold for one of several values.
    choices: Rc<[Rc<Fact>]>,
    /// What is looked at is the left side of a chain of nodes, `a.x ?? b.x ?? …`.
    in_chain: bool,
    /// What holds inside this part of the expression.
    inside: Vec<Rc<Fact>>,
    /// The types of the parameters in scope.
    bound: Vec<(usize, Type)>,
    /// Typed a second time, or on trial: nothing is reported.
    quiet: usize,
    /// How many `reduce`s are being looked at, one inside the other.
    pub(super) reduces: usize,
    /// Some part of what was typed may be anything.
    pub(super) met_json: bool,
}

impl<'a> Typing<'a> {
    pub(super) fn new(names: &'a Names<'a>, sources: &'a Sources) -> Typing<'a> {
        Typing {
            names,
            sources,
            found: Vec::new(),
            everywhere: Rc::default(),
            roots: Vec::new(),
            choices: Rc::default(),
            in_chain: false,
            inside: Vec::new(),
            bound: Vec::new(),
            quiet: 0,
            reduces: 0,
            met_json: false,
        }
    }

    /// As [`Typing::new`], where this is known to hold.
    pub(super) fn knowing(self, everywhere: Rc<[Rc<Fact>]>) -> Typing<'a> {
        let choices = everywhere.iter().filter(|fact| fact.is_choice()).cloned().collect();
        let mut typing = Typing { everywhere, choices, ..self };
        typing.choose();
        typing
    }

    /// As [`Typing::new`], with the type of `item`, which is parameter 0.
    pub(super) fn with_item(mut self, item: Type) -> Typing<'a> {
        self.bound.push((0, item));
        self
    }

    pub(super) fn infer(&mut self, expr: &Expr) -> Type {
        let ty = self.inferred(expr);
        self.met_json |= ty.is_json();
        ty
    }

    fn inferred(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Constant(value) => {
                self.no_number_at_all(expr, value);
                Type::of(value)
            }
            ExprKind::Array(items) => Type::tuple(self.all(items)),
            ExprKind::Object(fields) => {
                let field = |(name, value): &(String, Expr)| crate::model::ty::Field {
                    span: Some(value.span),
                    ..crate::model::ty::Field::required(name, self.infer(value))
                };
                let fields = fields.iter().map(field).collect();
                Type::object(fields, Rest::Closed)
            }
            ExprKind::Text(parts) => {
                self.all(parts);
                Type::STRING
            }
            ExprKind::Path(path) => self.path(expr, path),
            ExprKind::Env(variable) => match self.names.is_secret(*variable) {
                true => Type::String(Format::Secret),
                false => Type::STRING,
            },
            ExprKind::Timestamp => Type::String(Format::Time),
            ExprKind::ExecutionId => Type::STRING,
            ExprKind::PreviousOutputs => Type::object(Vec::new(), Rest::Of(Type::Json)),
            ExprKind::Parameter(parameter) => self.parameter(parameter.number),
            ExprKind::Member(object, name) => {
                let object = self.infer(object);
                let read = object.field(name);
                self.unknown_field(&read, &object, expr, name);
                self.narrowed(expr, read.ty)
            }
            ExprKind::Index(object, index) => self.index(expr, object, index),
            ExprKind::Method(receiver, method, arguments) => self.method(expr, receiver, *method, arguments),
            ExprKind::Each(receiver, method, arrow) => self.each(expr, receiver, *method, arrow),
            ExprKind::Reduce(receiver, arrow, initial) => self.reduce(expr, receiver, arrow, initial.as_deref()),
            ExprKind::SortBy(receiver, arrow) => {
                let Some((array, others)) = self.array(expr, receiver, "sort") else { return Type::Json };
                let order = self.arrow(arrow, &[array.0.clone(), array.0.clone()]);
                if !order.is_never() && order.members().iter().all(|ty| Type::Bool.accepts(ty)) && !order.is_json() {
                    let found = messages::sorted_by_truth(self, arrow);
                    self.report(found);
                }
                Type::array(array.0, array.1).join(&others)
            }
            ExprKind::Global(function, arguments) => self.global(*function, arguments),
            ExprKind::Unary(Unary::Not, operand) => {
                self.infer(operand);
                self.position_as_truth(operand);
                Type::Bool
            }
            ExprKind::Unary(operator, operand) => {
                let ty = self.infer(operand);
                // `+x` says that a conversion is meant; of a date there is none.
                if *operator == Unary::Minus || dates::is_date(&ty) {
                    self.number(operand, &ty, if *operator == Unary::Minus { "-" } else { "+" });
                }
                Type::Number
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Conditional(test, yes, no) => {
                let test_type = self.infer(test);
                self.position_as_truth(test);
                let yes = if test_type.can_be_truthy() { self.under(test, true, yes) } else { Type::Never };
                let no = if test_type.can_be_falsy() { self.under(test, false, no) } else { Type::Never };
                yes.join(&no)
            }
            ExprKind::Unknown => Type::Json,
        }
    }

    fn all(&mut self, exprs: &[Expr]) -> Vec<Type> {
        exprs.iter().map(|expr| self.infer(expr)).collect()
    }

    /// The type of an expression where a test holds, or does not.
    pub(super) fn under(&mut self, test: &Expr, holds: bool, expr: &Expr) -> Type {
        let before = self.inside.len();
        self.suppose(narrow::facts(test, holds));
        let ty = self.infer(expr);
        self.inside.truncate(before);
        ty
    }

    /// Takes for granted what holds inside a part of the expression, and what follows from it.
    fn suppose(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            let of_items = transforms::of_counted(self.names.workflow, &fact);
            self.inside.extend([Some(fact), of_items].into_iter().flatten().map(Rc::new));
        }
        self.choose();
    }

    /// Where something holds for one of several values, and only one of them can still be it, it holds for that one.
    fn choose(&mut self) {
        let mut choices = self.choices.to_vec();
        choices.extend(self.inside.iter().filter(|fact| fact.is_choice()).cloned());
        for choice in choices {
            let Origin::OneOf(parts) = &choice.about.root else { continue };
            // What was skipped is missing, and that is not in the type of its output.
            if !Type::Missing.passing(&choice.test).is_never() {
                continue;
            }
            let can_be = |typing: &mut Self, part: &Reference| !typing.type_of(part).passing(&choice.test).is_never();
            let mut left = parts.iter().filter(|part| can_be(self, part));
            if let (Some(only), None) = (left.next(), left.next()) {
                self.inside.push(Rc::new(Fact { about: only.clone(), test: choice.test.clone() }));
            }
        }
    }

    /// The type of a value that has a name, as if every node had run.
    fn type_of(&mut self, reference: &Reference) -> Type {
        let whole = match &reference.root {
            Origin::Path(root) => {
                let declared = self.names.root(*root);
                self.root(*root, declared)
            }
            Origin::Parameter(number) => self.parameter(*number),
            Origin::OneOf(_) => Type::Json,
        };
        reference.steps.iter().fold(whole, |ty, step| match step {
            Step::Field(name) => ty.field(name).ty,
            Step::Element(at) => ty.element(*at),
        })
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.quiet == 0 {
            self.found.push(diagnostic);
        }
    }

    /// The type of a path.
    pub(super) fn path(&mut self, expr: &Expr, path: &Path) -> Type {
        let mut walked = Path { root: path.root, steps: Vec::with_capacity(path.steps.len()) };
        let declared = self.names.root(path.root);
        if declared.is_json() {
            return Type::Json;
        }
        let mut ty = self.root(path.root, declared);
        if self.names.may_be_skipped(expr, path.root) {
            let inside = self.inside.iter().map(Rc::as_ref);
            ty = narrow::assume(ty.join(&Type::Missing), &Origin::Path(path.root), inside);
        }
        ty = self.names.known(&walked, ty);
        for (at, step) in path.steps.iter().enumerate() {
            let read = ty.field(step);
            if read.unknown && self.quiet == 0 {
                let found = messages::unknown_field(self, &ty, &read, expr, path, at);
                self.report(found);
                // That it is always missing, too, goes without saying.
                return Type::Json;
            }
            walked.steps.push(step.clone());
            ty = self.names.known(&walked, read.ty);
            if ty.is_json() {
                return Type::Json;
            }
        }
        // Whether a node can have failed is a question of paths: `constant-condition` answers it, no comparison of types.
        if path.is_status() && !ty.is_never() {
            let missing = ty.only(|ty| matches!(ty, Type::Missing));
            ty = self.names.root(path.root).field("status").ty.without_missing().join(&missing);
        }
        ty
    }

    /// The type of that whose `length` an expression reads; `None`: it reads none.
    pub(super) fn measured(&mut self, length: &Expr) -> Option<Type> {
        self.quiet += 1;
        let ty = match &length.kind {
            ExprKind::Member(whole, name) if name == "length" => Some(self.infer(whole)),
            ExprKind::Path(path) => match path.steps.split_last() {
                Some((last, steps)) if last == "length" => {
                    Some(self.path(length, &Path { root: path.root, steps: steps.to_vec() }))
                }
                _ => None,
            },
            _ => None,
        };
        self.quiet -= 1;
        ty
    }

    /// The type of what a path starts at, by all that holds here.
    fn root(&mut self, root: Root, declared: Type) -> Type {
        let origin = Origin::Path(root);
        let known = self.roots.iter().find(|(known, _)| *known == root).map(|(_, ty)| ty.clone());
        let ty = known.unwrap_or_else(|| {
            let ty = narrow::assume(declared, &origin, self.everywhere.iter().map(Rc::as_ref));
            self.roots.push((root, ty.clone()));
            ty
        });
        narrow::assume(ty, &origin, self.inside.iter().map(Rc::as_ref))
    }

    /// What a transform calls `item`, inside of what it does with each.
    pub(super) fn item(&self) -> Option<Type> {
        let Place::Node(node) = self.names.place else { return None };
        let is_transform = matches!(self.names.workflow.node(node).kind, Kind::Transform(_));
        let is_bound = self.bound.first().is_some_and(|(number, _)| *number == 0);
        (is_transform && is_bound).then(|| self.parameter(0))
    }

    fn parameter(&self, number: usize) -> Type {
        let bound = self.bound.iter().rev().find(|(bound, _)| *bound == number);
        let ty = bound.map_or(Type::Json, |(_, ty)| ty.clone());
        narrow::assume(ty, &Origin::Parameter(number), self.inside.iter().map(Rc::as_ref))
    }

    /// A part of something that has a name: what is known of the whole is in its type already, for paths and parameters.
    fn narrowed(&self, expr: &Expr, ty: Type) -> Type {
        let Some(Reference { steps, .. }) = narrow::reference(expr) else { return ty };
        // What a test says of an element is not kept by the type of the array.
        let has_element = steps.iter().any(|step| matches!(step, Step::Element(_)));
        if !has_element {
            return ty;
        }
        let about = narrow::reference(expr);
        let facts = self.everywhere.iter().chain(&self.inside).filter(|fact| about.as_ref() == Some(&fact.about));
        facts.fold(ty, |ty, fact| ty.passing(&fact.test))
    }

    fn unknown_field(&mut self, read: &Read, object: &Type, expr: &Expr, name: &str) {
        if read.unknown && self.quiet == 0 {
            let found = messages::unknown_member(self, object, read, expr, name);
            self.report(found);
        }
    }

    fn index(&mut self, expr: &Expr, object: &Expr, index: &Expr) -> Type {
        let ty = self.infer(object);
        let index_type = self.infer(index);
        let has_text = ty.members().iter().any(is_text);
        let characters = if has_text { self.characters(object) } else { 0 };
        if let Some(position) = narrow::position(index) {
            let read = ty.field(&position.to_string());
            if read.unknown {
                self.report(messages::no_element(self, object, &ty, &read, index));
                return Type::Json;
            }
            let element = ty.each(|one| match one {
                one if is_text(one) && position < characters => Type::STRING,
                one => one.element(position),
            });
            return self.narrowed(expr, element);
        }
        if let Some(distance) = narrow::from_end(object, index) {
            return ty.each(|one| match one {
                Type::Array(array) if distance <= array.least => array.items.clone(),
                one if is_text(one) && distance <= characters => Type::STRING,
                one => one.any_element(&index_type),
            });
        }
        if self.between_two_elements(&ty, index) {
            return Type::Json;
        }
        let negative = matches!(index_type, Type::Literal(Literal::Number(at)) if at < 0.0);
        let is_list = !ty.is_json() && ty.without_nullish().members().iter().all(|ty| matches!(ty, Type::Array(_)));
        if negative && is_list && !ty.without_nullish().is_never() {
            self.report(messages::negative_index(self, expr, index));
            return Type::Json;
        }
        ty.any_element(&index_type)
    }

    /// How many characters a value has at least where it is text, by what was asked of it.
    fn characters(&self, text: &Expr) -> usize {
        let Some(about) = narrow::reference(text) else { return 0 };
        let facts = || self.everywhere.iter().chain(&self.inside);
        let is_asked = |fact: &Rc<Fact>| fact.about == about && Type::text("").passing(&fact.test).is_never();
        let asked = usize::from(facts().any(is_asked));
        let length = Reference { steps: [about.steps.as_slice(), &[Step::Field("length".into())]].concat(), ..about };
        let lengths = facts().filter(|fact| fact.about == length);
        lengths.filter_map(|fact| fact.test.shortest_length(0)).fold(asked, usize::max)
    }

    fn method(&mut self, expr: &Expr, receiver: &Expr, method: Method, arguments: &[Expr]) -> Type {
        let ty = self.infer(receiver);
        let types = self.all(arguments);
        self.ends_before_it_begins(method, arguments);
        if method == Method::Sort {
            self.sorted_as_text(expr, receiver, &ty);
        }
        if let (Method::Includes, [value], [value_type]) = (method, arguments, types.as_slice()) {
            self.included(receiver, &ty, value, value_type);
        }
        match signatures::method(&ty, method, &types) {
            Some(_) if self.out_of_range(&ty, method, arguments, &types) => Type::Json,
            Some(result) => result,
            None => {
                self.no_method(expr, receiver, &ty, method.name(), |one| {
                    signatures::method(one, method, &types).is_some()
                });
                Type::Json
            }
        }
    }

    /// `sort` without a function compares texts.
    fn sorted_as_text(&mut self, expr: &Expr, receiver: &Expr, ty: &Type) {
        let arrays = ty.members().iter().filter_map(|one| match one {
            Type::Array(array) => Some(array.items.widened()),
            _ => None,
        });
        let items = Type::union(arrays);
        if matches!(items, Type::Number | Type::Object(_)) {
            let found = messages::sorted_as_text(self, expr, receiver, &items);
            self.report(found);
        }
    }

    /// Whether a list can hold a value at all.
    fn included(&mut self, list: &Expr, ty: &Type, value: &Expr, value_type: &Type) {
        let items = |ty: &Type| match ty {
            Type::Array(array) => array.items.clone(),
            Type::Missing | Type::Null => Type::Never,
            _ => Type::Json,
        };
        let items = ty.each(items);
        let is_unknown = |ty: &Type| ty.is_never() || ty.members().iter().any(Type::is_json);
        if !is_unknown(&items) && !is_unknown(value_type) && !items.can_equal(value_type, true) {
            let found = messages::never_included(self, list, &items, value, value_type);
            self.report(found);
        }
    }

    fn no_method(&mut self, expr: &Expr, receiver: &Expr, ty: &Type, name: &str, has: impl Fn(&Type) -> bool) {
        let without = Type::union(ty.members().iter().filter(|one| !has(one)).cloned());
        let with = Type::union(ty.members().iter().filter(|one| has(one)).cloned()).without_nullish();
        let found = messages::no_method(self, expr, receiver, &without, &with, name);
        self.report(found);
    }

    /// What the elements of a receiver are, how many at least, and what the call gives for its other alternatives (missing,
    /// where there is no receiver). `None`: nothing is known, or the call fails, which is reported.
    pub(super) fn array(&mut self, expr: &Expr, receiver: &Expr, name: &str) -> Option<((Type, usize), Type)> {
        let ty = self.infer(receiver);
        if ty.is_never() {
            return Some(((Type::Never, 0), Type::Never));
        }
        let mut elements = None;
        let mut others = Type::Never;
        for one in ty.members() {
            match one {
                Type::Array(array) => elements = Some((array.items.clone(), array.least)),
                Type::Missing | Type::Null => others = Type::Missing,
                Type::Json => {
                    elements = Some((Type::Json, 0));
                    others = Type::Json;
                }
                _ => {
                    self.no_method(expr, receiver, &ty, name, |one| {
                        matches!(one, Type::Array(_) | Type::Missing | Type::Null)
                    });
                    return Some(((Type::Json, 0), Type::Json));
                }
            }
        }
        Some((elements.unwrap_or((Type::Never, 0)), others))
    }

    /// The type of an arrow's value, for parameters of these types.
    pub(super) fn arrow(&mut self, arrow: &Arrow, arguments: &[Type]) -> Type {
        let before = self.bound.len();
        for (position, parameter) in arrow.parameters.iter().enumerate() {
            self.bound.push((parameter.number, arguments.get(position).cloned().unwrap_or(Type::Missing)));
        }
        let ty = self.infer(&arrow.body);
        self.bound.truncate(before);
        ty
    }

    fn each(&mut self, expr: &Expr, receiver: &Expr, method: EachMethod, arrow: &Arrow) -> Type {
        let Some(((item, least), others)) = self.array(expr, receiver, method.name()) else { return Type::Json };
        let array = Type::array(item.clone(), least);
        let answer = self.arrow(arrow, &[item.clone(), Type::Number, array]);
        if !matches!(method, EachMethod::Map | EachMethod::FlatMap) {
            self.position_as_truth(&arrow.body);
        }
        // `filter(x => x.price)` keeps those for which it is true.
        let kept = match arrow.parameters.first() {
            Some(parameter) => {
                let facts = narrow::facts(&arrow.body, true);
                narrow::assume(item, &Origin::Parameter(parameter.number), facts.iter())
            }
            None => item,
        };
        let result = match method {
            EachMethod::Map => Type::array(answer, least),
            EachMethod::FlatMap => Type::array(signatures::flattened(&answer), 0),
            EachMethod::Filter => Type::array(kept, 0),
            EachMethod::Find => kept.join(&Type::Missing),
            EachMethod::FindIndex => Type::Number,
            EachMethod::Some | EachMethod::Every => Type::Bool,
        };
        result.join(&others)
    }

    fn global(&mut self, function: Global, arguments: &[Expr]) -> Type {
        let types = self.all(arguments);
        if signatures::is_arithmetic(function) {
            for (argument, ty) in arguments.iter().zip(&types) {
                self.number(argument, ty, function.name());
            }
        }
        self.number_of_date(function, arguments, &types);
        let of_fields = matches!(function, Global::ObjectKeys | Global::ObjectValues | Global::ObjectEntries);
        if let (true, Some(argument), Some(ty)) = (of_fields, arguments.first(), types.first())
            && ty.may_be_nullish()
        {
            let found = messages::may_be_missing(self, argument, ty, messages::Use::Function(function.name()));
            self.report(found);
        }
        signatures::global(function, &types)
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr) -> Type {
        // A chain of nodes is asked about as a whole, where it ends.
        let asked_later = std::mem::take(&mut self.in_chain);
        self.in_chain = matches!(operator, Binary::Or | Binary::Coalesce) && !left.sources().is_empty();
        let left_type = self.infer(left);
        self.in_chain = false;
        match operator {
            Binary::And | Binary::Or if self.of_other_word(operator, left, right) => {
                self.infer(right);
                Type::Bool
            }
            Binary::And => {
                self.position_as_truth(left);
                let falsy = left_type.passing(&Test::Falsy);
                let right = if left_type.can_be_truthy() { self.under(left, true, right) } else { Type::Never };
                falsy.join(&right)
            }
            Binary::Or => {
                self.other_constant_alone(left, right);
                let truthy = left_type.passing(&Test::Truthy);
                let before = self.found.len();
                let right_type = if left_type.can_be_falsy() { self.under(left, false, right) } else { Type::Never };
                let lost = if asked_later { Type::Never } else { self.lost(operator, left, right, before) };
                truthy.join(&right_type).join(&lost)
            }
            Binary::Coalesce => {
                let present = left_type.passing(&Test::NotNullish);
                if !left_type.is_json() && !left_type.may_be_nullish() {
                    self.quiet += 1;
                    self.infer(right);
                    self.quiet -= 1;
                    return present;
                }
                let (before, found) = (self.inside.len(), self.found.len());
                self.suppose(narrow::nullish(left));
                let right_type = self.infer(right);
                self.inside.truncate(before);
                let lost = if asked_later { Type::Never } else { self.lost(operator, left, right, found) };
                present.join(&right_type).join(&lost)
            }
            _ => {
                let right_type = self.infer(right);
                self.operator(operator, (left, &left_type), (right, &right_type))
            }
        }
    }

    /// Whether `a.result.x || b.result.x`, "whichever ran", may be missing because `a` ran without having that field while `b` was
    /// skipped. Where `a` has always run, that is `skipped-node`.
    pub(super) fn both_may_lack(&mut self, operator: Binary, left: &Expr, right: &Expr) -> bool {
        // Asked of what is typed for this question already, it would double the work with every level.
        if self.names.supposed.ran.is_some() {
            return false;
        }
        left.sources()
            .into_iter()
            .any(|ran| self.lacks(right, ran, &mut Vec::new()) && self.left_lacks(operator, left, right, ran))
    }

    /// What `left || right` is when neither side has a value because of the nodes that were skipped. `before`: how much had been
    /// found before the right side was looked at.
    fn lost(&mut self, operator: Binary, left: &Expr, right: &Expr, before: usize) -> Type {
        if self.found.len() == before {
            self.right_alone(operator, left, right);
        }
        let is_lost = self.found.len() == before && self.both_may_lack(operator, left, right);
        if is_lost { Type::Missing } else { Type::Never }
    }

    /// Reports what is wrong with the right side where a node of the left one ran and had nothing, and the node that is read here
    /// was skipped: `a.result.x ?? "Order " + b.result.id`. Of a plain read the whole is missing then.
    fn right_alone(&mut self, operator: Binary, left: &Expr, right: &Expr) {
        if self.quiet > 0 || self.names.supposed.ran.is_some() || !right.sources().is_empty() {
            return;
        }
        let read = right.nodes_read();
        for ran in left.sources() {
            let is_skipped = |node: &NodeId| *node != ran && self.names.runs_without(ran, *node);
            if read.iter().any(is_skipped) && self.left_lacks(operator, left, right, ran) {
                let names = Names { supposed: Supposed { ran: Some(ran), skipped: &[] }, ..*self.names };
                let mut typing = self.supposing(&names);
                typing.suppose(if operator == Binary::Or { narrow::facts(left, false) } else { narrow::nullish(left) });
                typing.infer(right);
                if !typing.found.is_empty() {
                    let node = self.names.workflow.node(ran).id.value.as_str();
                    let here = typing
                        .found
                        .into_iter()
                        .map(|found| found.also(left.span, format!("when `{node}` ran without it")));
                    self.found.extend(here);
                    return;
                }
            }
        }
    }

    /// Whether `left || right` or `left ?? right` can come to its right side though this node ran, and those that the right one reads
    /// were skipped.
    fn left_lacks(&self, operator: Binary, left: &Expr, right: &Expr, ran: NodeId) -> bool {
        let is_skipped = |node: &NodeId| *node != ran && self.names.runs_without(ran, *node);
        let mut skipped = right.sources();
        // Not of a chain: where several nodes are read, one of them is enough to be lacking.
        if skipped.is_empty() {
            skipped = right.nodes_read();
            skipped.dedup();
            skipped.truncate(if skipped.len() > 1 { 0 } else { 1 });
        }
        skipped.retain(is_skipped);
        // How those ended that ran may depend on it: of two that lead here when they succeed, the only one did.
        let names = Names { supposed: Supposed { ran: Some(ran), skipped: &skipped }, ..*self.names };
        let mut typing = self.supposing(&names);
        typing.quiet = 1;
        let nothing = |node| Fact {
            about: Reference { root: Origin::Path(Root::Output(node)), steps: Vec::new() },
            test: Test::Missing,
        };
        typing.suppose(skipped.iter().copied().map(nothing).collect());
        let ty = typing.infer(left);
        !ty.is_json() && if operator == Binary::Or { ty.can_be_falsy() } else { ty.may_be_nullish() }
    }

    /// The same place of the expression, with other names.
    fn supposing<'n>(&self, names: &'n Names<'n>) -> Typing<'n>
    where
        'a: 'n,
    {
        let (inside, bound) = (self.inside.clone(), self.bound.clone());
        Typing { inside, bound, ..Typing::new(names, self.sources) }.knowing(Rc::clone(&self.everywhere))
    }

    /// Whether an expression has no value, or not the one that is meant, where one node ran and those that it reads were skipped.
    /// `asked`: the nodes that a test around it asks for.
    fn lacks(&self, expr: &Expr, ran: NodeId, asked: &mut Vec<NodeId>) -> bool {
        match &expr.kind {
            ExprKind::Binary(Binary::Or | Binary::Coalesce, left, right) => {
                self.lacks(left, ran, asked) && self.lacks(right, ran, asked)
            }
            ExprKind::Binary(operator, ..) if is_equality(*operator) || is_ordering(*operator) => false,
            ExprKind::Unary(Unary::Not, _) | ExprKind::Global(Global::Boolean, _) => false,
            ExprKind::Conditional(test, yes, no) => {
                let before = asked.len();
                asked.extend(test.nodes_read());
                let lacks = self.lacks(yes, ran, asked) || self.lacks(no, ran, asked);
                asked.truncate(before);
                lacks
            }
            ExprKind::Path(Path { root: Root::Output(read), .. }) => {
                *read != ran && !asked.contains(read) && self.names.runs_without(ran, *read)
            }
            _ => expr.children().into_iter().any(|child| self.lacks(child, ran, asked)),
        }
    }

    /// The text of a place, as it was written.
    pub(super) fn written(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    /// Asks again, without reporting again.
    pub(super) fn silently<T>(&mut self, ask: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += 1;
        let result = ask(self);
        self.quiet -= 1;
        result
    }
}

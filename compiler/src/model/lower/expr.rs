//! `ast::Expr` → [`Expr`]: names become paths, variables, parameters; constants are folded.

use super::Lowering;
use super::function_names::{INSTEAD_OF_FUNCTIONS, INSTEAD_OF_METHODS, NAMESPACES, functions_of};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::eval::fold;
use crate::model::expr::{Arrow, Expr, ExprKind, Parameter, Path, Root};
use crate::model::{EnvId, NodeId};
use crate::source::{Dialect, Span};
use crate::syntax::ast;
use flow_runtime::expr::{EachMethod, Global, Method, math_constant};
use flow_runtime::value::{JsString, Value};

/// Where an expression stands: decides what `result` and `item` mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the config of a node.
    Node(NodeId),
    /// In the config of a node, once for each item of a list.
    Item(NodeId),
    /// In the condition of an edge out of this node.
    Condition(NodeId),
}

impl Place {
    /// The node that reads: for a condition, its source.
    pub fn node(self) -> NodeId {
        match self {
            Place::Node(node) | Place::Item(node) | Place::Condition(node) => node,
        }
    }
}

/// `item` in a transform is parameter 0 of the expression; arrows count on.
pub const ITEM: &str = "item";

/// Values larger than this are left to the run time: a folded `"x".repeat(100000)` would only make the binary larger.
const FOLDED_TEXT_MAX: usize = 1024;

/// Lowers one expression.
pub(super) fn lower(lowering: &mut Lowering, place: Place, expr: &ast::Expr) -> Expr {
    lowering.shadowed_expression(place, expr);
    let mut resolver = Resolver { lowering, place, bound: Vec::new(), parameters: 0 };
    if let Place::Item(_) = place {
        resolver.bind(ITEM);
    }
    resolver.expr(expr)
}

struct Resolver<'a, 'b> {
    lowering: &'a mut Lowering<'b>,
    place: Place,
    /// Parameters in scope, innermost last.
    bound: Vec<Parameter>,
    parameters: usize,
}

impl Resolver<'_, '_> {
    fn expr(&mut self, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        let kind = match &expr.kind {
            ast::ExprKind::Undefined => return Expr::constant(span, Value::Undefined),
            ast::ExprKind::Null => return Expr::constant(span, Value::Null),
            ast::ExprKind::Bool(value) => return Expr::constant(span, Value::Bool(*value)),
            ast::ExprKind::Number(value) => return Expr::constant(span, Value::Number(*value)),
            ast::ExprKind::String(value) => return Expr::constant(span, Value::String(value.clone())),
            ast::ExprKind::Template(parts) => ExprKind::Text(self.template(span, parts)),
            ast::ExprKind::Array(items) => ExprKind::Array(self.all(items)),
            ast::ExprKind::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (key.name.clone(), self.expr(value))).collect();
                ExprKind::Object(fields)
            }
            ast::ExprKind::Name(name) => return self.name(span, name),
            ast::ExprKind::Member(object, property) => return self.member(span, object, property),
            ast::ExprKind::Index(object, index) => return self.index(span, object, index),
            ast::ExprKind::Call(callee, arguments) => return self.call(span, callee, arguments),
            ast::ExprKind::Unary(operator, operand) => ExprKind::Unary(*operator, Box::new(self.expr(operand))),
            ast::ExprKind::Binary(operator, left, right) => {
                let (left, right) = (self.expr(left), self.expr(right));
                ExprKind::Binary(*operator, Box::new(left), Box::new(right))
            }
            ast::ExprKind::Conditional(test, yes, no) => {
                let (test, yes, no) = (self.expr(test), self.expr(yes), self.expr(no));
                ExprKind::Conditional(Box::new(test), Box::new(yes), Box::new(no))
            }
            ast::ExprKind::Arrow(..) => {
                self.report(
                    Diagnostic::new(Code::MisplacedFunction, span, "a function stands where a value is expected")
                        .help("functions can only be arguments of `map`, `filter`, `find`, `some`, `every`, `reduce` and `sort`"),
                );
                return Expr::unknown(span);
            }
        };
        finish(span, kind)
    }

    fn all(&mut self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn template(&mut self, span: Span, parts: &[ast::TemplatePart]) -> Vec<Expr> {
        let part = |part: &ast::TemplatePart, resolver: &mut Self| match part {
            ast::TemplatePart::Literal(text) => Expr::constant(span, Value::String(text.clone())),
            ast::TemplatePart::Expression(expr) => resolver.expr(expr),
        };
        parts.iter().map(|each| part(each, self)).collect()
    }

    /// A bare name, in the order of the language reference: parameters first, then the roots, then variables of the
    /// environment, then (in a .flow text) nodes, then fields of the input.
    fn name(&mut self, span: Span, name: &str) -> Expr {
        if self.is_glued(name, span) {
            return Expr::unknown(span);
        }
        if let Some(parameter) = self.parameter(name) {
            return Expr { span, kind: ExprKind::Parameter(parameter) };
        }
        // `a-b`, `item-1`: a field of the input whose name is made of nothing else.
        if let Some((first, rest)) = name.split_once('-')
            && self.parameter(first).is_some()
            && rest.split('-').all(|part| self.parameter(part).is_some() || suggest::is_digits(part))
        {
            self.glued(name, span, rest);
            return Expr::unknown(span);
        }
        let kind = match name {
            "input_data" => path(Root::Input, &[]),
            "previous_outputs" => ExprKind::PreviousOutputs,
            "timestamp" => ExprKind::Timestamp,
            "execution_id" => ExprKind::ExecutionId,
            "error" => match self.place {
                Place::Node(_) | Place::Item(_) => path(Root::Error, &[]),
                // In a condition the error is that of the edge's source.
                Place::Condition(from) => path(Root::Output(from), &["error"]),
            },
            "result" => match self.place {
                Place::Condition(from) => path(Root::Output(from), &["result"]),
                Place::Node(_) | Place::Item(_) => {
                    self.report(
                        Diagnostic::new(
                            Code::NameOutOfPlace,
                            span,
                            "`result` is only known in the condition of a connection",
                        )
                        .label("no node has a result here")
                        .help(self.result_of_a_node())
                        .help("a field of the input with that name is `input_data.result`"),
                    );
                    return Expr::unknown(span);
                }
            },
            ITEM => {
                self.report(
                    Diagnostic::new(Code::NameOutOfPlace, span, "`item` is only known where a list is walked through")
                        .label("no list here")
                        .help(match self.lowering.dialect {
                            Dialect::Json => {
                                "`item` belongs into `filter_condition`, `expression` and `field` of a data_transform"
                            }
                            Dialect::Flow => {
                                "`item` belongs into what a `transform` does, such as `filter: item.price > 10`"
                            }
                        })
                        .help("a field of the input with that name is `input_data.item`"),
                );
                return Expr::unknown(span);
            }
            "Number" | "String" | "Boolean" => return self.uncalled(span, name),
            _ if NAMESPACES.contains(&name) => {
                self.report(
                    Diagnostic::new(Code::MisplacedFunction, span, format!("`{name}` is not a value"))
                        .label("not a value")
                        .help(format!("call one of its functions: {}", functions_of(name))),
                );
                return Expr::unknown(span);
            }
            _ if is_environment_name(name) => ExprKind::Env(self.environment(name)),
            _ => match self.lowering.node_id(name).filter(|_| self.lowering.dialect == Dialect::Flow) {
                Some(node) => path(Root::Output(node), &[]),
                None => path(Root::Input, &[name]),
            },
        };
        Expr { span, kind }
    }

    fn member(&mut self, span: Span, object: &ast::Expr, property: &ast::Property) -> Expr {
        if let ast::ExprKind::Name(namespace) = &object.kind
            && self.parameter(namespace).is_none()
            && NAMESPACES.contains(&namespace.as_str())
        {
            if let Some(value) = math_constant(&property.name).filter(|_| namespace == "Math") {
                return Expr::constant(span, Value::Number(value));
            }
            return match Global::from_path(&[namespace, &property.name]) {
                Some(global) => self.uncalled(span, global.name()),
                None => self.unknown_function(span, namespace, &property.name),
            };
        }
        let object = self.expr(object);
        // `a.price-b.price` of two items.
        if let (Some(of), Some((_, rest))) = (parameter_in(&object), property.name.rsplit_once('-'))
            && self.parameter(rest).is_some_and(|other| other.number != of.number && other.name != ITEM)
        {
            self.glued(&property.name, property.span, rest);
            return Expr::unknown(span);
        }
        self.step(span, object, &property.name, property.span)
    }

    fn index(&mut self, span: Span, object: &ast::Expr, index: &ast::Expr) -> Expr {
        let object = self.expr(object);
        let index = self.expr(index);
        if let ExprKind::Constant(Value::String(JsString::Utf8(name))) = &index.kind
            // `x["0"]` is also how JavaScript reads an element of an array.
            && !name.bytes().all(|byte| byte.is_ascii_digit())
        {
            let name = name.to_string();
            return self.step(span, object, &name, index.span);
        }
        if let (ExprKind::PreviousOutputs, ExprKind::Constant(Value::Number(_))) = (&object.kind, &index.kind) {
            self.report(
                Diagnostic::new(
                    Code::UnknownNode,
                    index.span,
                    "the outputs before are named by their nodes, not counted",
                )
                .label("no node has such an id")
                .help(self.result_of_a_node()),
            );
            return Expr::unknown(span);
        }
        finish(span, ExprKind::Index(Box::new(object), Box::new(index)))
    }

    /// One step further along a path.
    fn step(&mut self, span: Span, object: Expr, name: &str, name_span: Span) -> Expr {
        if self.is_glued(name, name_span) {
            return Expr::unknown(span);
        }
        let kind = match object.kind {
            ExprKind::Unknown => return Expr::unknown(span),
            ExprKind::PreviousOutputs => return self.output_of(span, name, name_span),
            // `length` is the number of elements of an array, or a property of an object: known when it runs.
            ExprKind::Path(_) if name == "length" => ExprKind::Member(Box::new(object), name.to_string()),
            ExprKind::Path(mut path) => {
                path.steps.push(name.to_string());
                if let (Root::Output(_), [field]) = (path.root, path.steps.as_slice())
                    && !ENVELOPE.contains(&field.as_str())
                {
                    self.unknown_envelope_field(name_span, name);
                    return Expr::unknown(span);
                }
                ExprKind::Path(path)
            }
            _ => ExprKind::Member(Box::new(object), name.to_string()),
        };
        finish(span, kind)
    }

    /// Whether a subtraction was written without spaces: `total-input_data.discount` would read the field
    /// `total-input_data`, which nobody has.
    fn is_glued(&mut self, name: &str, span: Span) -> bool {
        let glued = name.split('-').skip(1).find(|part| matches!(*part, "input_data" | "previous_outputs"));
        if let Some(root) = glued {
            self.glued(name, span, root);
        }
        glued.is_some()
    }

    fn glued(&mut self, name: &str, span: Span, subtracted: &str) {
        self.report(
            Diagnostic::new(Code::ExpressionSyntax, span, format!("`{name}` is one name: a `-` belongs to it"))
                .label("no subtraction")
                .help(format!("a subtraction is written with spaces: ` - {subtracted}`")),
        );
    }

    fn output_of(&mut self, span: Span, id: &str, id_span: Span) -> Expr {
        match self.lowering.node_id(id) {
            Some(node) => Expr { span, kind: path(Root::Output(node), &[]) },
            None => {
                // Where no node could be read, that is said.
                if !self.lowering.id_list.is_empty() {
                    let diagnostic = self.lowering.unknown_node(id, id_span);
                    self.report(diagnostic);
                }
                Expr::unknown(span)
            }
        }
    }

    fn unknown_envelope_field(&mut self, span: Span, name: &str) {
        let mut diagnostic = Diagnostic::new(Code::UnknownField, span, format!("an output has no field `{name}`"))
            .label("not a field of an output");
        if let Some(help) = suggest::subtraction(name, ENVELOPE.iter().copied()) {
            self.report(diagnostic.help(help));
            return;
        }
        diagnostic = match suggest::nearest(name, ENVELOPE.iter().copied()) {
            // What others call `result`.
            _ if ["output", "outputs", "data", "body", "json", "value", "response"].contains(&name) => {
                diagnostic.help(format!("what the node answered is in `result`: write `.result` for `.{name}`"))
            }
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("what the node answered is in `result`: write `.result.{name}`")),
        };
        self.report(diagnostic.help(
            "an output has `status`, `result`, `error`, `attempts`, `started_at`, `completed_at` and `execution_time`",
        ));
    }

    fn call(&mut self, span: Span, callee: &ast::Expr, arguments: &[ast::Expr]) -> Expr {
        match &callee.kind {
            ast::ExprKind::Name(name) => match Global::from_path(&[name]) {
                Some(global) => self.global(span, global, name, arguments),
                None => self.unknown_function(callee.span, "", name),
            },
            ast::ExprKind::Member(object, property) => {
                if let ast::ExprKind::Name(namespace) = &object.kind
                    && NAMESPACES.contains(&namespace.as_str())
                    && self.parameter(namespace).is_none()
                {
                    return match Global::from_path(&[namespace, &property.name]) {
                        Some(global) => self.global(span, global, &format!("{namespace}.{}", property.name), arguments),
                        None => self.unknown_function(callee.span, namespace, &property.name),
                    };
                }
                let receiver = self.expr(object);
                self.method(span, receiver, property, arguments)
            }
            _ => {
                self.report(
                    Diagnostic::new(Code::UnknownFunction, callee.span, "this is not a function").help(
                        "only methods such as `name.trim()` and functions such as `Math.max(a, b)` can be called",
                    ),
                );
                Expr::unknown(span)
            }
        }
    }

    fn global(&mut self, span: Span, global: Global, name: &str, arguments: &[ast::Expr]) -> Expr {
        self.count_arguments(span, name, arguments.len(), global.arity());
        let arguments = self.all(arguments);
        finish(span, ExprKind::Global(global, arguments))
    }

    fn method(&mut self, span: Span, receiver: Expr, property: &ast::Property, arguments: &[ast::Expr]) -> Expr {
        let name = property.name.as_str();
        let receiver = Box::new(receiver);
        if let Some(each) = EachMethod::from_name(name) {
            self.count_arguments(span, name, arguments.len(), (1, 1));
            return match self.function(name, property.span, arguments.first(), 3) {
                Some(arrow) => finish(span, ExprKind::Each(receiver, each, Box::new(arrow))),
                None => Expr::unknown(span),
            };
        }
        if name == "reduce" {
            self.count_arguments(span, name, arguments.len(), (1, 2));
            let Some(arrow) = self.function(name, property.span, arguments.first(), 4) else {
                return Expr::unknown(span);
            };
            let initial = arguments.get(1).map(|initial| Box::new(self.expr(initial)));
            return finish(span, ExprKind::Reduce(receiver, Box::new(arrow), initial));
        }
        if name == "sort" && !arguments.is_empty() {
            self.count_arguments(span, name, arguments.len(), (0, 1));
            return match self.function(name, property.span, arguments.first(), 2) {
                Some(arrow) => finish(span, ExprKind::SortBy(receiver, Box::new(arrow))),
                None => Expr::unknown(span),
            };
        }
        let Some(method) = Method::from_name(name) else {
            let known = Method::ALL.iter().map(|method| method.name());
            let known = known.chain(EachMethod::ALL.iter().map(|method| method.name())).chain(["reduce"]);
            let diagnostic =
                Diagnostic::new(Code::UnknownMethod, property.span, format!("there is no method `{name}`"))
                    .label("unknown method");
            let instead = INSTEAD_OF_METHODS.iter().find(|(theirs, _)| *theirs == name);
            self.report(match (instead, suggest::nearest(name, known)) {
                (Some((_, instead)), _) => diagnostic.help(*instead),
                (None, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")),
                (None, None) => diagnostic.help("`flowc explain unknown-method` lists those there are"),
            });
            return Expr::unknown(span);
        };
        self.count_arguments(span, name, arguments.len(), method.arity());
        let arguments = self.all(arguments);
        finish(span, ExprKind::Method(receiver, method, arguments))
    }

    /// The function a method is given: an arrow, or the name of a conversion as in `filter(Boolean)`.
    fn function(
        &mut self,
        method: &str,
        method_span: Span,
        argument: Option<&ast::Expr>,
        most: usize,
    ) -> Option<Arrow> {
        let argument = argument?;
        match &argument.kind {
            ast::ExprKind::Arrow(parameters, body) => {
                if let Some(extra) = parameters.get(most) {
                    self.report(
                        Diagnostic::new(
                            Code::WrongArguments,
                            extra.span,
                            format!("`{method}` gives its function at most {most} values"),
                        )
                        .label("there is nothing for this one"),
                    );
                }
                let outer = self.bound.len();
                let parameters = parameters.iter().map(|parameter| self.bind(&parameter.name)).collect();
                let body = self.expr(body);
                self.bound.truncate(outer);
                Some(Arrow { parameters, body })
            }
            ast::ExprKind::Name(name)
                if matches!(name.as_str(), "Boolean" | "Number" | "String") && self.parameter(name).is_none() =>
            {
                let global = Global::from_path(&[name])?;
                let parameter = self.bind("value");
                self.bound.pop();
                let value = Expr { span: argument.span, kind: ExprKind::Parameter(parameter.clone()) };
                let body = Expr { span: argument.span, kind: ExprKind::Global(global, vec![value]) };
                Some(Arrow { parameters: vec![parameter], body })
            }
            _ => {
                self.report(
                    Diagnostic::new(Code::WrongArguments, argument.span, format!("`{method}` takes a function"))
                        .label("this is a value")
                        .also(method_span, "")
                        .help(match method {
                            "sort" => "say which of two comes first: `sort((a, b) => a - b)`".to_owned(),
                            _ => format!("write what to do with each one: `{method}(x => …)`"),
                        }),
                );
                None
            }
        }
    }

    fn count_arguments(&mut self, span: Span, name: &str, given: usize, (least, most): (usize, usize)) {
        if given >= least && given <= most {
            return;
        }
        let takes = match (least, most) {
            (0, 0) => "no arguments".to_string(),
            (1, 1) => "1 argument".to_string(),
            (least, most) if least == most => format!("{least} arguments"),
            (1, usize::MAX) => "at least 1 argument".to_string(),
            (least, usize::MAX) => format!("at least {least} arguments"),
            (0, 1) => "at most 1 argument".to_string(),
            (0, most) => format!("at most {most} arguments"),
            (least, most) if most == least + 1 => format!("{least} or {most} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        let given = if given == 0 { "none".to_string() } else { given.to_string() };
        self.report(Diagnostic::new(Code::WrongArguments, span, format!("`{name}` takes {takes}, not {given}")));
    }

    fn unknown_function(&mut self, span: Span, namespace: &str, name: &str) -> Expr {
        let full = if namespace.is_empty() { name.to_string() } else { format!("{namespace}.{name}") };
        let mut diagnostic = Diagnostic::new(Code::UnknownFunction, span, format!("there is no function `{full}`"))
            .label("unknown function");
        // Compared without the namespace: what is the same in all of them says nothing.
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}.") };
        let inside = || Global::ALL.iter().filter_map(|global| global.name().strip_prefix(&prefix));
        let near = suggest::nearest(name, inside());
        diagnostic = match (near, INSTEAD_OF_FUNCTIONS.iter().find(|(theirs, _)| *theirs == full)) {
            (_, Some((_, instead))) => diagnostic.help(*instead),
            (Some(near), None) => diagnostic.help(format!("did you mean `{prefix}{near}`?")),
            (None, None) if Method::from_name(name).is_some() || EachMethod::from_name(name).is_some() => {
                diagnostic.help(format!("`{name}` is a method: write `value.{name}(…)`"))
            }
            (None, None) if namespace.is_empty() => {
                diagnostic.help("`flowc explain unknown-function` lists those there are")
            }
            (None, None) => diagnostic.help(format!("`{namespace}` has {}", functions_of(namespace))),
        };
        self.report(diagnostic);
        Expr::unknown(span)
    }

    /// The name of a function where a value is expected.
    fn uncalled(&mut self, span: Span, name: &str) -> Expr {
        self.report(
            Diagnostic::new(Code::MisplacedFunction, span, format!("`{name}` is a function, not a value"))
                .label("not called")
                .help(format!("call it: `{name}(…)`")),
        );
        Expr::unknown(span)
    }

    fn parameter(&self, name: &str) -> Option<Parameter> {
        self.bound.iter().rev().find(|parameter| parameter.name == name).cloned()
    }

    fn bind(&mut self, name: &str) -> Parameter {
        let parameter = Parameter { name: name.to_string(), number: self.parameters };
        self.parameters += 1;
        self.bound.push(parameter.clone());
        parameter
    }

    fn environment(&mut self, name: &str) -> EnvId {
        let reader = self.place.node();
        self.lowering.environment(name, reader, false)
    }

    /// How the result of another node is written.
    fn result_of_a_node(&self) -> &'static str {
        match self.lowering.dialect {
            Dialect::Json => "write `previous_outputs.<node>.result` for the result of an earlier node",
            Dialect::Flow => "write `<node>.result` for the result of an earlier node, with its id",
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.lowering.diagnostics.push(diagnostic);
    }
}

/// The fields of a node's envelope.
const ENVELOPE: [&str; 7] = ["status", "result", "error", "attempts", "started_at", "completed_at", "execution_time"];

fn path(root: Root, steps: &[&str]) -> ExprKind {
    ExprKind::Path(Path { root, steps: steps.iter().map(|step| step.to_string()).collect() })
}

/// Names that mean the same everywhere, or nothing: no field of the input is read by them alone.
pub fn is_reserved_name(name: &str) -> bool {
    let roots = ["input_data", "previous_outputs", "timestamp", "execution_id", "error", "result", ITEM];
    roots.contains(&name) || ["Number", "String", "Boolean"].contains(&name) || NAMESPACES.contains(&name)
}

/// UPPER_SNAKE names are variables of the environment.
pub fn is_environment_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The expression, or the constant it folds to.
fn finish(span: Span, kind: ExprKind) -> Expr {
    let expr = Expr { span, kind };
    match fold(&expr) {
        Some(value) if value.to_text().len() <= FOLDED_TEXT_MAX && has_plain_keys(&value) => {
            Expr::constant(span, value)
        }
        _ => expr,
    }
}

/// Whether all keys in it are text that a program can hold: no half of a surrogate pair.
fn has_plain_keys(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(has_plain_keys),
        Value::Object(object) => object.iter().all(|(key, value)| key.as_str().is_some() && has_plain_keys(value)),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The parameter that something is read from.
fn parameter_in(expr: &Expr) -> Option<&Parameter> {
    match &expr.kind {
        ExprKind::Parameter(parameter) => Some(parameter),
        ExprKind::Member(object, _) | ExprKind::Index(object, _) => parameter_in(object),
        _ => None,
    }
}

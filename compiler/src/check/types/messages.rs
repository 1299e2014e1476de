//! The words for what is wrong inside an expression.

use super::infer::Typing;
pub(super) use super::messages_of_values::{Use, does_not_fit, may_be_missing};
use super::transforms::NoList;
use crate::catalog::http::OF_EVERY_ANSWER;
use crate::check::knowledge::Place;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::expr::{Arrow, Binary, Expr, ExprKind, Path, Root, Unary};
use crate::model::identifier::is_identifier;
use crate::model::lower::expr::is_environment_name;
use crate::model::ty::{Literal, Read, Rest, Type};
use crate::model::{Kind, Node, Transform};
use crate::source::Span;
use flow_runtime::expr::Method;
use flow_runtime::value::Value;

/// What a value is, in words.
pub(super) fn what(ty: &Type) -> String {
    match ty {
        Type::Json => "anything".into(),
        Type::Never => "nothing".into(),
        Type::Missing => "missing".into(),
        Type::Null => "null".into(),
        Type::Bool => "a boolean".into(),
        Type::Number => "a number".into(),
        Type::String(_) => "text".into(),
        Type::Literal(Literal::String(_)) => format!("the text `{ty}`"),
        Type::Literal(Literal::Number(_)) => format!("the number `{ty}`"),
        Type::Literal(Literal::Bool(_)) => format!("`{ty}`"),
        Type::Array(_) => "an array".into(),
        Type::Object(_) => "an object".into(),
        Type::Union(members) => {
            let mut words: Vec<String> = Vec::new();
            for word in members.iter().map(|ty| what(&ty.widened())) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            match words.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            }
        }
    }
}

/// `x` as the author wrote it, when that is short enough to be repeated.
pub(super) fn named(typing: &Typing, expr: &Expr) -> String {
    let text = typing.written(expr.span);
    match &expr.kind {
        ExprKind::Constant(value) => format!("`{}`", Type::of(value)),
        _ if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
        _ => "this value".into(),
    }
}

/// Where a step of a path stands, and the text before it. The steps are what a path ends in, so they are looked for from
/// its end.
fn step_span(typing: &Typing, span: Span, steps: &[String], at: usize) -> (Span, String) {
    let text = typing.written(span);
    let mut end = text.len();
    for (position, step) in steps.iter().enumerate().skip(at).rev() {
        let Some(start) = text[..end].rfind(step.as_str()) else { break };
        if position == at {
            let found =
                Span { start: span.start + start as u32, end: span.start + (start + step.len()) as u32, ..span };
            let before = text[..start].trim_end_matches(['.', '[', '"', '\'', '\\', ' ']);
            return (found, before.to_string());
        }
        end = start;
    }
    (span, text.to_string())
}

pub(super) fn unknown_field(
    typing: &Typing,
    object: &Type,
    read: &Read,
    expr: &Expr,
    path: &Path,
    at: usize,
) -> Diagnostic {
    let (span, before) = step_span(typing, expr.span, &path.steps, at);
    let owner = match before.as_str() {
        "" => "the input".to_string(),
        before => format!("`{before}`"),
    };
    if let Some(help) = name_from_elsewhere(typing, path, at) {
        let headline = format!("{owner} has no field `{}`", path.steps[at]);
        return Diagnostic::new(Code::UnknownField, span, headline).label("unknown field").help(help);
    }
    let diagnostic = no_field(object, read, span, &owner, &before, &path.steps[at]);
    match (path.root, read.declared) {
        (Root::Output(node), None) => {
            let node = &typing.names.workflow.node(node).id;
            diagnostic.also(node.span, format!("{owner} is `{}`", object.without_nullish()))
        }
        _ => diagnostic,
    }
}

/// What a bare name was to be, where that is known for certain: `process.env.API_URL`, `qty` for the `qty` of the items, and in a
/// condition `status_code` for the one of the answer.
fn name_from_elsewhere(typing: &Typing, path: &Path, at: usize) -> Option<String> {
    match (path.root, at, path.steps.as_slice()) {
        (Root::Input, 0, [process, env, variable]) if process == "process" && env == "env" => {
            Some(format!("a variable of the environment is written `{variable}`"))
        }
        (Root::Input, 0, [name, ..]) => {
            let has_it = |ty: &Type| !ty.is_json() && !ty.is_never() && !ty.field(name).unknown;
            if let Place::Condition(edge) = typing.names.place {
                let from = typing.names.workflow.edges[edge].from;
                let Node { id, kind, .. } = typing.names.workflow.node(from);
                let result = typing.names.root(Root::Output(from)).field("result").ty.without_nullish();
                let of_answer = matches!(kind, Kind::Http(_)) && OF_EVERY_ANSWER.contains(&name.as_str());
                let helps = of_answer || has_it(&result);
                return helps.then(|| format!("the result of `{}` has one: `result.{name}`", id.value));
            }
            let item = typing.item()?.without_nullish();
            has_it(&item).then(|| format!("the items have one: `item.{name}`"))
        }
        _ => None,
    }
}

/// What others call the status of an answer, and its body.
const STATUS: [&str; 4] = ["status", "statusCode", "statuscode", "code"];
const BODY: [&str; 5] = ["data", "body", "json", "payload", "content"];

/// What was meant of the answer to a request, by names that other languages have for its parts.
fn part_of_answer(names: &[String], before: &str, name: &str) -> Option<String> {
    let is_own = |name: &&String| !OF_EVERY_ANSWER.contains(&name.as_str());
    if !OF_EVERY_ANSWER.iter().all(|of_answer| names.iter().any(|name| name == of_answer)) {
        return None;
    }
    if STATUS.contains(&name) {
        return Some(format!("the status of an answer is `{before}.status_code`"));
    }
    if !BODY.contains(&name) {
        return None;
    }
    let example = names.iter().find(is_own).filter(|name| is_identifier(name));
    let example = example.map_or(String::new(), |name| format!(", as in `{before}.{name}`"));
    Some(format!(
        "the fields of an answer stand directly in `{before}`{example}; the whole of it is `{before}.response`"
    ))
}

pub(super) fn unknown_member(typing: &Typing, object: &Type, read: &Read, expr: &Expr, name: &str) -> Diagnostic {
    let (span, before) = step_span(typing, expr.span, std::slice::from_ref(&name.to_string()), 0);
    // A field that a transform names alone is one of its item.
    let owner = match before.as_str() {
        "" => "`item`".to_string(),
        before if before.len() > 60 => "this value".to_string(),
        before => format!("`{before}`"),
    };
    no_field(object, read, span, &owner, &before, name)
}

/// A dotted path in `fields`, of which a step leads nowhere. `before`: the steps before it; none in the input itself.
pub(super) fn unknown_in_path(span: Span, object: &Type, read: &Read, before: &str, step: &str) -> Diagnostic {
    let owner = if before.is_empty() { "the input of the transform".to_owned() } else { format!("`{before}`") };
    no_field(object, read, span, &owner, before, step)
}

/// How other languages ask for the length of a list or a text.
const COUNTS: [&str; 4] = ["size", "count", "len", "total"];

fn no_field(object: &Type, read: &Read, span: Span, owner: &str, before: &str, name: &str) -> Diagnostic {
    let object = object.without_nullish();
    let is_object = object.members().iter().any(|ty| matches!(ty, Type::Object(_)));
    let headline = match is_object {
        true => format!("{owner} has no field `{name}`"),
        false => format!("{owner} is {}, which has no field `{name}`", what(&object)),
    };
    let mut diagnostic = Diagnostic::new(Code::UnknownField, span, headline).label("unknown field");
    if let Some(declared) = read.declared {
        diagnostic = diagnostic.also(declared.start_only(), format!("{owner} is `{object}`"));
    }
    if let Some(variable) = name.strip_prefix('$').filter(|variable| is_environment_name(variable)) {
        return diagnostic.help(format!("a variable of the environment is written `{variable}`"));
    }
    let names = object.field_names();
    if let Some(help) = part_of_answer(&names, before, name) {
        return diagnostic.help(help);
    }
    if let Some(help) = suggest::subtraction(name, names.iter().map(String::as_str)) {
        return diagnostic.help(help);
    }
    if let Some(near) = suggest::nearest(name, names.iter().map(String::as_str)) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    if !is_object && COUNTS.contains(&name) && object.field("length").ty == Type::Number {
        return diagnostic.help(format!("`{before}.length` says how many there are"));
    }
    if is_object && name == "length" && !before.is_empty() {
        return diagnostic.help(format!("`Object.keys({before}).length` counts the fields of an object"));
    }
    let is_open =
        object.members().iter().any(|ty| matches!(ty, Type::Object(object) if object.rest == Rest::Undeclared));
    match is_object {
        true if is_open => diagnostic.help(crate::diagnostic::dialect::UNDECLARED),
        true if names.len() <= 12 && !names.is_empty() => {
            diagnostic.help(format!("it has {}", suggest::list(names.iter().map(String::as_str), "and")))
        }
        _ => diagnostic,
    }
}

impl Span {
    /// The first character: an object's whole text would be many lines.
    pub(in crate::check) fn start_only(self) -> Span {
        if self.end - self.start > 40 { Span { end: self.start + 1, ..self } } else { self }
    }
}

/// An index of what is neither an array nor text.
pub(super) fn no_element(typing: &Typing, whole: &Expr, ty: &Type, read: &Read, index: &Expr) -> Diagnostic {
    let ty = ty.without_nullish();
    let name = named(typing, whole);
    let headline = format!("{name} is {}, which has no elements", what(&ty));
    let diagnostic = Diagnostic::new(Code::UnknownField, index.span, headline).label("always missing");
    let diagnostic = match read.declared {
        Some(declared) => diagnostic.also(declared.start_only(), format!("{name} is `{ty}`")),
        None => diagnostic,
    };
    if !ty.members().iter().all(|ty| matches!(ty, Type::Object(_))) {
        return diagnostic;
    }
    let (whole, index) = (typing.written(whole.span), typing.written(index.span));
    let names = ty.field_names();
    let is_array = |name: &&String| matches!(ty.field(name).ty.without_nullish(), Type::Array(_));
    match names.iter().filter(|name| is_identifier(name)).find(is_array) {
        Some(list) => diagnostic.help(format!("did you mean `{whole}.{list}[{index}]`?")),
        None => diagnostic.help(format!("the values of its fields are an array: `Object.values({whole})[{index}]`")),
    }
}

pub(super) fn negative_index(typing: &Typing, expr: &Expr, index: &Expr) -> Diagnostic {
    let text = typing.written(expr.span);
    let array = text.rsplit_once('[').map_or(text, |(array, _)| array);
    Diagnostic::new(Code::UnknownField, index.span, "an array has no element before its first")
        .label("always missing")
        .help(format!("`{array}.at({})` counts from the end", typing.written(index.span)))
}

pub(super) fn no_method(
    typing: &Typing,
    expr: &Expr,
    receiver: &Expr,
    without: &Type,
    with: &Type,
    name: &str,
) -> Diagnostic {
    let receiver_name = named(typing, receiver);
    let can = if with.is_never() { "is" } else { "can be" };
    let diagnostic = Diagnostic::new(
        Code::WrongReceiver,
        receiver.span,
        format!("{receiver_name} {can} {}, which has no method `{name}`", what(&without.widened())),
    )
    .label(format!("`{}`", without.join(with)));
    let whole = typing.written(receiver.span);
    // Its parentheses come from the call.
    let text = whole
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .filter(|text| !text.contains(['(', ')']))
        .unwrap_or(whole);
    let call = typing.written(expr.span).get(whole.len()..).filter(|call| call.len() <= 40).unwrap_or(".…");
    match without.members().first() {
        Some(_) if name == "toFixed" => diagnostic.help(format!("make a number of it first: `Number({text}){call}`")),
        Some(Type::Array(_)) => diagnostic.help("an array has such a method for each of its elements: `map(x => …)`"),
        Some(Type::Object(_)) => {
            diagnostic.help(format!("the values of its fields are an array: `Object.values({text}){call}`"))
        }
        Some(Type::String(_) | Type::Literal(Literal::String(_))) => {
            diagnostic.help(format!("`{text}.split(\",\")` makes an array of text"))
        }
        Some(_)
            if flow_runtime::expr::EachMethod::from_name(name).is_some()
                || matches!(name, "join" | "sort" | "reduce" | "reverse" | "flat") =>
        {
            diagnostic.help("only arrays have it")
        }
        _ => diagnostic.help(format!("make text of it first: `String({text}){call}`")),
    }
}

/// `fault`: what the runtime would say, such as `toFixed() takes 0 to 100 digits`.
pub(super) fn out_of_range(argument: &Expr, fault: &str) -> Diagnostic {
    let headline = format!("`{}", fault.replacen("()", "`", 1));
    Diagnostic::new(Code::WrongArguments, argument.span, headline).label("out of range: the node would fail")
}

pub(super) fn reduce_of_nothing(typing: &Typing, expr: &Expr, receiver: &Expr) -> Diagnostic {
    Diagnostic::new(
        Code::MayBeMissing,
        expr.span,
        format!("{} may be empty, and `reduce` has nothing to begin with then", named(typing, receiver)),
    )
    .label("fails for an empty array")
    .help("give it a value to begin with: `reduce((sum, x) => …, 0)`")
}

pub(super) fn wrong_operand(typing: &Typing, operand: &Expr, ty: &Type, sign: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::WrongOperand,
        operand.span,
        format!("{} is {}, and `{sign}` takes numbers", named(typing, operand), what(&ty.widened())),
    )
    .label("no number");
    match ty.members().first() {
        Some(Type::Array(_)) => diagnostic.help(format!(
            "did you mean its `length`, or the sum of it: `{}.reduce((sum, x) => sum + x, 0)`?",
            typing.written(operand.span)
        )),
        Some(Type::Object(_)) => diagnostic.help("name the field that is meant"),
        _ => diagnostic,
    }
}

/// `0 < n < 100` and `!n > 0`: what is compared is true or false.
pub(super) fn compared_comparison(typing: &Typing, operator: Binary, left: &Expr, right: &Expr) -> Option<Diagnostic> {
    let headline = |is: &str| format!("{is} is true or false, and `{}` takes numbers", operator.sign());
    let written = |expr: &Expr| typing.written(expr.span);
    match &left.kind {
        ExprKind::Binary(first, low, middle)
            if matches!(first, Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual) =>
        {
            let (low, middle, high) = (written(low), written(middle), written(right));
            Some(
                Diagnostic::new(Code::WrongOperand, left.span, headline(&format!("`{}`", written(left))))
                    .label("asked first")
                    .help(format!("write `{low} {} {middle} && {middle} {} {high}`", first.sign(), operator.sign())),
            )
        }
        ExprKind::Unary(Unary::Not, inner) => {
            let (inner, other) = (written(inner), written(right));
            Some(
                Diagnostic::new(Code::WrongOperand, left.span, headline(&format!("`!{inner}`")))
                    .label("`!` is about this alone")
                    .help(format!("write `!({inner} {} {other})`", operator.sign())),
            )
        }
        _ => None,
    }
}

/// `items.length >= 0` and `items.length < 0`.
pub(super) fn length_below_zero(
    typing: &mut Typing,
    operator: Binary,
    left: &Expr,
    right: &Expr,
) -> Option<Diagnostic> {
    let is_zero = matches!(right.as_constant(), Some(Value::Number(number)) if *number == 0.0);
    if !is_zero || !matches!(operator, Binary::GreaterOrEqual | Binary::Less) {
        return None;
    }
    let measured = typing.measured(left)?;
    let has_length = |ty: &Type| matches!(ty, Type::Array(_) | Type::String(_) | Type::Literal(Literal::String(_)));
    // Anything may be in a field of that name.
    if measured.members().iter().any(|ty| matches!(ty, Type::Object(_))) {
        return None;
    }
    let (headline, label, instead) = match operator {
        Binary::Less => ("a length is never less than 0", "never true", "== 0"),
        _ if measured.members().iter().all(has_length) => {
            ("a length is never less than 0, so this is true whatever it is", "always true", "> 0")
        }
        _ => ("a length is never less than 0, so this asks only whether there is one", "true of every list", "> 0"),
    };
    Some(
        Diagnostic::new(Code::ConstantCondition, left.span.to(right.span), headline)
            .label(label)
            .help(format!("write `{instead}`")),
    )
}

/// `sort((a, b) => a.price > b.price)`
pub(super) fn sorted_by_truth(typing: &Typing, arrow: &Arrow) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(Code::WrongOperand, arrow.body.span, "`sort` asks for a number, and this is true or false")
            .label("never less than 0, so nothing moves forward");
    match &arrow.body.kind {
        ExprKind::Binary(Binary::Greater | Binary::GreaterOrEqual, left, right) => {
            diagnostic.help(format!("write `{} - {}`", typing.written(left.span), typing.written(right.span)))
        }
        ExprKind::Binary(Binary::Less | Binary::LessOrEqual, left, right) => {
            diagnostic.help(format!("write `{} - {}`", typing.written(right.span), typing.written(left.span)))
        }
        _ => diagnostic.help("write a difference, such as `a.price - b.price`"),
    }
}

/// `FEATURE_ENABLED == true`
pub(super) fn variable_as_flag(
    typing: &Typing,
    operator: Binary,
    variable: &Expr,
    value: bool,
    flag: &Expr,
) -> Diagnostic {
    let name = typing.written(variable.span);
    let text = if value { "1" } else { "0" };
    Diagnostic::new(
        Code::LooseComparison,
        flag.span,
        format!("`{name}` is text, and of all texts only `{text}` equals `{value}`"),
    )
    .label(format!("the text `{value}` does not"))
    .help(format!("write `{name} {} '{value}'`", operator.sign()))
}

/// `FEATURE_ENABLED && …`
pub(super) fn variable_as_condition(typing: &Typing, variable: &Expr) -> Diagnostic {
    let name = typing.written(variable.span);
    let headline = format!("`{name}` counts as true whatever it says: it is text, and never empty");
    Diagnostic::new(Code::ConstantCondition, variable.span, headline)
        .label("true also for `false` and `0`")
        .help(format!("say which text is meant: `{name} == 'true'`"))
        .help(format!("if it may also be unset: `({name} ?? '') == 'true'`"))
}

/// `[10, 9].sort()`
pub(super) fn sorted_as_text(typing: &Typing, expr: &Expr, receiver: &Expr, items: &Type) -> Diagnostic {
    let (headline, label, order) = match items {
        Type::Object(_) => {
            ("`sort` compares texts, and that of every object is the same", "left as they are", "a.price - b.price")
        }
        _ => ("`sort` compares numbers as texts", "10 comes before 9", "a - b"),
    };
    Diagnostic::new(Code::SortAsText, expr.span, headline)
        .label(label)
        .help(format!("say how: `{}.sort((a, b) => {order})`", typing.written(receiver.span)))
}

/// `reduce((a, b) => a.price + b.price)`
pub(super) fn field_of_a_sum(read: &Expr, sum: &str, name: &str) -> Diagnostic {
    let headline = format!("`{sum}` is what was computed so far, which has no field `{name}`");
    Diagnostic::new(Code::UnknownField, read.span, headline).label("missing from the third element on").help(format!(
        "add to the sum itself, and give it a value to begin with: `reduce((sum, x) => sum + x.{name}, 0)`"
    ))
}

/// `kind == 'a' || 'b'`
pub(super) fn true_by_itself(typing: &Typing, constant: &Expr, other: &Expr) -> Diagnostic {
    let text = typing.written(constant.span);
    let diagnostic = Diagnostic::new(
        Code::ConstantCondition,
        constant.span,
        format!("`{text}` by itself is true, so that this condition always is"),
    )
    .label("always true");
    let beside = match &other.kind {
        ExprKind::Binary(Binary::Or, _, last) => last,
        _ => other,
    };
    match &beside.kind {
        ExprKind::Binary(operator @ (Binary::Equal | Binary::StrictEqual), left, _) => {
            let left = typing.written(left.span);
            diagnostic.help(format!("write `|| {left} {} {text}`", operator.sign()))
        }
        _ => diagnostic.help("say what is compared with it"),
    }
}

/// `['a', 'b'].includes(3)`
pub(super) fn never_included(typing: &Typing, list: &Expr, items: &Type, value: &Expr, ty: &Type) -> Diagnostic {
    let headline = format!("{} is never in {}", named(typing, value), named(typing, list));
    let diagnostic = Diagnostic::new(Code::NeverEqual, value.span, headline)
        .label(format!("`{ty}`"))
        .also(list.span, format!("a list of `{items}`"));
    let Type::Object(object) = items else { return diagnostic };
    let same = object.fields().iter().find(|field| field.ty.can_equal(ty, true));
    diagnostic.help(format!(
        "to look into its elements: `{}.some(item => item.{} == {})`",
        typing.written(list.span),
        same.map_or("name", |field| &field.name),
        typing.written(value.span)
    ))
}

pub(super) fn implicit_number(typing: &Typing, operand: &Expr, ty: &Type, sign: &str) -> Diagnostic {
    Diagnostic::new(
        Code::ImplicitNumber,
        operand.span,
        format!("{} is {}, and `{sign}` reads it as a number", named(typing, operand), what(ty)),
    )
    .label("NaN when it is no number")
    .help(format!("say that it is meant: `Number({})`", typing.written(operand.span)))
}

pub(super) fn text_in_total(typing: &Typing, of: &Expr, ty: &Type) -> Diagnostic {
    Diagnostic::new(
        Code::ImplicitNumber,
        of.span,
        format!("{} is {}, and `calculate_total` reads it as a number", named(typing, of), what(ty)),
    )
    .label("the node fails when it is no number")
    .help("if it always is one, let the schema say so: \"type\": \"number\"")
}

pub(super) fn number_added_to_text(typing: &Typing, text: (&Expr, &Type), number: (&Expr, &Type)) -> Diagnostic {
    let written = typing.written(text.0.span);
    let way_out = match &text.0.kind {
        ExprKind::Method(rounded, Method::ToFixed, _) => {
            let rounded = typing.written(rounded.span);
            let call = written.get(rounded.len()..).unwrap_or(".toFixed(…)");
            format!("to add, do so before text is made of it: `({rounded} + {}){call}`", typing.written(number.0.span))
        }
        _ => match super::dates::way_out_of_adding(text.1) {
            Some(way_out) => way_out.to_owned(),
            None => format!("to add, write `Number({written})`"),
        },
    };
    Diagnostic::new(
        Code::NumberAddedToText,
        text.0.span,
        format!("{} is text, so `+` joins it to the number instead of adding", named(typing, text.0)),
    )
    .label("text: `\"5\" + 1` is `\"51\"`")
    .also(number.0.span, "a number")
    .help(way_out)
    .help(format!("to join, write `String({})`", typing.written(number.0.span)))
}

pub(super) fn never_equal(
    typing: &Typing,
    equal: bool,
    strict: bool,
    left: (&Expr, &Type),
    right: (&Expr, &Type),
) -> Diagnostic {
    // The constant, if there is one, is what will be corrected.
    let (value, other) = if left.0.as_constant().is_some() { (left, right) } else { (right, left) };
    let shown = other.1.without_nullish();
    let headline = match equal {
        true => format!("{} is never {}", named(typing, other.0), describe_value(typing, value)),
        false => format!("{} is always something else than {}", named(typing, other.0), describe_value(typing, value)),
    };
    let diagnostic = Diagnostic::new(Code::NeverEqual, value.0.span, headline)
        .label(if equal { "never equal" } else { "always different" })
        .also(other.0.span, format!("`{shown}`"));
    let Type::Literal(literal) = value.1 else {
        return match strict {
            true if left.1.can_equal(right.1, false) => {
                diagnostic.help("`===` never converts: compare two values of one type, `Number(x)` or `String(x)`")
            }
            _ => diagnostic,
        };
    };
    let texts: Vec<String> = shown
        .members()
        .iter()
        .filter_map(|ty| match ty {
            Type::Literal(Literal::String(text)) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    let has = |is: fn(&Type) -> bool| shown.alternatives().iter().any(is);
    match literal {
        Literal::String(text)
            if matches!(&**text, "true" | "false") && has(|ty| matches!(ty, Type::Literal(Literal::Bool(_)))) =>
        {
            diagnostic.help(format!("write it without quotes: `{text}`"))
        }
        Literal::String(text)
            if text.parse::<f64>().is_ok()
                && has(|ty| matches!(ty, Type::Number | Type::Literal(Literal::Number(_)))) =>
        {
            diagnostic.help(format!("write it without quotes: `{text}`"))
        }
        Literal::String(text) if !texts.is_empty() => {
            let near = suggest::nearest(text, texts.iter().map(String::as_str));
            match near {
                Some(near) => diagnostic.help(format!("did you mean `'{near}'`?")),
                None if texts.len() == 1 => diagnostic.help(format!("here it is `'{}'`", texts[0])),
                None if texts.len() <= 12 => {
                    diagnostic.help(format!("it is one of {}", suggest::list(texts.iter().map(String::as_str), "and")))
                }
                None => diagnostic,
            }
        }
        Literal::Number(_) | Literal::Bool(_)
            if has(|ty| matches!(ty, Type::String(_) | Type::Literal(Literal::String(_)))) =>
        {
            diagnostic.help(format!("it is text: write `'{}'`", value.1))
        }
        _ if has(|ty| matches!(ty, Type::Object(_))) => {
            diagnostic.help("it is an object: name the field that is meant")
        }
        _ => diagnostic,
    }
}

fn describe_value(typing: &Typing, (expr, ty): (&Expr, &Type)) -> String {
    match ty {
        Type::Literal(_) => what(ty),
        _ => named(typing, expr),
    }
}

pub(super) fn loose_comparison(
    typing: &Typing,
    operator: Binary,
    text: (&Expr, &Type),
    number: (&Expr, &Type),
) -> Diagnostic {
    let strict = if operator == Binary::Equal { "===" } else { "!==" };
    Diagnostic::new(
        Code::LooseComparison,
        text.0.span,
        format!("{} is text, and `{}` converts it to compare it with a number", named(typing, text.0), operator.sign()),
    )
    .label("`\"5\" == 5` holds, and so does `\"\" == 0`")
    .also(number.0.span, "a number")
    .help(match (text.0.as_constant(), number.0.as_constant()) {
        (Some(text), None) => {
            format!("write the number without quotes: `{} {strict} {}`", typing.written(number.0.span), text.to_text())
        }
        (_, Some(_)) => format!("write `{} {strict} '{}'`", typing.written(text.0.span), typing.written(number.0.span)),
        _ => format!("write `Number({}) {strict} …`", typing.written(text.0.span)),
    })
}

pub(super) fn no_list(node: &Node, transform: &Transform, input: &Type, why: NoList) -> Diagnostic {
    let diagnostic = match why {
        NoList::Never => Diagnostic::new(
            Code::TypeMismatch,
            node.id.span,
            format!("`{}` walks through a list, and is given {}", node.id.value, what(&input.without_nullish())),
        )
        .label(format!("its input is `{input}`")),
        NoList::Sometimes(other) => Diagnostic::new(
            Code::TypeMismatch,
            node.id.span,
            format!("`{}` walks through a list, and may be given {}", node.id.value, what(&other)),
        )
        .label(format!("its input is `{input}`")),
        NoList::Several(names) => Diagnostic::new(
            Code::TypeMismatch,
            node.id.span,
            format!(
                "`{}` walks through a list, and its input has several: {}",
                node.id.value,
                suggest::list(names.iter().map(String::as_str), "and")
            ),
        )
        .label("which one?"),
        NoList::InDoubt(name) => {
            let id = &node.id;
            let headline =
                format!("`{}` walks through a list, and the only one in its input, `{name}`, may be missing", id.value);
            return Diagnostic::new(Code::TypeMismatch, id.span, headline)
                .label("the node fails then")
                .help(format!("say what counts then: \"input\": \"${{previous_outputs.….{name} ?? []}}\""))
                .help("or let the schema require it: name it in `required`");
        }
    };
    match transform.input {
        Some(_) => diagnostic.help("let `input` lead to an array"),
        None => diagnostic.help("name the list: \"input\": \"${previous_outputs.….result.items}\""),
    }
}

//! Pairs without a mistake among them → the tree.

use std::sync::LazyLock;

use flow_runtime::value::JsString;
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::mistake::{self, Mistake};
use super::{DEPTH_MAX, HEIGHT_MAX, Pair, Rule, literal};
use crate::source::Span;
use crate::syntax::ast::{Binary, Expr, ExprKind, Property, TemplatePart, Text, Unary};

/// JavaScript's precedence, the loosest first.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(Op::infix(Rule::conditional, Assoc::Right))
        .op(left(Rule::coalesce))
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(left(Rule::equal) | left(Rule::not_equal) | left(Rule::strict_equal) | left(Rule::strict_not_equal))
        .op(left(Rule::less) | left(Rule::less_or_equal) | left(Rule::greater) | left(Rule::greater_or_equal))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide) | left(Rule::remainder))
        .op(Op::prefix(Rule::not) | Op::prefix(Rule::minus) | Op::prefix(Rule::plus))
        .op(Op::postfix(Rule::member) | Op::postfix(Rule::index) | Op::postfix(Rule::call))
});

/// Builds the tree of a [`Rule::expression`].
pub fn expression(text: &Text, pair: Pair) -> Result<Expr, Mistake> {
    Builder { text }.expression(pair, 0).map(|built| built.expr)
}

/// A tree, and what its parent must know of it.
struct Built {
    expr: Expr,
    height: usize,
    /// It stands in parentheses.
    closed: bool,
}

struct Builder<'a> {
    text: &'a Text,
}

impl Builder<'_> {
    /// `depth` counts the recursion of this builder.
    fn expression(&self, pair: Pair, depth: usize) -> Result<Built, Mistake> {
        let span = self.span(&pair);
        let inner = pair.into_inner();
        // The Pratt parser calls itself for each prefix of a run, and for what follows each `? :`.
        let (mut conditionals, mut run, mut longest_run) = (0, 0, 0);
        for pair in inner.clone() {
            run = if is_prefix(pair.as_rule()) { run + 1 } else { 0 };
            longest_run = longest_run.max(run);
            conditionals += usize::from(pair.as_rule() == Rule::conditional);
        }
        let depth = depth + 1 + conditionals + longest_run;
        if depth > DEPTH_MAX {
            return Err(mistake::too_deep(span));
        }
        PRECEDENCE
            .map_primary(|pair| self.primary(pair, depth))
            .map_prefix(|operator, operand| self.prefix(&operator, operand?))
            .map_postfix(|operand, operator| self.postfix(operand?, operator, depth))
            .map_infix(|left, operator, right| self.infix(left?, operator, right?, depth))
            .parse(inner)
    }

    fn primary(&self, pair: Pair, depth: usize) -> Result<Built, Mistake> {
        let span = self.span(&pair);
        let (kind, height) = match pair.as_rule() {
            Rule::name => (name(pair.as_str()), 1),
            Rule::number => (ExprKind::Number(literal::number(pair.as_str())), 1),
            Rule::string => (ExprKind::String(self.string(&pair)?), 1),
            Rule::template_literal => self.template_literal(pair, depth)?,
            Rule::parentheses => {
                let inner = self.only_expression(pair, depth)?;
                return Ok(Built { expr: Expr { span, ..inner.expr }, height: inner.height, closed: true });
            }
            Rule::array => {
                let (items, height) = self.list(pair, depth)?;
                (ExprKind::Array(items), height)
            }
            Rule::object => self.object(pair, depth)?,
            rule => unreachable!("{rule:?} is no primary expression"),
        };
        self.built(span, kind, height)
    }

    fn prefix(&self, operator: &Pair, operand: Built) -> Result<Built, Mistake> {
        let unary = match operator.as_rule() {
            Rule::not => Unary::Not,
            Rule::minus => Unary::Minus,
            Rule::plus => Unary::Plus,
            rule => unreachable!("{rule:?} is no prefix"),
        };
        let span = self.span(operator).to(operand.expr.span);
        self.built(span, ExprKind::Unary(unary, Box::new(operand.expr)), operand.height)
    }

    fn postfix(&self, operand: Built, operator: Pair, depth: usize) -> Result<Built, Mistake> {
        let span = operand.expr.span.to(self.span(&operator));
        let object = Box::new(operand.expr);
        let (kind, height) = match operator.as_rule() {
            Rule::member => {
                let property = operator.into_inner().find(|inner| inner.as_rule() == Rule::property);
                let property = property.map(|property| self.property(&property));
                let Some(property) = property else { unreachable!("a member without a mistake has a name") };
                (ExprKind::Member(object, property), operand.height)
            }
            Rule::index => {
                let index = self.only_expression(operator, depth)?;
                (ExprKind::Index(object, Box::new(index.expr)), operand.height.max(index.height))
            }
            Rule::call => {
                if !matches!(object.kind, ExprKind::Name(_) | ExprKind::Member(..)) {
                    return Err(mistake::not_callable(&object, self.span(&operator)));
                }
                let (arguments, height) = self.list(operator, depth)?;
                (ExprKind::Call(object, arguments), operand.height.max(height))
            }
            rule => unreachable!("{rule:?} is no postfix"),
        };
        self.built(span, kind, height)
    }

    fn infix(&self, left: Built, operator: Pair, right: Built, depth: usize) -> Result<Built, Mistake> {
        let span = left.expr.span.to(right.expr.span);
        let height = left.height.max(right.height);
        if operator.as_rule() == Rule::conditional {
            let yes = self.only_expression(operator, depth)?;
            let kind = ExprKind::Conditional(Box::new(left.expr), Box::new(yes.expr), Box::new(right.expr));
            return self.built(span, kind, height.max(yes.height));
        }
        let binary = binary(operator.as_rule());
        // JavaScript has no precedence between `??` and the other two: it wants parentheses. `??` is the looser one in
        // the table above, so it always comes last.
        if binary == Binary::Coalesce {
            for side in [&left, &right] {
                let logical = matches!(side.expr.kind, ExprKind::Binary(Binary::Or | Binary::And, ..));
                if logical && !side.closed {
                    return Err(mistake::mixed_coalesce(self.span(&operator), &side.expr));
                }
            }
        }
        self.built(span, ExprKind::Binary(binary, Box::new(left.expr), Box::new(right.expr)), height)
    }

    /// `height` is that of the highest child, or 0.
    fn built(&self, span: Span, kind: ExprKind, height: usize) -> Result<Built, Mistake> {
        if height >= HEIGHT_MAX {
            return Err(mistake::too_long(span));
        }
        Ok(Built { expr: Expr { span, kind }, height: height + 1, closed: false })
    }

    fn only_expression(&self, pair: Pair, depth: usize) -> Result<Built, Mistake> {
        match pair.into_inner().find(|inner| inner.as_rule() == Rule::expression) {
            Some(inner) => self.expression(inner, depth),
            None => unreachable!("brackets without a mistake hold an expression"),
        }
    }

    /// The expressions between the commas, and the height of the highest.
    fn list(&self, pair: Pair, depth: usize) -> Result<(Vec<Expr>, usize), Mistake> {
        let mut items = Vec::new();
        let mut height = 0;
        for inner in pair.into_inner() {
            let item = match inner.as_rule() {
                Rule::expression => self.expression(inner, depth)?,
                Rule::arrow => {
                    let span = self.span(&inner);
                    let (kind, height) = self.arrow(inner, depth)?;
                    self.built(span, kind, height)?
                }
                _ => continue,
            };
            height = height.max(item.height);
            items.push(item.expr);
        }
        Ok((items, height))
    }

    fn object(&self, pair: Pair, depth: usize) -> Result<(ExprKind, usize), Mistake> {
        let mut entries = Vec::new();
        let mut height = 0;
        for entry in pair.into_inner() {
            match entry.as_rule() {
                Rule::pair => {
                    let mut inner = entry.into_inner();
                    let key = inner.next().and_then(|key| key.into_inner().next());
                    let value = inner.find(|inner| inner.as_rule() == Rule::expression);
                    let (Some(key), Some(value)) = (key, value) else {
                        unreachable!("an entry without a mistake has a key and a value")
                    };
                    let key = self.key(&key)?;
                    let value = self.expression(value, depth)?;
                    height = height.max(value.height);
                    entries.push((key, value.expr));
                }
                Rule::shorthand => {
                    let Some(word) = entry.into_inner().next() else { unreachable!("a shorthand is a name") };
                    let property = self.property(&word);
                    let kind = name(&property.name);
                    if matches!(kind, ExprKind::Bool(_) | ExprKind::Null) {
                        return Err(mistake::literal_shorthand(&property));
                    }
                    height = height.max(1);
                    let value = Expr { span: property.span, kind };
                    entries.push((property, value));
                }
                _ => {}
            }
        }
        Ok((ExprKind::Object(entries), height))
    }

    fn key(&self, pair: &Pair) -> Result<Property, Mistake> {
        let span = self.span(pair);
        let name = match pair.as_rule() {
            Rule::string => match self.string(pair)? {
                JsString::Utf8(name) => name.to_string(),
                JsString::Utf16(_) => return Err(mistake::surrogate_in_key(span)),
            },
            Rule::number => literal::number_key(pair.as_str()).ok_or_else(|| mistake::number_as_key(span))?,
            _ => pair.as_str().to_owned(),
        };
        if name == "__proto__" {
            return Err(mistake::proto(span));
        }
        Ok(Property { name, span })
    }

    fn arrow(&self, pair: Pair, depth: usize) -> Result<(ExprKind, usize), Mistake> {
        let mut parameters: Vec<Property> = Vec::new();
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::arrow_parameters => {
                    for parameter in pair.into_inner().filter(|inner| inner.as_rule() == Rule::parameter) {
                        let parameter = self.property(&parameter);
                        if !matches!(name(&parameter.name), ExprKind::Name(_)) {
                            return Err(mistake::literal_parameter(&parameter));
                        }
                        if let Some(first) = parameters.iter().find(|other| other.name == parameter.name) {
                            return Err(mistake::duplicate_parameter(&parameter, first.span));
                        }
                        parameters.push(parameter);
                    }
                }
                Rule::expression => {
                    let body = self.expression(pair, depth)?;
                    return Ok((ExprKind::Arrow(parameters, Box::new(body.expr)), body.height));
                }
                _ => {}
            }
        }
        unreachable!("an arrow ends with its body")
    }

    fn template_literal(&self, pair: Pair, depth: usize) -> Result<(ExprKind, usize), Mistake> {
        let mut parts = Vec::new();
        let mut height = 0;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::chunk => {
                    let chunk = inner.as_str();
                    let start = inner.as_span().start();
                    let bad = |wrong| mistake::bad_escape(self.text, start, &wrong);
                    let mut decoded = literal::string(chunk).map_err(bad)?;
                    // Line ends inside a template literal are `\n` in JavaScript, however the file writes them.
                    if chunk.contains('\r') {
                        let chunk = chunk.replace("\r\n", "\n").replace('\r', "\n");
                        decoded = literal::string(&chunk).map_err(bad)?;
                    }
                    parts.push(TemplatePart::Literal(decoded));
                }
                Rule::hole => {
                    let hole = self.only_expression(inner, depth)?;
                    height = height.max(hole.height);
                    parts.push(TemplatePart::Expression(hole.expr));
                }
                _ => {}
            }
        }
        Ok((ExprKind::Template(parts), height))
    }

    fn string(&self, pair: &Pair) -> Result<JsString, Mistake> {
        let quoted = pair.as_str();
        let inside = &quoted[1..quoted.len() - 1];
        let start = pair.as_span().start() + 1;
        literal::string(inside).map_err(|wrong| mistake::bad_escape(self.text, start, &wrong))
    }

    fn property(&self, pair: &Pair) -> Property {
        Property { name: pair.as_str().to_owned(), span: self.span(pair) }
    }

    fn span(&self, pair: &Pair) -> Span {
        super::span(self.text, pair)
    }
}

fn is_prefix(rule: Rule) -> bool {
    matches!(rule, Rule::not | Rule::minus | Rule::plus)
}

/// A bare word: five of them are literals. A word with a hyphen, such as `true-love`, is a name like any other.
pub fn name(word: &str) -> ExprKind {
    match word {
        "true" => ExprKind::Bool(true),
        "false" => ExprKind::Bool(false),
        "null" => ExprKind::Null,
        "undefined" => ExprKind::Undefined,
        "NaN" => ExprKind::Number(f64::NAN),
        "Infinity" => ExprKind::Number(f64::INFINITY),
        _ => ExprKind::Name(word.to_owned()),
    }
}

fn binary(rule: Rule) -> Binary {
    match rule {
        Rule::coalesce => Binary::Coalesce,
        Rule::or => Binary::Or,
        Rule::and => Binary::And,
        Rule::equal => Binary::Equal,
        Rule::not_equal => Binary::NotEqual,
        Rule::strict_equal => Binary::StrictEqual,
        Rule::strict_not_equal => Binary::StrictNotEqual,
        Rule::less => Binary::Less,
        Rule::less_or_equal => Binary::LessOrEqual,
        Rule::greater => Binary::Greater,
        Rule::greater_or_equal => Binary::GreaterOrEqual,
        Rule::add => Binary::Add,
        Rule::subtract => Binary::Subtract,
        Rule::multiply => Binary::Multiply,
        Rule::divide => Binary::Divide,
        Rule::remainder => Binary::Remainder,
        rule => unreachable!("{rule:?} is no binary operator"),
    }
}

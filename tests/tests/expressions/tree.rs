//! A generated expression, and its two texts: what stands in the workflow, and what Node evaluates.
//!
//! Always true: the translation for Node comes from the tree alone, with a call for every operation of which the language
//! departs from JavaScript, so it shares neither grammar nor precedence with flowc.

use crate::random::Random;
use flow_runtime::value::write_string;

#[derive(Debug, Clone)]
pub enum Expr {
    /// A number, a string or a keyword: the same text in both languages.
    Literal(&'static str),
    /// A string literal with its quotes.
    Text(String),
    /// A template literal: raw text between its holes.
    Template(Vec<Piece>),
    Array(Vec<Expr>),
    Object(Vec<(Key, Expr)>),
    /// A bare name, of a parameter or of something in the workflow.
    Name(&'static str),
    Member(Box<Expr>, &'static str),
    Index(Box<Expr>, Box<Expr>),
    Method(Box<Expr>, &'static str, Vec<Expr>),
    Global(&'static str, Vec<Expr>),
    /// `Math.PI`
    Constant(&'static str),
    /// `Boolean`, where a function is wanted.
    Conversion(&'static str),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    Arrow(Vec<&'static str>, Box<Expr>),
}

#[derive(Debug, Clone)]
pub enum Piece {
    Text(String),
    Hole(Expr),
}

#[derive(Debug, Clone)]
pub enum Key {
    /// As written, and the name it stands for.
    Written(&'static str, &'static str),
    /// `{name}`
    Shorthand,
}

impl Expr {
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Literal(_) | Expr::Text(_) | Expr::Name(_) | Expr::Constant(_) | Expr::Conversion(_) => Vec::new(),
            Expr::Template(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Hole(hole) => Some(hole),
                    Piece::Text(_) => None,
                })
                .collect(),
            Expr::Array(items) | Expr::Global(_, items) => items.iter().collect(),
            Expr::Object(entries) => entries.iter().map(|(_, value)| value).collect(),
            Expr::Member(inner, _) | Expr::Unary(_, inner) | Expr::Arrow(_, inner) => vec![inner],
            Expr::Index(left, right) | Expr::Binary(_, left, right) => vec![left, right],
            Expr::Method(receiver, _, arguments) => std::iter::once(&**receiver).chain(arguments).collect(),
            Expr::Conditional(test, yes, no) => vec![test, yes, no],
        }
    }

    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Expr::Literal(_) | Expr::Text(_) | Expr::Name(_) | Expr::Constant(_) | Expr::Conversion(_) => Vec::new(),
            Expr::Template(pieces) => pieces
                .iter_mut()
                .filter_map(|piece| match piece {
                    Piece::Hole(hole) => Some(hole),
                    Piece::Text(_) => None,
                })
                .collect(),
            Expr::Array(items) | Expr::Global(_, items) => items.iter_mut().collect(),
            Expr::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
            Expr::Member(inner, _) | Expr::Unary(_, inner) | Expr::Arrow(_, inner) => vec![inner],
            Expr::Index(left, right) | Expr::Binary(_, left, right) => vec![left, right],
            Expr::Method(receiver, _, arguments) => std::iter::once(&mut **receiver).chain(arguments).collect(),
            Expr::Conditional(test, yes, no) => vec![test, yes, no],
        }
    }

    pub fn size(&self) -> usize {
        1 + self.children().into_iter().map(Expr::size).sum::<usize>()
    }

    /// The part at a place, counted from the outermost inwards.
    pub fn part_mut(&mut self, place: usize) -> &mut Expr {
        let Some(mut rest) = place.checked_sub(1) else { return self };
        for child in self.children_mut() {
            let size = child.size();
            if rest < size {
                return child.part_mut(rest);
            }
            rest -= size;
        }
        unreachable!("a place is smaller than the size")
    }

    /// The text in JavaScript.
    pub fn translated(&self) -> String {
        let mut out = String::new();
        self.translate(&mut Vec::new(), &mut out);
        out
    }

    fn translate(&self, bound: &mut Vec<&'static str>, out: &mut String) {
        match self {
            Expr::Literal(text) => out.push_str(&format!("({text})")),
            Expr::Text(text) => out.push_str(text),
            Expr::Template(pieces) => {
                out.push_str("$.text(");
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(&format!("`{text}`")),
                        Piece::Hole(hole) => hole.translate(bound, out),
                    }
                    out.push(',');
                }
                out.push(')');
            }
            Expr::Array(items) => {
                out.push('[');
                list(items, bound, out);
                out.push(']');
            }
            Expr::Object(entries) => {
                out.push_str("({");
                for (key, value) in entries {
                    let name = match (key, value) {
                        (Key::Written(_, name), _) => name,
                        (Key::Shorthand, Expr::Name(name) | Expr::Literal(name)) => name,
                        (Key::Shorthand, _) => unreachable!("only a name can stand alone"),
                    };
                    out.push('[');
                    write_string(name, out);
                    out.push_str("]:");
                    value.translate(bound, out);
                    out.push(',');
                }
                out.push_str("})");
            }
            Expr::Name(name) if bound.contains(name) => out.push_str(&parameter(name)),
            Expr::Name(
                name @ ("input_data" | "previous_outputs" | "timestamp" | "execution_id" | "error" | "result" | "item"),
            ) => out.push_str(&format!("$.names.{name}")),
            Expr::Name(name) if is_variable(name) => out.push_str(&format!("$.env.{name}")),
            Expr::Name(name) => out.push_str(&format!("$.field({name:?})")),
            Expr::Member(object, name) => {
                out.push_str("$.get(");
                object.translate(bound, out);
                out.push_str(&format!(",{name:?})"));
            }
            Expr::Index(object, index) => {
                out.push_str("$.at(");
                object.translate(bound, out);
                out.push_str(",()=>");
                index.translate(bound, out);
                out.push(')');
            }
            Expr::Method(receiver, name, arguments) => {
                out.push_str("$.call(");
                receiver.translate(bound, out);
                out.push_str(&format!(",{name:?},()=>["));
                list(arguments, bound, out);
                out.push_str("])");
            }
            Expr::Global(name, arguments) => {
                out.push_str(&format!("$.global({name:?})("));
                list(arguments, bound, out);
                out.push(')');
            }
            Expr::Constant(name) => out.push_str(name),
            // Only the first of the values it is given counts.
            Expr::Conversion(name) => out.push_str(&format!("(v=>$.global({name:?})(v))")),
            Expr::Unary(operator, operand) => {
                out.push_str(&format!("({operator} "));
                operand.translate(bound, out);
                out.push(')');
            }
            Expr::Binary(operator, left, right) => {
                let call = match *operator {
                    "+" => "$.add",
                    "==" | "!=" => "$.equals",
                    "===" | "!==" => "$.strict_equals",
                    _ => "",
                };
                out.push_str(if operator.starts_with('!') { "(!" } else { "(" });
                out.push_str(call);
                out.push('(');
                left.translate(bound, out);
                out.push_str(if call.is_empty() { operator } else { "," });
                right.translate(bound, out);
                out.push_str("))");
            }
            Expr::Conditional(test, yes, no) => {
                out.push('(');
                test.translate(bound, out);
                out.push('?');
                yes.translate(bound, out);
                out.push(':');
                no.translate(bound, out);
                out.push(')');
            }
            Expr::Arrow(parameters, body) => {
                let names: Vec<String> = parameters.iter().map(|name| parameter(name)).collect();
                out.push_str(&format!("(({})=>", names.join(",")));
                let outer = bound.len();
                bound.extend(parameters);
                body.translate(bound, out);
                bound.truncate(outer);
                out.push(')');
            }
        }
    }

    /// The text in a workflow.
    pub fn written(&self, random: &mut Random) -> Written {
        let mut printer = Printer { tokens: Vec::new(), dashed: false, random };
        printer.expr(self, 0);
        let Printer { tokens, dashed, random } = printer;
        Written { text: join(&tokens, random), dashed }
    }
}

/// The text of an expression in a workflow.
pub struct Written {
    pub text: String,
    /// A name in it has a `-`, so JavaScript reads it otherwise.
    pub dashed: bool,
}

pub fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

fn list(items: &[Expr], bound: &mut Vec<&'static str>, out: &mut String) {
    for item in items {
        item.translate(bound, out);
        out.push(',');
    }
}

/// No name of a parameter hides anything of the translation.
fn parameter(name: &str) -> String {
    format!("p${}", name.replace('-', "$$"))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Number,
    Other,
    /// A sign before its operand.
    Prefix,
}

struct Printer<'a> {
    tokens: Vec<(Kind, String)>,
    dashed: bool,
    random: &'a mut Random,
}

/// How tightly an operator binds, as in the standard.
fn precedence(operator: &str) -> usize {
    match operator {
        "??" => 2,
        "||" => 3,
        "&&" => 4,
        "==" | "!=" | "===" | "!==" => 5,
        "<" | "<=" | ">" | ">=" => 6,
        "+" | "-" => 7,
        _ => 8,
    }
}

const UNARY: usize = 9;
const POSTFIX: usize = 10;

impl Printer<'_> {
    fn push(&mut self, kind: Kind, text: &str) {
        self.tokens.push((kind, text.to_owned()));
    }

    fn other(&mut self, text: &str) {
        self.push(Kind::Other, text);
    }

    fn word(&mut self, text: &str) {
        self.dashed |= text.contains('-');
        self.push(Kind::Word, text);
    }

    /// `least`: what binds less tightly needs parentheses here.
    fn expr(&mut self, expr: &Expr, least: usize) {
        let binds = match expr {
            Expr::Arrow(..) => 0,
            Expr::Conditional(..) => 1,
            Expr::Binary(operator, ..) => precedence(operator),
            Expr::Unary(..) => UNARY,
            _ => POSTFIX,
        };
        let arrow = matches!(expr, Expr::Arrow(..) | Expr::Conversion(_));
        if binds < least || (!arrow && self.random.one_in(20)) {
            self.other("(");
            self.bare(expr);
            self.other(")");
        } else {
            self.bare(expr);
        }
    }

    fn bare(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                self.push(Kind::Number, text);
            }
            Expr::Literal(text) => self.word(text),
            Expr::Name(name) | Expr::Conversion(name) => self.word(name),
            Expr::Text(text) => self.other(text),
            Expr::Template(pieces) => self.template(pieces),
            Expr::Array(items) => {
                self.other("[");
                self.list(items);
                self.other("]");
            }
            Expr::Object(entries) => self.object(entries),
            Expr::Member(object, name) => {
                self.receiver(object);
                if name.contains('-') && self.random.one_in(3) {
                    self.other("[");
                    self.other(&format!("'{name}'"));
                    self.other("]");
                } else {
                    self.dot();
                    self.word(name);
                }
            }
            Expr::Index(object, index) => {
                self.receiver(object);
                if self.random.one_in(12) {
                    self.other("?.");
                }
                self.other("[");
                self.expr(index, 0);
                self.other("]");
            }
            Expr::Method(receiver, name, arguments) => {
                self.receiver(receiver);
                self.dot();
                self.word(name);
                self.other("(");
                self.list(arguments);
                self.other(")");
            }
            Expr::Global(name, arguments) => {
                self.path(name);
                self.other("(");
                self.list(arguments);
                self.other(")");
            }
            Expr::Constant(name) => self.path(name),
            Expr::Unary(operator, operand) => {
                self.push(Kind::Prefix, operator);
                self.expr(operand, UNARY);
            }
            Expr::Binary(operator, left, right) => {
                let binds = precedence(operator);
                // `??` stands beside neither `&&` nor `||` without parentheses.
                let chain = matches!(&**left, Expr::Binary("??", ..));
                let (least_left, least_right) = match *operator {
                    "??" if chain => (binds, 5),
                    "??" => (5, 5),
                    _ => (binds, binds + 1),
                };
                self.expr(left, least_left);
                self.other(operator);
                self.expr(right, least_right);
            }
            Expr::Conditional(test, yes, no) => {
                self.expr(test, 2);
                self.other("?");
                self.expr(yes, 1);
                self.other(":");
                self.expr(no, 1);
            }
            Expr::Arrow(parameters, body) => {
                let bare = parameters.len() == 1 && !self.random.one_in(3);
                if !bare {
                    self.other("(");
                }
                for (at, name) in parameters.iter().enumerate() {
                    if at > 0 {
                        self.other(",");
                    }
                    self.word(name);
                }
                if !bare {
                    self.other(")");
                }
                self.other("=>");
                let start = self.tokens.len();
                self.expr(body, 1);
                // A brace would begin a block.
                if self.tokens[start].1 == "{" {
                    self.tokens.insert(start, (Kind::Other, "(".to_owned()));
                    self.other(")");
                }
            }
        }
    }

    fn receiver(&mut self, expr: &Expr) {
        self.expr(expr, POSTFIX);
    }

    fn dot(&mut self) {
        let dot = if self.random.one_in(12) { "?." } else { "." };
        self.other(dot);
    }

    fn path(&mut self, name: &str) {
        for (at, step) in name.split('.').enumerate() {
            if at > 0 {
                self.other(".");
            }
            self.word(step);
        }
    }

    fn list(&mut self, items: &[Expr]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.other(",");
            }
            self.expr(item, 0);
        }
        if !items.is_empty() && self.random.one_in(15) {
            self.other(",");
        }
    }

    fn object(&mut self, entries: &[(Key, Expr)]) {
        self.other("{");
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.other(",");
            }
            if let Key::Written(written, _) = key {
                match written.starts_with(['"', '\'']) {
                    true => self.other(written),
                    false => self.word(written),
                }
                self.other(":");
            }
            match key {
                Key::Written(..) => self.expr(value, 1),
                Key::Shorthand => self.bare(value),
            }
        }
        if !entries.is_empty() && self.random.one_in(10) {
            self.other(",");
        }
        self.other("}");
    }

    fn template(&mut self, pieces: &[Piece]) {
        let mut out = "`".to_owned();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole(hole) => {
                    let written = hole.written(self.random);
                    self.dashed |= written.dashed;
                    out.push_str("${");
                    out.push_str(&written.text);
                    out.push('}');
                }
            }
        }
        out.push('`');
        self.other(&out);
    }
}

const SPACE: &[&str] = &[" ", " ", " ", "\n", "\t", "  ", "\u{A0}", "\r\n", "\u{2003}", "\u{FEFF}", "\u{2028}"];

/// The tokens in a row, with white space where it must be, and where it may.
fn join(tokens: &[(Kind, String)], random: &mut Random) -> String {
    let style = random.below(3);
    let mut out = String::new();
    let mut tight_before_minus = false;
    for (at, (kind, text)) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let is_name = |kind: Kind| matches!(kind, Kind::Word | Kind::Number);
        let needed = before.is_some_and(|(before_kind, before)| {
            let signs = matches!((before.as_str(), text.as_str()), ("+", "+") | ("-", "-"));
            // `5 .toFixed()`: without the space the dot is the number's.
            let dot = *before_kind == Kind::Number
                && (text == "." || text == "?.")
                && !before.contains(['.', 'e', 'E', 'x', 'X', 'b', 'o']);
            // `a-b` is a name.
            let dash = before == "-" && tight_before_minus && is_name(*kind);
            (is_name(*before_kind) && is_name(*kind)) || signs || dot || dash
        });
        let may = match style {
            0 => false,
            1 => matches!(text.as_str(), "=>" | "?" | ":") || before.is_some_and(|(_, before)| before == ","),
            _ => random.one_in(3),
        };
        let mut space = match (needed, may) {
            (true, _) if style < 2 => " ",
            (true, _) => random.pick(SPACE),
            (false, true) if style < 2 => " ",
            (false, true) => random.pick(SPACE),
            (false, false) => "",
        };
        // JavaScript wants the arrow on the line of its parameters.
        if text == "=>" && space.contains(['\n', '\r', '\u{2028}']) {
            space = " ";
        }
        tight_before_minus = text == "-"
            && *kind == Kind::Other
            && space.is_empty()
            && before.is_some_and(|(before_kind, _)| *before_kind == Kind::Word);
        out.push_str(space);
        out.push_str(text);
    }
    out
}

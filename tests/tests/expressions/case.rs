//! One template, generated: its text, its translation, and how to make it smaller.

use crate::generate::{Generator, Place};
use crate::node::Question;
use crate::random::Random;
use crate::tree::Expr;

#[derive(Debug, Clone)]
pub struct Case {
    pub place: Place,
    parts: Vec<Part>,
    /// Around a bare expression in a condition.
    wrapped: bool,
    /// For white space and parentheses nobody needs.
    seed: u64,
}

#[derive(Debug, Clone)]
enum Part {
    /// As written, and what it stands for.
    Literal(&'static str, &'static str),
    Expr(Expr),
}

impl Case {
    pub fn new(random: &mut Random) -> Case {
        let place = random.pick(&[Place::Body, Place::Body, Place::Filter, Place::Condition, Place::Item]);
        let mixed = place == Place::Body && random.one_in(4);
        let parts = match mixed {
            true => mixed_text(random),
            false => vec![Part::Expr(Generator::new(random, place).expression())],
        };
        Case { place, parts, wrapped: random.one_in(3), seed: random.bits() }
    }

    /// As it stands in the workflow, and what Node is asked.
    pub fn texts(&self) -> (String, Question) {
        let random = &mut Random::new(self.seed);
        if let [Part::Expr(expr)] = self.parts.as_slice() {
            let written = expr.written(random);
            let question =
                Question { translated: expr.translated(), unchanged: (!written.dashed).then(|| written.text.clone()) };
            let template = match self.place == Place::Body || self.wrapped {
                true => format!("${{{}}}", written.text),
                false => written.text,
            };
            return (template, question);
        }
        let (mut template, mut unchanged, mut dashed) = (String::new(), "`".to_owned(), false);
        let mut translated = "$.template(".to_owned();
        for part in &self.parts {
            match part {
                Part::Literal(written, text) => {
                    template.push_str(written);
                    translated.push_str(&format!("{text:?},"));
                    unchanged.push_str(&text.replace('\\', "\\\\").replace('`', "\\`").replace('$', "\\$"));
                }
                Part::Expr(expr) => {
                    let written = expr.written(random);
                    template.push_str(&format!("${{{}}}", written.text));
                    unchanged.push_str(&format!("${{{}}}", written.text));
                    translated.push_str(&expr.translated());
                    translated.push(',');
                    dashed |= written.dashed;
                }
            }
        }
        unchanged.push('`');
        translated.push(')');
        // Between two expressions of one text nothing is changed here: in a literal of JavaScript `sort` would.
        let changes = unchanged.contains("sort") || unchanged.contains("reverse");
        (template, Question { translated, unchanged: (!dashed && !changes).then_some(unchanged) })
    }

    /// Cases that are a little smaller, the smallest first.
    pub fn smaller(&self) -> Vec<Case> {
        let mut found = Vec::new();
        for at in 0..self.parts.len() {
            if self.parts.len() > 2 {
                let mut case = self.clone();
                case.parts.remove(at);
                found.push(case);
            }
            if let Part::Expr(expr) = &self.parts[at] {
                for expr in smaller(expr) {
                    let mut case = self.clone();
                    case.parts[at] = Part::Expr(expr);
                    found.push(case);
                }
            }
        }
        found.sort_by_key(Case::size);
        found
    }

    /// With different white space.
    pub fn dressed(&self) -> [Case; 4] {
        [0, 1, 2, 3].map(|seed| Case { seed, ..self.clone() })
    }

    fn size(&self) -> usize {
        let size = |part: &Part| if let Part::Expr(expr) = part { expr.size() } else { 1 };
        self.parts.iter().map(size).sum()
    }
}

/// Literals and expressions by turns. A `$` never stands right before an expression: it would make it a literal.
fn mixed_text(random: &mut Random) -> Vec<Part> {
    const LITERALS: &[(&str, &str)] = &[
        ("a ", "a "),
        ("#", "#"),
        ("$", "$"),
        ("$$", "$$"),
        ("{", "{"),
        ("}", "}"),
        ("$${", "${"),
        ("$${x}", "${x}"),
        ("\\n", "\\n"),
        ("\n", "\n"),
        ("é😀", "é😀"),
        ("'", "'"),
        ("\"", "\""),
        ("\\", "\\"),
        ("`", "`"),
        ("//", "//"),
        ("\u{2028}", "\u{2028}"),
        ("{{x}}", "{{x}}"),
        ("$ {x}", "$ {x}"),
        (" $", " $"),
        ("\t", "\t"),
    ];
    let mut parts: Vec<Part> = Vec::new();
    for _ in 0..2 + random.below(4) {
        let (written, text) = random.pick(LITERALS);
        parts.push(Part::Literal(written, text));
        if written.ends_with('$') {
            parts.push(Part::Literal(" ", " "));
        }
        if random.one_in(5) {
            continue;
        }
        parts.push(Part::Expr(Generator::new(random, Place::Body).expression()));
    }
    if !parts.iter().any(|part| matches!(part, Part::Expr(_))) {
        parts.push(Part::Expr(Generator::new(random, Place::Body).expression()));
    }
    parts
}

/// The expression with one part of it replaced by something inside that part, or by nothing much.
fn smaller(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    for place in 0..expr.size() {
        let mut part = expr.clone();
        let part = part.part_mut(place);
        if matches!(part, Expr::Arrow(..) | Expr::Conversion(_)) {
            continue;
        }
        let children = part.children().into_iter().filter(|child| !matches!(child, Expr::Conversion(_)));
        let mut instead: Vec<Expr> = children
            .map(|child| if let Expr::Arrow(_, body) = child { (**body).clone() } else { child.clone() })
            .collect();
        if part.size() > 1 {
            instead.extend(["null", "1", "''"].map(Expr::Literal));
        }
        match part {
            Expr::Array(items) => {
                for at in 0..items.len() {
                    let mut items = items.clone();
                    items.remove(at);
                    instead.push(Expr::Array(items));
                }
            }
            Expr::Object(entries) => {
                for at in 0..entries.len() {
                    let mut entries = entries.clone();
                    entries.remove(at);
                    instead.push(Expr::Object(entries));
                }
            }
            Expr::Template(pieces) => {
                for at in 0..pieces.len() {
                    let mut pieces = pieces.clone();
                    pieces.remove(at);
                    instead.push(Expr::Template(pieces));
                }
            }
            Expr::Method(receiver, name, arguments) if !arguments.is_empty() => {
                let fewer = arguments[..arguments.len() - 1].to_vec();
                instead.push(Expr::Method(receiver.clone(), name, fewer));
            }
            _ => {}
        }
        for smaller in instead {
            let mut whole = expr.clone();
            *whole.part_mut(place) = smaller;
            found.push(whole);
        }
    }
    found
}

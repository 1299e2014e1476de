//! [`File`] → text in the one canonical layout.
//!
//! Always true: the text reads back as the same tree, and printed again it is the same text. What fits stands on one line;
//! what does not has one entry per line. Comments, docs, the order of things and single blank lines are the author's.

mod expression;
mod graph;
mod inline;

pub use inline::quoted;

use super::token::Comment;
use super::tree::{
    Around, Block, Element, Entry, EntryKind, Field, File, Item, ItemKind, Node, Ty, TyKind, Value, ValueKind,
};

/// Characters on a line, where it can be helped.
const WIDTH: usize = 100;
const INDENT: &str = "    ";

/// Prints a whole text.
pub fn file(file: &File) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    let mut last_is_line = false;
    for (position, item) in file.items.iter().enumerate() {
        // Items of one line may stand together.
        let line = is_line(item);
        let together = line && last_is_line && !item.around.blank && item.around.before.is_empty();
        if position > 0 && !together {
            printer.out.push('\n');
        }
        printer.item(item);
        last_is_line = line;
    }
    for (position, comment) in file.end.iter().enumerate() {
        if position == 0 && !file.items.is_empty() || position > 0 && comment.lines > 1 {
            printer.out.push('\n');
        }
        printer.line(&comment.text);
    }
    printer.out
}

/// Whether an item stands on one line, but for the comments above it.
fn is_line(item: &Item) -> bool {
    if matches!(item.kind, ItemKind::Workflow(..) | ItemKind::Flow(_)) || !item.docs.is_empty() {
        return false;
    }
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.item(&Item { around: Around::default(), ..item.clone() });
    !printer.out.trim_end().contains('\n')
}

struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.start_line();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn start_line(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str(INDENT);
        }
    }

    /// Characters on the line so far.
    fn column(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    fn fits(&self, text: &str) -> bool {
        self.column() + text.chars().count() <= WIDTH
    }

    fn comments(&mut self, comments: &[Comment]) {
        for (position, comment) in comments.iter().enumerate() {
            if position > 0 && comment.lines > 1 {
                self.out.push('\n');
            }
            self.line(&comment.text);
        }
    }

    /// What stands above something; `first`: nothing stands above that.
    fn before(&mut self, around: &Around, first: bool) {
        if around.blank && !first {
            self.out.push('\n');
        }
        self.comments(&around.before);
        if around.gap {
            self.out.push('\n');
        }
    }

    /// What stands behind it, and the end of the line.
    fn after(&mut self, around: &Around) {
        if let Some(comment) = &around.after {
            self.out.push(' ');
            self.out.push_str(&comment.text);
        }
        self.out.push('\n');
    }

    fn end_comments(&mut self, comments: &[Comment], first: bool) {
        if comments.first().is_some_and(|comment| comment.lines > 1) && !first {
            self.out.push('\n');
        }
        self.comments(comments);
    }

    fn item(&mut self, item: &Item) {
        self.before(&item.around, true);
        for doc in &item.docs {
            self.line(&doc.text);
        }
        match &item.kind {
            ItemKind::Workflow(id, block) => {
                self.out.push_str("workflow ");
                if let Some(id) = id {
                    self.out.push_str(&inline::word(id));
                    self.out.push(' ');
                }
                self.config(block, 1, "{}");
            }
            ItemKind::Type(name, ty) => {
                self.out.push_str(&format!("type {} = ", name.text));
                self.ty(ty, 0);
            }
            ItemKind::Shared(kind, name, block) => {
                self.out.push_str(&format!("{} {} ", kind.text, name.text));
                self.config(block, usize::MAX, "{}");
            }
            ItemKind::Flow(graph) => self.graph(graph),
            ItemKind::Node(node) => self.node(node),
        }
        self.after(&item.around);
    }

    fn node(&mut self, node: &Node) {
        self.out.push_str(&format!("{} {}", node.kind.text, inline::word(&node.id)));
        if let Some(input) = &node.input {
            self.out.push('(');
            self.ty(input, 1);
            self.out.push(')');
        }
        for (clause, value) in &node.clauses {
            self.out.push_str(&format!(" {} ", clause.text));
            self.value(value);
        }
        if let Some(call) = &node.call {
            self.out.push_str(&format!(" = {}", call.function.value));
            match inline::arguments(call).filter(|text| self.fits(text)) {
                Some(text) => self.out.push_str(&text),
                None => self.elements(('(', ')'), &call.arguments, &call.end),
            }
        }
        if let Some(output) = &node.output {
            self.out.push_str(" -> ");
            self.ty(output, 2);
        }
        if let Some(block) = &node.block
            && !(block.entries.is_empty() && block.end.is_empty())
        {
            self.out.push(' ');
            self.config(block, 1, "");
        }
    }

    /// The block of an item: on one line where it has at most so many entries.
    fn config(&mut self, block: &Block, most: usize, empty: &str) {
        if block.entries.is_empty() && block.end.is_empty() {
            self.out.push_str(empty);
            return;
        }
        match inline::block(block).filter(|text| block.entries.len() <= most && self.fits(text)) {
            Some(text) => self.out.push_str(&text),
            None => self.broken(block),
        }
    }

    /// One entry per line, but names that stand alone fill lines.
    fn broken(&mut self, block: &Block) {
        self.out.push_str("{\n");
        self.indent += 1;
        let mut at = 0;
        while let Some(entry) = block.entries.get(at) {
            self.before(&entry.around, at == 0);
            self.start_line();
            let run = block.entries[at..].iter().enumerate();
            let run = run.take_while(|(position, entry)| *position == 0 || can_follow(entry));
            let run: Vec<&Entry> = run.map(|(_, entry)| entry).take_while(|entry| is_name(entry)).collect();
            if run.len() > 1 {
                at += self.fill(&run);
                continue;
            }
            self.entry(entry);
            self.after(&entry.around);
            at += 1;
        }
        self.end_comments(&block.end, block.entries.is_empty());
        self.indent -= 1;
        self.start_line();
        self.out.push('}');
    }

    /// Names on one line, as many as fit. Says how many.
    fn fill(&mut self, names: &[&Entry]) -> usize {
        for (position, entry) in names.iter().enumerate() {
            let EntryKind::Shorthand(bare) = &entry.kind else { return position };
            let line = expression::line(bare);
            let text = if position > 0 { format!(", {line}") } else { line };
            if position > 0 && !self.fits(&text) {
                self.out.push('\n');
                return position;
            }
            self.out.push_str(&text);
            if entry.around.after.is_some() {
                self.after(&entry.around);
                return position + 1;
            }
        }
        self.out.push('\n');
        names.len()
    }

    fn entry(&mut self, entry: &Entry) {
        match &entry.kind {
            EntryKind::Shorthand(bare) => self.out.push_str(&expression::line(bare)),
            EntryKind::Request { method, api, url } => {
                self.out.push_str(&method.text);
                self.out.push(' ');
                if let Some(api) = api {
                    self.out.push_str(&api.text);
                    self.out.push(' ');
                }
                self.value(url);
            }
            EntryKind::Pair(key, value) => {
                self.out.push_str(&inline::key(key));
                self.out.push_str(": ");
                self.value(value);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        if let Some(text) = inline::value(value)
            && (self.fits(&text) || !self.can_break(value))
        {
            self.out.push_str(&text);
            return;
        }
        match &value.kind {
            ValueKind::Object(block) => self.broken(block),
            ValueKind::Filled(strings, block) => {
                for string in strings {
                    self.out.push_str(&string.raw);
                    self.out.push(' ');
                }
                self.broken(block);
            }
            ValueKind::Array(elements, end) => self.elements(('[', ']'), elements, end),
            ValueKind::Text(strings) => {
                self.trim_end();
                self.indent += 1;
                for string in strings {
                    self.out.push('\n');
                    self.start_line();
                    self.out.push_str(&string.raw);
                }
                self.indent -= 1;
            }
            ValueKind::Bare(bare) => self.long_expression(bare),
            ValueKind::Null
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::Duration(_)
            | ValueKind::Retry(_)
            | ValueKind::Sorted(..) => self.out.push_str(&inline::value(value).unwrap_or_default()),
        }
    }

    fn can_break(&self, value: &Value) -> bool {
        match &value.kind {
            ValueKind::Object(block) | ValueKind::Filled(_, block) => !block.entries.is_empty(),
            ValueKind::Array(elements, _) => !elements.is_empty(),
            ValueKind::Bare(bare) => expression::parts(bare).len() > 1,
            _ => false,
        }
    }

    fn elements(&mut self, (open, close): (char, char), elements: &[Element], end: &[Comment]) {
        self.out.push(open);
        self.out.push('\n');
        self.indent += 1;
        for (position, element) in elements.iter().enumerate() {
            self.before(&element.around, position == 0);
            self.start_line();
            self.value(&element.value);
            self.out.push(',');
            self.after(&element.around);
        }
        self.end_comments(end, elements.is_empty());
        self.indent -= 1;
        self.start_line();
        self.out.push(close);
    }

    /// The space after a key, before a line break.
    fn trim_end(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
    }

    /// `rest` characters will follow on the line.
    fn ty(&mut self, ty: &Ty, rest: usize) {
        if let Some(text) = inline::ty(ty)
            && self.column() + text.chars().count() + rest <= WIDTH
        {
            self.out.push_str(&text);
            return;
        }
        match &ty.kind {
            TyKind::Object(fields, end) => self.fields(fields, end),
            TyKind::Array(items) => {
                self.out.push('[');
                self.ty(items, rest + 1);
                self.out.push(']');
            }
            TyKind::Union(members) => {
                self.indent += 1;
                for (position, member) in members.iter().enumerate() {
                    if position > 0 {
                        self.out.push('\n');
                        self.start_line();
                        self.out.push_str("| ");
                    }
                    self.ty(member, 0);
                }
                self.indent -= 1;
            }
            TyKind::Name(_) | TyKind::Literal(_) => self.out.push_str(&inline::ty(ty).unwrap_or_default()),
        }
    }

    fn fields(&mut self, fields: &[Field], end: &[Comment]) {
        self.out.push_str("{\n");
        self.indent += 1;
        // Marks stand below one another.
        let marked = fields.iter().filter(|field| !field.marks.is_empty());
        let widths = marked.filter_map(inline::field).map(|text| text.chars().count());
        let width = widths.max().unwrap_or(0);
        for (position, field) in fields.iter().enumerate() {
            self.before(&field.around, position == 0);
            self.start_line();
            let start = self.column();
            self.out.push_str(&inline::field_start(field));
            self.ty(&field.ty, 0);
            let printed = self.column() - start;
            if !field.marks.is_empty() && printed < width {
                self.out.push_str(&" ".repeat(width - printed));
            }
            self.out.push_str(&inline::marks(field));
            self.after(&field.around);
        }
        self.end_comments(end, fields.is_empty());
        self.indent -= 1;
        self.start_line();
        self.out.push('}');
    }
}

/// Whether a name may share a line with the one before.
fn can_follow(entry: &Entry) -> bool {
    !entry.around.blank && entry.around.before.is_empty()
}

fn is_name(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::Shorthand(_))
}

//! The configuration of a `data_transform` node → [`TransformStep`].

use super::Lowering;
use super::config::Config;
use super::expr::{ITEM, Place};
use crate::catalog::data_transform;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::expr::Parameter;
use crate::model::{Expr, ExprKind, NodeId, TransformStep, Tree};
use crate::source::Dialect;
use crate::syntax::ast::{self, ValueKind};
use std::collections::HashMap;

impl Lowering<'_> {
    pub(super) fn transform_step(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Option<TransformStep> {
        let word = config.text("transform_type")?.value.as_str();
        let item = Place::Item(id);
        let used = data_transform::reads(word);
        let owner = format!("`{word}`");
        for key in ["filter_condition", "expression", "fields", "field", "order"] {
            if let (false, Some(value)) = (used.contains(&key), config.get(key)) {
                self.diagnostics.push(
                    Diagnostic::new(Code::DeadKey, value.span, format!("{owner} does not read `{key}`"))
                        .label("nothing reads this")
                        .help(format!("{owner} reads {}", suggest::list(used.iter().copied(), "and"))),
                );
            }
        }
        let required = used[0];
        // A table column for every field there is: the one transform that can do without.
        if !config.has(required) && word != "json_to_csv" {
            if !config.means(required) {
                self.needs(node, &owner, required);
            }
            return None;
        }
        Some(match word {
            "filter_items" => TransformStep::FilterItems {
                condition: self.required_expression(item, node, config, "filter_condition"),
            },
            "map_items" => {
                TransformStep::MapItems { expression: self.required_expression(item, node, config, "expression") }
            }
            "sort_items" => TransformStep::SortItems {
                by: self.item_field(item, config)?,
                descending: config.text("order").is_some_and(|order| order.value == "desc"),
            },
            "group_items" => TransformStep::GroupItems { by: self.item_field(item, config)? },
            "calculate_total" => TransformStep::CalculateTotal { of: self.item_field(item, config)? },
            "add_fields" => TransformStep::AddFields { fields: self.added_fields(id, config)? },
            "extract_fields" => TransformStep::ExtractFields { fields: self.field_paths(config)? },
            "json_to_csv" => TransformStep::JsonToCsv {
                columns: match config.get("fields") {
                    Some(_) => Some(self.field_names(config)?.into_iter().map(|name| name.value.clone()).collect()),
                    None => None,
                },
            },
            word => unreachable!("the catalog has a transform `{word}` that lowering does not know"),
        })
    }

    /// `unit_price` is a field of the item; anything else is an expression over `item`.
    fn item_field(&mut self, place: Place, config: &Config) -> Option<Expr> {
        let field = config.text("field")?;
        if !is_field_path(&field.value) {
            return Some(self.expression(place, field));
        }
        if field.value.starts_with('-') {
            self.minus_before(field, config);
            return Some(Expr::unknown(field.span));
        }
        let parameter = Parameter { name: ITEM.to_string(), number: 0 };
        let mut expr = Expr { span: field.span, kind: ExprKind::Parameter(parameter) };
        for step in field.value.split('.') {
            let kind = ExprKind::Member(Box::new(expr), step.to_string());
            expr = Expr { span: field.span, kind };
        }
        Some(expr)
    }

    /// `-item.price`: a `-` belongs to a name, and elsewhere one before it turns the order around.
    fn minus_before(&mut self, field: &ast::Text, config: &Config) {
        let path = field.value.trim_start_matches('-');
        let headline = format!("`{}` is the name of a field, with its `-`", field.value);
        let found = Diagnostic::new(Code::ExpressionSyntax, field.span, headline).label("no minus");
        let sorts = config.text("transform_type").is_some_and(|word| word.value == "sort_items");
        let found = found.help(match (sorts, self.dialect) {
            (true, Dialect::Json) => format!("for the largest first, write \"field\": \"{path}\", \"order\": \"desc\""),
            (true, Dialect::Flow) => format!("for the largest first, write `sort: {path} desc`"),
            (false, _) => format!("for the negative number, write `-({})`", of_item(path)),
        });
        let name = field.value.split('.').next().unwrap_or_default();
        let is_meant = !matches!(path.split('.').next(), Some("" | ITEM));
        self.diagnostics.push(match is_meant {
            true => found.help(format!("a field whose name begins so is `item['{name}']`")),
            false => found,
        });
    }

    fn added_fields(&mut self, id: NodeId, config: &Config) -> Option<Vec<(String, Tree)>> {
        let value = config.get("fields")?;
        match &value.kind {
            ValueKind::Object(object) => Some(self.fields(Place::Item(id), object)),
            _ => {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        value.span,
                        "`add_fields` takes an object of fields, not an array",
                    )
                    .label("wrong type")
                    .help("for example {\"total\": \"${item.quantity * item.unit_price}\"}"),
                );
                None
            }
        }
    }

    /// An array of dotted paths, each called by its last step, or an object of names and dotted paths.
    fn field_paths(&mut self, config: &Config) -> Option<Vec<(String, String)>> {
        let value = config.get("fields")?;
        let ValueKind::Object(object) = &value.kind else {
            let paths = self.field_names(config)?;
            self.same_names(&paths);
            let named = paths.iter().map(|path| (last_step(&path.value).to_string(), path.value.clone()));
            return Some(named.collect());
        };
        let mut fields = Vec::with_capacity(object.entries.len());
        for entry in &object.entries {
            match &entry.value.kind {
                ValueKind::String(path) if !path.value.is_empty() && !path.has_template() => {
                    fields.push((entry.key.value.clone(), path.value.clone()));
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(Code::WrongType, entry.value.span, "a field is read from a dotted path, as text")
                        .label("not a path")
                        .help("for example {\"city\": \"shipping_address.city\"}"),
                ),
            }
        }
        Some(fields)
    }

    /// Of two fields of the same name only one would be kept.
    fn same_names(&mut self, paths: &[&ast::Text]) {
        let mut first: HashMap<&str, &ast::Text> = HashMap::with_capacity(paths.len());
        for path in paths {
            let name = last_step(&path.value);
            let Some(other) = first.insert(name, path) else { continue };
            let found = |headline: String, label: &str| {
                Diagnostic::new(Code::DuplicateKey, path.span, headline).label(label).also(other.span, "the first")
            };
            self.diagnostics.push(if other.value == path.value {
                found(format!("`{name}` is extracted twice"), "once more").help("remove one of the two")
            } else {
                let (one, two) = (&other.value, &path.value);
                let (own, others) = (two.replace('.', "_"), one.replace('.', "_"));
                let named = match self.dialect {
                    Dialect::Json => format!("{{\"{others}\": \"{one}\", \"{own}\": \"{two}\"}}"),
                    Dialect::Flow => format!("{{ {others}: \"{one}\", {own}: \"{two}\" }}"),
                };
                found(format!("`{one}` and `{two}` would both be called `{name}`"), "the second")
                    .help(format!("name them: {named}"))
            });
        }
    }

    fn field_names<'a>(&mut self, config: &Config<'a>) -> Option<Vec<&'a ast::Text>> {
        let value = config.get("fields")?;
        let ValueKind::Array(items) = &value.kind else {
            self.diagnostics.push(
                Diagnostic::new(Code::WrongType, value.span, "names stand in an array here, not in an object")
                    .label("wrong type")
                    .help("for example [\"order_id\", \"customer.name\"]"),
            );
            return None;
        };
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            match &item.kind {
                ValueKind::String(name) if !name.value.is_empty() && !name.has_template() => {
                    names.push(name);
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(Code::WrongType, item.span, "a field is a name or a dotted path, as text")
                        .label("not a name"),
                ),
            }
        }
        Some(names)
    }
}

/// A path of fields as an expression.
fn of_item(path: &str) -> String {
    if path.starts_with("item.") { path.to_owned() } else { format!("{ITEM}.{path}") }
}

/// What an extracted field is called.
fn last_step(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// `unit_price`, `customer.name`: a field of the item, and no expression.
pub fn is_field_path(text: &str) -> bool {
    let step = |step: &str| {
        !step.is_empty() && step.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
    };
    text.split('.').all(step) && text != ITEM && !text.starts_with("item.")
}

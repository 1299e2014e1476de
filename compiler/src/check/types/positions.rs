//! What each position of a node's configuration takes: a part of a URL, a header, an address, prose, a condition.

use super::constants::is_forgotten;
use super::infer::Typing;
use super::messages::{true_by_itself, variable_as_condition};
use super::messages_of_values::{self as messages, Use};
use super::transforms::{is_list, objects_of, rows};
use crate::model::expr::{Binary, Expr, ExprKind, Unary};
use crate::model::ty::{Field, Literal, Rest, Type};
use crate::model::url;
use crate::model::{Body, Email, Http, Kind, Piece, Text, Tree};
use flow_runtime::expr::EachMethod;
use flow_runtime::render::At;
use flow_runtime::value::Value;

impl Typing<'_> {
    pub(super) fn node(&mut self, kind: &Kind) {
        match kind {
            Kind::Webhook(webhook) => {
                self.texts(&webhook.secret, Use::Header);
                if let Some(key) = &webhook.dedupe_key {
                    self.dedupe_key(key);
                }
            }
            Kind::Http(http) => self.http(http),
            Kind::Email(email) => self.email(email),
            Kind::Filter(filter) => {
                self.condition(&filter.condition);
                self.texts([&filter.error_message], Use::Prose("the message"));
            }
            // A transform is looked at with its items, a function with its arguments.
            Kind::Manual(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {}
        }
    }

    fn http(&mut self, http: &Http) {
        for (piece, at) in http.url.pieces.iter().zip(url::positions(&http.url)) {
            if let (Piece::Expr(expr), Some(at)) = (piece, at) {
                self.value(expr, &Use::Url(at));
            }
        }
        self.texts(http.headers.iter().map(|(_, text)| text), Use::Header);
        self.idempotency_key(http);
        self.parameters(&http.params);
        match &http.body {
            Body::None => {}
            Body::Json(tree) => {
                tree_type(self, tree);
            }
            Body::Text(text) => text.expressions().for_each(|expr| {
                self.infer(expr);
            }),
            Body::Form(fields) => self.parameters(fields),
        }
    }

    /// A parameter that is one whole template is left out when it is missing; in mixed text it may not be.
    fn parameters(&mut self, fields: &[(String, Tree)]) {
        for (_, tree) in fields {
            match tree {
                Tree::Text(text) => self.texts([text], Use::Parameter),
                tree => {
                    tree_type(self, tree);
                }
            }
        }
    }

    fn email(&mut self, email: &Email) {
        self.texts([&email.server], Use::Header);
        self.texts([&email.username, &email.password].into_iter().flatten(), Use::Header);
        self.texts(&email.port, Use::Port);
        self.texts([&email.from_email].into_iter().chain(&email.reply_to), Use::Address);
        for (recipients, needed) in [(&email.to, email.to.len() == 1), (&email.cc, false), (&email.bcc, false)] {
            for text in recipients {
                match text.as_whole() {
                    Some(expr) if recipients.len() > 1 => self.value(expr, &Use::OneOfSeveral),
                    Some(expr) if !needed => self.value(expr, &Use::Copies),
                    Some(expr) => {
                        let found = self.found.len();
                        self.value(expr, &Use::Recipient);
                        if self.found.len() == found {
                            self.has_an_element(expr);
                        }
                    }
                    None => self.texts([text], Use::Address),
                }
            }
        }
        self.texts(&email.from_name, Use::Prose("the sender's name"));
        self.texts([&email.subject], Use::Prose("the subject"));
        self.texts([&email.body, &email.html].into_iter().flatten(), Use::Prose("the mail"));
        if let Some(template) = &email.template {
            for (_, tree) in &template.vars {
                tree_type(self, tree);
            }
        }
    }

    /// The only recipients there are. What is computed otherwise than one from the other is not followed through conditions.
    fn has_an_element(&mut self, expr: &Expr) {
        let list = match &expr.kind {
            ExprKind::Each(list, EachMethod::Map, _) => list,
            _ => expr,
        };
        if !matches!(list.kind, ExprKind::Path(_)) {
            return;
        }
        let ty = self.silently(|typing| typing.infer(expr));
        if ty.members().iter().any(|ty| matches!(ty, Type::Array(array) if array.least == 0)) {
            let found = messages::no_recipient(self, expr, &ty);
            self.report(found);
        }
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t Text>, place: Use) {
        for text in texts {
            for expr in text.expressions() {
                self.value(expr, &place);
            }
        }
    }

    /// An expression whose value goes to a place.
    pub(super) fn value(&mut self, expr: &Expr, place: &Use) {
        let ty = self.infer(expr);
        if ty.is_json() || ty.is_never() {
            return;
        }
        if let Some(wrong) = ty.members().iter().find(|ty| !fits(ty, place)) {
            let found = messages::does_not_fit(self, expr, wrong, place);
            self.report(found);
        } else if ty.may_be_nullish() && !may_be_nothing(place) {
            let found = messages::may_be_missing(self, expr, &ty, place.clone());
            self.report(found);
        } else if let (true, Some(json)) = (shows_json(place), ty.members().iter().find(|ty| is_structured(ty))) {
            let found = messages::json_in_text(self, expr, json, place);
            self.report(found);
        }
    }

    /// A condition may be anything; but what is always true was hardly meant as one.
    pub(super) fn condition(&mut self, condition: &Expr) -> Type {
        let ty = self.infer(condition);
        self.decides(condition);
        self.alternatives(condition);
        self.position_as_truth(condition);
        self.asks_for_every_value(condition);
        ty
    }

    /// Alternatives of which one is true whatever the data.
    fn alternatives(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(Binary::Or, left, right) => {
                let is_true = |expr: &Expr| match expr.as_constant() {
                    // Who writes `true` means it.
                    None | Some(Value::Bool(_)) => false,
                    Some(value) => value.truthy(),
                };
                for (one, other) in [(left, right), (right, left)] {
                    match is_true(one) {
                        // Found where its type is found out, as in what is no condition.
                        true if is_forgotten(left, right) => {}
                        true => self.report(true_by_itself(self, one, other)),
                        false => self.alternatives(one),
                    }
                }
            }
            ExprKind::Binary(Binary::And, left, right) => {
                self.alternatives(left);
                self.alternatives(right);
            }
            ExprKind::Unary(Unary::Not, inner) => self.alternatives(inner),
            _ => {}
        }
    }

    fn decides(&mut self, expr: &Expr) {
        match &expr.kind {
            // What comes before only says whether the rest is asked at all.
            ExprKind::Binary(Binary::And, left, right) => {
                self.variable_decides(left);
                self.decides(right);
            }
            ExprKind::Binary(Binary::Or, left, right) => {
                self.decides(left);
                self.decides(right);
            }
            ExprKind::Unary(Unary::Not, inner) => self.decides(inner),
            ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Constant(_) => {}
            ExprKind::Env(_) => self.variable_decides(expr),
            _ => {
                let ty = self.silently(|typing| typing.infer(expr));
                if !ty.is_json() && !ty.is_never() && ty.members().iter().all(is_structured) {
                    let found = messages::list_as_condition(self, expr, &ty);
                    self.report(found);
                }
            }
        }
    }

    /// Without a value for it the workflow does not start.
    fn variable_decides(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Env(variable) if !self.names.workflow.environment[variable.0].optional => {
                let found = variable_as_condition(self, expr);
                self.report(found);
            }
            ExprKind::Unary(Unary::Not, inner) => self.variable_decides(inner),
            ExprKind::Binary(Binary::And, left, right) => {
                self.variable_decides(left);
                self.variable_decides(right);
            }
            _ => {}
        }
    }
}

/// The type of JSON with templates in it.
pub(super) fn tree_type(typing: &mut Typing, tree: &Tree) -> Type {
    match tree {
        Tree::Null => Type::Null,
        Tree::Bool(value) => Type::Literal(Literal::Bool(*value)),
        Tree::Number(value) => Type::Literal(Literal::Number(*value)),
        Tree::Text(text) => {
            text.expressions().for_each(|expr| {
                typing.infer(expr);
            });
            text.as_literal().map_or(Type::STRING, Type::text)
        }
        Tree::Whole(expr) => typing.infer(expr),
        Tree::Array(items) => Type::tuple(items.iter().map(|item| tree_type(typing, item).as_json_element()).collect()),
        Tree::Object(fields) => {
            let fields = fields.iter().map(|(name, tree)| {
                let ty = tree_type(typing, tree);
                let optional = ty.may_be_missing();
                Field { optional, ..Field::required(name, ty.without_missing()) }
            });
            Type::object(fields.collect(), Rest::Closed)
        }
    }
}

fn is_structured(ty: &Type) -> bool {
    matches!(ty, Type::Array(_) | Type::Object(_))
}

/// Whether one alternative can stand in a place; what is missing is looked at apart.
fn fits(ty: &Type, place: &Use) -> bool {
    let is_text = matches!(ty, Type::String(_) | Type::Literal(Literal::String(_)));
    let nothing = matches!(ty, Type::Missing | Type::Null);
    match place {
        _ if nothing => true,
        Use::Url(At::Base) => is_text,
        Use::Url(At::Authority | At::Path) => !is_structured(ty),
        Use::Port => is_text || matches!(ty, Type::Number | Type::Literal(Literal::Number(_))),
        Use::Address | Use::OneOfSeveral => is_text,
        Use::Recipient | Use::Copies => match ty {
            Type::Array(array) => {
                array.items.is_json() || array.items.members().iter().all(|ty| fits(ty, &Use::Address))
            }
            _ => is_text,
        },
        Use::List => is_list(ty),
        Use::Objects => match objects_of(ty) {
            (items, Some(true)) => has_fields(&items),
            _ => matches!(ty, Type::Object(_)),
        },
        Use::Rows => is_list(ty) && rows(ty).is_none_or(|items| has_fields(&items)),
        Use::Url(At::Query)
        | Use::Header
        | Use::Parameter
        | Use::Prose(_)
        | Use::Number(_)
        | Use::AddedToText
        | Use::Function(_)
        | Use::Total => true,
    }
}

fn has_fields(items: &Type) -> bool {
    items.is_json() || items.members().iter().all(|ty| matches!(ty, Type::Object(_)))
}

fn may_be_nothing(place: &Use) -> bool {
    matches!(place, Use::Prose(_) | Use::Copies | Use::OneOfSeveral)
}

fn shows_json(place: &Use) -> bool {
    matches!(place, Use::Prose(_) | Use::Header | Use::Url(At::Query))
}

//! `POST payment "/charge"`: a request, and the api it is made to.
//!
//! Always true: the URL of an api and a path behind it are joined by one slash, as at run time where the former is a variable.

use super::Builder;
use super::config::{Config, slice};
use super::value::string;
use crate::catalog::KeyType;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Text};
use crate::syntax::flow::mistake;
use crate::syntax::flow::read::text_of;
use crate::syntax::flow::text;
use crate::syntax::flow::token::Rule;
use crate::syntax::flow::tree::{Value, ValueKind, Word};

impl<'a> Builder<'a, '_> {
    /// The api that a request names, also where it names nothing else.
    pub(super) fn api_of(&self, api: Option<&Word>, url: &Value) -> Option<Word> {
        api.cloned().or_else(|| self.api_alone(url))
    }

    /// `GET shop`, or `GET shop /orders`, where `shop` is an api: a name alone is a field of the input elsewhere.
    fn api_alone(&self, url: &Value) -> Option<Word> {
        let ValueKind::Bare(bare) = &url.kind else { return None };
        match bare.tokens.as_slice() {
            [(Rule::name, name)] | [(Rule::name, name), (Rule::divide, _), ..]
                if self.apis.contains_key(name.as_str()) || self.lost_names("api").any(|lost| lost == name) =>
            {
                let span = Span { end: bare.span.start + name.len() as u32, ..bare.span };
                Some(Word { text: name.clone(), span, quoted: false })
            }
            _ => None,
        }
    }

    pub(super) fn request(
        &mut self,
        config: &mut Config,
        span: Span,
        method: &Word,
        api: Option<&Word>,
        url: &'a Value,
    ) {
        if let Some(first) = config.request.replace(span) {
            self.report(
                Diagnostic::new(Code::DuplicateKey, method.span, "a node makes one request")
                    .label("a second one")
                    .also(first, "the first one")
                    .help("make another `http` node of it, and connect the two in the `flow` block"),
            );
            return;
        }
        config.add(
            text::synthetic("method", method.span),
            ast::Value { span: method.span, kind: ast::ValueKind::String(text_of(method)) },
        );
        let alone = api.is_none().then(|| self.api_alone(url)).flatten();
        let mut value = match &alone {
            Some(api) => {
                self.report(match api.span == url.span {
                    true => mistake::api_without_path(&method.text, api),
                    false => mistake::path_without_quotes(Span { start: api.span.end, ..url.span }),
                });
                string("", api.span)
            }
            None => self.value(url, Some(KeyType::Text)),
        };
        if let (Some(api), ast::ValueKind::String(path)) = (api.or(alone.as_ref()), &mut value.kind) {
            self.join(config, api, path);
        }
        config.add(text::synthetic("url", url.span), value);
    }

    /// Puts the URL of an api in front of a path.
    fn join(&mut self, config: &mut Config, api: &Word, path: &mut Text) {
        let begins_with_slash = path.value.starts_with('/');
        let needs_base = begins_with_slash || path.value.is_empty();
        if let (None, true, Some(shared)) = (&config.base, needs_base, self.shared_named("api", &api.text)) {
            shared.lacks = Some("url");
            config.base = Some(unknown_base(shared.name.span));
        }
        let Some(ast::ValueKind::String(base)) = config.base.as_ref().map(|base| &base.value.kind) else { return };
        let (mut base, written) = (base.clone(), base.span);
        if begins_with_slash {
            base = slice(&base, 0, base.value.trim_end_matches('/').len());
            let end = base.value.find(['?', '#']).filter(|_| !base.value.contains("${"));
            // Said once, however many paths there are.
            if let Some(end) = end.filter(|_| self.ended.insert(api.text.clone())) {
                self.report(mistake::path_behind_end(&api.text, &base.value[end..], written, path.span));
            }
        } else if [base.value.chars().next_back(), path.value.chars().next()]
            .iter()
            .all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()))
        {
            self.report(mistake::no_slash(&api.text, &base, path));
        }
        let mut whole = text::Builder::new();
        whole.append(&base);
        whole.append(path);
        *path = whole.finish(path.span);
    }
}

/// The URL of an api that has none.
pub(super) fn unknown_base(span: Span) -> ast::Entry {
    ast::Entry { key: text::synthetic("url", span), value: string(&format!("https://{}", ast::UNKNOWN_HOST), span) }
}

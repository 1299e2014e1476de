//! What a node does, in a few words.

use crate::syntax::ast::{Node, Object, Value, ValueKind};

/// The line below its id.
pub fn detail(node: &Node) -> String {
    let config = &node.config;
    let text = |key: &str| text(config, key);
    let detail = match node.word() {
        "http" => {
            let method = text("method").unwrap_or("GET");
            text("url").map(|url| format!("{method} {}", path(url)))
        }
        "send_email" => recipients(config).map(|to| format!("to {to}")),
        "data_filter" => text("filter_condition").map(str::to_owned),
        "data_transform" => text("transform_type").map(str::to_owned),
        "rust" => text("function").map(|function| format!("{function}(…)")),
        "webhook" => text("webhook_id").map(|id| format!("webhook {id}")),
        _ => None,
    };
    detail.unwrap_or_else(|| node.word().to_owned())
}

fn text<'a>(config: &'a Object, key: &str) -> Option<&'a str> {
    match &config.get(key)?.kind {
        ValueKind::String(text) => Some(text.value.trim()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// A URL without what every URL begins with: the variable or the host it is at.
fn path(url: &str) -> &str {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest,
        None => url,
    };
    let host = if rest.starts_with("${") { rest.find('}').map_or(0, |end| end + 1) } else { 0 };
    match rest[host..].find('/') {
        Some(slash) => &rest[host + slash..],
        None => rest,
    }
}

fn recipients(config: &Object) -> Option<String> {
    let word = |value: &Value| match &value.kind {
        ValueKind::String(text) => Some(bare(&text.value).to_owned()),
        _ => None,
    };
    let to = config.get("to_email")?;
    match &to.kind {
        ValueKind::Array(items) => {
            let more = items.len().saturating_sub(1);
            let first = items.first().and_then(word)?;
            Some(if more == 0 { first } else { format!("{first} and {more} more") })
        }
        _ => word(to),
    }
}

/// A whole template is as clear without its braces.
fn bare(text: &str) -> &str {
    let inner = text.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.filter(|inner| !inner.contains('}')).unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_url_begins_with_is_left_out() {
        assert_eq!(path("${SHOP_URL}/orders/${input_data.order_id}"), "/orders/${input_data.order_id}");
        assert_eq!(path("https://api.example.com/v1/flows"), "/v1/flows");
        assert_eq!(path("https://${HOST}:8080/x"), "/x");
        assert_eq!(path("${API_URL}"), "${API_URL}");
        assert_eq!(path("https://example.com"), "example.com");
    }

    #[test]
    fn whole_templates_lose_their_braces() {
        assert_eq!(bare("${input_data.customer_email}"), "input_data.customer_email");
        assert_eq!(bare("${a}@${b}"), "${a}@${b}");
        assert_eq!(bare("help@example.com"), "help@example.com");
    }
}

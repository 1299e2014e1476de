//! Workflows that are right, in JSON; and texts of them laid out badly.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Ids that are names of fields, roots and Rust words too.
const IDS: &[&str] = &[
    "check",
    "process-payment",
    "order",
    "type",
    "flow",
    "error-handler",
    "step-2",
    "items",
    "result_of",
    "a-1e",
    "match",
    "else-where",
];

/// Expressions over the input and over a node that ran before, which stands for `@`.
const EXPRESSIONS: &[&str] = &[
    "input_data.order_id",
    "order_id",
    "input_data.order",
    "order",
    "input_data.items.length",
    "items.map(item => item.sku).join(', ')",
    "input_data.items.filter(order => order.price > input_data.limit).length",
    "currency || 'USD'",
    "`#${input_data.order_id} of ${timestamp}`",
    "`price: $5`",
    "{ a: input_data.x, 'b c': [1, 2, 'x'] }",
    "[input_data.a, 2]",
    "5",
    "-5",
    "'text'",
    "\"it's\"",
    "null",
    "true",
    "undefined",
    "previous_outputs['start']",
    "input_data.items.reduce((sum, item) => sum + item.price * 2, 0)",
    "(input_data.a ?? input_data.b) || 1",
    "a - b - -c",
    "API_KEY",
    "JSON.stringify(input_data)",
    "Math.max(a, 2) > 1 ? 'x' : y",
    "previous_outputs.@.result.total",
    "previous_outputs.@.error.message || 'none'",
    "input_data['odd key'].x",
    "!(a || b) && c.includes('${')",
    "'line\\nbreak \\' \" \\\\'",
    "execution_id + '\\u{1F600}'",
];

fn expression() -> impl Strategy<Value = String> {
    prop::sample::select(EXPRESSIONS).prop_map(|text| text.replace('@', "start"))
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z .,#:/'\"\\\\-]{0,24}",
        Just("a $ b".to_owned()),
        Just("$${literal}".to_owned()),
        Just("tab\tand\nbreak, é and \u{2028}".to_owned()),
        Just("// no comment".to_owned()),
        Just("two\\nlines".to_owned()),
    ]
}

/// Text with templates in it.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![2 => words(), 2 => expression().prop_map(|expression| format!("${{{expression}}}"))];
    // A `$` before a template would escape it.
    vec(part, 1..4)
        .prop_map(|parts| parts.concat().replace("$${'", "${'"))
        .prop_filter("escapes", |text| !text.contains("$${{"))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => expression().prop_map(|text| json!(format!("${{{text}}}"))),
        2 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (-1000i32..1000).prop_map(|number| json!(f64::from(number) / 8.0)),
        1 => (0u32..100).prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key(), inner), 0..5).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&["order_id", "items", "order", "a", "x-y", "type", "retry", "template", "sort"][..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["odd key", "1st", "", "über", "a.b", "\"", "2-3e"][..]).prop_map(str::to_owned),
    ]
}

fn headers() -> impl Strategy<Value = Value> {
    let bearer = prop::sample::select(&["Bearer ${PAYMENT_API_KEY}", "Bearer ${SHOP_API_KEY}", "Basic abc"][..]);
    (option::of(bearer), any::<bool>(), option::of(prop::sample::select(&["v1", "${order_id}", "${API_KEY}"][..])))
        .prop_map(|(bearer, content, version)| {
            let mut headers = Map::new();
            if let Some(bearer) = bearer {
                headers.insert("Authorization".to_owned(), json!(bearer));
            }
            if content {
                headers.insert("Content-Type".to_owned(), json!("application/json"));
            }
            if let Some(version) = version {
                headers.insert("X-Version".to_owned(), json!(version));
            }
            Value::Object(headers)
        })
}

fn delay() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0u32..5000).prop_map(|millis| json!(f64::from(millis) / 1000.0)),
        (1u32..5, 6u32..600)
            .prop_map(|(initial, max)| json!({ "strategy": "exponential", "initial": initial, "max": max })),
        any::<bool>()
            .prop_map(|jitter| json!({ "strategy": "exponential", "initial": 0.5, "max": 90, "jitter": jitter })),
        Just(json!({ "strategy": "exponential" })),
        Just(json!({ "strategy": "fixed", "initial": 3 })),
    ]
}

fn http() -> impl Strategy<Value = Value> {
    let url = prop::sample::select(
        &[
            "${PAYMENT_API_URL}/charge",
            "${PAYMENT_API_URL}/refund/${input_data.order_id}",
            "${SHOP_URL}/orders/${order}",
            "https://api.example.com/v1/items",
            "https://api.example.com/v1/orders/${input_data.order_id}",
            "${input_data.callback}",
            "http://localhost:8080",
        ][..],
    );
    let method = prop::sample::select(&["POST", "PUT", "PATCH"][..]);
    let timing = (option::of(1u32..4000), option::of(0u32..9), option::of(delay()));
    (url, method, option::of(headers()), option::of(value()), timing, option::of(schema())).prop_map(
        |(url, method, headers, body, (timeout, count, delay), schema)| {
            let mut config = Map::new();
            config.insert("method".to_owned(), json!(method));
            config.insert("url".to_owned(), json!(url));
            for (key, value) in [
                ("headers", headers),
                ("body", body),
                ("timeout", timeout.map(|millis| json!(f64::from(millis) / 8.0))),
                ("retry_count", count.map(Value::from)),
                ("retry_delay", delay),
                ("response_schema", schema),
            ] {
                if let Some(value) = value {
                    config.insert(key.to_owned(), value);
                }
            }
            json!({ "type": "action", "action_type": "http", "config": config })
        },
    )
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(
        &[
            r#"{ "type": "string" }"#,
            r#"{ "type": "integer" }"#,
            r#"{ "type": "string", "format": "email" }"#,
            r#"{ "type": "string", "x-private": "personal" }"#,
            r#"{ "type": "number", "minimum": 1 }"#,
            r#"{ "enum": ["card", "invoice"] }"#,
            r#"{ "const": "x" }"#,
            "{}",
        ][..],
    );
    leaf.prop_map(|text| serde_json::from_str::<Value>(text).unwrap()).prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|items| json!({ "type": "array", "items": items })),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({ "anyOf": [one, other] })),
            vec((prop::sample::select(&["a", "b-c", "odd key", "d"][..]), inner, any::<bool>()), 1..4).prop_map(
                |fields| {
                    let mut properties = Map::new();
                    let mut required = Vec::new();
                    for (name, schema, needed) in fields {
                        if properties.insert(name.to_owned(), schema).is_none() && needed {
                            required.push(json!(name));
                        }
                    }
                    match required.is_empty() {
                        true => json!({ "type": "object", "properties": properties }),
                        false => json!({ "type": "object", "properties": properties, "required": required }),
                    }
                }
            ),
        ]
    })
}

fn mail() -> impl Strategy<Value = Value> {
    let from = prop::sample::select(&["orders@example.com", "${SENDER}", "${input_data.sender}"][..]);
    let name = option::of(prop::sample::select(&["Shop", "The ${SHOP_NAME} shop", "A. \"B\" C"][..]));
    let to = prop_oneof![
        Just(json!("ann@example.com")),
        Just(json!("${input_data.customer_email}")),
        Just(json!(["ann@example.com", "${customer_email}"])),
    ];
    (from, name, to, text(), text(), any::<bool>(), option::of(vec((key(), value()), 1..4)), 0..3usize).prop_map(
        |(from, name, to, subject, body, tls, vars, server)| {
            let server = ["${SMTP_SERVER}", "smtp.example.com", "${MAIL_HOST}"][server];
            let subject: String =
                subject.replace("line\\nbreak", "line").chars().filter(|char| !char.is_control()).collect();
            let mut config = json!({
                "smtp_server": server, "smtp_port": 587, "use_tls": tls, "username": "${SMTP_USERNAME}",
                "password": "${SMTP_PASSWORD}", "from_email": from, "to_email": to, "subject": subject
            });
            let object = config.as_object_mut().unwrap();
            if let Some(name) = name {
                object.insert("from_name".to_owned(), json!(name));
            }
            match vars {
                Some(vars) => {
                    object.insert("template".to_owned(), json!("order-confirmation"));
                    object.insert("template_vars".to_owned(), Value::Object(vars.into_iter().collect()));
                }
                None => {
                    object.insert("body".to_owned(), json!(body));
                }
            }
            json!({ "type": "action", "action_type": "send_email", "config": config })
        },
    )
}

fn filter() -> impl Strategy<Value = Value> {
    (expression(), option::of(text())).prop_map(|(condition, message)| {
        let mut config = json!({ "filter_condition": condition });
        if let Some(message) = message {
            config["error_message"] = json!(message);
        }
        json!({ "type": "action", "action_type": "data_filter", "config": config })
    })
}

fn transform() -> impl Strategy<Value = Value> {
    let config = prop_oneof![
        Just(json!({ "transform_type": "filter_items", "filter_condition": "item.price > 10 && item.sku != 'x'" })),
        expression().prop_map(|text| json!({ "transform_type": "map_items", "expression": text })),
        Just(json!({ "transform_type": "sort_items", "field": "unit_price", "order": "desc" })),
        Just(json!({ "transform_type": "sort_items", "field": "order" })),
        Just(json!({ "transform_type": "group_items", "field": "customer.name" })),
        Just(json!({ "transform_type": "calculate_total", "field": "item.price * item.quantity" })),
        value().prop_map(|value| json!({ "transform_type": "add_fields", "fields": { "total": value, "b c": 1 } })),
        Just(json!({ "transform_type": "extract_fields", "fields": ["order_id", "customer.name", "odd key"] })),
        Just(json!({ "transform_type": "extract_fields", "fields": { "city": "address.city" } })),
        Just(json!({ "transform_type": "json_to_csv", "fields": ["a", "b"] })),
        Just(json!({ "transform_type": "json_to_csv" })),
    ];
    (config, option::of(value())).prop_map(|(mut config, input)| {
        if let Some(input) = input {
            config["input"] = input;
        }
        json!({ "type": "action", "action_type": "data_transform", "config": config })
    })
}

fn rust() -> impl Strategy<Value = Value> {
    let function = prop::sample::select(
        &[
            "crate::fraud::check",
            "::audit::log",
            "self::check",
            "super::super::type_of",
            "check",
            "self::match",
            "crate",
        ][..],
    );
    let timing = (option::of(1u32..90), option::of(0u32..9), option::of(delay()));
    (function, option::of(vec(value(), 0..4)), option::of(schema()), timing).prop_map(
        |(function, arguments, schema, (timeout, count, delay))| {
            let mut config = json!({ "function": function });
            let object = config.as_object_mut().unwrap();
            for (key, value) in [
                ("arguments", arguments.map(Value::from)),
                ("result_schema", schema),
                ("timeout", timeout.map(Value::from)),
                ("retry_count", count.map(Value::from)),
                ("retry_delay", delay),
            ] {
                if let Some(value) = value {
                    object.insert(key.to_owned(), value);
                }
            }
            json!({ "type": "action", "action_type": "rust", "config": config })
        },
    )
}

fn trigger() -> impl Strategy<Value = Value> {
    prop_oneof![
        option::of(schema()).prop_map(|schema| {
            let mut node = json!({ "type": "trigger", "trigger_type": "manual" });
            if let Some(schema) = schema {
                node["config"] = json!({ "input_schema": schema });
            }
            node
        }),
        (any::<bool>(), any::<bool>()).prop_map(|(secret, validate)| {
            let mut config = json!({ "webhook_id": "orders", "allowed_ips": ["10.0.0.0/8", "::1"] });
            if secret {
                config["secret"] = json!("${WEBHOOK_SECRET}");
                config["validate_signature"] = json!(validate);
            }
            json!({ "type": "trigger", "trigger_type": "webhook", "config": config })
        }),
    ]
}

const CONDITIONS: &[&str] = &[
    "result.success == true",
    "result.count > 0",
    "!(result.success == true)",
    "!(result.success == true || result.count > 0)",
    "${result.total > input_data.limit}",
    "error.code == 'TIMEOUT' || result.text === `a ${order_id}`",
];

/// A trigger called `start`, nodes behind it in a tree, names and settings.
pub fn workflow() -> impl Strategy<Value = Value> {
    let node = prop_oneof![3 => http(), 2 => mail(), 2 => filter(), 2 => transform(), 1 => rust()];
    let link =
        (any::<prop::sample::Index>(), option::of(prop::sample::select(CONDITIONS)), any::<bool>(), any::<bool>());
    let name = option::of(prop_oneof![words(), Just("Plain name".to_owned())]);
    let nodes = vec((node, link, name.clone(), name.clone()), 0..9);
    let ids = Just(IDS.to_vec()).prop_shuffle();
    let settings = option::of(prop_oneof![
        Just(
            json!({ "timeout": 600, "max_retries": 3, "fail_fast": false, "parallel_execution": true, "max_parallel_nodes": 3 })
        ),
        Just(json!({ "timeout": 0.25, "fail_fast": true, "parallel_execution": false })),
    ]);
    (trigger(), nodes, ids, settings, name.clone(), name).prop_map(
        |(mut start, nodes, ids, settings, name, description)| {
            start["id"] = json!("start");
            let mut all = vec![start];
            let mut connections = Vec::new();
            let mut known = vec!["start"];
            for ((mut node, (parent, condition, depends, connects), name, description), id) in
                nodes.into_iter().zip(ids)
            {
                node["id"] = json!(id);
                if let Some(name) = name {
                    node["name"] = json!(name);
                }
                if let Some(description) = description {
                    node["description"] = json!(description);
                }
                let parent = known[parent.index(known.len())];
                if depends {
                    node["dependencies"] = json!([parent]);
                }
                if connects || !depends {
                    let mut connection = json!({ "from": parent, "to": id });
                    if let Some(condition) = condition {
                        connection["condition"] = json!(condition);
                    }
                    connections.push(connection);
                }
                known.push(id);
                all.push(node);
            }
            let mut workflow = json!({ "nodes": all, "connections": connections });
            for (key, value) in
                [("settings", settings), ("name", name.map(Value::from)), ("description", description.map(Value::from))]
            {
                if let Some(value) = value {
                    workflow[key] = value;
                }
            }
            workflow
        },
    )
}

/// The text with other white space and with comments where some can stand, and those comments.
pub fn disturb(text: &str, seed: u64) -> (String, Vec<String>) {
    let mut random = seed | 1;
    let mut next = |most: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % most
    };
    let mut out = String::new();
    let mut comments = Vec::new();
    for line in text.lines() {
        // A comment between a name and its item would be one of its `///` lines' neighbours; any place else is free.
        let doc = line.starts_with("///");
        let mut comment = |out: &mut String, next: &mut dyn FnMut(u64) -> u64| {
            if next(4) == 0 {
                let comment = format!("// comment {};", comments.len());
                out.push_str(&comment);
                comments.push(comment);
            }
        };
        if !doc {
            let start = out.len();
            comment(&mut out, &mut next);
            if out.len() > start {
                out.push('\n');
            }
        }
        for _ in 0..next(3) {
            if !doc {
                out.push('\n');
            }
        }
        let indent = line.len() - line.trim_start().len();
        let indent = if indent == 0 { 0 } else { indent + next(5) as usize };
        out.push_str(&" ".repeat(indent));
        out.push_str(line.trim_start());
        if !doc && !line.trim().is_empty() {
            out.push_str(&" ".repeat(next(3) as usize + 1));
            comment(&mut out, &mut next);
        }
        out.push('\n');
    }
    (out, comments)
}

/// Words a text is made of, right and wrong.
pub const WORDS: &[&str] = &[
    "workflow ",
    "type ",
    "api ",
    "smtp ",
    "flow ",
    "http ",
    "mail ",
    "filter ",
    "transform ",
    "webhook ",
    "manual ",
    "a ",
    "check-order ",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "{ ",
    " }\n",
    "\n",
    "\n\n",
    ": ",
    ", ",
    "-> ",
    "=> ",
    "else ",
    "always ",
    "= ",
    "== ",
    "&& ",
    "|| ",
    "? ",
    ".b",
    "!",
    "- ",
    "+ ",
    "* ",
    "@personal ",
    "| ",
    "\"text\" ",
    "\"a ${b} c\" ",
    "\"${\" ",
    "\"$${x}\"",
    "\"unclosed",
    "'single' ",
    "`back`",
    "30s ",
    "3 ",
    "1e5 ",
    "0x ",
    "12abc ",
    "// comment\n",
    "/// doc\n",
    "/* ",
    "# ",
    "; ",
    "é ",
    "→ ",
    "\u{0}",
    "retry: ",
    "3 every 2s\n",
    "from 1s to 2s jitter ",
    "template: ",
    "sort: ",
    "map: ",
    "GET ",
    "POST a ",
    "require: ",
    "body: ",
    "via a ",
    "at \"x\" ",
    "string ",
    "?: ",
    "true ",
    "null ",
    "item => ",
    "\\",
    "\"\\q\"",
    "name: ",
];

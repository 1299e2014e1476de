//! Workflows of any size, of the same mix as a real one: filters, requests with bodies and conditions, mails.

use std::fmt::Write as _;

/// Nodes of one stage.
const STAGE: usize = 5;

/// What a workflow looks like, and how to make one of any size.
pub type Shape = (&'static str, fn(usize) -> String);

/// Realistic ones, and those in which one thing is as long, as wide or as often as there are nodes.
pub const SHAPES: [Shape; 5] =
    [("mixture", workflow), ("schemas", with_schemas), ("chain", chain), ("wide", wide), ("ladder", ladder)];

/// The mixture behind a webhook that says what its input looks like, with answers that say it too.
pub fn with_schemas(nodes: usize) -> String {
    let input = r#"{ "type": "object", "required": ["order_id", "customer_email",
      "customer_name", "currency", "total_amount", "items"], "properties": {
      "order_id": { "type": "string" }, "customer_email": { "type": "string", "format": "email" },
      "customer_name": { "type": "string" }, "currency": { "type": "string" }, "total_amount": { "type": "number" },
      "items": { "type": "array", "items": { "type": "object", "properties": { "sku": { "type": "string" } } } } } }"#;
    let answer = r#"{ "type": "object", "required": ["success", "available", "total", "transaction_id"], "properties": { "success": { "type": "boolean" }, "available": { "type": "boolean" },
      "total": { "type": "number" }, "transaction_id": { "type": "string" } } }"#;
    workflow(nodes)
        .replacen(
            r#""trigger_type": "manual", "name": "Start", "config": {}"#,
            &format!(
                r#""trigger_type": "webhook", "name": "Start", "config": {{ "webhook_id": "orders", "input_schema": {input} }}"#
            ),
            1,
        )
        .replace(r#""timeout": 30,"#, &format!(r#""response_schema": {answer}, "timeout": 30,"#))
}

/// One node behind the other, each reading the one before and the first.
pub fn chain(nodes: usize) -> String {
    let read = |index: usize| match index {
        1 => "input_data.total > 1".to_owned(),
        _ => format!("previous_outputs.n{}.result.passed == previous_outputs.n1.result.passed", index - 1),
    };
    filters(nodes, read, |index| vec![(index - 1, "")])
}

/// All nodes behind the first, each on its own condition.
pub fn wide(nodes: usize) -> String {
    filters(
        nodes,
        |_| "input_data.total > 1".to_owned(),
        |index| if index == 1 { vec![(0, "")] } else { vec![(1, "result.passed == true")] },
    )
}

/// A choice between two nodes that meet again, as often as there is room.
pub fn ladder(nodes: usize) -> String {
    let edges = |index: usize| match index {
        1 => vec![(0, "")],
        _ if index % 3 == 2 => vec![(index - 1, "result.passed == true")],
        _ if index.is_multiple_of(3) => vec![(index - 2, "result.passed == false")],
        _ => vec![(index - 2, ""), (index - 1, "")],
    };
    filters(nodes, |index| format!("input_data.total > {index}"), edges)
}

/// Nodes `n1`, `n2`, … behind the trigger `n0`; `edges` names the sources of each, and the condition.
fn filters(
    nodes: usize,
    condition: impl Fn(usize) -> String,
    edges: impl Fn(usize) -> Vec<(usize, &'static str)>,
) -> String {
    let mut list =
        String::from(r#"{ "id": "n0", "type": "trigger", "trigger_type": "manual", "name": "Start", "config": {} }"#);
    let mut connections = Vec::new();
    for index in 1..nodes {
        let _ = write!(
            list,
            ",\n    {{ \"id\": \"n{index}\", \"type\": \"action\", \"action_type\": \"data_filter\", \"name\": \"Step {index}\", \
             \"config\": {{ \"filter_condition\": \"{}\" }} }}",
            condition(index)
        );
        for (from, condition) in edges(index) {
            let condition =
                if condition.is_empty() { String::new() } else { format!(", \"condition\": \"{condition}\"") };
            connections.push(format!("{{ \"from\": \"n{from}\", \"to\": \"n{index}\"{condition} }}"));
        }
    }
    format!(
        "{{\n  \"name\": \"Synthetic\",\n  \"version\": \"1.0.0\",\n  \"nodes\": [\n    {list}\n  ],\n  \
         \"connections\": [\n    {}\n  ]\n}}\n",
        connections.join(",\n    ")
    )
}

/// A workflow of at least two nodes, as the text of its file. Every stage hangs on the one before and reads what it gave.
pub fn workflow(nodes: usize) -> String {
    let mut list = String::from(
        r#"{ "id": "start", "type": "trigger", "trigger_type": "manual", "name": "Start", "config": {} }"#,
    );
    let mut connections = String::new();
    for index in 0..nodes - 1 {
        let (stage, role) = (index / STAGE, index % STAGE);
        let before = if stage == 0 { "start".to_owned() } else { format!("charge-{}", stage - 1) };
        let id = id(index);
        let (from, condition, node) = match role {
            0 => (before, None, filter(stage)),
            1 => (
                format!("check-{stage}"),
                Some("result.passed == true"),
                request("inventory", stage, "${input_data.items}"),
            ),
            2 => (
                format!("reserve-{stage}"),
                Some("result.available == true"),
                request("payments", stage, &format!("${{previous_outputs.reserve-{stage}.result.total || 0}}")),
            ),
            3 => (
                format!("charge-{stage}"),
                Some("result.success == false"),
                request("tickets", stage, &format!("${{previous_outputs.charge-{stage}.error.message}}")),
            ),
            _ => (format!("charge-{stage}"), Some("result.success == true"), mail(stage)),
        };
        let _ = write!(list, ",\n    {{ \"id\": \"{id}\", \"name\": \"Step {index}\", \"type\": \"action\", {node} }}");
        let separator = if index == 0 { "" } else { ",\n    " };
        let condition = condition.map(|text| format!(", \"condition\": \"{text}\"")).unwrap_or_default();
        let _ = write!(connections, "{separator}{{ \"from\": \"{from}\", \"to\": \"{id}\"{condition} }}");
    }
    format!(
        "{{\n  \"name\": \"Synthetic\",\n  \"version\": \"1.0.0\",\n  \"nodes\": [\n    {list}\n  ],\n  \
         \"connections\": [\n    {connections}\n  ]\n}}\n"
    )
}

fn id(index: usize) -> String {
    let role = ["check", "reserve", "charge", "complain", "tell"][index % STAGE];
    format!("{role}-{}", index / STAGE)
}

fn filter(stage: usize) -> String {
    // Beyond some hundred constants on one value its conditions are not followed any more.
    let least = stage % 10;
    format!(
        r#""action_type": "data_filter", "config": {{
      "filter_condition": "input_data.order_id && input_data.items && input_data.items.length > {least}",
      "error_message": "Stage {stage} of ${{input_data.order_id}}: nothing to do"
    }}"#
    )
}

fn request(service: &str, stage: usize, value: &str) -> String {
    let upper = service.to_uppercase();
    format!(
        r#""action_type": "http", "config": {{
      "method": "POST",
      "url": "${{{upper}_API_URL}}/{service}/{stage}/${{input_data.order_id}}",
      "headers": {{ "Authorization": "Bearer ${{{upper}_API_KEY}}", "Idempotency-Key": "${{input_data.order_id}}-{stage}" }},
      "body": {{
        "order_id": "${{input_data.order_id}}",
        "currency": "${{input_data.currency || 'USD'}}",
        "value": "{value}",
        "count": "${{input_data.items.length}}",
        "metadata": {{ "source": "synthetic", "stage": {stage}, "express": "${{input_data.total_amount > 100}}" }}
      }},
      "timeout": 30, "retry_count": 3, "retry_delay": 2
    }}"#
    )
}

fn mail(stage: usize) -> String {
    format!(
        r#""action_type": "send_email", "config": {{
      "smtp_server": "${{SMTP_SERVER}}", "smtp_port": "${{SMTP_PORT}}",
      "username": "${{SMTP_USERNAME}}", "password": "${{SMTP_PASSWORD}}", "use_tls": true,
      "from_email": "orders@example.com", "to_email": "${{input_data.customer_email}}",
      "subject": "Order ${{input_data.order_id}}, stage {stage}",
      "body": "Charged ${{previous_outputs.charge-{stage}.result.transaction_id}} for ${{input_data.customer_name || 'you'}}"
    }}"#
    )
}

//! Workflows of any size, of the same mix as a real one: filters, requests with bodies and conditions, mails.

use std::fmt::Write as _;

/// Nodes of one stage.
const STAGE: usize = 5;

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
    format!(
        r#""action_type": "data_filter", "config": {{
      "filter_condition": "input_data.order_id && input_data.items && input_data.items.length > {stage}",
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

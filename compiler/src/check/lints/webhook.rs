//! `open-webhook`: everybody who knows the path can start an execution.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Node, Webhook};

/// Neither signatures nor addresses are checked.
pub(super) fn open(node: &Node, webhook: &Webhook, diagnostics: &mut Diagnostics) {
    let everybody = ["0.0.0.0/0", "::/0"];
    let any = webhook.allowed_ips.iter().find(|network| everybody.contains(&network.as_str()));
    let listed = webhook.lists_addresses && any.is_none();
    // Signatures without a secret have been reported, and so has a webhook without a path.
    if webhook.webhook_id.is_empty() || webhook.validate_signature || listed {
        return;
    }
    let mut diagnostic = Diagnostic::new(
        Code::OpenWebhook,
        super::place(node, "webhook_id"),
        format!("anybody can start `{}`: neither a signature nor the sender's address is checked", node.id.value),
    )
    .label(format!("`/webhooks/{}` is open to whoever finds it", webhook.webhook_id));
    if let Some(any) = any {
        diagnostic = diagnostic.also(super::place(node, "allowed_ips"), format!("`{any}` is every address"));
    }
    if let Some(span) = node.keys.value("validate_signature") {
        diagnostic = diagnostic.also(span, "signatures are not checked");
    }
    diagnostics.push(match webhook.secret {
        Some(_) => diagnostic.help("remove \"validate_signature\": false, and have the sender sign its requests"),
        None => diagnostic
            .help("have the sender sign its requests: \"secret\": \"${WEBHOOK_SECRET}\"")
            .help("or list the addresses it sends from: \"allowed_ips\": [\"203.0.113.0/24\"]"),
    });
}

//! Trigger `webhook`.

use super::{Key, KeyType, KindSpec};

/// As [`flow_runtime::flow::Signature`] names them.
pub const SIGNATURES: &[&str] = &["x-signature", "github", "standard-webhooks", "stripe", "shopify", "slack"];

pub const SPEC: KindSpec = KindSpec {
    word: "webhook",
    trigger: true,
    summary: "Starts an execution for each request to `POST /webhooks/{webhook_id}`.",
    keys: &[
        Key {
            name: "webhook_id",
            ty: KeyType::Literal,
            required: true,
            default: "",
            doc: "The last part of the path.",
        },
        Key {
            name: "secret",
            ty: KeyType::Text,
            required: false,
            default: "",
            doc: "The secret shared with the sender; usually `${WEBHOOK_SECRET}`.",
        },
        Key {
            name: "validate_signature",
            ty: KeyType::Bool,
            required: false,
            default: "`true` when there is a `secret`",
            doc: "Whether requests must be signed: HMAC-SHA256 of the raw body, as `X-Signature: sha256=…`, `X-Hub-Signature-256` or in the headers of Standard Webhooks.",
        },
        Key {
            name: "signature",
            ty: KeyType::OneOf(SIGNATURES),
            required: false,
            default: "`x-signature`, `github` or `standard-webhooks`, whichever comes",
            doc: "How the sender signs: Stripe's, Shopify's or Slack's way, or one of the three, and no other.",
        },
        Key {
            name: "allowed_ips",
            ty: KeyType::AddressList,
            required: false,
            default: "every address",
            doc: "Addresses and networks (CIDR, host bits allowed) that may send. An operator can override the list.",
        },
        Key {
            name: "input_schema",
            ty: KeyType::Schema,
            required: false,
            default: "",
            doc: "JSON Schema of the input, or a `$ref` to one beside the workflow: what reads `input_data` is checked against it when the workflow is compiled.",
        },
        Key {
            name: "dedupe_key",
            ty: KeyType::Expression,
            required: false,
            default: "",
            doc: "For webhooks; what comes over the API or from `run` is not compared. An expression over the input, such as `input_data.order_id`: deliveries with the same value are one execution and get the same answer; with another body as well they are refused (422), and so is a number of 2^53 or more (400): it has lost its last digits, and has to come as text. Where it is missing (or a list of nothing else), and without it, the sender's `Idempotency-Key`, `webhook-id`, `X-GitHub-Delivery` or `X-Shopify-Webhook-Id` counts; of one that is signed as Standard Webhooks only `webhook-id`.",
        },
    ],
    output: "The input, as `input_data` is.",
    example: r#"{
  "id": "order-webhook",
  "type": "trigger",
  "trigger_type": "webhook",
  "config": {
    "webhook_id": "orders",
    "secret": "${WEBHOOK_SECRET}",
    "allowed_ips": ["192.168.1.0/24"]
  }
}"#,
};

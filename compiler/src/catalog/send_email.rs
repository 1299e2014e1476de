//! Action `send_email`.

use super::attempt::{RETRY_DELAY, TIMEOUT, retry_count};
use super::{Key, KeyType, KindSpec};

/// A mail says something: with one of these.
pub const CONTENT: &[&str] = &["body", "html", "template"];

pub const SPEC: KindSpec = KindSpec {
    word: "send_email",
    trigger: false,
    summary: "Sends one mail.",
    keys: &[
        Key {
            name: "smtp_server",
            ty: KeyType::Text,
            required: true,
            default: "",
            doc: "Host name of the mail server.",
        },
        Key { name: "smtp_port", ty: KeyType::Port, required: false, default: "587", doc: "Port of the mail server." },
        Key { name: "username", ty: KeyType::Text, required: false, default: "", doc: "Without it there is no login." },
        Key { name: "password", ty: KeyType::Text, required: false, default: "", doc: "Usually `${SMTP_PASSWORD}`." },
        Key {
            name: "use_tls",
            ty: KeyType::Bool,
            required: false,
            default: "true",
            doc: "`true`: TLS from the start on port 465, STARTTLS required on any other. `false`: plain, with a warning.",
        },
        Key {
            name: "from_email",
            ty: KeyType::Text,
            required: false,
            default: "`SMTP_FROM`, else the user name",
            doc: "The sender's address.",
        },
        Key {
            name: "from_name",
            ty: KeyType::Text,
            required: false,
            default: "",
            doc: "The sender's name for people.",
        },
        Key {
            name: "to_email",
            ty: KeyType::Recipients,
            required: true,
            default: "",
            doc: "One recipient or several. Each is exactly one address. One of several that is missing, null or blank is left out (`accepted` in the result tells how many there were); without anybody left the node fails. With `cc` and `bcc` 100 different addresses at most: what every mail server takes.",
        },
        Key {
            name: "cc",
            ty: KeyType::Recipients,
            required: false,
            default: "",
            doc: "Recipients of a copy. One that is missing, null or blank is left out.",
        },
        Key {
            name: "bcc",
            ty: KeyType::Recipients,
            required: false,
            default: "",
            doc: "Recipients nobody else sees. One that is missing, null or blank is left out.",
        },
        Key { name: "reply_to", ty: KeyType::Text, required: false, default: "", doc: "Where answers go." },
        Key { name: "subject", ty: KeyType::Text, required: true, default: "", doc: "One line." },
        Key {
            name: "body",
            ty: KeyType::Text,
            required: false,
            default: "",
            doc: "The text part. The two characters `\\n` in its literal part are a line break.",
        },
        Key {
            name: "html",
            ty: KeyType::Text,
            required: false,
            default: "",
            doc: "The HTML part. Data in it is escaped.",
        },
        Key {
            name: "template",
            ty: KeyType::Literal,
            required: false,
            default: "",
            doc: "The mail is `templates/<name>.html` and `templates/<name>.txt` beside the workflow (Jinja syntax), compiled in. Where neither exists, a plain listing of `template_vars`.",
        },
        Key {
            name: "template_vars",
            ty: KeyType::Object,
            required: false,
            default: "",
            doc: "What the template is filled with.",
        },
        Key {
            name: "delivery",
            ty: KeyType::OneOf(&["at_least_once", "at_most_once"]),
            required: false,
            default: "at_least_once",
            doc: "What to do when it is unknown whether the mail went out: send it again under the same Message-ID, or not.",
        },
        TIMEOUT,
        retry_count("Retries after the first attempt: after connection failures and 4yz replies."),
        RETRY_DELAY,
    ],
    output: "`message_id`, `accepted` (number of recipients), `delivery` (`sent`, or `unknown`) and `success`. Where the server refuses one of several recipients, nothing is sent to any of them.",
    example: r#"{
  "id": "send-confirmation",
  "type": "action",
  "action_type": "send_email",
  "config": {
    "smtp_server": "${SMTP_SERVER}",
    "username": "${SMTP_USERNAME}",
    "password": "${SMTP_PASSWORD}",
    "from_email": "orders@example.com",
    "to_email": "${input_data.customer_email}",
    "subject": "Order #${input_data.order_id}",
    "body": "Thank you, ${input_data.customer_name}."
  }
}"#,
};

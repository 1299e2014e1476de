//! Action `http`.

use super::attempt::{RETRY_DELAY, TIMEOUT, retry_count};
use super::{Key, KeyType, KindSpec};

/// The keys of `cache`.
pub const CACHE: &[Key] = &[Key {
    name: "ttl",
    ty: KeyType::Seconds,
    required: true,
    default: "",
    doc: "How long an answer is used again, in seconds.",
}];

/// The methods a request may have.
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// What `result` has of every answer. Where an object that was answered has such a field of its own, it is that one.
pub const OF_EVERY_ANSWER: [&str; 5] = ["status_code", "response", "headers", "duration", "success"];

pub const SPEC: KindSpec = KindSpec {
    word: "http",
    trigger: false,
    summary: "Calls a service and keeps its answer.",
    keys: &[
        Key {
            name: "method",
            ty: KeyType::OneOf(METHODS),
            required: false,
            default: "GET",
            doc: "The request's method.",
        },
        Key {
            name: "url",
            ty: KeyType::Text,
            required: true,
            default: "",
            doc: "An http or https URL. Data in it is percent-encoded; a missing value fails the node. Redirects are followed, 10 at most; to another origin go none of the headers that may be secret, but the `Idempotency-Key`, so that no retry is done twice there, and nothing with a secret variable in it (with one in the body the node fails, `CROSS_ORIGIN_REDIRECT`); not 301 and 302 of a POST, which would be asked there with GET: they fail the node.",
        },
        Key {
            name: "headers",
            ty: KeyType::Headers,
            required: false,
            default: "",
            doc: "Request headers. A missing value fails the node. What follows from the body or belongs to the connection cannot be set: `Content-Length`, `Transfer-Encoding`, `Connection`, `Keep-Alive`, `Upgrade`, `TE`, `Trailer`. `Host` can, where the URL is `http`; over TLS it is the URL's.",
        },
        Key {
            name: "params",
            ty: KeyType::Object,
            required: false,
            default: "",
            doc: "Query parameters, appended to the URL. A whole template that is missing is left out; an array repeats its name.",
        },
        Key {
            name: "body",
            ty: KeyType::Json,
            required: false,
            default: "",
            doc: "Sent as JSON, or as a form where `Content-Type` says `application/x-www-form-urlencoded`; mixed text is sent as it is.",
        },
        TIMEOUT,
        retry_count("Retries after the first attempt: after connection failures, time-outs, 408, 429 and 5xx."),
        RETRY_DELAY,
        Key {
            name: "idempotent",
            ty: KeyType::Bool,
            required: false,
            default: "`false` for POST and PATCH",
            doc: "`true`: the service does the same request only once, because it honours the `Idempotency-Key` that flowc adds or by nature. Only the checker reads it.",
        },
        Key {
            name: "irreversible",
            ty: KeyType::Bool,
            required: false,
            default: "by id and URL: charges, payments, refunds, payouts, transfers",
            doc: "`true`: what the request does cannot be undone, so a failure after it has to be handled. Only the checker reads it.",
        },
        Key {
            name: "cache",
            ty: KeyType::Cache,
            required: false,
            default: "",
            doc: "`{\"ttl\": 60}`: a 2xx answer is used again for that many seconds for the same request of any execution. Kept in memory.",
        },
        Key {
            name: "response_schema",
            ty: KeyType::Schema,
            required: false,
            default: "",
            doc: "JSON Schema of the body of a 2xx answer, or a `$ref` to one beside the workflow: what reads of the node's `result` are checked against when the workflow is compiled, and every answer when it comes. One that does not fit is a failure, `RESPONSE_MISMATCH`, and not retried; its body is in `response` alone.",
        },
    ],
    output: "The fields of a JSON object body at the top level, then `status_code`, `response` (the whole body), `headers`, `duration` and `success` where the body has no such field. `success` is `false` for every failure; on 2xx the body's own, else `true`. An answer larger than 16 MiB is a failure, `ANSWER_TOO_LARGE`, and not retried. An answer may be packed as gzip, and its text be UTF-8, UTF-16, ISO-8859-1 or Windows-1252, as its `charset` says; what is packed or written otherwise is a failure, `BAD_ANSWER`, and not retried, as is a body that begins like JSON, says that it is (`application/json`, `…+json`), and is not: it is in `response` as text. Gzip that is damaged is one, too, and retried.",
    example: r#"{
  "id": "check-inventory",
  "type": "action",
  "action_type": "http",
  "config": {
    "method": "POST",
    "url": "${INVENTORY_API_URL}/inventory/check",
    "headers": { "Authorization": "Bearer ${INVENTORY_API_KEY}", "Idempotency-Key": "${input_data.order_id}" },
    "body": { "items": "${input_data.items}" },
    "timeout": 30,
    "retry_count": 3,
    "retry_delay": 2
  }
}"#,
};

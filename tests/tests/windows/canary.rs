//! What never shows. Canaries are planted in everything that comes in, and looked for in everything that goes out.
//!
//! A *secret* canary may go nowhere but to the service it belongs to. A *personal* canary may go where the workflow sends
//! it and into the execution's own results, but into no log, no metric, no audit trail, no refusal.

use super::stage::{Serving, lines};
use flow_tests::case::Case;
use flow_tests::{compile, order_workflow};
use flow_world::process::call;
use flow_world::{Event, Refusal, Stage};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every secret of the workflow, and where its value comes from.
const SECRETS: [(&str, &str); 6] = [
    ("WEBHOOK_SECRET", "canary-secret-webhook-3f1a"),
    ("INVENTORY_API_KEY", "canary-secret-inventory-9b2c"),
    ("PAYMENT_API_KEY", "canary-secret-payment-7d4e"),
    ("SHIPPING_API_KEY", "canary-secret-shipping-1c6f"),
    ("ECOMMERCE_API_KEY", "canary-secret-ecommerce-5e8a"),
    ("SMTP_PASSWORD", "canary-secret-smtp-2a9d"),
];

const API_KEY: &str = "canary-secret-api-key-8b7f";

/// What stands in all of them, and in nothing else.
const SECRET: &str = "canary-secret";
const PERSONAL: &str = "canary-personal";

/// The valid order, with a canary in every text that is somebody's.
fn order() -> String {
    let data = fs::read_to_string(order_workflow().with_file_name("test-data.json")).unwrap();
    let mut order = serde_json::from_str::<Value>(&data).unwrap()["valid_order"].take();
    let address = json!({
        "street": "canary-personal-street 7", "city": "canary-personal-city", "state": "CA",
        "zip_code": "canary-personal-zip", "country": "US",
    });
    order["customer_name"] = "canary-personal-name".into();
    order["customer_email"] = "canary-personal-mail@example.com".into();
    order["payment_method"] =
        json!({ "type": "credit_card", "number": "canary-personal-4111", "cvc": "canary-personal-cvc" });
    order["billing_address"] = address.clone();
    order["shipping_address"] = address;
    order["note"] = "canary-personal-note".into();
    order.to_string()
}

/// The environment: one secret in a file that is named, the others in the process.
fn plant(case: &mut Case, folder: &Path, level: &str, format: &str) {
    for (name, value) in SECRETS {
        if case.env.contains_key(name) {
            case.env.insert(name.to_owned(), value.to_owned());
        }
    }
    let mut key = case.env.remove("PAYMENT_API_KEY").unwrap();
    key.push('\n');
    fs::write(folder.join("payment.key"), key).unwrap();
    case.env.insert("PAYMENT_API_KEY_FILE".to_owned(), "payment.key".to_owned());
    if let Some(smtp) = &mut case.smtp {
        smtp.login = Some(("orders".to_owned(), "canary-secret-smtp-2a9d".to_owned()));
    }
    case.env.insert("FLOW_API_KEYS".to_owned(), API_KEY.to_owned());
    case.env.insert("LOG_LEVEL".to_owned(), level.to_owned());
    case.env.insert("LOG_FORMAT".to_owned(), format.to_owned());
    case.env.insert("WEBHOOK_LOG".to_owned(), "webhook.log".to_owned());
}

fn must_not_show(channel: &str, text: &str, canaries: &[&str]) {
    for canary in canaries {
        if let Some(at) = text.find(canary) {
            let from = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let line: String = text[from..].chars().take(400).collect();
            panic!("{canary} shows in {channel}:\n{line}");
        }
    }
}

/// Everything a service says about itself while it works on orders, well and badly.
fn watch(case_name: &str, level: &str, format: &str, change: impl FnOnce(&mut Case)) {
    let serving = Serving::start(case_name, &["--audit", "audit.jsonl"], |case, folder| {
        plant(case, folder, level, format);
        change(case);
    });
    serving.send(&order());
    // Refused, each in another way; the canaries stand in body, headers, path and query.
    let secret_header = [("authorization", "Bearer canary-secret-header"), ("cookie", "id=canary-personal-cookie")];
    let path = "POST /webhooks/order-fulfillment-webhook?token=canary-secret-query";
    let unsigned = call(serving.address, path, &secret_header, order().as_bytes());
    let broken = serving.post("sha256=canary-secret-signature", "{\"note\":canary-personal-broken");
    let path = "POST /webhooks/canary-personal-path";
    let nowhere = call(serving.address, path, &secret_header, b"canary-personal-body");
    let no_page = call(serving.address, "GET /canary-personal-page", &secret_header, b"");
    for (status, answer) in [unsigned, broken, nowhere, no_page] {
        assert!(status >= 400, "{status} {answer}");
        must_not_show("a refusal", &answer, &[SECRET, PERSONAL]);
    }
    serving.wait_for_ends(1);
    let (_, page) = serving.get("/metrics");
    must_not_show("the metrics", &page, &[SECRET, PERSONAL]);
    api(&serving);
    for arguments in [&["executions"][..], &["executions", "--json"]] {
        let listing = serving.command(arguments);
        assert!(listing.status.success() && listing.stdout.contains("exec-"), "{}{}", listing.stdout, listing.stderr);
        must_not_show("the operator's listing", &listing.stdout, &[SECRET, PERSONAL]);
    }
    let health = serving.get("/health").1;
    must_not_show("the health", &health, &[SECRET, PERSONAL]);
    let (stage, ended, folder) = serving.stop();
    must_not_show("the log", &ended.stderr, &[SECRET, PERSONAL]);
    must_not_show("standard output", &ended.stdout, &[SECRET, PERSONAL]);
    for file in ["audit.jsonl", "webhook.log"] {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(!text.is_empty(), "{file} is empty");
        must_not_show(file, &text, &[SECRET, PERSONAL]);
    }
    for event in stage.world.events() {
        match event {
            // The key of a service goes to that service and to no other.
            Event::Request(request) => {
                let own = SECRETS.iter().find(|(name, _)| name.to_lowercase().starts_with(&request.service));
                let own = own.map_or("", |(_, value)| *value);
                let body = String::from_utf8_lossy(&request.body);
                let text = format!("{} {:?} {body}", request.path, request.headers).replace(own, "");
                must_not_show(&format!("a request to {}", request.service), &text, &[SECRET]);
            }
            Event::Mail(mail) => {
                let letter = mail.letter();
                let text = format!("{letter:?}\n{}", String::from_utf8_lossy(&mail.raw));
                must_not_show("a mail", &text, &[SECRET]);
                // Nobody needs the card to pack a parcel or to talk to a customer.
                must_not_show("a mail", &text, &["canary-personal-4111", "canary-personal-cvc"]);
            }
        }
    }
}

/// What the API says, with a key and without.
fn api(serving: &Serving) {
    let ask =
        |head: &str, key: &str, body: &str| call(serving.address, head, &[("authorization", key)], body.as_bytes());
    let key = format!("Bearer {API_KEY}");
    let (status, listing) = ask("GET /api/v1/flows/executions", &key, "");
    assert_eq!(status, 200, "{listing}");
    must_not_show("the listing", &listing, &[SECRET, PERSONAL]);
    let listing: Value = serde_json::from_str(&listing).unwrap();
    let execution = format!("/api/v1/flows/execution/{}", listing["executions"][0]["execution_id"].as_str().unwrap());
    // Results need the key.
    let (status, refused) = ask(&format!("GET {execution}"), "Bearer canary-secret-guess", "");
    assert_eq!(status, 401);
    must_not_show("a refusal", &refused, &[SECRET, PERSONAL]);
    let (status, shown) = ask(&format!("GET {execution}"), &key, "");
    assert_eq!(status, 200);
    for (name, value) in SECRETS {
        // What a service makes up about the keys of others is its own text, and stands in its result.
        let own = shown.contains("\"debug\"");
        assert!(own || !shown.contains(value), "{name} shows in an execution");
    }
    let body = json!({ "flow_data": { "note": "canary-personal-flow" }, "input_variables": {} }).to_string();
    let (status, refused) = ask("POST /api/v1/flows/execute", &key, &body);
    assert_eq!(status, 422, "{refused}");
    must_not_show("a refusal", &refused, &[SECRET, PERSONAL]);
    let openapi = serving.get("/openapi.json").1;
    must_not_show("/openapi.json", &openapi, &[SECRET, PERSONAL]);
}

/// Services that repeat what they were sent, and more: in bodies, headers and error texts.
fn echo(case: &mut Case) {
    for routes in case.service.values_mut() {
        for answers in routes.values_mut() {
            for answer in answers {
                answer.headers.insert("x-debug".to_owned(), "canary-personal-answer".to_owned());
                if let Some(Value::Object(fields)) = &mut answer.json {
                    let all: Vec<&str> = SECRETS.iter().map(|(_, value)| *value).collect();
                    fields.insert("debug".to_owned(), json!({ "headers": all, "customer": "canary-personal-echo" }));
                }
            }
        }
    }
}

#[test]
fn nothing_shows_when_all_goes_well() {
    watch("order-valid", "debug", "json", echo);
}

#[test]
fn nothing_shows_for_people_either() {
    watch("order-valid", "debug", "text", echo);
}

#[test]
fn nothing_shows_when_a_payment_is_declined() {
    watch("payment-declined-402", "debug", "json", |case| {
        let charge = case.service.get_mut("payment").unwrap().get_mut("POST /v2/payments/charge").unwrap();
        let text = "card canary-personal-card declined for key canary-secret-payment-7d4e";
        charge[0].json = Some(json!({ "error": text }));
    });
}

#[test]
fn nothing_shows_when_items_are_out_of_stock() {
    watch("order-backorder", "info", "json", |case| {
        let check = case.service.get_mut("inventory").unwrap().get_mut("POST /v2/inventory/check").unwrap();
        let items = json!(["WIDGET-001", "authorization was Bearer canary-secret-inventory-9b2c"]);
        check[0].json = Some(json!({ "available": false, "unavailable_items": items }));
    });
}

#[test]
fn nothing_shows_when_the_mail_server_talks() {
    watch("order-valid", "debug", "text", |case| {
        let reply = "550 5.1.1 canary-personal-mail@example.com unknown, you said canary-secret-smtp-2a9d".to_owned();
        let refusal = json!({ "stage": "rcpt", "reply": reply });
        case.smtp.as_mut().unwrap().refusals = vec![serde_json::from_value::<Refusal>(refusal).unwrap()];
        assert!(matches!(case.smtp.as_ref().unwrap().refusals[0].stage, Stage::Rcpt));
    });
}

/// What `run` prints is the execution, results included; but no secret.
#[test]
fn results_hold_no_secret() {
    let serving = Serving::start("order-valid", &[], |case, folder| {
        plant(case, folder, "debug", "json");
        echo(case);
    });
    fs::write(serving.folder.path().join("order.json"), order()).unwrap();
    let ended = serving.command(&["run", "--input", "order.json"]);
    let execution: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(execution["status"], "completed", "{execution:#}");
    let payment =
        execution["executed_nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "process-payment");
    let repeated = &payment.unwrap()["result"]["debug"]["headers"];
    // The payment service can have its key from us alone; those of others it has made up.
    assert_eq!(repeated[2], "***");
    must_not_show("the execution", &execution["error_message"].to_string(), &[SECRET]);
    must_not_show("the log", &ended.stderr, &[SECRET, PERSONAL]);
    assert!(!lines(&ended.stderr).is_empty());
    let listing = serving.command(&["env"]);
    assert_eq!(listing.status.code(), Some(0));
    must_not_show("`env`", &(listing.stdout + &listing.stderr), &[SECRET]);
}

/// The journal has to hold what an execution works on: orders and answers. Keys are no part of that, also where a service
/// repeats the one it was sent.
#[test]
fn no_secret_is_on_the_disk() {
    let serving = Serving::start("payment-declined-402", &["--audit", "audit.jsonl"], |case, folder| {
        plant(case, folder, "debug", "json");
        let charge = case.service.get_mut("payment").unwrap().get_mut("POST /v2/payments/charge").unwrap();
        let text = "declined for key canary-secret-payment-7d4e";
        charge[0].json =
            Some(json!({ "error": text, "sent": { "authorization": "Bearer canary-secret-payment-7d4e" } }));
    });
    serving.send(&order());
    serving.wait_for_ends(1);
    fs::remove_file(serving.folder.path().join("payment.key")).unwrap();
    let (_, _, folder) = serving.stop();
    let mut searched = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            must_not_show(&path.display().to_string(), &text, &[SECRET]);
            searched.push((path.file_name().unwrap().to_string_lossy().into_owned(), text.contains(PERSONAL)));
        }
    }
    assert!(searched.contains(&("journal.db".to_owned(), true)), "{searched:?}");
    assert!(searched.contains(&("audit.jsonl".to_owned(), false)), "{searched:?}");
}

/// No value of the environment is built in: neither from the process nor from the files beside the workflow.
#[test]
fn nothing_is_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join("order-fulfillment");
    fs::create_dir(&beside).unwrap();
    let file = beside.join("workflow.json");
    fs::copy(order_workflow(), &file).unwrap();
    let env: BTreeMap<&str, &str> = SECRETS.into_iter().collect();
    let dotenv: String = env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(beside.join(".env"), dotenv).unwrap();
    let config = json!({ "webhook_secret": env["WEBHOOK_SECRET"], "payment_api": { "key": env["PAYMENT_API_KEY"] } });
    fs::write(beside.join("config.json"), config.to_string()).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let generated = compile::generate(&text, &file);
    must_not_show("the generated source", generated.main_rs(), &[SECRET]);
    let binary = fs::read(compile::binary(&text, &file)).unwrap();
    let found = binary.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes());
    assert!(!found, "a secret is built into the binary");
}

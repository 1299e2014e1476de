//! The service as a process, in a small world of its own: what it answers and what it asks of others.

use flow_world::process::{Process, call};
use flow_world::{Answer, Event, Script, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

/// The service and the world around it.
struct Running {
    address: SocketAddr,
    _service: Process,
    world: World,
    _servers: Vec<flow_world::HttpServer>,
}

fn started(warehouse: Script, payment: Script) -> Running {
    let world = World::start().unwrap();
    let servers =
        [("warehouse", warehouse), ("payment", payment)].map(|(name, script)| world.http(name, script).unwrap());
    let env = [
        ("WAREHOUSE_API_URL", servers[0].url()),
        ("PAYMENT_API_URL", servers[1].url()),
        ("PAYMENT_API_KEY", String::from("key")),
        ("LISTEN", String::from("127.0.0.1:0")),
    ];
    let env: BTreeMap<String, String> = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let service = Process::start(Path::new(env!("CARGO_BIN_EXE_axum-service")), &[], Path::new("."), &env);
    Running { address: service.listening(), _service: service, world, _servers: servers.into() }
}

impl Running {
    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) = call(self.address, &format!("POST {path}"), &[], body.to_string().as_bytes());
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// The execution, once it has ended.
    fn ended(&self, execution_id: &Value) -> Value {
        let deadline = Instant::now() + LIMIT;
        let path = format!("GET /orders/{}", execution_id.as_str().expect("an id"));
        loop {
            let (status, body) = call(self.address, &path, &[], b"");
            assert_eq!(status, 200, "{body}");
            let view: Value = serde_json::from_str(&body).unwrap();
            if view["status"] != "running" {
                return view;
            }
            assert!(Instant::now() < deadline, "{view}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Every request that arrived: service, method, path, body.
    fn requests(&self) -> Vec<String> {
        let request = |event| match event {
            Event::Request(request) => {
                let body = String::from_utf8(request.body).unwrap();
                format!("{} {} {} {body}", request.service, request.method, request.path).trim_end().to_owned()
            }
            Event::Mail(_) => panic!("nobody writes mails here"),
        };
        self.world.events().into_iter().map(request).collect()
    }
}

fn order() -> Value {
    json!({ "order_id": "4711", "items": [{ "sku": "cup", "quantity": 2 }], "total": 19.5 })
}

#[test]
fn an_order_is_reserved_charged_and_shipped() {
    let warehouse =
        Script::default().answer("PUT /reservations/*", r#"{"reserved":true}"#).answer("PUT /shipments/*", "{}");
    let payment = Script::default().answer("POST /payments", r#"{"success":true,"payment_id":"p-1"}"#);
    let running = started(warehouse, payment);
    let (status, answer) = running.post("/orders", &order());
    assert_eq!(status, 202, "{answer}");
    let view = running.ended(&answer["execution_id"]);
    assert_eq!((&view["status"], &view["flow_id"]), (&json!("completed"), &json!("orders")));
    assert_eq!(
        running.requests(),
        [
            r#"warehouse PUT /reservations/4711 {"items":[{"sku":"cup","quantity":2}]}"#,
            r#"payment POST /payments {"amount":19.5,"currency":"EUR","reference":"4711"}"#,
            r#"warehouse PUT /shipments/4711 {"payment":"p-1"}"#,
        ]
    );
    let charge = &running.world.log().requests()[1];
    assert_eq!((charge.header("idempotency-key"), charge.header("authorization")), (Some("4711"), Some("Bearer key")));
}

#[test]
fn a_refused_payment_gives_the_goods_back() {
    let warehouse =
        Script::default().answer("PUT /reservations/*", r#"{"reserved":true}"#).answer("DELETE /reservations/*", "{}");
    let payment = Script::default().answers("POST /payments", [Answer::status(402)]);
    let running = started(warehouse, payment);
    let (_, answer) = running.post("/orders", &order());
    assert_eq!(running.ended(&answer["execution_id"])["status"], "completed");
    assert_eq!(running.requests().last().map(String::as_str), Some("warehouse DELETE /reservations/4711"));
}

/// The workflow's own routes, where the service has put them.
#[test]
fn a_partner_calls_the_webhook() {
    let warehouse = Script::default()
        .answer("PUT /reservations/*", r#"{"reserved":false,"reason":"sold out"}"#)
        .answer("PUT /back-orders/*", "{}");
    let running = started(warehouse, Script::default());
    assert_eq!(call(running.address, "GET /flows/health/ready", &[], b"").0, 200);
    let (status, answer) = running.post("/flows/webhooks/orders", &order());
    assert_eq!((status, &answer["status"]), (200, &json!("accepted")));
    assert_eq!(running.ended(&answer["execution_id"])["status"], "completed");
    assert_eq!(
        running.requests()[1],
        r#"warehouse PUT /back-orders/4711 {"items":[{"sku":"cup","quantity":2}],"reason":"sold out"}"#
    );
}

#[test]
fn what_is_no_order_is_refused() {
    let running = started(Script::default(), Script::default());
    let wrong = |edit: fn(&mut Value)| {
        let mut body = order();
        edit(&mut body);
        let (status, answer) = running.post("/orders", &body);
        assert_eq!(status, 422, "{answer}");
        answer["error"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(wrong(|order| order["total"] = json!("much")), "total: expected a number, not a string");
    assert_eq!(
        wrong(|order| order["items"][0]["quantity"] = json!(1.5)),
        "items[0].quantity: expected a whole number of 64 bits"
    );
    assert_eq!(wrong(|order| order["currency"] = json!("DM")), r#"currency: expected one of "EUR", "USD""#);
    assert_eq!(wrong(|order| order["items"][0]["quantity"] = json!(0)), "items: a quantity is at least 1");
    assert_eq!(call(running.address, "GET /orders/exec-0", &[], b"").0, 404);
    assert!(running.requests().is_empty());
}

//! The order workflow as somebody would write it by hand who knows axum, reqwest and lettre well: the rival of the
//! throughput benchmark.
//!
//! Same environment, same endpoint, same signature check, same calls and mails as the compiled workflow; typed structs,
//! pooled HTTP connections, and a pool of kept-alive SMTP connections with Nagle's algorithm off (lettre's own pool
//! leaves it on and then waits 40 ms a mail for delayed acknowledgements). What it leaves out: retries, the API, metrics,
//! logs.
//!
//! Where `JOURNAL` names a file it keeps a journal there, in SQLite: an order is durable before it is answered, and the result of
//! a step before the next one begins. One thread writes, in WAL mode with `synchronous=FULL`, and whatever arrives while the disk
//! syncs goes into the next transaction. What it leaves out there: going on after a crash, retention, listings.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

type Failure = Box<dyn Error + Send + Sync>;

struct App {
    http: reqwest::Client,
    mailer: Mailer,
    journal: Option<Journal>,
    secret: String,
    inventory: Api,
    payment: Api,
    shipping: Api,
    ecommerce: Api,
}

struct Api {
    url: String,
    key: String,
}

#[derive(Deserialize)]
struct Order {
    order_id: String,
    customer_id: String,
    customer_name: String,
    customer_email: String,
    total_amount: f64,
    currency: Option<String>,
    payment_method: Box<RawValue>,
    billing_address: Box<RawValue>,
    shipping_address: Box<RawValue>,
    shipping_method: Option<String>,
    insurance_required: Option<bool>,
    signature_required: Option<bool>,
    total_weight: Option<f64>,
    package_dimensions: Option<Box<RawValue>>,
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
struct Item {
    sku: String,
    name: String,
    quantity: u32,
    unit_price: f64,
    total_price: f64,
}

#[derive(Serialize)]
struct Check<'a> {
    order_id: &'a str,
    items: &'a [Item],
    check_availability: bool,
    reserve_items: bool,
}

#[derive(Serialize, Deserialize)]
struct Checked {
    available: bool,
}

#[derive(Serialize)]
struct Charge<'a> {
    amount: f64,
    currency: &'a str,
    customer_id: &'a str,
    order_id: &'a str,
    payment_method: &'a RawValue,
    billing_address: &'a RawValue,
    metadata: ChargeMetadata,
}

#[derive(Serialize)]
struct ChargeMetadata {
    order_source: &'static str,
    items_count: usize,
}

#[derive(Serialize, Deserialize)]
struct Charged {
    success: bool,
    transaction_id: String,
}

#[derive(Serialize)]
struct Update<'a> {
    order_id: &'a str,
    items: &'a [Item],
    operation: &'static str,
    reference_id: &'a str,
}

#[derive(Serialize)]
struct Ship<'a> {
    order_id: &'a str,
    customer_address: &'a RawValue,
    items: &'a [Item],
    weight: f64,
    dimensions: &'a Option<Box<RawValue>>,
    shipping_method: &'a str,
    insurance_required: bool,
    signature_required: bool,
}

#[derive(Serialize, Deserialize)]
struct Shipped {
    tracking_number: String,
    estimated_delivery: String,
    carrier: String,
    label_id: String,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    tracking_number: &'a str,
    carrier: &'a str,
    fulfillment_date: &'a str,
    metadata: StatusMetadata<'a>,
}

#[derive(Serialize)]
struct StatusMetadata<'a> {
    payment_transaction_id: &'a str,
    shipping_label_id: &'a str,
}

fn main() -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve())
}

async fn serve() -> Result<(), Failure> {
    let api = |name: &str| -> Result<Api, env::VarError> {
        Ok(Api {
            url: env::var(format!("{name}_API_URL"))?,
            key: format!("Bearer {}", env::var(format!("{name}_API_KEY"))?),
        })
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty()) // the benchmark's services speak plain HTTP
        .with_no_client_auth();
    let app = App {
        http: reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(30)).build()?,
        mailer: Mailer::from_env()?,
        journal: env::var("JOURNAL").ok().map(|path| Journal::open(&path)).transpose()?,
        secret: env::var("WEBHOOK_SECRET")?,
        inventory: api("INVENTORY")?,
        payment: api("PAYMENT")?,
        shipping: api("SHIPPING")?,
        ecommerce: api("ECOMMERCE")?,
    };
    let router = Router::new().route("/webhooks/order-fulfillment-webhook", post(receive)).with_state(Arc::new(app));
    let address = env::args().nth(1).ok_or("usage: handwritten ADDRESS")?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(TcpListener::bind(address).await?, |stream| {
            let _ = stream.set_nodelay(true);
        }),
        router,
    )
    .await?;
    Ok(())
}

async fn receive(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    if !signed(&app.secret, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, axum::Json(serde_json::json!({"error": "INVALID_SIGNATURE"})));
    }
    let Ok(order) = serde_json::from_slice::<Order>(&body) else {
        return (StatusCode::BAD_REQUEST, axum::Json(serde_json::json!({"error": "BAD_REQUEST"})));
    };
    let id = format!("exec-{}", uuid::Uuid::now_v7());
    let execution = id.clone();
    if let Some(journal) = &app.journal
        && journal.accepted(&id, &body).await.is_err()
    {
        return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(serde_json::json!({"error": "STORE_UNAVAILABLE"})));
    }
    tokio::spawn(async move {
        if let Err(error) = fulfil(&app, &order, &execution).await {
            eprintln!("{execution}: {error}");
        }
    });
    (StatusCode::OK, axum::Json(serde_json::json!({"status": "accepted", "execution_id": id})))
}

fn signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(given) = headers.get("x-signature").and_then(|value| value.to_str().ok()) else { return false };
    let Some(given) = given.strip_prefix("sha256=").filter(|hex| hex.len() == 64 && hex.is_ascii()) else {
        return false;
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(given.as_bytes().chunks(2)) {
        let Some(value) = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()) else {
            return false;
        };
        *byte = value;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&bytes).is_ok()
}

async fn fulfil(app: &App, order: &Order, execution: &str) -> Result<(), Failure> {
    let id = order.order_id.as_str();
    let check = Check { order_id: id, items: &order.items, check_availability: true, reserve_items: true };
    let url = format!("{}/inventory/check", app.inventory.url);
    let request = app.http.post(url).header("authorization", &app.inventory.key).header("x-api-version", "v2");
    let checked: Checked = request.json(&check).send().await?.error_for_status()?.json().await?;
    app.settled(execution, "check-inventory", &checked).await?;
    if !checked.available {
        return Err("out of stock: not part of the benchmark".into());
    }
    let charge = Charge {
        amount: order.total_amount,
        currency: order.currency.as_deref().unwrap_or("USD"),
        customer_id: &order.customer_id,
        order_id: id,
        payment_method: &order.payment_method,
        billing_address: &order.billing_address,
        metadata: ChargeMetadata { order_source: "ecommerce", items_count: order.items.len() },
    };
    let url = format!("{}/payments/charge", app.payment.url);
    let request = app.http.post(url).header("authorization", &app.payment.key).header("idempotency-key", id);
    let charged: Charged = request.json(&charge).send().await?.error_for_status()?.json().await?;
    app.settled(execution, "process-payment", &charged).await?;
    if !charged.success {
        return Err("payment failed: not part of the benchmark".into());
    }
    let update =
        Update { order_id: id, items: &order.items, operation: "fulfill", reference_id: &charged.transaction_id };
    let url = format!("{}/inventory/update", app.inventory.url);
    let request = app.http.post(url).header("authorization", &app.inventory.key);
    request.json(&update).send().await?.error_for_status()?.bytes().await?;
    app.settled(execution, "update-inventory", &()).await?;
    let ship = Ship {
        order_id: id,
        customer_address: &order.shipping_address,
        items: &order.items,
        weight: order.total_weight.unwrap_or(1.0),
        dimensions: &order.package_dimensions,
        shipping_method: order.shipping_method.as_deref().unwrap_or("standard"),
        insurance_required: order.insurance_required.unwrap_or(false),
        signature_required: order.signature_required.unwrap_or(false),
    };
    let url = format!("{}/shipments/create", app.shipping.url);
    let request = app.http.post(url).header("authorization", &app.shipping.key);
    let shipped: Shipped = request.json(&ship).send().await?.error_for_status()?.json().await?;
    app.settled(execution, "create-shipping", &shipped).await?;

    let now = jiff::Timestamp::now().to_string();
    let items = serde_json::to_string(&order.items)?;
    let address = serde_json::to_string(&order.shipping_address)?;
    let confirmation = format!(
        "customer_name: {}\norder_id: {id}\norder_date: {now}\nitems: {items}\ntotal_amount: {}\nshipping_address: {address}\n\
         tracking_number: {}\nestimated_delivery: {}\n",
        order.customer_name, order.total_amount, shipped.tracking_number, shipped.estimated_delivery,
    );
    let customer = Mailbox::new(None, order.customer_email.parse()?);
    let subject = format!("Order Confirmation - #{id}");
    app.mailer
        .send("orders@yourstore.com", customer, subject, confirmation, format!("<{execution}.1@yourstore.com>"))
        .await?;
    app.settled(execution, "send-confirmation", &now).await?;

    let status = Status {
        status: "fulfilled",
        tracking_number: &shipped.tracking_number,
        carrier: &shipped.carrier,
        fulfillment_date: &now,
        metadata: StatusMetadata {
            payment_transaction_id: &charged.transaction_id,
            shipping_label_id: &shipped.label_id,
        },
    };
    let url = format!("{}/orders/{id}/status", app.ecommerce.url);
    let request = app.http.put(url).header("authorization", &app.ecommerce.key);
    request.json(&status).send().await?.error_for_status()?.bytes().await?;
    app.settled(execution, "update-order-status", &()).await?;

    let text = format!(
        "Order {id} has been paid and needs fulfillment.\n\nItems: {items}\n\nShipping Address: {address}\n\nTracking: {}",
        shipped.tracking_number,
    );
    let subject = format!("Order Fulfillment Required - #{id}");
    let warehouse = Mailbox::new(None, "warehouse@yourstore.com".parse()?);
    app.mailer.send("system@yourstore.com", warehouse, subject, text, format!("<{execution}.2@yourstore.com>")).await?;
    if let Some(journal) = &app.journal {
        journal.finished(execution);
    }
    Ok(())
}

impl App {
    /// Waits until the result of a step is durable.
    async fn settled(&self, execution: &str, step: &'static str, result: &impl Serialize) -> Result<(), Failure> {
        let Some(journal) = &self.journal else { return Ok(()) };
        journal.settled(execution, step, serde_json::to_string(result)?).await
    }
}

/// One thread that writes, and what it is asked to.
struct Journal {
    entries: mpsc::Sender<Entry>,
}

enum Entry {
    Accepted { execution: String, order: Vec<u8>, durable: oneshot::Sender<()> },
    Settled { execution: String, step: &'static str, result: String, durable: oneshot::Sender<()> },
    Finished { execution: String },
}

impl Journal {
    fn open(path: &str) -> Result<Journal, Failure> {
        let mut connection = rusqlite::Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 4096)?; // a page that many commits change is copied once
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS execution (id TEXT PRIMARY KEY, accepted_at TEXT, input BLOB, status TEXT) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS step (execution TEXT, step TEXT, settled_at TEXT, result TEXT,
                 PRIMARY KEY (execution, step)) WITHOUT ROWID;",
        )?;
        let (entries, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok(first) = waiting.recv() {
                let batch: Vec<Entry> = std::iter::once(first).chain(waiting.try_iter()).collect();
                // Whoever waits sees the sender go, and gives up.
                if let Err(error) = Journal::write(&mut connection, &batch) {
                    eprintln!("the journal cannot be written: {error}");
                    continue;
                }
                for entry in batch {
                    if let Entry::Accepted { durable, .. } | Entry::Settled { durable, .. } = entry {
                        let _ = durable.send(());
                    }
                }
            }
        });
        Ok(Journal { entries })
    }

    /// One transaction for all that came together.
    fn write(connection: &mut rusqlite::Connection, batch: &[Entry]) -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        let now = jiff::Timestamp::now().to_string();
        for entry in batch {
            match entry {
                Entry::Accepted { execution, order, .. } => transaction
                    .prepare_cached("INSERT INTO execution VALUES (?1, ?2, ?3, 'running')")?
                    .execute(rusqlite::params![execution, now, order])?,
                Entry::Settled { execution, step, result, .. } => transaction
                    .prepare_cached("INSERT INTO step VALUES (?1, ?2, ?3, ?4)")?
                    .execute(rusqlite::params![execution, step, now, result])?,
                Entry::Finished { execution } => transaction
                    .prepare_cached("UPDATE execution SET status = 'completed' WHERE id = ?1")?
                    .execute([execution])?,
            };
        }
        transaction.commit()
    }

    async fn accepted(&self, execution: &str, order: &[u8]) -> Result<(), Failure> {
        let (durable, waiting) = oneshot::channel();
        self.entries.send(Entry::Accepted { execution: execution.to_owned(), order: order.to_vec(), durable })?;
        Ok(waiting.await?)
    }

    async fn settled(&self, execution: &str, step: &'static str, result: String) -> Result<(), Failure> {
        let (durable, waiting) = oneshot::channel();
        self.entries.send(Entry::Settled { execution: execution.to_owned(), step, result, durable })?;
        Ok(waiting.await?)
    }

    /// Nobody waits for it: it goes with whatever is written next.
    fn finished(&self, execution: &str) {
        let _ = self.entries.send(Entry::Finished { execution: execution.to_owned() });
    }
}

/// Kept-alive SMTP connections.
struct Mailer {
    host: String,
    port: u16,
    tls: TlsParameters,
    credentials: Credentials,
    senders: HashMap<&'static str, Mailbox>,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl Mailer {
    fn from_env() -> Result<Mailer, Failure> {
        let host = env::var("SMTP_SERVER")?;
        let authority = Certificate::from_pem(&std::fs::read(env::var("SSL_CERT_FILE")?)?)?;
        let tls = TlsParameters::builder(host.clone()).add_root_certificate(authority).build_rustls()?;
        let senders = [("Your Store Orders", "orders@yourstore.com"), ("Order System", "system@yourstore.com")]
            .into_iter()
            .map(|(name, address)| Ok((address, Mailbox::new(Some(name.to_owned()), address.parse()?))))
            .collect::<Result<_, Failure>>()?;
        Ok(Mailer {
            port: env::var("SMTP_PORT")?.parse()?,
            credentials: Credentials::new(env::var("SMTP_USERNAME")?, env::var("SMTP_PASSWORD")?),
            host,
            tls,
            senders,
            idle: Mutex::new(Vec::new()),
        })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let me = ClientId::default();
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &me).await?;
        connection.starttls(self.tls.clone(), &me).await?;
        connection.auth(&[Mechanism::Plain], &self.credentials).await?;
        Ok(connection)
    }

    async fn send(
        &self,
        from: &'static str,
        to: Mailbox,
        subject: String,
        text: String,
        message_id: String,
    ) -> Result<(), Failure> {
        let message = Message::builder()
            .from(self.senders[from].clone())
            .to(to)
            .subject(subject)
            .message_id(Some(message_id))
            .body(text)?;
        let idle = self.idle.lock().map_err(|_| "a panic while locked")?.pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.send(message.envelope(), &message.formatted()).await?;
        self.idle.lock().map_err(|_| "a panic while locked")?.push(connection);
        Ok(())
    }
}

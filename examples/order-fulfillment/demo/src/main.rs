//! `cargo demo`: compiles the order workflow to a native binary and shows what it does with three orders.
//!
//! `cargo demo world` plays the world alone, for whoever tries the workflow by hand.
//!
//! Comes in: nothing; the shop's services and its mail server are played by [`flow_world`] on loopback.
//! Goes out: an account of each order. The exit code is 0 when every order ended as it should.

mod account;
mod compile;

use account::{Account, BOLD, DIM, RESET};
use anstream::{eprintln, println};
use flow_world::process::{self, Process};
use flow_world::{Answer, HttpServer, Script, Smtp, SmtpServer, World};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

type Failure = Box<dyn Error>;

const WEBHOOK_SECRET: &str = "a secret that the shop shares with us";
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let done = match env::args().nth(1).as_deref() {
        None => demo(),
        Some("world") => world(),
        Some(_) => Err("there are `cargo demo` and `cargo demo world`".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the demo could not go on: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `true` when every order ended as it should.
fn demo() -> Result<bool, Failure> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the demo stands beside its workflow")?;
    let workflow = example.join("workflow.json");
    println!("{BOLD}Compiling{RESET} examples/order-fulfillment/workflow.json");
    let built = compile::build(&workflow, &binary_path()?)?;
    println!("  {}, {:.1} MB, in {:.1} s\n", shown(&built.path), built.bytes as f64 / 1e6, built.took.as_secs_f64());

    let shop = Shop::open(built.path)?;
    println!("{BOLD}A small world{RESET} for it to act on, on this machine only");
    for service in &shop.services {
        println!("  {:<12} {}", service.name, service.server.url());
    }
    println!("  {:<12} localhost:{}\n", "mail server", shop.mail.port());

    let data: Value = serde_json::from_str(&fs::read_to_string(example.join("test-data.json"))?)?;
    let good = [
        shop.valid_order(example)?,
        shop.backorder(&data["backorder_scenario"])?,
        shop.declined(&data["valid_order"])?,
    ];

    println!("{BOLD}What next{RESET}");
    println!("  {} env", shown(&shop.binary));
    println!("      lists the 13 variables it needs; with them set, it runs anywhere on this system by itself");
    println!("  cargo run -p flow-compiler -- check examples/order-fulfillment");
    println!("      change workflow.json first: misspell a node, and see what flowc says");
    println!("  cargo run -p flow-compiler -- emit --stage rust examples/order-fulfillment");
    println!("      shows the Rust it was compiled to");
    Ok(good.iter().all(|good| *good))
}

/// The world alone, until the process is ended. Whoever reads the file that it writes gets the environment that leads there.
fn world() -> Result<bool, Failure> {
    let mut shop = Shop::open(binary_path()?)?;
    shop.play(None);
    shop.env.remove("LOG_LEVEL");
    let file = shop.binary.with_file_name("world.env");
    let line = |(name, value): (&String, &String)| format!("export {name}='{value}'\n");
    fs::write(&file, shop.env.iter().map(line).collect::<String>())?;
    println!("The shop's services and its mail server answer that all is well, until you press Ctrl+C.");
    println!("In another terminal, {BOLD}source {}{RESET} leads a workflow to them.", shown(&file));
    loop {
        std::thread::park();
    }
}

/// Beside the demo's own executable: `target/debug/order`.
fn binary_path() -> Result<PathBuf, Failure> {
    Ok(env::current_exe()?.with_file_name("order").with_extension(env::consts::EXE_EXTENSION))
}

/// A path as one would type it here.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// The world and the compiled workflow that acts on it.
struct Shop {
    binary: PathBuf,
    services: Vec<Service>,
    mail: SmtpServer,
    world: World,
    env: BTreeMap<String, String>,
}

struct Service {
    name: &'static str,
    server: HttpServer,
}

impl Shop {
    fn open(binary: PathBuf) -> Result<Shop, Failure> {
        let world = World::start()?;
        let mail = world.smtp(Smtp::default())?;
        let mut env = BTreeMap::new();
        let mut set = |name: &str, value: &str| _ = env.insert(name.to_owned(), value.to_owned());
        let mut services = Vec::new();
        for name in ["inventory", "payment", "shipping", "ecommerce"] {
            let server = world.http(name, Script::default())?;
            let variable = name.to_uppercase();
            set(&format!("{variable}_API_URL"), &server.url());
            set(&format!("{variable}_API_KEY"), &format!("key-of-{name}"));
            services.push(Service { name, server });
        }
        set("SMTP_SERVER", "localhost");
        set("SMTP_PORT", &mail.port().to_string());
        set("SMTP_USERNAME", "orders@yourstore.com");
        set("SMTP_PASSWORD", "password-of-the-shop");
        set("WEBHOOK_SECRET", WEBHOOK_SECRET);
        set("SSL_CERT_FILE", world.ca_file().to_str().ok_or("a temporary path in UTF-8")?); // the mail server's authority
        set("LOG_LEVEL", "off");
        Ok(Shop { binary, services, mail, world, env })
    }

    /// Everybody answers that all is well, but for the one call given.
    fn play(&self, except: Option<(&str, Answer)>) {
        self.world.log().clear();
        let script = |name: &str| {
            match name {
            "inventory" => Script::default()
                .answer("POST /inventory/check", r#"{"available":true}"#)
                .answer("POST /inventory/update", r#"{"success":true}"#),
            "payment" => {
                Script::default().answer("POST /payments/charge", r#"{"success":true,"transaction_id":"TXN-4711"}"#)
            }
            "shipping" => Script::default().answer(
                "POST /shipments/create",
                r#"{"tracking_number":"1Z999AA10123456784","carrier":"UPS","label_id":"LBL-1","estimated_delivery":"Friday"}"#,
            ),
            _ => Script::default().answer("PUT /orders/*/status", r#"{"success":true}"#),
        }
        };
        for Service { name, server } in &self.services {
            let mut script = script(name);
            if let Some((call, answer)) = &except
                && script.routes.iter().any(|route| route.call == *call)
            {
                script = script.answers(call, [answer.clone()]);
            }
            server.play(script);
        }
    }

    fn valid_order(&self, example: &Path) -> Result<bool, Failure> {
        self.play(None);
        Account::title("Order 1", "everything goes well");
        Account::command("order run --input order.json");
        let file = example.join("order.json");
        let (code, execution, took) = self.run(&file)?;
        let account = Account { execution: Some(&execution), events: self.world.events(), took };
        account.print();
        Ok(Account::verdict(&[
            (code == 0, "the exit code is 0"),
            (execution["status"] == "completed", "the execution completed"),
            (account.calls() == 5 && account.mails() == 2, "five calls were made and two mails sent"),
        ]))
    }

    fn backorder(&self, order: &Value) -> Result<bool, Failure> {
        let answer = r#"{"available":false,"unavailable_items":[{"sku":"OUT-OF-STOCK-001","restock":"next week"}]}"#;
        self.play(Some(("POST /inventory/check", Answer::json(answer))));
        Account::title("Order 2", "the warehouse is out of stock; the order comes in by webhook");
        Account::command("order serve --store memory --listen 127.0.0.1:0 --allow-ip 127.0.0.1");
        let directory = env::temp_dir(); // without an .env or config.json of somebody's
        let arguments = ["serve", "--store", "memory", "--listen", "127.0.0.1:0", "--allow-ip", "127.0.0.1"];
        let server = Process::start(&self.binary, &arguments, &directory, &self.env);
        let address = server.listening();
        let body = order.to_string();
        let signature = sign(body.as_bytes())?;
        println!("{DIM}# the shop sends the order to http://{address}/webhooks/order-fulfillment-webhook");
        println!("# X-Signature: {}...{RESET}", &signature[..23]);
        let headers = [("content-type", "application/json"), ("x-signature", signature.as_str())];
        let started = Instant::now();
        let (status, answer) =
            process::call(address, "POST /webhooks/order-fulfillment-webhook", &headers, body.as_bytes());
        println!("  answer       {status} {answer}");
        server.terminate(); // it finishes what it accepted
        let ended = server.wait(LIMIT);
        let account = Account { execution: None, events: self.world.events(), took: started.elapsed() };
        account.print();
        Ok(Account::verdict(&[
            (status == 200, "the webhook was accepted"),
            (ended.status.success(), "the service finished its work and stopped when asked"),
            (account.calls() == 1 && account.mails() == 1, "nothing was charged, and the customer was told"),
        ]))
    }

    fn declined(&self, order: &Value) -> Result<bool, Failure> {
        let answer = Answer { status: 402, ..Answer::json(r#"{"error":"Payment declined: card expired"}"#) };
        self.play(Some(("POST /payments/charge", answer)));
        Account::title("Order 3", "the payment is declined");
        Account::command("order run --input order.json");
        let file = env::temp_dir().join(format!("order-demo-{}.json", std::process::id()));
        fs::write(&file, order.to_string())?;
        let ran = self.run(&file);
        fs::remove_file(&file)?;
        let (code, execution, took) = ran?;
        let account = Account { execution: Some(&execution), events: self.world.events(), took };
        account.print();
        Ok(Account::verdict(&[
            (code == 0 && execution["status"] == "completed", "a failure that the workflow handles is no error"),
            (
                account.calls() == 2 && account.mails() == 1,
                "one charge was tried, and one mail tells the customer and support why",
            ),
        ]))
    }

    /// `order run`: exit code, execution, time.
    fn run(&self, input: &Path) -> Result<(i32, Value, Duration), Failure> {
        let input = input.to_str().ok_or("a path in UTF-8")?;
        let started = Instant::now();
        let ended = Process::start(&self.binary, &["run", "--input", input], &env::temp_dir(), &self.env).wait(LIMIT);
        let took = started.elapsed();
        let execution = serde_json::from_str(&ended.stdout).map_err(|_| format!("no execution:\n{}", ended.stderr))?;
        Ok((ended.status.code().unwrap_or(-1), execution, took))
    }
}

/// What a shop sends as `X-Signature`.
fn sign(body: &[u8]) -> Result<String, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes())?;
    mac.update(body);
    Ok(mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

//! `flowc` beside a world: the commands that serve, deploy and look around.
#![expect(clippy::disallowed_methods, reason = "tests write workflows and start programs")]

mod deploy;
mod dev;
mod docs;
mod env;
mod monitoring;
mod serve;

use flow_world::process::Process;
use flow_world::{HttpServer, Script, Smtp, SmtpServer, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;
use std::time::{Duration, Instant};

/// What the documents' commands and the documentation's integration test listen on: one at a time.
static PORT_8000: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// No wait in these tests takes longer, however busy the machine is: a first build is among them.
const LIMIT: Duration = Duration::from_secs(900);

fn flowc_file() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_flowc"))
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment").canonicalize().unwrap()
}

fn flowc(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(flowc_file()).args(arguments).current_dir(folder).env("NO_COLOR", "1").output().unwrap()
}

/// Whether a program is there. Only in CI it has to be: `.ci/run` installs it.
fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is not installed");
    if !found {
        println!("{program} is not installed: what it would have looked at was not looked at");
    }
    found
}

/// Polls until there is an answer.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The services of the order workflow, and the environment that leads to them.
struct Shop {
    world: World,
    services: Vec<HttpServer>,
    _smtp: SmtpServer,
    env: BTreeMap<String, String>,
}

impl Shop {
    fn open() -> Shop {
        // Before the environment of the shop, whose certificates are its own: a first build may have to download.
        static WARM: Once = Once::new();
        WARM.call_once(|| {
            let warmed = flowc(&example(), &["warm"]);
            assert!(warmed.status.success(), "{}", String::from_utf8_lossy(&warmed.stderr));
        });
        let world = World::start().unwrap();
        let smtp = world.smtp(Smtp::default()).unwrap();
        let scripts = [
            Script::default()
                .answer("POST /inventory/check", r#"{"available": true}"#)
                .answer("POST /inventory/update", r#"{"success": true}"#),
            Script::default().answer("POST /payments/charge", r#"{"success": true, "transaction_id": "TXN-1"}"#),
            Script::default().answer("POST /shipments/create", r#"{"tracking_number": "1Z999", "carrier": "UPS"}"#),
            Script::default().answer("PUT /orders/*/status", r#"{"success": true}"#),
        ];
        let names = ["INVENTORY", "PAYMENT", "SHIPPING", "ECOMMERCE"];
        let mut env = BTreeMap::new();
        let mut set = |name: &str, value: &str| _ = env.insert(name.to_owned(), value.to_owned());
        let mut services = Vec::new();
        for (name, script) in names.into_iter().zip(scripts) {
            let service = world.http(name, script).unwrap();
            set(&format!("{name}_API_URL"), &service.url());
            set(&format!("{name}_API_KEY"), "key");
            services.push(service);
        }
        set("WEBHOOK_SECRET", "secret");
        set("SMTP_SERVER", "localhost");
        set("SMTP_PORT", &smtp.address().port().to_string());
        set("SMTP_USERNAME", "orders");
        set("SMTP_PASSWORD", "smtp-password");
        set("SSL_CERT_FILE", world.ca_file().to_str().unwrap());
        // What flowc and rustc need.
        for name in
            ["PATH", "HOME", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN", "FLOWC_CACHE_DIR", "XDG_CACHE_HOME"]
        {
            if let Ok(value) = std::env::var(name) {
                set(name, &value);
            }
        }
        Shop { world, services, _smtp: smtp, env }
    }

    /// A flowc with that environment.
    fn flowc(&self, arguments: &[&str], folder: &Path) -> Process {
        Process::start(flowc_file(), arguments, folder, &self.env)
    }
}

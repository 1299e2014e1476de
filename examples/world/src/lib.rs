//! A small world for workflows to act on: HTTP services and a mail server on loopback, with faults on demand.
//!
//! Comes in: scripts that say what each service answers ([`Script`]) and how the mail server behaves ([`Smtp`]).
//! Goes out: everything that arrived, in order ([`Event`]).
//! Always true: nothing listens outside loopback; every server stops when its handle is dropped, all of them when the
//! [`World`] is; what arrived is recorded before it is answered.
//!
//! ```
//! use flow_world::{Script, World};
//!
//! let world = World::start().unwrap();
//! let script = Script::default().answer("POST /payments/charge", r#"{"success":true}"#);
//! let payments = world.http("payments", script).unwrap();
//! println!("PAYMENT_API_URL={}", payments.url());
//! assert!(world.events().is_empty());
//! ```

mod http;
mod log;
mod mail;
pub mod process;
mod script;
mod smtp;
mod tls;

pub use http::{HttpServer, Refused};
pub use log::{Event, Log, Mail, Request};
pub use mail::{Letter, Part};
pub use script::{Action, Answer, Fault, Refusal, Route, Script, Smtp, Stage, Tls};
pub use smtp::SmtpServer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The servers' thread and what they have seen.
pub struct World {
    runtime: Option<tokio::runtime::Runtime>,
    log: Arc<Log>,
    certificates: tls::Certificates,
}

impl World {
    /// One thread, no servers yet.
    ///
    /// # Errors
    /// When the thread or the temporary file of the certificate authority cannot be made.
    pub fn start() -> io::Result<World> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("world").enable_all().build()?;
        Ok(World { runtime: Some(runtime), log: Arc::new(Log::default()), certificates: tls::Certificates::new()? })
    }

    /// A new HTTP service on a free port. `name` is how its requests are told apart in the log.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn http(&self, name: &str, script: Script) -> io::Result<HttpServer> {
        http::start(self.handle(), name, script, Arc::clone(&self.log), None)
    }

    /// The same over TLS, with a certificate of the world's own authority. With the feature `http2` it offers HTTP/2.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn https(&self, name: &str, script: Script) -> io::Result<HttpServer> {
        http::start(self.handle(), name, script, Arc::clone(&self.log), Some(self.certificates.https_acceptor()))
    }

    /// A new mail server, on a free port unless the script names one.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub fn smtp(&self, smtp: Smtp) -> io::Result<SmtpServer> {
        smtp::start(self.handle(), smtp, self.certificates.acceptor(), Arc::clone(&self.log))
    }

    /// A port on which connections are refused for as long as the handle lives.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn refused(&self) -> io::Result<Refused> {
        Refused::new(self.handle())
    }

    /// The authority that signed the certificates of the mail servers and of [`World::https`], PEM: for `SSL_CERT_FILE`.
    pub fn ca_file(&self) -> &Path {
        self.certificates.ca_file()
    }

    /// Certificate and key for `localhost` signed by that authority, PEM: for a server that is not the world's own.
    pub fn server_certificate_files(&self) -> (PathBuf, PathBuf) {
        let folder = self.certificates.folder();
        (folder.join("server.pem"), folder.join("server.key"))
    }

    /// What arrived, to wait for or to count.
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Everything that arrived so far.
    pub fn events(&self) -> Vec<Event> {
        self.log.events()
    }

    fn handle(&self) -> &tokio::runtime::Handle {
        self.runtime.as_ref().expect("the runtime is there until drop").handle()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            if tokio::runtime::Handle::try_current().is_ok() {
                runtime.shutdown_background(); // waiting is not allowed inside another runtime
            } else {
                runtime.shutdown_timeout(Duration::from_secs(5));
            }
        }
    }
}

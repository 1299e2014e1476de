//! A workflow inside a Rust program: what `flow!` expands to is driven by this.
//!
//! Comes in: the tables of a workflow and the types of its input and of what its nodes give ([`Spec`]), which `flow!`
//! generates. Goes out: [`Workflow`], which runs executions in the caller's tokio runtime and hands out a router for the
//! caller's axum service.
//! Always true: it is the same engine, with the same journal, as in an executable of its own; nothing here starts a
//! runtime, listens, handles signals or reads files of the working directory.
//!
//! ```text
//! let workflow = order_fulfillment::Workflow::builder().env("PAYMENT_API_URL", url).build()?;
//! let output = workflow.run(order_fulfillment::Input { order_id: "4711".into() }).await?;
//! ```

mod data;
mod error;
mod function;
mod results;

pub use crate::flow::{Call, Failure};
pub use crate::server::{ApiKeys, ApiSettings, Settings};
pub use data::{Data, Fields, Mismatch, text};
pub use error::{BadInput, BuildError, Ended, RunError};
pub use function::{argument, call, returned};
pub use results::{Error, Execution, Outcome, Part, Results, Settled};
pub use serde_json;

use crate::engine::{Engine, StartedBy, Status, SystemClock};
use crate::env::{Environment, Sources};
use crate::flow;
#[cfg(feature = "store")]
use crate::journal::sqlite::Sqlite;
use crate::journal::{Journal, Memory};
use crate::node::Services;
use crate::server::Service;
use crate::trigger::{AddressList, WebhookTrigger, previous_secrets, read_input};
use crate::value::Limits;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// There with the feature `mail`, which a workflow that sends mails needs: `flow!` asks for it where the first mail stands.
#[cfg(feature = "mail")]
pub const MAIL: () = ();

/// One workflow: its tables, and the types of what goes in and comes out. `flow!` implements it.
pub trait Spec: 'static {
    type Input: Data;
    type Output: Results;
    const TABLE: &'static flow::Workflow;
}

/// A workflow that can be run. Cheap to clone; all clones are the same.
pub struct Workflow<S> {
    parts: Arc<Parts>,
    spec: PhantomData<fn() -> S>,
}

struct Parts {
    engine: Arc<Engine>,
    service: Arc<Service>,
    journal: Arc<dyn Journal>,
}

/// Where a workflow's environment, its journal and its limits are said.
pub struct Builder<S> {
    environment: BTreeMap<String, String>,
    process: bool,
    journal: Option<Arc<dyn Journal>>,
    #[cfg(feature = "store")]
    data: Option<std::path::PathBuf>,
    settings: Settings,
    api_keys: Vec<String>,
    allowed: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
    spec: PhantomData<fn() -> S>,
}

/// An execution that was started. Dropping it changes nothing: the execution goes on.
pub struct Handle<S> {
    handle: crate::engine::Handle,
    engine: Arc<Engine>,
    spec: PhantomData<fn() -> S>,
}

impl<S: Spec> Workflow<S> {
    /// Begins to make a workflow.
    pub fn builder() -> Builder<S> {
        Builder {
            environment: BTreeMap::new(),
            process: true,
            journal: None,
            #[cfg(feature = "store")]
            data: None,
            settings: Settings::default(),
            api_keys: Vec::new(),
            allowed: None,
            trusted_proxies: None,
            spec: PhantomData,
        }
    }

    /// Runs one execution to its end. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the execution cannot be started, or ends otherwise than completed.
    pub async fn run(&self, input: S::Input) -> Result<S::Output, RunError> {
        self.start(input).await?.finished().await
    }

    /// Starts an execution, and returns once its input is durable; from then on it runs, whether or not anybody waits. It
    /// behaves as if the workflow's manual trigger had fired, else its first one. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the input is not what the workflow declares, the workflow is being drained, or the journal cannot be written.
    pub async fn start(&self, input: S::Input) -> Result<Handle<S>, RunError> {
        let input = data::exactly(&input).map_err(|mismatch| RunError::Input(BadInput::Inexact(mismatch)))?;
        self.start_json(input.to_string().as_bytes()).await
    }

    /// As [`Workflow::start`], with the text of the input: fields that its type does not declare are carried along.
    ///
    /// # Errors
    /// As [`Workflow::start`]; also when the text is not JSON.
    pub async fn start_json(&self, input: &[u8]) -> Result<Handle<S>, RunError> {
        let engine = &self.parts.engine;
        let input = read_input(input, engine.workflow().input, Limits::default().size);
        let input = input.map_err(|error| RunError::Input(BadInput::Unreadable(error)))?;
        let mismatches = self.parts.service.mismatches(engine.trigger(StartedBy::Hand), &input);
        if !mismatches.is_empty() {
            return Err(RunError::Input(BadInput::Mismatch(mismatches)));
        }
        let handle = engine.start(input, StartedBy::Hand).await.map_err(RunError::Start)?;
        Ok(Handle { handle, engine: Arc::clone(engine), spec: PhantomData })
    }

    /// An execution as the API of an executable shows it: its status and every node's. `None`: there is no such execution, or
    /// it ended so long ago that it was forgotten.
    pub fn view(&self, execution_id: &str) -> Option<serde_json::Value> {
        data::read_own(&self.parts.engine.view(execution_id)?).ok()
    }

    /// Asks for the end of an execution; what is in flight is dropped. False: there is no such execution. One that has
    /// ended stays as it ended.
    pub fn cancel(&self, execution_id: &str) -> bool {
        self.parts.engine.cancel(execution_id)
    }

    /// What an executable of this workflow answers, to be merged into or nested in a service: `POST /webhooks/{webhook_id}`,
    /// `GET /health…`, `/metrics`, `/openapi.json`, and the API under `/api/v1` for who has a key. Lists of allowed addresses need to know who calls: serve with
    /// `into_make_service_with_connect_info::<SocketAddr>()`. With the feature `mount`.
    #[cfg(feature = "mount")]
    pub fn router(&self) -> axum::Router {
        crate::server::mounted(&self.parts.service)
    }

    /// Accepts nothing new, and waits until all executions have ended or `limit` has passed. Returns how many still run.
    pub async fn drain(&self, limit: Duration) -> u64 {
        self.parts.service.drain();
        let left = self.parts.engine.drain(limit).await;
        if left == 0 {
            let journal = Arc::clone(&self.parts.journal);
            // Writing what is left takes a disk's time. A panic there has nobody left to tell.
            let _ = tokio::task::spawn_blocking(move || journal.close()).await;
        }
        left
    }
}

impl<S: Spec> Builder<S> {
    /// The value of a variable that the workflow reads; it wins over the process environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Builder<S> {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Values of several variables.
    #[must_use]
    pub fn envs<N: Into<String>, V: Into<String>>(mut self, values: impl IntoIterator<Item = (N, V)>) -> Builder<S> {
        self.environment.extend(values.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Does not look into the process environment: all values are given here.
    #[must_use]
    pub fn without_process_environment(mut self) -> Builder<S> {
        self.process = false;
        self
    }

    /// Keeps executions in a SQLite journal in this folder, as an executable's `serve --data` does: what has not ended when
    /// the process does goes on with the next start. One process owns a folder at a time.
    #[cfg(feature = "store")]
    #[must_use]
    pub fn data(mut self, folder: impl Into<std::path::PathBuf>) -> Builder<S> {
        self.data = Some(folder.into());
        self
    }

    /// Where the events of executions go, in place of a folder. Unless one of the two is said, nowhere: executions are lost
    /// with the process.
    #[must_use]
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Builder<S> {
        self.journal = Some(journal);
        self
    }

    /// The limits of the router: sizes and times. What concerns connections does not apply, as the caller serves them.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Builder<S> {
        self.settings = settings;
        self
    }

    /// A bearer key of the API in the router; several may be valid at once. Without one the API answers nobody.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Builder<S> {
        self.api_keys.push(key.into());
        self
    }

    /// Who may call webhooks, in place of the lists in the workflow: addresses and networks.
    #[must_use]
    pub fn allow_ips<T: Into<String>>(mut self, allowed: impl IntoIterator<Item = T>) -> Builder<S> {
        self.allowed = Some(allowed.into_iter().map(Into::into).collect());
        self
    }

    /// Whose `X-Forwarded-For` is believed, in place of those in [`Builder::settings`]: addresses and networks.
    #[must_use]
    pub fn trusted_proxies<T: Into<String>>(mut self, proxies: impl IntoIterator<Item = T>) -> Builder<S> {
        self.trusted_proxies = Some(proxies.into_iter().map(Into::into).collect());
        self
    }

    /// Makes the workflow. With a journal that can be read back it must be called on a tokio runtime: executions that have not
    /// ended go on at once.
    ///
    /// # Errors
    /// When variables have no value (all of them are named), an address list has a mistake, certificates cannot be read, the
    /// journal cannot be opened or read, or there is no runtime for it.
    pub fn build(self) -> Result<Workflow<S>, BuildError> {
        let table = S::TABLE;
        let sources = Sources::without_files(self.environment, self.process);
        let environment = Environment::load(table.environment, &sources)?;
        let previous = previous_secrets(table, &sources)?;
        let list = |addresses: &[String]| AddressList::parse(addresses.iter().map(String::as_str));
        let other = |error: &dyn std::fmt::Display| BuildError::Other(error.to_string());
        let allowed = self.allowed.as_deref().map(list).transpose().map_err(|error| other(&error))?;
        let trusted_proxies = self.trusted_proxies.as_deref().map(list).transpose().map_err(|error| other(&error))?;
        let webhooks = WebhookTrigger::all(table, &environment, &previous, allowed.as_ref());
        let webhooks = webhooks.map_err(|error| other(&error))?;
        let services = Services::new(table).map_err(|fault| BuildError::Other(fault.message))?;
        #[cfg(feature = "store")]
        let journal = match (self.journal, self.data) {
            (None, Some(folder)) => {
                let opened = Sqlite::open(&folder, &crate::engine::record(table));
                Some(Arc::new(opened.map_err(|error| BuildError::Other(error.message))?) as Arc<dyn Journal>)
            }
            (journal, _) => journal,
        };
        #[cfg(not(feature = "store"))]
        let journal = self.journal;
        let journal = journal.unwrap_or_else(|| Arc::new(Memory));
        let readable = journal.store().is_some();
        if readable && tokio::runtime::Handle::try_current().is_err() {
            return Err(BuildError::Other(String::from(
                "executions of this journal may go on at once: build the workflow on the tokio runtime it runs on",
            )));
        }
        let engine = Engine::new(table, environment, services, Arc::clone(&journal));
        if readable {
            let recovered = engine.recover(crate::app::retention());
            recovered.map_err(|error| BuildError::Other(error.message))?;
        }
        let mut settings = self.settings;
        settings.trusted_proxies = trusted_proxies.unwrap_or(settings.trusted_proxies);
        for key in &self.api_keys {
            let before = settings.api.keys.len();
            settings.api.keys.add(key).map_err(|error| BuildError::Other(error.to_owned()))?;
            if settings.api.keys.len() != before + 1 {
                return Err(BuildError::Other(String::from(
                    "an API key is one word, without commas and not a comment",
                )));
            }
        }
        let service = Service::new(Arc::clone(&engine), webhooks, settings, Box::new(SystemClock));
        Ok(Workflow { parts: Arc::new(Parts { engine, service, journal }), spec: PhantomData })
    }
}

impl<S: Spec> Handle<S> {
    /// `exec-` and 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        self.handle.id()
    }

    /// Asks for the end of the execution.
    pub fn cancel(&self) {
        self.engine.cancel(self.id());
    }

    /// Waits for the end, and for that to be durable.
    ///
    /// # Errors
    /// When the execution ends otherwise than completed, or a node gave what its declared type does not hold; also when what
    /// became of it cannot be read.
    pub async fn finished(&self) -> Result<S::Output, RunError> {
        let status = self.handle.finished().await;
        let execution = Execution::new(self.id(), &self.engine.view_of(&self.handle));
        let unreadable = |reason| RunError::Unreadable { execution_id: self.id().to_owned(), status, reason };
        let mut execution = execution.map_err(unreadable)?;
        if status != Status::Completed {
            return Err(RunError::Ended(execution.ended(status)));
        }
        S::Output::read(&mut execution).map_err(RunError::Output)
    }
}

/// Nothing that was given is shown: it may be a secret.
impl<S> fmt::Debug for Workflow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow").field("name", &self.parts.engine.workflow().name).finish_non_exhaustive()
    }
}

/// As that of [`Workflow`].
impl<S: Spec> fmt::Debug for Builder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("name", &S::TABLE.name).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("id", &self.handle.id()).finish_non_exhaustive()
    }
}

impl<S> Clone for Workflow<S> {
    fn clone(&self) -> Workflow<S> {
        Workflow { parts: Arc::clone(&self.parts), spec: PhantomData }
    }
}

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Handle<S> {
        Handle { handle: self.handle.clone(), engine: Arc::clone(&self.engine), spec: PhantomData }
    }
}

//! `serve`: webhooks until a signal comes.

use super::arguments::ServeOptions;
use super::signal::Signals;
use super::{Failure, environment, store};
use crate::engine::{Engine, SystemClock};
use crate::env::Sources;
use crate::flow::Workflow;
use crate::node::Services;
use crate::server::{self, ApiKeys, ApiSettings, Service, Settings};
use crate::trigger::{AddressList, WebhookTrigger, previous_secrets};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From the signal to the end. Orchestrators kill after 30 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// Serves until SIGINT or SIGTERM, then drains.
pub fn serve(workflow: &'static Workflow, options: &ServeOptions) -> Result<ExitCode, Failure> {
    let (sources, environment) = environment(workflow, &options.paths)?;
    let allowed = address_list(&options.allow_ip, "--allow-ip", "FLOW_ALLOWED_IPS")?;
    let trusted_proxies = address_list(&options.trusted_proxy, "--trusted-proxy", "FLOW_TRUSTED_PROXIES")?;
    let previous = previous_secrets(workflow, &sources)?;
    let webhooks = WebhookTrigger::all(workflow, &environment, &previous, allowed.as_ref())?;
    let defaults = Settings::default();
    let settings = Settings {
        body_max: options.body_max.unwrap_or(defaults.body_max),
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        api: ApiSettings { keys: api_keys(options, &sources)?, allow_env: allow_env(workflow, &options.allow_env)? },
        ..defaults
    };
    let services = Services::new().map_err(|fault| fault.message)?;
    let journal = store::of_serve(workflow, &options.store)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let code = runtime.block_on(async {
        let texts = if options.listen.is_empty() { &[String::from("127.0.0.1:8000")] } else { &*options.listen };
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for text in texts {
            let cannot = |error| format!("cannot listen on {text}: {error}");
            let listener = server::listen(text).map_err(cannot)?;
            addresses.push(listener.local_addr().map_err(cannot)?);
            listeners.push(listener);
        }
        let mut signals = Signals::new().map_err(|error| format!("cannot handle signals: {error}"))?;
        let paths: Vec<&str> = webhooks.iter().map(|webhook| webhook.webhook_id).collect();
        let capacity = store::capacity(&options.store);
        let engine = Engine::with_capacity(workflow, environment, services, Arc::clone(&journal), capacity);
        let unfinished = engine.recover(store::retention(&options.store)).map_err(|error| error.message)?;
        if unfinished > 0 {
            crate::log::recovering(unfinished);
        }
        let service = Service::new(Arc::clone(&engine), webhooks, settings, Box::new(SystemClock));
        let running = service.start(listeners);
        announce(&addresses, &paths);
        crate::log::serving(workflow.name, workflow.version);

        let stop = signals.next().await;
        let asked = Instant::now();
        crate::log::draining(stop.name());
        tokio::spawn(async move { signals.next().await.exit() });
        running.stop().await;
        let left = engine.drain(DRAIN_LIMIT.saturating_sub(asked.elapsed())).await;
        crate::log::drained(left == 0, asked.elapsed());
        if left > 0 {
            let then = if journal.store().is_some() { "; they go on with the next start" } else { "" };
            eprintln!("{left} executions were cut off{then}");
        }
        Ok::<_, Failure>(ExitCode::from(u8::from(left > 0)))
    })?;
    runtime.shutdown_background();
    journal.close();
    Ok(code)
}

/// One line per address, then where the webhooks are.
fn announce(addresses: &[std::net::SocketAddr], webhook_ids: &[&str]) {
    for address in addresses {
        eprintln!("listening on http://{address}");
    }
    for webhook_id in webhook_ids {
        eprintln!("webhook POST /webhooks/{webhook_id}");
    }
    if webhook_ids.is_empty() {
        eprintln!("this workflow has no webhook: it is started with `run`");
    }
}

/// From the files on the command line and from `FLOW_API_KEYS`, together: a new key can be added in one place while the old
/// one is still in the other.
fn api_keys(options: &ServeOptions, sources: &Sources) -> Result<ApiKeys, Failure> {
    let mut keys = ApiKeys::default();
    for file in &options.api_key_file {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let before = keys.len();
        keys.add(&text).map_err(|error| format!("{name}: {error}"))?;
        if keys.len() == before {
            return Err(format!("{name} holds no key").into());
        }
    }
    if let Some(text) = sources.find_name("FLOW_API_KEYS")? {
        keys.add(&text).map_err(|error| format!("FLOW_API_KEYS: {error}"))?;
    }
    Ok(keys)
}

/// The variables that requests may set, by index.
fn allow_env(workflow: &Workflow, names: &[String]) -> Result<Vec<usize>, Failure> {
    let index = |name: &String| {
        let index = workflow.environment.iter().position(|variable| variable.name == name);
        let index = index.ok_or_else(|| format!("--allow-env: this workflow reads no variable `{name}`"))?;
        match workflow.environment[index].secret {
            true => Err(Failure::from(format!("--allow-env: `{name}` is a secret: no request may set it"))),
            false => Ok(index),
        }
    };
    names.iter().map(index).collect()
}

/// From the command line, else from the variable, else `None`.
fn address_list(options: &[String], option: &str, variable: &str) -> Result<Option<AddressList>, Failure> {
    if !options.is_empty() {
        let list = AddressList::parse(options.iter().map(String::as_str));
        return list.map(Some).map_err(|error| format!("{option}: {error}").into());
    }
    let Some(value) = std::env::var(variable).ok().filter(|value| !value.trim().is_empty()) else { return Ok(None) };
    let texts = value.split([',', ' ']).filter(|text| !text.is_empty());
    AddressList::parse(texts).map(Some).map_err(|error| format!("{variable}: {error}").into())
}

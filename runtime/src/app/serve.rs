//! `serve`: webhooks until a signal comes.

use super::arguments::ServeOptions;
use super::signal::{DRAIN_LIMIT, Hangup, Signals};
use super::{Failure, begin, manager, setting, store};
use crate::engine::{Engine, SystemClock};
use crate::env::Sources;
use crate::flow::Workflow;
use crate::metrics::process::descriptors_max;
use crate::node::Services;
use crate::server::{self, ApiKeys, ApiSettings, Certificates, Face, Limits, Listener, Service, Settings, TlsVersion};
use crate::trigger::{AddressList, WebhookTrigger, previous_secrets};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the files of the certificate are looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(10);

/// File descriptors that are not for connections from outside: services and mail servers that are called, the store, logs.
const DESCRIPTORS_KEPT: usize = 128;

/// Serves until SIGINT or SIGTERM, then drains.
pub fn serve(workflow: &'static Workflow, options: &ServeOptions) -> Result<ExitCode, Failure> {
    let (sources, environment) = begin(workflow, &options.paths)?;
    let allowed = address_list(&options.allow_ip, "--allow-ip", "FLOW_ALLOWED_IPS", &sources)?;
    let trusted_proxies = address_list(&options.trusted_proxy, "--trusted-proxy", "FLOW_TRUSTED_PROXIES", &sources)?;
    let previous = previous_secrets(workflow, &sources)?;
    let webhooks = WebhookTrigger::all(workflow, &environment, &previous, allowed.as_ref())?;
    let defaults = Settings::default();
    let settings = Settings {
        body_max: options.body_max.unwrap_or(defaults.body_max),
        header_timeout: options.header_timeout.unwrap_or(defaults.header_timeout),
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        api: ApiSettings { keys: api_keys(options, &sources)?, allow_env: allow_env(workflow, &options.allow_env)? },
        limits: limits(options),
        rate_limit: options.rate_limit.map_or_else(|| setting("FLOW_RATE_LIMIT", &sources), |limit| Ok(Some(limit)))?,
        ..defaults
    };
    let tls_version = super::tls_version(options.tls_min_version, &sources)?;
    let certificates = certificates(options, tls_version)?;
    let services = Services::speaking(workflow, tls_version).map_err(|fault| fault.message)?;
    let journal = store::of_serve(workflow, &options.store, &sources)?;
    let audit = super::audit::file(options.audit.as_deref(), Some(&sources))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let code = runtime.block_on(async {
        let listeners = listeners(options, certificates.as_ref())?;
        let no_signals = |error| format!("cannot handle signals: {error}");
        let (mut signals, hangup) = (Signals::new().map_err(no_signals)?, Hangup::new().map_err(no_signals)?);
        let paths: Vec<&str> = webhooks.iter().map(|webhook| webhook.webhook_id).collect();
        let capacity = store::capacity(&options.store, &*journal);
        let engine = Engine::with_capacity(workflow, environment, services, Arc::clone(&journal), capacity);
        if options.no_metrics {
            engine.observer().metrics.switch_off();
        }
        super::traces::keep(&engine, tls_version, &sources)?;
        super::audit::keep(audit.as_deref(), workflow, &engine, &*journal, "serve")?;
        let unfinished = engine.recover(store::retention(&options.store)).map_err(|error| error.message)?;
        if unfinished > 0 {
            crate::log::recovering(unfinished);
        }
        let service = Service::new(Arc::clone(&engine), webhooks, settings, Box::new(SystemClock));
        announce(&listeners, &paths)?;
        let mut running = service.start(listeners);
        tokio::spawn(reload(certificates, hangup));
        manager::ready();
        crate::log::serving(workflow.name, workflow.version);

        let stop = signals.next().await;
        let asked = Instant::now();
        crate::log::draining(stop.name());
        manager::stopping();
        tokio::spawn(async move { signals.next().await.exit() });
        // Before the connections are waited for: on one of them somebody may wait for what waits itself.
        engine.leave_what_waits();
        running.stop().await;
        let left = engine.drain(DRAIN_LIMIT.saturating_sub(asked.elapsed())).await;
        crate::log::drained(left == 0, asked.elapsed());
        running.end().await;
        super::audit::close(&engine);
        super::traces::close(&engine).await;
        if left > 0 {
            let then = if journal.store().is_some() { "; the next start goes on with them" } else { "" };
            crate::talk!("executions cut off: {left}{then}");
        }
        Ok::<_, Failure>(ExitCode::from(u8::from(left > 0)))
    })?;
    runtime.shutdown_background();
    journal.close();
    if let Some(store) = journal.store() {
        let statistics = store.statistics();
        crate::log::journal_closed(statistics.commits, statistics.events);
    }
    Ok(code)
}

/// Everything that listens, in the order of the command line.
fn listeners(options: &ServeOptions, certificates: Option<&Arc<Certificates>>) -> Result<Vec<Listener>, Failure> {
    let default = [String::from("127.0.0.1:8000")];
    let texts = if options.listen.is_empty() { &default[..] } else { &options.listen };
    let face = if options.admin_listen.is_empty() { Face::Both } else { Face::Public };
    let public = texts.iter().map(|text| (text, face, certificates));
    // Plain: it is for the machine itself and for a network of its own.
    let admin = options.admin_listen.iter().map(|text| (text, Face::Admin, None));
    let open = |(text, face, certificates): (&String, Face, Option<&Arc<Certificates>>)| {
        let socket = server::listen(text).map_err(|error| format!("cannot listen on {text}: {error}"))?;
        Ok(Listener { socket, face, certificates: certificates.cloned() })
    };
    public.chain(admin).map(open).collect()
}

fn certificates(options: &ServeOptions, oldest: TlsVersion) -> Result<Option<Arc<Certificates>>, Failure> {
    match (&options.tls_cert, &options.tls_key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Ok(Some(Certificates::read(chain, key, oldest)?)),
        (Some(_), None) => Err(String::from("--tls-cert needs --tls-key").into()),
        (None, Some(_)) => Err(String::from("--tls-key needs --tls-cert").into()),
    }
}

/// Reads the certificate again on SIGHUP, and when its files have changed: whoever renews it need not know about us. Without
/// one there is nothing to read again; unheard, the signal would end the process and cut off what runs.
async fn reload(certificates: Option<Arc<Certificates>>, mut hangup: Hangup) {
    let Some(certificates) = certificates else {
        loop {
            hangup.next().await;
            crate::log::nothing_reloaded();
        }
    };
    loop {
        let asked = tokio::time::timeout(CERTIFICATE_CHECK, hangup.next()).await.is_ok();
        if asked || certificates.is_outdated() {
            crate::log::certificate_reloaded(certificates.reload().err().as_deref());
        }
    }
}

fn limits(options: &ServeOptions) -> Limits {
    let defaults = Limits::default();
    let most = options.connections_max.unwrap_or(defaults.connections_max);
    let descriptors = descriptors_max().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let connections_max = most.min(descriptors.saturating_sub(DESCRIPTORS_KEPT).max(16));
    // Where there are so few, one client alone would have all of them.
    let per_client = defaults.connections_per_client.min(connections_max / 2);
    Limits {
        connections_max,
        connections_per_client: options.connections_per_client.unwrap_or(per_client),
        idle_max: options.idle_timeout.unwrap_or(defaults.idle_max),
        request_max: options.request_timeout.unwrap_or(defaults.request_max),
        ..defaults
    }
}

/// One line per address, then where the webhooks are.
fn announce(listeners: &[Listener], webhook_ids: &[&str]) -> Result<(), Failure> {
    for Listener { socket, face, certificates } in listeners {
        let address = socket.local_addr().map_err(|error| format!("cannot listen: {error}"))?;
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let what = if *face == Face::Admin { "administration" } else { "listening" };
        crate::talk!("{what} on {scheme}://{address}");
    }
    for webhook_id in webhook_ids {
        crate::talk!("webhook POST /webhooks/{webhook_id}");
    }
    if webhook_ids.is_empty() {
        crate::talk!("this workflow has no webhook: it is started with `run` or over the API");
    }
    Ok(())
}

/// From the files on the command line, from the one that `FLOW_API_KEYS_FILE` names, and from `FLOW_API_KEYS`, together: a new
/// key can be added in one place while the old one is still in the other.
fn api_keys(options: &ServeOptions, sources: &Sources) -> Result<ApiKeys, Failure> {
    let mut keys = ApiKeys::default();
    let given = options.api_key_file.iter().map(|file| (file.clone(), file.display().to_string()));
    let named = sources.setting("FLOW_API_KEYS_FILE")?;
    let named = named.map(|file| (PathBuf::from(&file), format!("{file} (named by FLOW_API_KEYS_FILE)")));
    for (file, name) in given.chain(named) {
        let bytes = crate::env::read_settings(&file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?;
        let before = keys.len();
        keys.add(&text).map_err(|error| format!("{name}: {error}"))?;
        if keys.len() == before {
            return Err(format!("{name} holds no key").into());
        }
    }
    if let Some(text) = sources.setting("FLOW_API_KEYS")? {
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
fn address_list(
    options: &[String],
    option: &str,
    variable: &str,
    sources: &Sources,
) -> Result<Option<AddressList>, Failure> {
    if !options.is_empty() {
        let list = AddressList::parse(options.iter().map(String::as_str));
        return list.map(Some).map_err(|error| format!("{option}: {error}").into());
    }
    let Some(value) = sources.setting(variable)?.filter(|value| !value.trim().is_empty()) else { return Ok(None) };
    let texts = value.split([',', ' ']).filter(|text| !text.is_empty());
    AddressList::parse(texts).map(Some).map_err(|error| format!("{variable}: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_has_all_connections_unless_the_operator_says_so() {
        let limits = |connections_max, connections_per_client| {
            limits(&ServeOptions { connections_max, connections_per_client, ..ServeOptions::default() })
        };
        assert_eq!(limits(Some(100), None).connections_per_client, 50);
        assert_eq!(limits(Some(100), Some(100)).connections_per_client, 100);
        assert!(limits(None, None).connections_per_client <= 1000);
    }
}

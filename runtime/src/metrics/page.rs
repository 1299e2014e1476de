//! The page behind `/metrics`.
//!
//! Comes in: the store and the engine's counts. Goes out: text. prometheus-client writes OpenMetrics; who does not ask for
//! that gets the older format, which differs only in how counters are announced.

use super::Store;
use super::process::Process;
use super::store::{Counter, Histogram};
use crate::engine::Counts;
use crate::flow::Workflow;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::{Arc, PoisonError};

/// How the page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// Prometheus' text format, version 0.0.4.
    Plain,
}

impl Format {
    /// What a request accepts.
    pub fn of(accept: &str) -> Format {
        if accept.contains("application/openmetrics-text") { Format::OpenMetrics } else { Format::Plain }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

pub(super) fn page(store: &Arc<Store>, counts: Counts, format: Format) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape { store: Arc::clone(store), counts }));
    let mut text = String::with_capacity(16 * 1024);
    // Writing into a text cannot fail.
    let _ = encode(&mut text, &registry);
    match format {
        Format::OpenMetrics => text,
        Format::Plain => plain(&text),
    }
}

/// OpenMetrics announces the counter `x`, whose sample is `x_total`; the older format announces `x_total`.
fn plain(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len() + 256);
    let mut lines = openmetrics.lines().peekable();
    while let Some(line) = lines.next() {
        let announced = |line: &str, word: &str| -> Option<(String, String)> {
            let (name, rest) = line.strip_prefix(word)?.split_once(' ')?;
            Some((name.to_owned(), rest.to_owned()))
        };
        if line == "# EOF" {
            continue;
        }
        match (announced(line, "# HELP "), lines.peek().and_then(|next| announced(next, "# TYPE "))) {
            (Some((name, help)), Some((_, kind))) if kind == "counter" => {
                lines.next();
                text.push_str(&format!("# HELP {name}_total {help}\n# TYPE {name}_total counter\n"));
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// What one request sees.
struct Scrape {
    store: Arc<Store>,
    counts: Counts,
}

/// The trait asks for it.
impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrape").finish_non_exhaustive()
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let encoder = &mut encoder;
        self.executions(encoder)?;
        self.nodes(encoder)?;
        self.webhooks(encoder)?;
        self.process(encoder)
    }
}

impl Scrape {
    fn workflow(&self) -> (&'static str, &'static str) {
        ("workflow", self.store.workflow.name)
    }

    fn executions(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let store = &self.store;
        let help = "Executions that have ended, by how.";
        let mut family = family(encoder, "flowforge_workflow_executions", help, MetricType::Counter)?;
        for (status, counter) in
            [("completed", &store.completed), ("error", &store.error), ("cancelled", &store.cancelled)]
        {
            count(&mut family, &[self.workflow(), ("status", status)], counter)?;
        }

        let buckets = store.runs.buckets();
        let ended: u64 = buckets.iter().map(|(_, count)| count).sum();
        let help = "Mean time from acceptance to the end, over all executions of this process.";
        let mut family = self::family(encoder, "flowforge_workflow_duration_seconds", help, MetricType::Gauge)?;
        // Before the first has ended there is no mean: a 0 would pull down the average over several replicas.
        if ended > 0 {
            gauge(&mut family, &[self.workflow()], store.runs.sum() / ended as f64)?;
        }

        let help = "Time from acceptance to the end of an execution.";
        let mut family = self::family(encoder, "flowforge_workflow_run_seconds", help, MetricType::Histogram)?;
        histogram(&mut family, &[self.workflow()], &store.runs)?;

        let help = "Executions that were accepted and have not ended.";
        let mut family = self::family(encoder, "flowforge_workflow_executions_in_flight", help, MetricType::Gauge)?;
        gauge(&mut family, &[self.workflow()], self.counts.running as f64)
    }

    fn nodes(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let Workflow { nodes, .. } = self.store.workflow;
        let nodes = || {
            nodes
                .iter()
                .zip(&self.store.nodes)
                .map(|(node, store)| ([self.workflow(), ("node", node.id), ("action_type", node.kind.name())], store))
        };
        let help = "Nodes that were started and have ended, by how.";
        let mut family = family(encoder, "flowforge_node_executions", help, MetricType::Counter)?;
        for ([workflow, node, kind], store) in nodes() {
            for (status, counter) in
                [("completed", &store.completed), ("failed", &store.failed), ("cancelled", &store.cancelled)]
            {
                count(&mut family, &[workflow, node, kind, ("status", status)], counter)?;
            }
        }

        let help = "Nodes that ended with an error, whether they failed or the service said success: false.";
        let mut family = self::family(encoder, "flowforge_node_errors", help, MetricType::Counter)?;
        for (labels, store) in nodes() {
            count(&mut family, &labels, &store.errors)?;
        }

        let help = "Attempts that failed and were followed by another.";
        let mut family = self::family(encoder, "flowforge_node_retries", help, MetricType::Counter)?;
        for (labels, store) in nodes() {
            count(&mut family, &labels, &store.retries)?;
        }

        let help = "Time from the start of a node to its end, retries included.";
        let mut family = self::family(encoder, "flowforge_node_duration_seconds", help, MetricType::Histogram)?;
        for (labels, store) in nodes() {
            histogram(&mut family, &labels, &store.seconds)?;
        }
        Ok(())
    }

    fn webhooks(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let help = "Requests to webhooks: accepted, or why not.";
        let mut family = family(encoder, "flowforge_webhook_requests", help, MetricType::Counter)?;
        for webhook in self.store.webhooks.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = [self.workflow(), ("webhook_id", webhook.webhook_id), ("outcome", &webhook.outcome)];
            count(&mut family, &labels, &webhook.requests)?;
        }
        Ok(())
    }

    fn process(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let help = "Always 1; the labels say what is running.";
        let mut family = family(encoder, "flowforge_build_info", help, MetricType::Gauge)?;
        let labels = [self.workflow(), ("version", self.store.workflow.version), ("flowc", env!("CARGO_PKG_VERSION"))];
        gauge(&mut family, &labels, 1.0)?;

        let process = Process::read();
        if let Some(seconds) = process.cpu_seconds {
            let help = "Total user and system CPU time spent in seconds.";
            let mut family = self::family(encoder, "process_cpu_seconds", help, MetricType::Counter)?;
            family.encode_counter::<NoLabelSet, f64, u64>(&seconds, None)?;
        }
        let help = "Start time of the process since unix epoch in seconds.";
        self::family(encoder, "process_start_time_seconds", help, MetricType::Gauge)?
            .encode_gauge(&self.store.started)?;
        let gauges = [
            ("process_resident_memory_bytes", "Resident memory size in bytes.", process.resident_bytes),
            ("process_virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_bytes),
            ("process_open_fds", "Number of open file descriptors.", process.open_fds),
            ("process_max_fds", "Maximum number of open file descriptors.", process.max_fds),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                self::family(encoder, name, help, MetricType::Gauge)?.encode_gauge(&value)?;
            }
        }
        Ok(())
    }
}

fn family<'a>(
    encoder: &'a mut DescriptorEncoder,
    name: &'a str,
    help: &str,
    kind: MetricType,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, None, kind)
}

fn count(family: &mut MetricEncoder, labels: &impl EncodeLabelSet, counter: &Counter) -> fmt::Result {
    family.encode_family(labels)?.encode_counter::<NoLabelSet, u64, u64>(&counter.get(), None)
}

fn gauge(family: &mut MetricEncoder, labels: &impl EncodeLabelSet, value: f64) -> fmt::Result {
    family.encode_family(labels)?.encode_gauge(&value)
}

fn histogram(family: &mut MetricEncoder, labels: &impl EncodeLabelSet, histogram: &Histogram) -> fmt::Result {
    let buckets = histogram.buckets();
    let count = buckets.iter().map(|(_, count)| count).sum();
    family.encode_family(labels)?.encode_histogram::<NoLabelSet>(histogram.sum(), count, &buckets, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_openmetrics_gets_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::of(prometheus), Format::OpenMetrics);
        assert_eq!(Format::of("*/*"), Format::Plain);
        assert_eq!(Format::of(""), Format::Plain);
    }

    #[test]
    fn counters_are_announced_as_the_older_format_wants() {
        let openmetrics = "# HELP a Help. More.\n# TYPE a counter\na_total{x=\"# TYPE b counter\"} 1\n\
                           # HELP b B.\n# TYPE b gauge\nb 2\n# EOF\n";
        assert_eq!(
            plain(openmetrics),
            "# HELP a_total Help. More.\n# TYPE a_total counter\na_total{x=\"# TYPE b counter\"} 1\n\
             # HELP b B.\n# TYPE b gauge\nb 2\n"
        );
    }
}

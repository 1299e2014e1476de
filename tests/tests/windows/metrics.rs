//! `/metrics`, as Prometheus itself reads it.

use super::stage::{Serving, WEBHOOK, lines};
use flow_world::process::{Process, call, free_port, wait_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The queries of the dashboard in the document the workflow format comes from, as they stand there.
const PROCESSED: &str = "sum(flowforge_workflow_executions_total{workflow='order-fulfillment'})";
const AVERAGE: &str = "avg(flowforge_workflow_duration_seconds{workflow='order-fulfillment'})";
const SUCCESS: &str = "sum(rate(flowforge_workflow_executions_total{status='completed'}[1h])) / sum(rate(flowforge_workflow_executions_total[1h])) * 100";

const ORDERS: usize = 20;
/// Of them: the inventory says nothing about these.
const ERRORS: usize = 2;

/// Where a program is. Only outside CI may it be missing.
fn program(name: &str) -> Option<String> {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().unwrap();
    if found.status.success() {
        return Some(String::from_utf8(found.stdout).unwrap().trim().to_owned());
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is missing: .ci/run installs it");
    eprintln!("skipped: `{name}` is not installed (Debian: apt-get install prometheus)");
    None
}

fn serving() -> Serving {
    Serving::start("order-valid", &[], |case, _| {
        let inventory = case.service.get_mut("inventory").unwrap();
        let check = inventory.get_mut("POST /v2/inventory/check").unwrap();
        let mut nothing = check[0].clone();
        nothing.json = Some(serde_json::json!({}));
        for _ in 0..ERRORS {
            check.insert(0, nothing.clone());
        }
    })
}

/// The value of one series of the page.
fn series(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{page}")).parse().unwrap()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn promtool_finds_nothing_wrong() {
    let serving = serving();
    let labels = |rest: &str| format!("{{workflow=\"order-fulfillment\",{rest}}}");
    let (status, page) = serving.get("/metrics");
    assert_eq!(status, 200);
    // Everything that is known beforehand is there from the start.
    for status in ["completed", "error", "cancelled"] {
        let executions = format!("flowforge_workflow_executions_total{}", labels(&format!("status=\"{status}\"")));
        assert_eq!(series(&page, &executions), 0.0);
    }
    let payment = labels("node=\"process-payment\",action_type=\"http\",status=\"completed\"");
    let payment = format!("flowforge_node_executions_total{payment}");
    let accepted = labels(&format!("webhook_id=\"{WEBHOOK}\",outcome=\"accepted\""));
    let accepted = format!("flowforge_webhook_requests_total{accepted}");
    let forged = accepted.replace("accepted", "invalid_signature");
    assert_eq!((series(&page, &payment), series(&page, &accepted), series(&page, &forged)), (0.0, 0.0, 0.0));
    assert!(!page.contains("\nflowforge_workflow_duration_seconds{"), "there is no mean of nothing");

    serving.send(&serving.order);
    assert_eq!(serving.post("sha256=00", &serving.order).0, 401);
    assert_eq!(call(serving.address, "POST /webhooks/of-a-stranger", &[], b"{}").0, 404);
    serving.wait_for_ends(1);
    let page = serving.get("/metrics").1;
    assert_eq!((series(&page, &accepted), series(&page, &forged)), (1.0, 1.0));
    assert!(!page.contains("of-a-stranger"), "{page}");
    // An execution is counted as ended a moment before its end is durable.
    let in_flight = "flowforge_workflow_executions_in_flight{workflow=\"order-fulfillment\"}";
    wait_until("nothing is in flight", || series(&serving.get("/metrics").1, in_flight) == 0.0);
    assert!(page.lines().count() < 700, "{} lines", page.lines().count());

    let Some(promtool) = program("promtool") else { return };
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{page}", String::from_utf8_lossy(&said));
}

#[test]
fn the_dashboard_shows_the_right_numbers() {
    let Some(prometheus) = program("prometheus") else { return };
    let serving = serving();
    let database = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(&prometheus, database.path(), serving.address);
    // A rate counts from the first value it has seen.
    wait_until("Prometheus sees the service", || prometheus.ask(PROCESSED) == Some(0.0));
    assert_eq!(prometheus.ask(AVERAGE), None);

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..ORDERS / 4).for_each(|_| _ = serving.send(&serving.order)));
        }
    });
    serving.wait_for_ends(ORDERS);
    wait_until("Prometheus sees their end", || prometheus.ask(PROCESSED) == Some(ORDERS as f64));

    let success = prometheus.ask(SUCCESS).unwrap();
    let expected = (ORDERS - ERRORS) as f64 / ORDERS as f64 * 100.0;
    assert!((success - expected).abs() < 1e-6, "{success}");
    let average = prometheus.ask(AVERAGE).unwrap();
    let rejected = prometheus.ask("scrape_samples_scraped - scrape_samples_post_metric_relabeling").unwrap();
    assert_eq!(rejected, 0.0);
    let (_, ended, _) = serving.stop();
    let durations: Vec<f64> = lines(&ended.stderr)
        .iter()
        .filter(|line| line["event"] == "execution finished")
        .map(|line| line["duration_ms"].as_f64().unwrap() / 1000.0)
        .collect();
    assert_eq!(durations.len(), ORDERS);
    let mean = durations.iter().sum::<f64>() / ORDERS as f64;
    assert!((average - mean).abs() < 1e-5, "Prometheus says {average} s, the log {mean} s");
}

/// A Prometheus that scrapes one service.
struct Prometheus {
    address: SocketAddr,
    _process: Process,
}

impl Prometheus {
    fn start(program: &str, folder: &Path, target: SocketAddr) -> Prometheus {
        let configuration = folder.join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 250ms}}\nscrape_configs: [{{job_name: orders, static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        std::fs::write(&configuration, text).unwrap();
        let address = free_port();
        let arguments = [
            format!("--config.file={}", configuration.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = Process::start(Path::new(program), &arguments, folder, &BTreeMap::new());
        wait_for(address);
        Prometheus { address, _process: process }
    }

    /// The single value a query gives now; `None`: there is no data.
    fn ask(&self, query: &str) -> Option<f64> {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (status, answer) = call(self.address, &format!("GET /api/v1/query?query={encoded}"), &[], b"");
        // Not ready yet.
        if status == 503 {
            return None;
        }
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert_eq!(answer["status"], "success", "{answer}");
        let found = answer["data"]["result"].as_array().unwrap();
        assert!(found.len() <= 1, "{answer}");
        found.first().map(|series| series["value"][1].as_str().unwrap().parse().unwrap())
    }
}

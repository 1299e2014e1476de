//! The order workflow, serving.

use flow_tests::case::Case;
use flow_tests::run::{Stage, signature};
use flow_tests::{compile, folder};
use flow_world::process::{Ended, Process, call};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const WEBHOOK: &str = "order-fulfillment-webhook";

/// A serving process, its world, and the folder it runs in.
pub struct Serving {
    pub stage: Stage,
    pub process: Process,
    pub address: SocketAddr,
    pub folder: TempDir,
    pub order: String,
    binary: PathBuf,
    arguments: Vec<String>,
    secret: String,
}

impl Serving {
    /// The workflow of a case of the run tier; `change`: the case, before it is played, and the
    /// folder of the process.
    pub fn start(case: &str, arguments: &[&str], change: impl FnOnce(&mut Case, &Path)) -> Serving {
        Serving::of(case, compile::binary, arguments, change)
    }

    /// The same, compiled as `binary` does it.
    pub fn of(
        case: &str,
        binary: impl FnOnce(&str, &Path) -> PathBuf,
        arguments: &[&str],
        change: impl FnOnce(&mut Case, &Path),
    ) -> Serving {
        let folder_of_case = folder("run", case);
        let mut case = Case::read(&folder_of_case);
        let folder = tempfile::tempdir().unwrap();
        change(&mut case, folder.path());
        let binary = binary(&case.workflow_text(), &case.workflow);
        let stage = Stage::new(&case);
        let listen = ["serve", "--listen", "127.0.0.1:0", "--allow-ip", "127.0.0.1"];
        let arguments: Vec<String> = listen.iter().chain(arguments).map(|&argument| argument.to_owned()).collect();
        let process = start(&binary, &arguments, folder.path(), &stage.env);
        let address = process.listening();
        let secret = stage.env["WEBHOOK_SECRET"].clone();
        Serving { stage, process, address, folder, order: case.input(&folder_of_case), binary, arguments, secret }
    }

    /// Ends the process without a warning and starts it again.
    pub fn crash(&mut self) {
        self.process.kill();
        self.process = start(&self.binary, &self.arguments, self.folder.path(), &self.stage.env);
        self.address = self.process.listening();
    }

    /// Another command of the same program, in the same folder.
    pub fn command(&self, arguments: &[&str]) -> Ended {
        Process::start(&self.binary, arguments, self.folder.path(), &self.stage.env).wait(Duration::from_secs(60))
    }

    /// Waits until so many executions have ended, as the metrics tell.
    pub fn wait_for_ends(&self, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let ended = || -> f64 {
            let page = self.get("/metrics").1;
            let ends = page.lines().filter(|line| line.starts_with("flowforge_workflow_executions_total{"));
            ends.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
        };
        while ended() < count as f64 {
            assert!(Instant::now() < deadline, "{count} executions did not end within a minute");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signed order; its execution's id.
    pub fn send(&self, order: &str) -> String {
        let (status, answer) = self.post(&signature(&self.secret, order.as_bytes()), order);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["execution_id"].as_str().unwrap().to_owned()
    }

    /// Sends an order with this signature: status and body.
    pub fn post(&self, signature: &str, order: &str) -> (u16, String) {
        let headers = [("content-type", "application/json"), ("x-signature", signature)];
        call(self.address, &format!("POST /webhooks/{WEBHOOK}"), &headers, order.as_bytes())
    }

    /// Sends a signed order that belongs to a trace.
    pub fn send_traced(&self, order: &str, traceparent: &str) {
        let signature = signature(&self.secret, order.as_bytes());
        let headers =
            [("content-type", "application/json"), ("x-signature", &*signature), ("traceparent", traceparent)];
        let (status, answer) = call(self.address, &format!("POST /webhooks/{WEBHOOK}"), &headers, order.as_bytes());
        assert_eq!(status, 200, "{answer}");
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        call(self.address, &format!("GET {path}"), &[], b"")
    }

    /// Asks it to stop, and waits until everything it accepted is done.
    pub fn stop(self) -> (Stage, Ended, TempDir) {
        self.process.terminate();
        (self.stage, self.process.wait(Duration::from_secs(60)), self.folder)
    }
}

fn start(binary: &Path, arguments: &[String], folder: &Path, env: &BTreeMap<String, String>) -> Process {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Process::start(binary, &arguments, folder, env)
}

/// The log's lines, which are JSON.
pub fn lines(log: &str) -> Vec<Value> {
    log.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).expect(line)).collect()
}

//! The order workflow, serving.

use flow_tests::case::Case;
use flow_tests::run::{Stage, signature};
use flow_tests::{compile, folder};
use flow_world::process::{Ended, Process, call};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;

pub const WEBHOOK: &str = "order-fulfillment-webhook";

/// A serving process, its world, and the folder it runs in.
pub struct Serving {
    pub stage: Stage,
    pub process: Process,
    pub address: SocketAddr,
    pub folder: TempDir,
    pub order: String,
    secret: String,
}

impl Serving {
    /// The workflow of a case of the run tier; `change`: the case, before it is played.
    pub fn start(case: &str, arguments: &[&str], change: impl FnOnce(&mut Case)) -> Serving {
        let folder_of_case = folder("run", case);
        let mut case = Case::read(&folder_of_case);
        change(&mut case);
        let binary = compile::binary(&case.workflow_text(), &case.workflow);
        let stage = Stage::new(&case);
        let folder = tempfile::tempdir().unwrap();
        let listen = ["serve", "--listen", "127.0.0.1:0", "--allow-ip", "127.0.0.1"];
        let arguments: Vec<&str> = listen.iter().chain(arguments).copied().collect();
        let process = Process::start(&binary, &arguments, folder.path(), &stage.env);
        let address = process.listening();
        let secret = stage.env["WEBHOOK_SECRET"].clone();
        Serving { stage, process, address, folder, order: case.input(&folder_of_case), secret }
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

    pub fn get(&self, path: &str) -> (u16, String) {
        call(self.address, &format!("GET {path}"), &[], b"")
    }

    /// Asks it to stop, and waits until everything it accepted is done.
    pub fn stop(self) -> (Stage, Ended, TempDir) {
        self.process.terminate();
        (self.stage, self.process.wait(Duration::from_secs(60)), self.folder)
    }
}

/// The log's lines, which are JSON.
pub fn lines(log: &str) -> Vec<Value> {
    log.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).expect(line)).collect()
}

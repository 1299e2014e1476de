//! Orders, sent by clients that do not give up.
//!
//! Comes in: where the service is at the moment. Goes out: what was accepted, and as which execution.
//! Always true: an order is sent until it is accepted, with the same Idempotency-Key each time; some are sent once more
//! afterwards. Every answer to one order has to name the same execution.

use super::stage::{Door, Stage};
use super::{Ledger, Random};
use crate::run::signature;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    door: Arc<Door>,
    ledger: Arc<Ledger>,
    order: String,
    order_id: String,
    secret: String,
    unfinished: usize,
    next: AtomicUsize,
    stop: AtomicBool,
    redeliveries: AtomicUsize,
    refused: AtomicUsize,
    /// By order.
    accepted: Mutex<BTreeMap<String, String>>,
    fault: Mutex<Option<String>>,
}

/// What the clients were told.
pub struct Sent {
    /// Orders.
    pub accepted: Vec<String>,
    pub executions: Vec<String>,
    pub redeliveries: usize,
    /// Answers that said: not now.
    pub refused: usize,
}

impl Load {
    /// Clients that begin at once.
    ///
    /// # Panics
    /// When the case's order has no id.
    pub fn start(stage: &Stage, clients: usize, unfinished: usize, seed: u64) -> Load {
        let value: serde_json::Value = serde_json::from_str(&stage.order).expect("an order is JSON");
        let shared = Arc::new(Shared {
            door: Arc::clone(&stage.door),
            ledger: Arc::clone(&stage.ledger),
            order: stage.order.clone(),
            order_id: value["order_id"].as_str().expect("an order has an id").to_owned(),
            secret: stage.secret.clone(),
            unfinished,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            redeliveries: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            accepted: Mutex::default(),
            fault: Mutex::default(),
        });
        let clients = (0..clients).map(|client| {
            let shared = Arc::clone(&shared);
            let random = Random((seed ^ (client as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1);
            thread::spawn(move || shared.client(random))
        });
        Load { clients: clients.collect(), shared }
    }

    /// # Errors
    /// An answer that should not have been given.
    pub fn check(&self) -> Result<(), String> {
        self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }

    pub fn accepted(&self) -> usize {
        self.shared.accepted.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// No new orders; those that were begun are sent until they are accepted.
    ///
    /// # Errors
    /// When one is not within the limit, or as [`Load::check`].
    pub fn stop(self, limit: Duration) -> Result<Sent, String> {
        self.shared.stop.store(true, Ordering::SeqCst);
        let deadline = Instant::now() + limit;
        for client in self.clients {
            while !client.is_finished() {
                if Instant::now() > deadline {
                    return Err("an order is not accepted although nothing is in the way any more".to_owned());
                }
                thread::sleep(Duration::from_millis(5));
            }
            client.join().map_err(|_| "a client panicked".to_owned())?;
        }
        let shared = &self.shared;
        if let Some(fault) = shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(fault);
        }
        let accepted = shared.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut executions: Vec<String> = accepted.values().cloned().collect();
        executions.sort();
        let count = executions.len();
        executions.dedup();
        if executions.len() < count {
            return Err("two orders are one execution".to_owned());
        }
        Ok(Sent {
            accepted: accepted.keys().cloned().collect(),
            executions,
            redeliveries: shared.redeliveries.load(Ordering::Relaxed),
            refused: shared.refused.load(Ordering::Relaxed),
        })
    }
}

impl Shared {
    fn client(&self, mut random: Random) {
        while !self.stop.load(Ordering::SeqCst) {
            let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner).len();
            if accepted.saturating_sub(self.ledger.finished_orders()) >= self.unfinished {
                thread::sleep(Duration::from_millis(2));
                continue;
            }
            let order = format!("CRASH-{:06}", self.next.fetch_add(1, Ordering::SeqCst));
            self.deliver(&order);
            if random.below(8) == 0 {
                self.redeliveries.fetch_add(1, Ordering::Relaxed);
                self.deliver(&order);
            }
        }
    }

    /// Until it is accepted, whatever happens to the service meanwhile.
    fn deliver(&self, order: &str) {
        let body = self.order.replace(&self.order_id, order);
        let signature = signature(&self.secret, body.as_bytes());
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) {
                self.redeliveries.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(3));
            }
            let Some(answer) = self.door.address().and_then(|address| post(address, order, &signature, &body)) else {
                continue;
            };
            match answer.status {
                200 => {
                    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
                    let Some(execution) = body["execution_id"].as_str() else {
                        return self.wrong(format!("{order}: accepted without an execution: {body}"));
                    };
                    let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
                    let known = accepted.entry(order.to_owned()).or_insert_with(|| execution.to_owned());
                    if known != execution {
                        let fault = format!("{order} is {known}, and when it came again {execution}");
                        drop(accepted);
                        self.wrong(fault);
                    }
                    return;
                }
                503 if !answer.says_when => return self.wrong(format!("{order}: 503 without Retry-After")),
                503 => _ = self.refused.fetch_add(1, Ordering::Relaxed),
                status => return self.wrong(format!("{order}: {status} {}", answer.body)),
            }
        }
    }

    fn wrong(&self, fault: String) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }
}

struct Answer {
    status: u16,
    /// `Retry-After` is there.
    says_when: bool,
    body: String,
}

/// `None`: no whole answer came.
fn post(address: std::net::SocketAddr, key: &str, signature: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let request = format!(
        "POST /webhooks/order-fulfillment-webhook HTTP/1.1\r\nhost: crash\r\nconnection: close\r\n\
         idempotency-key: {key}\r\nx-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let length: usize = header("content-length")?.parse().ok()?;
    let says_when = header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok());
    (body.len() == length).then(|| Answer { status, says_when, body: body.to_owned() })
}

//! Brings spans to the collector.
//!
//! Comes in: spans, written. Goes out: requests, one after the other, each with as many spans as there are.
//! Always true: [`Exporter::push`] takes a lock for as long as it takes to move a pointer, whatever the collector does. No
//! more than `queue_max` spans wait; what comes on top of them is dropped. What was dropped is said in the log, at most once
//! a minute.

use super::wire::Head;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How often the same spans are sent before they are dropped.
const TRIES: u32 = 5;
/// After the first try that fails; twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A collector that asks for more is not waited for any longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often the log says that spans were dropped.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Where to and how.
pub struct Export {
    pub endpoint: Url,
    pub headers: HeaderMap,
    pub timeout: Duration,
    pub head: Head,
    pub delay: Duration,
    pub batch_max: usize,
    pub queue_max: usize,
}

pub struct Exporter {
    queue: Arc<Queue>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Queue {
    export: Export,
    spans: Mutex<VecDeque<Vec<u8>>>,
    /// A batch is there, or the end.
    wake: Notify,
    closing: AtomicBool,
    dropped: AtomicU64,
    /// On their way to the collector.
    in_flight: AtomicU64,
}

/// Why a batch did not arrive.
struct Refusal {
    /// For the log.
    reason: String,
    /// Whether it may arrive later, and when the collector wants to see it again.
    again: Option<Option<Duration>>,
}

impl Exporter {
    /// Must be called on a tokio runtime.
    pub fn new(export: Export, client: reqwest::Client) -> Exporter {
        let queue = Arc::new(Queue {
            export,
            spans: Mutex::default(),
            wake: Notify::new(),
            closing: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
        });
        let task = tokio::spawn(Arc::clone(&queue).run(client));
        Exporter { queue, task: Mutex::new(Some(task)) }
    }

    pub fn push(&self, span: Vec<u8>) {
        let Queue { export, wake, dropped, .. } = &*self.queue;
        let mut spans = self.queue.spans();
        if spans.len() >= export.queue_max {
            dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        spans.push_back(span);
        let full = spans.len() == export.batch_max;
        drop(spans);
        if full {
            wake.notify_one();
        }
    }

    /// Sends what is left; what has not arrived within `limit` is lost.
    pub async fn close(&self, limit: Duration) {
        let lost = self.finish(limit).await;
        if lost > 0 {
            crate::log::traces_dropped(lost, "the program has ended");
        }
    }

    /// How many spans are lost that nobody has been told of.
    async fn finish(&self, limit: Duration) -> u64 {
        self.queue.closing.store(true, Ordering::Release);
        self.queue.wake.notify_one();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return 0 };
        if tokio::time::timeout(limit, &mut task).await.is_ok() {
            return 0;
        }
        task.abort();
        let waiting = self.queue.spans().len() as u64;
        waiting + self.queue.in_flight.load(Ordering::Relaxed) + self.queue.dropped.load(Ordering::Relaxed)
    }
}

impl Queue {
    fn spans(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    async fn run(self: Arc<Self>, client: reqwest::Client) {
        let mut said: Option<Instant> = None;
        let mut reason = String::from("more came than the collector took");
        loop {
            if !self.is_closing() {
                let _ = tokio::time::timeout(self.export.delay, self.wake.notified()).await;
            }
            loop {
                let batch: Vec<Vec<u8>> = {
                    let mut spans = self.spans();
                    let count = spans.len().min(self.export.batch_max);
                    spans.drain(..count).collect()
                };
                if batch.is_empty() {
                    break;
                }
                self.in_flight.store(batch.len() as u64, Ordering::Relaxed);
                let sent = self.send(&client, &batch).await;
                self.in_flight.store(0, Ordering::Relaxed);
                if let Err(refusal) = sent {
                    self.dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    reason = refusal;
                }
            }
            let closing = self.is_closing();
            if closing || said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
                let dropped = self.dropped.swap(0, Ordering::Relaxed);
                if dropped > 0 {
                    said = Some(Instant::now());
                    crate::log::traces_dropped(dropped, &reason);
                }
            }
            if closing && self.spans().is_empty() {
                return;
            }
        }
    }

    /// # Errors
    /// Why it did not arrive, for the log.
    async fn send(&self, client: &reqwest::Client, batch: &[Vec<u8>]) -> Result<(), String> {
        let body = bytes::Bytes::from(self.export.head.request(batch));
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let refusal = match self.post(client, body.clone()).await {
                Ok(()) => return Ok(()),
                Err(refusal) => refusal,
            };
            // Whoever waits for the end of the program waits for one try.
            let Some(again) = refusal.again.filter(|_| attempt < TRIES && !self.is_closing()) else {
                return Err(refusal.reason);
            };
            let _ = tokio::time::timeout(again.unwrap_or(wait).min(LONGEST_WAIT), self.closed()).await;
            wait *= 2;
        }
        Ok(())
    }

    /// Returns when the end has come.
    async fn closed(&self) {
        while !self.is_closing() {
            self.wake.notified().await;
        }
    }

    async fn post(&self, client: &reqwest::Client, body: bytes::Bytes) -> Result<(), Refusal> {
        let Export { endpoint, headers, timeout, .. } = &self.export;
        let mut request = reqwest::Request::new(reqwest::Method::POST, endpoint.clone());
        request.headers_mut().clone_from(headers);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        *request.body_mut() = Some(body.into());
        let exchange = async {
            let response = client.execute(request).await?;
            let (status, asked) = (response.status(), response.headers().get(RETRY_AFTER).cloned());
            // Read, so that the connection can be used again.
            response.bytes().await?;
            Ok::<_, reqwest::Error>((status, asked))
        };
        match tokio::time::timeout(*timeout, exchange).await {
            Ok(Ok((status, _))) if status.is_success() => Ok(()),
            Ok(Ok((status, asked))) => {
                let may_try_again = matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS
                        | StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                );
                let asked = asked.and_then(|asked| asked.to_str().ok()?.parse().ok().map(Duration::from_secs));
                let reason = format!("the collector answered with {}", status.as_u16());
                Err(Refusal { reason, again: may_try_again.then_some(asked) })
            }
            Ok(Err(error)) => {
                // The words of the transport, without the URL: that may hold a key.
                let reason = format!("the collector is not reached: {}", crate::node::transport_failure(&error));
                Err(Refusal { reason, again: Some(None) })
            }
            Err(_) => Err(Refusal { reason: String::from("the collector does not answer"), again: Some(None) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A collector that takes connections and never answers.
    #[tokio::test]
    async fn nobody_waits_for_a_collector() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/v1/traces", silent.local_addr().unwrap());
        let export = Export {
            endpoint: Url::parse(&endpoint).unwrap(),
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(3600),
            head: Head::new(&[], ""),
            delay: Duration::from_secs(3600),
            batch_max: 10,
            queue_max: 100,
        };
        let client = crate::node::Services::connections(crate::node::TlsVersion::default()).unwrap();
        let exporter = Exporter::new(export, client);
        for _ in 0..1000 {
            exporter.push(vec![0; 16]);
        }
        // Nothing has been sent meanwhile: this task has not waited.
        assert_eq!(exporter.queue.spans().len(), 100);
        assert_eq!(exporter.queue.dropped.load(Ordering::Relaxed), 900);
        // Those that were dropped, those that wait, and those that are on their way.
        assert_eq!(exporter.finish(Duration::from_millis(100)).await, 1000);
    }
}

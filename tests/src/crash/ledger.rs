//! What the world saw, order by order.
//!
//! Comes in: requests and mails, as they arrive. Goes out: the first thing that should not have happened; who has finished.
//! Always true: an effect is judged when it arrives. Which process sent it is told by the credentials it carries (every
//! process is given others), so that what was under way when one was killed is not taken for the next one's.

use flow_world::{Event, Mail, Request};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The effects of an order, in the order in which they have to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Check,
    Charge,
    Update,
    Ship,
    Confirm,
    Status,
    Notify,
}

impl Step {
    pub const ALL: [Step; 7] =
        [Step::Check, Step::Charge, Step::Update, Step::Ship, Step::Confirm, Step::Status, Step::Notify];
}

/// One effect of an order.
#[derive(Debug, Clone)]
pub struct Effect {
    pub step: Step,
    /// Idempotency-Key or Message-ID.
    pub key: String,
    /// Of everything that was sent, but for the credentials.
    digest: u64,
    /// The process that sent it.
    pub process: usize,
}

/// Effects that went out more than once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Repeated {
    pub requests: usize,
    pub mails: usize,
}

#[derive(Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    orders: BTreeMap<String, Vec<Effect>>,
    /// Which order a key was first used for, and at which step.
    keys: BTreeMap<String, (String, Step)>,
    finished: usize,
    fault: Option<String>,
    repeated: Repeated,
}

impl Ledger {
    /// Takes an effect in. Returns its step.
    pub fn record(&self, event: &Event) -> Option<Step> {
        let (order, effect) = match event {
            Event::Request(request) => of_request(request)?,
            Event::Mail(mail) => of_mail(mail)?,
        };
        let step = effect.step;
        let mut inner = self.inner();
        inner.record(order, effect);
        drop(inner);
        self.changed.notify_all();
        Some(step)
    }

    /// # Errors
    /// The first thing that should not have happened.
    pub fn check(&self) -> Result<(), String> {
        self.inner().fault.clone().map_or(Ok(()), Err)
    }

    /// Waits until all of these orders have had all their effects, and no other order has had any.
    ///
    /// # Errors
    /// When they have not within the limit, or something should not have happened.
    pub fn finished(&self, accepted: &[String], limit: Duration) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        let mut inner = self.inner();
        while inner.finished < accepted.len() {
            if let Some(fault) = &inner.fault {
                return Err(fault.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let unfinished = |order: &&String| !inner.is_finished(order);
                let lost: Vec<String> = accepted
                    .iter()
                    .filter(unfinished)
                    .take(5)
                    .map(|order| format!("{order} after {:?}", inner.orders.get(order).and_then(|done| done.last())))
                    .collect();
                let count = accepted.len() - inner.finished;
                return Err(format!("{count} accepted orders never finished: {}", lost.join("; ")));
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let unknown = inner.orders.keys().find(|order| !accepted.contains(order));
        match (unknown, &inner.fault) {
            (_, Some(fault)) => Err(fault.clone()),
            (Some(order), None) => Err(format!("nobody was told that {order} is accepted, and it ran")),
            (None, None) => Ok(()),
        }
    }

    pub fn orders(&self) -> usize {
        self.inner().orders.len()
    }

    pub fn finished_orders(&self) -> usize {
        self.inner().finished
    }

    pub fn repeated(&self) -> Repeated {
        self.inner().repeated
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn is_finished(&self, order: &str) -> bool {
        self.orders.get(order).is_some_and(|done| done.iter().any(|effect| effect.step == Step::Notify))
    }

    fn record(&mut self, order: String, effect: Effect) {
        let owner = self.keys.entry(effect.key.clone()).or_insert_with(|| (order.clone(), effect.step));
        let fault = if *owner != (order.clone(), effect.step) {
            Some(format!("{order}: {effect:?} has the key of {owner:?}"))
        } else {
            let done = self.orders.entry(order.clone()).or_default();
            let fault = judge(&order, done, &effect);
            match done.iter().any(|before| before.step == effect.step) {
                true if matches!(effect.step, Step::Confirm | Step::Notify) => self.repeated.mails += 1,
                true => self.repeated.requests += 1,
                false => self.finished += usize::from(effect.step == Step::Notify),
            }
            done.push(effect);
            fault
        };
        if self.fault.is_none() {
            self.fault = fault;
        }
    }
}

/// What is wrong with an effect after those that went before.
fn judge(order: &str, done: &[Effect], effect: &Effect) -> Option<String> {
    let wrong = |what: &str| Some(format!("{order}: {what}: {effect:?} after {done:?}"));
    let Some(last) = done.last() else {
        return if effect.step == Step::ALL[0] { None } else { wrong("it began in the middle") };
    };
    if let Some(before) = done.iter().find(|before| before.step == effect.step) {
        if before.key != effect.key {
            return wrong("another key for the same effect");
        }
        if before.digest != effect.digest {
            return wrong("other bytes under the same key");
        }
        if done.iter().any(|other| other.step == effect.step && other.process == effect.process) {
            return wrong("repeated by the same process");
        }
        // What a killed process had sent may arrive after what its successor sends.
        let late = done.iter().any(|other| other.process > effect.process);
        return if last.step == effect.step || late { None } else { wrong("repeated after its outcome was known") };
    }
    let next = Step::ALL.iter().find(|step| **step > last.step);
    if next == Some(&effect.step) { None } else { wrong("an effect is missing before it") }
}

fn of_request(request: &Request) -> Option<(String, Effect)> {
    let step = match request.path.rsplit('/').next()? {
        "check" => Step::Check,
        "charge" => Step::Charge,
        "update" => Step::Update,
        "create" => Step::Ship,
        "status" => Step::Status,
        _ => return None,
    };
    let mut hasher = DefaultHasher::new();
    (&request.method, &request.path, &request.body).hash(&mut hasher);
    for (name, value) in request.headers.iter().filter(|(name, _)| name != "authorization" && name != "host") {
        (name, value).hash(&mut hasher);
    }
    let body = String::from_utf8_lossy(&request.body);
    let order = order_id(&request.path).or_else(|| order_id(&body))?;
    let key = request.header("idempotency-key").unwrap_or_default();
    // The author's own key is the order's id, and one order has one charge.
    let key = format!("{step:?} {key}");
    let process = request.header("authorization")?.rsplit('-').next()?.parse().ok()?;
    Some((order, Effect { step, key, digest: hasher.finish(), process }))
}

fn of_mail(mail: &Mail) -> Option<(String, Effect)> {
    let step = if mail.to == ["warehouse@yourstore.com"] { Step::Notify } else { Step::Confirm };
    let mut hasher = DefaultHasher::new();
    (&mail.from, &mail.to, &mail.raw).hash(&mut hasher);
    let text = String::from_utf8_lossy(&mail.raw);
    let order = order_id(&text)?;
    let key = text.lines().find_map(|line| line.strip_prefix("Message-ID: "))?.trim().to_owned();
    let process = mail.user.as_ref()?.rsplit('-').next()?.parse().ok()?;
    Some((order, Effect { step, key, digest: hasher.finish(), process }))
}

/// `CRASH-` and six digits, wherever it stands.
fn order_id(text: &str) -> Option<String> {
    let start = text.find("CRASH-")?;
    text.get(start..start + 12).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(step: Step, process: usize) -> Effect {
        Effect { step, key: format!("{step:?}"), digest: step as u64, process }
    }

    #[track_caller]
    fn check(done: &[Effect], effect: &Effect, expected: Option<&str>) {
        let fault = judge("A", done, effect);
        match expected {
            None => assert_eq!(fault, None),
            Some(words) => assert!(fault.as_ref().is_some_and(|fault| fault.contains(words)), "{fault:?}"),
        }
    }

    #[test]
    fn a_ledger_sees_what_must_not_happen() {
        use Step::{Charge, Check, Update};
        check(&[], &effect(Check, 1), None);
        check(&[], &effect(Charge, 1), Some("began in the middle"));
        check(&[effect(Check, 1)], &effect(Charge, 1), None);
        check(&[effect(Check, 1)], &effect(Update, 1), Some("missing"));
        check(&[effect(Check, 1), effect(Charge, 1)], &effect(Charge, 2), None);
        check(&[effect(Check, 1), effect(Charge, 1)], &effect(Charge, 1), Some("by the same process"));
        check(&[effect(Check, 1), effect(Charge, 1)], &effect(Check, 2), Some("its outcome was known"));
        let otherwise = Effect { digest: 99, ..effect(Charge, 2) };
        check(&[effect(Check, 1), effect(Charge, 1)], &otherwise, Some("other bytes"));
        let twice = Effect { key: "new".to_owned(), ..effect(Charge, 2) };
        check(&[effect(Check, 1), effect(Charge, 1)], &twice, Some("another key"));
        // It was on its way when its sender was killed.
        check(&[effect(Check, 2), effect(Charge, 2)], &effect(Check, 1), None);
    }
}

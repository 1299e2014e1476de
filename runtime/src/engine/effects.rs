//! Where the engine touches the world.
//!
//! Comes in: a node and what it sees. Goes out: a rendered effect, and what each attempt of it came to.
//! Always true: an effect is rendered once; all its attempts send the same bytes. Tests put a small world of their own here.

use crate::flow::Node;
use crate::node::{Attempt, Peer, Prepared, Services};
use crate::scope::Scope;
use crate::value::Fault;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What touches the world.
pub trait Effects: Send + Sync {
    /// Renders an effect: the bytes that every attempt sends.
    ///
    /// # Errors
    /// A template that cannot be rendered: the node fails with `CONFIGURATION_ERROR`, without retry.
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault>;
}

/// A rendered effect.
pub trait Effect: Send + Sync {
    /// Makes one attempt. Dropping the future cancels it.
    fn attempt(self: Arc<Self>, timeout: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>>;

    /// What to settle with where an attempt may have happened and may not be repeated; `None`: try again.
    fn unknown(&self) -> Option<Attempt> {
        None
    }

    /// Whom it talks to, for those who watch.
    fn peer(&self) -> Option<Peer<'_>> {
        None
    }
}

/// The real world.
impl Effects for Arc<Services> {
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        let prepared = Services::prepare(self, node, scope)?;
        Ok(Arc::new(ServiceEffect { services: Arc::clone(self), prepared }))
    }
}

struct ServiceEffect {
    services: Arc<Services>,
    prepared: Prepared,
}

impl Effect for ServiceEffect {
    fn attempt(self: Arc<Self>, timeout: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        Box::pin(async move { self.services.attempt(&self.prepared, timeout).await })
    }

    fn unknown(&self) -> Option<Attempt> {
        self.prepared.unknown()
    }

    fn peer(&self) -> Option<Peer<'_>> {
        self.prepared.peer()
    }
}

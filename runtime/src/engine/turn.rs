//! Places among the executions that are at work.
//!
//! Always true: a place is given back when its [`Turn`] is dropped, whatever became of the execution. Where the journal can be
//! read back, an execution without a place waits there ([`super::scheduler`]); else it waits in memory, in the order in which
//! it came, and one that only waits for a retry gives its place to another until then.

use super::driver::Engine;
use super::run::Run;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub enum Turn {
    Scheduled { engine: Arc<Engine> },
    InMemory { _place: OwnedSemaphorePermit },
}

impl Turn {
    /// `None`: there is no place, or others have waited longer for one.
    pub fn take(engine: &Arc<Engine>) -> Option<Turn> {
        if engine.parts.journal.store().is_none() {
            let place = Arc::clone(&engine.places).try_acquire_owned().ok()?;
            return Some(Turn::InMemory { _place: place });
        }
        engine.scheduler.enter().then(|| Turn::of_scheduler(engine))
    }

    /// The scheduler has given it.
    pub fn of_scheduler(engine: &Arc<Engine>) -> Turn {
        Turn::Scheduled { engine: Arc::clone(engine) }
    }

    /// Waits for a place in memory. `None`: somebody wants the end of the execution, which needs none.
    pub async fn wait(engine: &Arc<Engine>, run: &Run) -> Option<Turn> {
        let mut place = pin!(Turn::in_memory(engine));
        poll_fn(|context| {
            {
                let mut state = run.state();
                if state.cancel_asked {
                    return Poll::Ready(None);
                }
                state.waker = Some(context.waker().clone());
            }
            place.as_mut().poll(context)
        })
        .await
    }

    /// Waits for a place in memory, behind those that wait already.
    pub fn in_memory(engine: &Engine) -> impl Future<Output = Option<Turn>> + Send + use<> {
        let place = Arc::clone(&engine.places).acquire_owned();
        // Nobody closes the semaphore.
        async { place.await.ok().map(|place| Turn::InMemory { _place: place }) }
    }

    /// So many places in memory.
    pub fn places(count: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Turn::Scheduled { engine } = self {
            engine.scheduler.leave();
            engine.ended.notify_waiters();
        }
    }
}

//! The `rust` node: a function of the program that the workflow was compiled into.
//!
//! Comes in: a function with its arguments. Goes out: what one call of it came to.
//! Always true: a panic of the function fails the attempt and nothing else; what it gives is canonical JSON text.

use super::{Attempt, NodeError, Outcome, failure};
use crate::flow::{Call, Failure};
use crate::value::{Doc, Limits, Shape};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// A call that can be made again.
#[derive(Clone)]
pub struct Prepared(pub Call);

/// What a function is given is nobody's business here.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared(..)")
    }
}

/// One call. Dropping the future drops what the function was doing.
pub async fn attempt(call: &Call, timeout: Duration) -> Attempt {
    let Ok(mut returning) = catch_unwind(AssertUnwindSafe(|| call())) else { return panicked() };
    let watched = std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| returning.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => std::task::Poll::Ready(None),
        }
    });
    match tokio::time::timeout(timeout, watched).await {
        Ok(Some(Ok(value))) => given(&value),
        Ok(Some(Err(error))) => failed(&error),
        Ok(None) => panicked(),
        Err(_) => without_result(Outcome::Retryable { after: None }, failure::timed_out(timeout)),
    }
}

fn given(value: &str) -> Attempt {
    match Doc::read(value.as_bytes(), &Shape::EMPTY, &Limits { size: usize::MAX, ..Limits::default() }) {
        Ok(doc) => Attempt::succeeded(doc.text().to_owned()),
        Err(error) => failed(&Failure::of_result(&error.message)),
    }
}

fn failed(error: &Failure) -> Attempt {
    let outcome = if error.is_retryable() { Outcome::Retryable { after: None } } else { Outcome::Failed };
    let message = failure::one_line(error.message()).unwrap_or_else(|| String::from("the function failed"));
    without_result(outcome, NodeError::new(error.error_code(), message))
}

fn panicked() -> Attempt {
    without_result(Outcome::Failed, NodeError::new("PANIC", "the function panicked"))
}

/// There is no answer that could be kept: `result` is missing.
fn without_result(outcome: Outcome, error: NodeError) -> Attempt {
    Attempt { outcome, status: None, result: None, error: Some(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn called<F: Future<Output = Result<String, Failure>> + Send + 'static>(function: fn() -> F) -> Attempt {
        let call: Call = Arc::new(move || Box::pin(function()));
        attempt(&call, Duration::from_secs(20)).await
    }

    fn code(attempt: &Attempt) -> &str {
        attempt.error.as_ref().map_or("", |error| &error.code)
    }

    #[tokio::test]
    async fn what_a_function_gives_is_canonical() {
        let attempt = called(|| async { Ok(String::from("{ \"b\": 1.0, \"a\": [] }")) }).await;
        assert_eq!(attempt, Attempt::succeeded(String::from(r#"{"b":1,"a":[]}"#)));
    }

    #[tokio::test]
    async fn errors_are_tried_again_unless_they_say_otherwise() {
        let error = called(|| async { Err("no connection")? }).await;
        assert_eq!((&error.outcome, code(&error)), (&Outcome::Retryable { after: None }, "RUST_ERROR"));
        assert_eq!(error.result, None);
        let error = called(|| async { Err(Failure::permanent("too old").code("TOO_OLD")) }).await;
        assert_eq!((&error.outcome, code(&error)), (&Outcome::Failed, "TOO_OLD"));
    }

    /// Its author wrote it, unlike the answer of a server, which may be the remains of a mistake there.
    #[tokio::test]
    async fn the_words_of_an_error_are_those_of_the_function() {
        let error = called(|| async { Err("the customer is null:\n Some(undefined)")? }).await;
        assert_eq!(error.error.unwrap().message, "the customer is null: Some(undefined)");
        let error = called(|| async { Err(" \n")? }).await;
        assert_eq!(error.error.unwrap().message, "the function failed");
    }

    #[tokio::test]
    async fn a_panic_fails_the_attempt_and_nothing_else() {
        let attempt = called(|| async { panic!("on purpose") }).await;
        assert_eq!((&attempt.outcome, code(&attempt)), (&Outcome::Failed, "PANIC"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_that_takes_too_long_is_dropped() {
        let attempt = called(|| async { std::future::pending().await }).await;
        assert_eq!((&attempt.outcome, code(&attempt)), (&Outcome::Retryable { after: None }, "TIMEOUT"));
    }
}

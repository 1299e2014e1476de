//! What generated code calls around the functions of `rust` nodes.

use super::data::{Data, exactly, read_own};
use crate::flow::{Call, Failure};
use crate::value::{Fault, Value};
use std::sync::Arc;

/// The value of an expression as what a function takes. `spelling` is how the author wrote it.
///
/// # Errors
/// When the value is not of the declared type.
pub fn argument<T: Data>(value: Value, spelling: &str) -> Result<T, Fault> {
    let Some(json) = value.to_json() else {
        return T::missing().ok_or_else(|| Fault::new(format!("{spelling} is missing")));
    };
    let value = read_own(&json).map_err(|error| Fault::new(format!("{spelling}: {error}")))?;
    T::read(value).map_err(|mismatch| Fault::new(format!("{spelling}: {mismatch}")))
}

/// A function with its arguments, to be called once for every attempt.
pub fn call<F, R>(function: F) -> Call
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, Failure>> + Send + 'static,
{
    Arc::new(move || Box::pin(function()))
}

/// What a function gave, as JSON text.
///
/// # Errors
/// What the function said was wrong, or why what it gave cannot be kept.
pub fn returned<T: Data, E: Into<Failure>>(given: Result<T, E>) -> Result<String, Failure> {
    let value = exactly(&given.map_err(Into::into)?);
    value.map(|value| value.to_string()).map_err(|mismatch| Failure::of_result(&mismatch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::DEPTH_MAX;

    #[test]
    fn arguments_are_read_as_their_type() {
        assert_eq!(argument::<i64>(Value::Number(3.0), "quantity"), Ok(3));
        assert_eq!(argument::<Option<String>>(Value::Undefined, "note"), Ok(None));
        let missing = argument::<String>(Value::Undefined, "input_data.note").unwrap_err();
        assert_eq!(missing.message, "input_data.note is missing");
        let wrong = argument::<Vec<i64>>(Value::array(vec![Value::Null]), "input_data.list").unwrap_err();
        assert_eq!(wrong.message, "input_data.list: [0]: expected a whole number, not null");
        let deep = (0..DEPTH_MAX).fold(Value::Null, |value, _| Value::array(vec![value]));
        assert!(argument::<serde_json::Value>(deep, "input_data.tree").is_ok());
    }

    #[test]
    fn any_error_is_a_failure() {
        assert_eq!(returned::<bool, String>(Ok(true)), Ok("true".to_owned()));
        let failure = returned::<bool, _>("x".parse::<i64>().map(|_| true)).unwrap_err();
        assert_eq!((failure.message(), failure.is_retryable()), ("invalid digit found in string", true));
    }

    #[test]
    fn a_result_that_would_be_rounded_is_a_failure() {
        let failure = returned::<Vec<i64>, String>(Ok(vec![1, i64::MAX])).unwrap_err();
        assert_eq!((failure.error_code(), failure.is_retryable()), ("BAD_RESULT", false));
        assert!(failure.message().starts_with("what the function gave cannot be kept: [1]: "), "{}", failure.message());
    }
}

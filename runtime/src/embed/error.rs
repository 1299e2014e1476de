//! What can go wrong around a workflow inside a program.

use super::data::Mismatch;
use crate::engine::{StartError, Status};
use crate::env::EnvironmentError;
use crate::trigger::{self, InputError};
use std::fmt;

/// Why a workflow could not be made. Names names, files and lines, never values.
#[derive(Debug)]
pub enum BuildError {
    /// Variables without a value, all of them, or a value that cannot be read.
    Environment(EnvironmentError),
    Other(String),
}

/// Why there is no output.
#[derive(Debug)]
pub enum RunError {
    /// The input is not one of this workflow. Nothing was started.
    Input(BadInput),
    /// Nothing was started.
    Start(StartError),
    /// The execution ended otherwise than completed.
    Ended(Ended),
    /// The execution completed, and a node gave what its declared type does not hold.
    Output(Mismatch),
    /// The execution ended, and what its nodes gave cannot be read.
    Unreadable { execution_id: String, status: Status, reason: String },
}

/// Why an input was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadInput {
    /// It is no object of JSON.
    Unreadable(InputError),
    /// It does not look as its trigger's schema says: where, up to ten places.
    Mismatch(Vec<trigger::Mismatch>),
    /// A whole number that would come out rounded.
    Inexact(Mismatch),
}

impl BadInput {
    /// As the API calls it.
    pub fn code(&self) -> &'static str {
        match self {
            BadInput::Unreadable(InputError::NotJson { .. }) => "INVALID_JSON",
            BadInput::Unreadable(InputError::NotAnObject) => "INVALID_INPUT",
            BadInput::Mismatch(_) | BadInput::Inexact(_) => "INPUT_MISMATCH",
        }
    }
}

/// How an execution ended that did not complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub execution_id: String,
    /// `error` or `cancelled`.
    pub status: Status,
    /// Such as `HTTP_500`, `TIMEOUT`, `NO_ROUTE`.
    pub code: Option<String>,
    /// `<node>: <message>` of the first failure that nothing handled.
    pub message: Option<String>,
    /// As the API shows it, but for the nodes.
    pub view: serde_json::Value,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Environment(error) => error.fmt(f),
            BuildError::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for BuildError {}

impl From<EnvironmentError> for BuildError {
    fn from(error: EnvironmentError) -> BuildError {
        BuildError::Environment(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Input(bad) => bad.fmt(f),
            RunError::Start(error) => error.fmt(f),
            RunError::Ended(ended) => ended.fmt(f),
            RunError::Output(mismatch) => write!(f, "{mismatch}, which is not what the workflow declares"),
            RunError::Unreadable { execution_id, status, reason } => {
                write!(f, "{execution_id} ended as {}, and what it gave cannot be read: {reason}", status.as_str())
            }
        }
    }
}

impl std::error::Error for RunError {}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadInput::Unreadable(error @ InputError::NotJson { .. }) => write!(f, "the input is not JSON: {error}"),
            BadInput::Unreadable(error @ InputError::NotAnObject) => error.fmt(f),
            BadInput::Mismatch(mismatches) => {
                f.write_str("the input does not fit the workflow's input schema: ")?;
                let places: Vec<String> = mismatches.iter().map(trigger::Mismatch::to_string).collect();
                f.write_str(&places.join("; "))
            }
            BadInput::Inexact(mismatch) => write!(f, "the input cannot be passed on as it is: {mismatch}"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => write!(f, "the execution ended as {}", self.status.as_str()),
        }
    }
}

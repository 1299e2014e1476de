//! One execution.

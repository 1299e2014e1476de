//! Workflow names → Rust identifiers: odd characters, keywords, clashes.

use crate::model::identifier::is_identifier;
use std::collections::HashSet;

/// Identifiers given out so far; none twice.
#[derive(Debug)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    pub fn reserving(reserved: &[&str]) -> Names {
        Names { taken: reserved.iter().map(|name| name.to_string()).collect() }
    }

    /// The name itself, or with the first free number behind it.
    pub fn unique(&mut self, name: String) -> String {
        let mut candidate = name.clone();
        let mut number = 1;
        while !self.taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{}_{number}", name.trim_end_matches('_'));
        }
        candidate
    }
}

/// `process-payment`, `ProcessPayment` → `process_payment`.
pub fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before_is_lower = false;
    for char in name.chars() {
        if char.is_ascii_alphanumeric() {
            if char.is_ascii_uppercase() && before_is_lower {
                out.push('_');
            }
            before_is_lower = char.is_ascii_lowercase() || char.is_ascii_digit();
            out.push(char.to_ascii_lowercase());
        } else {
            if !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
            before_is_lower = false;
        }
    }
    let out = out.trim_end_matches('_');
    match out {
        "" => "unnamed".to_string(),
        _ if out.starts_with(|first: char| first.is_ascii_digit()) => format!("n{out}"),
        _ if !is_identifier(out) => format!("{out}_"),
        _ => out.to_string(),
    }
}

/// `transaction_id` → `TRANSACTION_ID`.
pub fn constant(name: &str) -> String {
    snake(name).trim_end_matches('_').to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        for (name, expected) in [
            ("process-payment", "process_payment"),
            ("ProcessPayment", "process_payment"),
            ("loop", "loop_"),
            ("self", "self_"),
            ("gen", "gen_"),
            ("_", "unnamed"),
            ("2fa", "n2fa"),
            ("größe", "gr_e"),
            ("a--b__c", "a_b_c"),
        ] {
            assert_eq!(snake(name), expected, "{name}");
        }
        assert_eq!(constant("type"), "TYPE");
    }

    #[test]
    fn clashes_are_numbered() {
        let mut names = Names::reserving(&["input"]);
        let given: Vec<String> = ["input", "a", "a", "a_2"].iter().map(|name| names.unique(name.to_string())).collect();
        assert_eq!(given, ["input_2", "a", "a_2", "a_2_2"]);
    }
}

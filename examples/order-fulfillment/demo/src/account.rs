//! The account of one order, for people.

use anstream::println;
use flow_world::{Event, Mail};
use serde_json::Value;
use std::time::Duration;

pub const BOLD: &str = "\x1b[1m";
pub const DIM: &str = "\x1b[2m";
pub const GREEN: &str = "\x1b[32m";
pub const RED: &str = "\x1b[31m";
pub const RESET: &str = "\x1b[0m";

/// A mail is shown, not printed out.
const LINES_MAX: usize = 6;
const WIDTH_MAX: usize = 90;

pub struct Account<'a> {
    /// As `order run` prints it; a webhook's caller does not see it.
    pub execution: Option<&'a Value>,
    pub events: Vec<Event>,
    pub took: Duration,
}

impl Account<'_> {
    pub fn title(name: &str, what: &str) {
        println!("{BOLD}{name}{RESET}: {what}");
    }

    pub fn command(command: &str) {
        println!("{DIM}$ {command}{RESET}");
    }

    pub fn calls(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Request(_))).count()
    }

    pub fn mails(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Mail(_))).count()
    }

    pub fn print(&self) {
        if let Some(execution) = self.execution {
            self.print_execution(execution);
        }
        for event in &self.events {
            if let Event::Request(request) = event {
                let call = format!("{} {}{}", request.method, request.service, request.path);
                println!("  call         {call:<46} {DIM}answered {}{RESET}", request.answer);
            }
        }
        for event in &self.events {
            if let Event::Mail(mail) = event {
                print_mail(mail);
            }
        }
    }

    fn print_execution(&self, execution: &Value) {
        let status = execution["status"].as_str().unwrap_or("unknown");
        let colour = if status == "completed" { GREEN } else { RED };
        println!("  status       {colour}{status}{RESET} in {:.2} s", self.took.as_secs_f64());
        let nodes = execution["executed_nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ran = nodes.iter().filter_map(|node| {
            let failed = if node["status"] == "completed" { "" } else { " (failed)" };
            Some(format!("{}{failed}", node["node_id"].as_str()?))
        });
        print_list("ran", ran);
        let skipped = execution["skipped_nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        print_list("skipped", skipped.iter().filter_map(|id| id.as_str().map(str::to_owned)));
    }

    /// Prints what was checked; `true` when all of it holds.
    pub fn verdict(checks: &[(bool, &str)]) -> bool {
        for (holds, what) in checks {
            let (colour, word) = if *holds { (GREEN, "as expected") } else { (RED, "NOT SO") };
            println!("  {colour}{word:<12}{RESET} {what}");
        }
        println!();
        checks.iter().all(|(holds, _)| *holds)
    }
}

/// Three to a line.
fn print_list(name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    for (index, line) in items.chunks(3).enumerate() {
        let name = if index == 0 { name } else { "" };
        println!("  {name:<12} {}", line.join(", "));
    }
}

fn print_mail(mail: &Mail) {
    let letter = mail.letter();
    println!("  mail         to {}", mail.to.join(", "));
    println!("               {BOLD}{}{RESET}", letter.header("Subject").unwrap_or("(no subject)"));
    let text = letter.text("text/plain").unwrap_or_default().trim_end();
    for line in text.lines().filter(|line| !line.is_empty()).take(LINES_MAX) {
        let short: String = line.chars().take(WIDTH_MAX).collect();
        let rest = if short.len() < line.len() { " ..." } else { "" };
        println!("               {DIM}| {short}{rest}{RESET}");
    }
    let left = text.lines().filter(|line| !line.is_empty()).count().saturating_sub(LINES_MAX);
    if left > 0 {
        println!("               {DIM}| ... {left} more lines{RESET}");
    }
}

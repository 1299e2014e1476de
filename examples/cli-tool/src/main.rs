//! `screen-orders FILE`: looks at orders, one JSON object per line, and says what became of each.
//!
//! Exit codes: 0 every order was held or released, 1 some were not, 2 wrong usage.

mod fraud;

use flow_runtime::embed::Data;
use std::process::ExitCode;

flow_macros::flow!(file = "../screening.flow");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: screen-orders FILE");
        return ExitCode::from(2);
    };
    let prepared = std::fs::read_to_string(&file)
        .map_err(|error| format!("cannot read {file}: {error}"))
        .and_then(|text| Ok((text, screening::Workflow::builder().build().map_err(|error| error.to_string())?)));
    let (text, workflow) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match screened(&workflow, line).await {
            Ok(said) => println!("{said}"),
            Err(message) => {
                println!("line {}: {message}", number + 1);
                code = ExitCode::from(1);
            }
        }
    }
    code
}

/// One order, in a sentence.
async fn screened(workflow: &screening::Workflow, line: &str) -> Result<String, String> {
    let order = screening::Order::from_json(line).map_err(|mismatch| mismatch.to_string())?;
    let order_id = order.order_id.clone();
    let output = workflow.run(order).await.map_err(|error| format!("order {order_id}: {error}"))?;
    let (verdict, held) = (output.score.result, output.hold.result);
    let said = match verdict {
        Some(verdict) => match verdict.reason {
            Some(reason) => format!("{} points: {reason}", verdict.points),
            None => format!("{} points", verdict.points),
        },
        None => output.score.error.map(|error| error.message).unwrap_or_default(),
    };
    Ok(match held {
        Some(hold) => format!("order {order_id}: held as {} ({said})", hold.case_id),
        None => format!("order {order_id}: released ({said})"),
    })
}

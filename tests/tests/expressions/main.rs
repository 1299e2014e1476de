//! Expressions and templates against Node.js, through the whole compiler.
//!
//! What flowc accepts has the value JavaScript gives it, but for the four departures of the language. Generated texts go
//! through syntax, names, folding and check to the evaluator; Node gets a translation that was made without any of them and
//! makes the departures explicit, and, wherever none of them made a difference, the very text of the workflow as well.
//! `FLOW_DIFFERENTIAL_CASES=100000` tries that many. Needs `node` on the PATH, version 20 or later.

mod case;
mod compiled;
mod data;
mod dataflow;
mod generate;
mod leaves;
mod node;
mod ours;
mod picked;
#[path = "../../../runtime/tests/node_oracle/process.rs"]
mod process;
#[path = "../../../runtime/tests/node_oracle/split_mix.rs"]
mod random;
mod tree;

use case::Case;
use data::Data;
use node::{Answer, Node, Question};
use ours::{Values, checked, find, workflow};
use process::encoded;
use random::Random;
use std::time::Instant;

/// How many templates see the same data.
const BATCH: usize = 20;

#[test]
fn templates_have_the_value_node_gives_them() {
    let wanted = std::env::var("FLOW_DIFFERENTIAL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3000);
    let started = Instant::now();
    let mut random = Random::new(seed());
    let mut node = Node::start();
    let (mut tried, mut threw, mut departed, mut unchanged, mut refused) = (0, 0, 0, 0, 0);
    let mut differences: Vec<String> = Vec::new();
    while tried < wanted && differences.len() < 10 {
        let data = Data::new(&mut random);
        let mut batch: Vec<(Case, String, Question)> = Vec::new();
        let mut ours: Vec<String> = Vec::new();
        for _ in 0..BATCH {
            let case = Case::new(&mut random);
            let (template, question) = case.texts();
            match evaluated(&case, &template, &data) {
                Ok(value) => {
                    batch.push((case, template, question));
                    ours.push(value);
                }
                Err(codes) if codes.is_empty() => refused += 1,
                Err(codes) => differences.push(minimised(&mut node, case, &data, &format!("refused: {codes:?}"))),
            }
        }
        let questions: Vec<Question> = batch.iter().map(|(.., question)| question.clone()).collect();
        for (((case, ..), ours), answer) in batch.into_iter().zip(ours).zip(node.ask(&data, &questions)) {
            tried += 1;
            threw += usize::from(answer.is == THROWS && ours == THROWS);
            departed += usize::from(answer.departed);
            unchanged += usize::from(answer.unchanged.is_some());
            if let Some(kind) = difference(&ours, &answer) {
                differences.push(minimised(&mut node, case, &data, kind));
            }
        }
    }
    println!(
        "{tried} templates in {:.1} s: {threw} threw on both sides, {departed} departed, {unchanged} were read unchanged \
         by Node as well; {refused} were refused with a reason",
        started.elapsed().as_secs_f64()
    );
    assert!(differences.is_empty(), "{} differ:\n\n{}", differences.len(), differences.join("\n\n"));
    // A generator that writes nothing but nonsense would find nothing.
    assert!(threw * 4 < tried && unchanged * 4 > tried && refused < tried);
}

/// Other expressions than usual: `FLOW_DIFFERENTIAL_SEED=2`.
fn seed() -> u64 {
    std::env::var("FLOW_DIFFERENTIAL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

const THROWS: &str = "\"throws\"";

/// What the compiler may have against an expression that JavaScript takes: a sort that could be seen, a condition that is
/// false whatever happens, what it knows about nodes and their outputs, values of a type that no operator or method
/// does anything sensible with, and arguments with which a method throws.
const REASONS: [&str; 11] = [
    "observed-sort",
    "never-runs",
    "unknown-node",
    "unknown-field",
    "skipped-node",
    "may-be-missing",
    "never-equal",
    "type-mismatch",
    "wrong-operand",
    "wrong-receiver",
    "wrong-arguments",
];

/// Our value as Node would write it, or the codes of what the compiler has against the template without such a reason.
fn evaluated(case: &Case, template: &str, data: &Data) -> Result<String, Vec<&'static str>> {
    let checked = checked(&workflow(&[(case.place, template.to_owned())])).map_err(|codes| {
        let mut codes: Vec<_> = codes.into_iter().filter(|code| !REASONS.contains(code)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    })?;
    Ok(encoded(&Values::new(&checked, data).evaluate(&find(&checked, 0))))
}

/// What kind of difference it is.
fn difference(ours: &str, answer: &Answer) -> Option<&'static str> {
    match &answer.unchanged {
        _ if ours != answer.is => Some("differs from the translation"),
        Some(unchanged) if ours != unchanged => Some("differs from the text unchanged"),
        _ => None,
    }
}

/// The smallest case found that differs in the same way, in words.
fn minimised(node: &mut Node, mut case: Case, data: &Data, kind: &str) -> String {
    let differs = |node: &mut Node, case: &Case| {
        let (template, question) = case.texts();
        match evaluated(case, &template, data) {
            Err(codes) => format!("refused: {codes:?}") == kind,
            Ok(ours) => difference(&ours, &node.ask(data, &[question])[0]) == Some(kind),
        }
    };
    // What is smaller is printed with other white space: the difference may need some.
    while let Some(smaller) =
        case.smaller().into_iter().flat_map(|case| case.dressed()).find(|smaller| differs(node, smaller))
    {
        case = smaller;
    }
    let (template, question) = case.texts();
    let ours = evaluated(&case, &template, data);
    let answer = node.ask(data, std::slice::from_ref(&question)).remove(0);
    let report = format!("{kind}\n  {:?} {template:?}\n  {question:?}\n  ours {ours:?}\n  node {answer:?}", case.place);
    match ours {
        Ok(_) => format!("{report}\n  {data:?}"),
        Err(_) => report,
    }
}

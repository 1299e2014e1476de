//! What is well-typed does not go wrong: workflows whose data has schemas are made up, whatever the checker objects to is
//! taken out of them, and what is left is compiled and run, again and again, with data that matches the schemas and
//! services that fail now and then.
//!
//! Then no node fails with `CONFIGURATION_ERROR`, every value that reaches a service is of the type that the checker gave
//! its expression (so none is missing where it said that none is), and rustc accepts all of it.
//! What types do not promise, and the data here has not: what a text says (an empty one in a path, a line break in a
//! header), and a failed answer with the fields of a good one.
//! `FLOW_SOUNDNESS_WORKFLOWS=1000` tries that many, `FLOW_SOUNDNESS_SEED=7` others.

mod generate;
#[path = "../../../runtime/tests/node_oracle/split_mix.rs"]
mod random;
mod schema;

use flow_compiler::build::{self, Options, Talk};
use flow_compiler::check;
use flow_compiler::diagnostic::{Code, Diagnostic, Severity};
use flow_compiler::model::ty::{Format, Rest, Type};
use flow_compiler::pipeline::{self, Accepted};
use flow_compiler::source::SourceFile;
use flow_runtime::value::Value;
use flow_world::process::Process;
use flow_world::{Answer, Event, HttpServer, Script, World};
use generate::{Kind, Made, Position, Text};
use random::Random;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Executions of each workflow.
const RUNS: usize = 10;

/// No execution takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// Lints that are about the types of values.
const WARNINGS: &[Code] = &[Code::ErrorUnset, Code::ImplicitNumber];

/// How often expressions are taken out of a workflow before it is given up.
const ROUNDS: usize = 12;

#[test]
fn what_is_well_typed_does_not_go_wrong() {
    let wanted = number("FLOW_SOUNDNESS_WORKFLOWS").unwrap_or(12);
    let mut random = Random::new(number("FLOW_SOUNDNESS_SEED").unwrap_or(1) as u64);
    let world = World::start().expect("a world");
    let service = world.http("service", Script::default()).expect("a port");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut refused, mut seen) = (0, Seen::default());
    for number in 0..wanted {
        let sound = loop {
            let made = Made::new(&mut random);
            match Sound::of(made, &service.address().to_string()) {
                Some(sound) => break sound,
                None => refused += 1,
            }
            assert!(refused < 20 * (number + 1), "{refused} of them cannot be mended");
        };
        let binary = folder.path().join(format!("w{number}"));
        sound.compile(&binary);
        for _ in 0..RUNS {
            sound.run(&mut random, &world, &service, &binary, folder.path(), &mut seen);
        }
        fs::remove_file(&binary).expect("it was there");
    }
    println!("{wanted} workflows, {refused} given up; {seen:?}");
    // The test means nothing when nothing runs, or nothing is known of what does.
    assert!(seen.nodes > wanted * RUNS && seen.values > wanted * RUNS, "{seen:?}");
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|value| value.parse().expect("a number"))
}

/// How much was tried.
#[derive(Debug, Default)]
struct Seen {
    /// That ran.
    nodes: usize,
    failed: usize,
    /// Compared with the types of their expressions.
    values: usize,
    missing: usize,
}

/// A workflow that the checker accepts, and in which nothing is left of which it knows nothing.
struct Sound {
    made: Made,
    text: String,
    accepted: Accepted,
    /// By the number of the use.
    types: BTreeMap<usize, Type>,
}

impl Sound {
    fn of(mut made: Made, service: &str) -> Option<Sound> {
        for _ in 0..ROUNDS {
            let text = made.text(service);
            let file = SourceFile { name: "workflow.json".to_owned(), text: text.text.clone() };
            let mut drop: BTreeSet<usize> = BTreeSet::new();
            match pipeline::check(file, "sound", &BTreeMap::new()) {
                Err(rejected) => {
                    for found in rejected.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
                        let blamed = blamed(found, &text, &made);
                        if blamed.is_empty() {
                            return None;
                        }
                        drop.extend(blamed);
                    }
                }
                Ok(accepted) => {
                    let mut types = BTreeMap::new();
                    check::typed(&accepted.checked, &accepted.sources, &mut |typed| {
                        let Some(number) = text.uses.get(&line(&text.text, typed.expr.span.start)) else { return };
                        // Addresses are texts that say what not every text says.
                        let is_address = typed.ty.members().iter().all(|ty| *ty == Type::String(Format::Email));
                        let fits = made.uses[*number].position != Position::Recipient || is_address;
                        if !typed.is_known || !fits {
                            drop.insert(*number);
                        }
                        types.insert(*number, typed.ty);
                    });
                    // What these warn of, happens.
                    for found in accepted.warnings.iter().filter(|found| WARNINGS.contains(&found.code)) {
                        let blamed = blamed(found, &text, &made);
                        if blamed.is_empty() {
                            return None;
                        }
                        drop.extend(blamed);
                    }
                    if drop.is_empty() {
                        return Some(Sound { made, text: text.text, accepted, types });
                    }
                }
            }
            drop.into_iter().for_each(|number| made.uses[number].dropped = true);
        }
        None
    }

    fn compile(&self, binary: &Path) {
        let generated = self.accepted.clone().plan().generate();
        build::build(&generated, binary, Options { talk: Talk::Quiet, reuse: false })
            .unwrap_or_else(|error| panic!("{error}\n{}", self.text));
    }

    fn run(
        &self,
        random: &mut Random,
        world: &World,
        service: &HttpServer,
        binary: &Path,
        folder: &Path,
        seen: &mut Seen,
    ) {
        let input = self.made.schemas[0].sample(random);
        let mut script = Script::default();
        for (node, schema) in self.made.schemas.iter().enumerate().skip(1) {
            let answer = match random.below(5) {
                0 => Answer { json: Some(json!({ "message": "no", "code": 7 })), ..Answer::status(500) },
                _ => Answer { json: Some(schema.sample(random)), ..Answer::default() },
            };
            script = script.answers(&format!("POST /n{node}"), [answer.clone()]);
            script = script.answers(&format!("POST /n{node}/*"), [answer]);
        }
        service.play(script.clone());
        let before = world.events().len();
        let file = folder.join("input.json");
        fs::write(&file, input.to_string()).expect("a temporary file");
        let arguments = ["run", "--input", file.to_str().expect("UTF-8 paths")];
        let ended = Process::start(binary, &arguments, folder, &BTreeMap::new()).wait(LIMIT);
        let context = || format!("\ninput: {input}\nanswers: {script:?}\n{}", self.text);
        let execution: serde_json::Value = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}{}", ended.stdout, ended.stderr, context()));
        for node in execution["executed_nodes"].as_array().expect("the nodes that ran") {
            seen.nodes += 1;
            seen.failed += usize::from(node["status"] == "failed");
            let failed = node["error"]["code"] == "CONFIGURATION_ERROR";
            assert!(!failed, "{}: {}{}", node["node_id"], node["error"], context());
        }
        for event in &world.events()[before..] {
            let Event::Request(request) = event else { continue };
            let (_, path) = request.path.split_at("/n".len());
            let digits = path.find(|char: char| !char.is_ascii_digit()).unwrap_or(path.len());
            let node: usize = path[..digits].parse().expect("a node calls itself by its number");
            assert_eq!(self.made.kinds[node], Kind::Http);
            let body = Value::from_json(str::from_utf8(&request.body).expect("JSON")).expect("JSON");
            let Value::Object(body) = body else { panic!("{}", context()) };
            for (number, each) in self.made.uses.iter().enumerate() {
                if each.node != node || each.position != Position::Body || each.dropped {
                    continue;
                }
                let value = body.get(&format!("u{number}")).cloned().unwrap_or(Value::Undefined);
                let ty = &self.types[&number];
                seen.values += 1;
                seen.missing += usize::from(matches!(value, Value::Undefined));
                assert!(
                    is_of(ty, &value),
                    "node n{node}: `{}` is `{ty}`, and was {:?}{}",
                    each.text,
                    value.to_json(),
                    context()
                );
            }
        }
    }
}

/// Whether a value can be what JSON makes of one of this type: a number that is none, and what is missing in a list, are `null`; a field
/// that is missing is left out.
fn is_of(ty: &Type, value: &Value) -> bool {
    let one_is = |ty: &Type| match (ty, value) {
        (Type::Missing | Type::Number, Value::Null) => true,
        (Type::Array(array), Value::Array(items)) => {
            items.len() >= array.least && items.iter().all(|item| is_of(&array.items, item))
        }
        (Type::Object(object), Value::Object(fields)) => {
            let declared = object.fields().iter().all(|field| match fields.get(&field.name) {
                Some(value) => is_of(&field.ty, value),
                None => field.optional || field.ty.may_be_missing(),
            });
            let mut others =
                fields.iter().filter(|(name, _)| name.as_str().is_none_or(|name| object.field(name).is_none()));
            declared
                && match &object.rest {
                    Rest::Closed => others.next().is_none(),
                    Rest::Undeclared => true,
                    Rest::Of(ty) => others.all(|(_, value)| is_of(ty, value)),
                }
        }
        _ => false,
    };
    ty.admits(value) || ty.members().iter().any(one_is)
}

/// The expressions that a finding is about.
fn blamed(found: &Diagnostic, text: &Text, made: &Made) -> Vec<usize> {
    let line = |start: u32| line(&text.text, start);
    let at = |start: u32| text.uses.get(&line(start)).copied();
    if let Some(number) = at(found.primary.span.start) {
        return vec![number];
    }
    let labelled: Vec<usize> = found.labels.iter().filter_map(|label| at(label.span.start)).collect();
    // Of a transform that is given no list, the node is named.
    let node = text.nodes.get(&line(found.primary.span.start)).filter(|_| labelled.is_empty());
    let items = made
        .uses
        .iter()
        .enumerate()
        .filter(|(_, each)| Some(&each.node) == node && each.position == Position::Items && !each.dropped);
    labelled.into_iter().chain(items.map(|(number, _)| number)).collect()
}

/// Of a byte of the text, from 0.
fn line(text: &str, at: u32) -> usize {
    text[..at as usize].matches('\n').count()
}

//! `flowc test`: plays scenarios in the compiled workflow and compares what happened with what was expected.
//!
//! Comes in: a workflow, and `scenarios/*.json` beside it. Goes out: what differs, what no scenario reaches, JUnit for CI.
//! Always true: what is tested is the code that `flowc build` compiles, against the same runtime; only `main` is another one,
//! that of `flow_runtime`'s `scenario`. Nothing is sent anywhere, and nothing waits.
//!
//! Exit codes: 0 everything as expected; 1 something differs, or `--full-coverage` and something is not reached; 2 a file
//! that cannot be read.

mod generate;
mod junit;
mod outcome;
mod scenario;

use super::arguments::TestOptions;
use super::{Input, Shell, Stop, print};
use crate::build::{self, Binary};
use crate::diagnostic::suggest;
use crate::model::environment::Use;
use crate::model::{EnvId, Workflow};
use scenario::Scenario;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The folder beside a workflow.
const FOLDER: &str = "scenarios";

/// What became of one scenario.
struct Tested {
    name: String,
    /// Empty: it went as expected.
    differences: Vec<String>,
    updated: bool,
}

/// What the compiled workflow reported.
struct Played {
    nodes: Vec<String>,
    edges: Vec<(String, String)>,
    outcomes: Vec<Value>,
}

impl Shell {
    pub(super) fn test(&self, path: &Path, options: &TestOptions) -> Result<ExitCode, Stop> {
        let input = Input::read(path, false).map_err(Stop::World)?;
        let folder = input.files.folder().join(FOLDER);
        let accepted = self.check_quietly(&input)?;
        let accepted = accepted.executable().map_err(|rejected| self.rejected(&rejected, &input.name))?;
        let workflow = accepted.checked.workflow.clone();
        let generated = accepted.plan().generate_player();
        let binary = build::build_in_cache(&generated, self.options(false))?;
        let started = Instant::now();
        let mut scenarios = read_all(&folder, &options.names)?;
        if options.generate {
            return self.generate_scenarios(&workflow, &binary, &folder, &scenarios);
        }
        if scenarios.is_empty() {
            let folder = folder.display();
            return Err(Stop::World(format!(
                "there are no scenarios in {folder}: `flowc test --generate {}` writes some",
                path.display()
            )));
        }
        scenarios.sort_by(|one, other| one.name.cmp(&other.name));
        let played = play(&binary, &workflow, &scenarios)?;
        let mut tested = Vec::new();
        for (scenario, outcome) in scenarios.iter().zip(&played.outcomes) {
            tested.push(test_one(scenario, outcome, &folder, options.update)?);
        }
        let took = started.elapsed();
        if let Some(file) = &options.junit {
            fs::write(file, junit::report(&generated.name, &tested, took))
                .map_err(|error| Stop::World(format!("cannot write {}: {error}", file.display())))?;
        }
        Ok(self.report_tests(&tested, &played, took, options))
    }

    fn report_tests(&self, tested: &[Tested], played: &Played, took: Duration, options: &TestOptions) -> ExitCode {
        let mut failed = 0;
        for test in tested {
            if test.differences.is_empty() {
                let verb = if test.updated { "updated" } else { "ok" };
                self.talk.say(&format!("{verb:>7}  {}", test.name));
                continue;
            }
            failed += 1;
            print(&format!(" FAILED  {}\n", test.name));
            for difference in &test.differences {
                print(&format!("         {}\n", difference.replace('\n', "\n         ")));
            }
        }
        let reached = coverage(played);
        // Some of the scenarios say nothing of what all of them reach.
        let (covered, lines) = if options.names.is_empty() { reached.lines(played) } else { (true, Vec::new()) };
        for line in &lines {
            self.talk.say(line);
        }
        let count = |count: usize| format!("{count} scenario{}", if count == 1 { "" } else { "s" });
        let all = count(tested.len());
        let seconds = took.as_secs_f64();
        match failed {
            0 => self.talk.say(&format!("{all} as expected in {seconds:.2} s")),
            _ => print(&format!("{failed} of {all} not as expected; `--update` accepts what happened\n")),
        }
        let uncovered = options.full_coverage && !covered;
        if uncovered {
            print("not everything is reached by a scenario\n");
        }
        ExitCode::from(u8::from(failed > 0 || uncovered))
    }

    /// A scenario per edge that none of those that are there takes.
    fn generate_scenarios(
        &self,
        workflow: &Workflow,
        binary: &Binary,
        folder: &Path,
        scenarios: &[Scenario],
    ) -> Result<ExitCode, Stop> {
        let taken = coverage(&play(binary, workflow, scenarios)?).edges;
        let open: Vec<usize> = (0..workflow.edges.len()).filter(|edge| !taken.contains(edge)).collect();
        let made: Vec<(usize, Scenario)> =
            open.iter().filter_map(|&edge| Some((edge, generate::scenario(workflow, edge)?))).collect();
        let written: Vec<Scenario> = made.iter().map(|(_, scenario)| scenario.clone()).collect();
        let played = play(binary, workflow, &written)?;
        let mut reached = BTreeSet::new();
        for ((edge, mut scenario), outcome) in made.into_iter().zip(&played.outcomes) {
            // Guesswork that came to nothing helps nobody.
            let unanswered = outcome["unanswered"].as_array().is_some_and(|nodes| !nodes.is_empty());
            if !edges(outcome).contains(&edge) || unanswered {
                continue;
            }
            reached.insert(edge);
            scenario.keep_answers(&executed(outcome).collect::<Vec<_>>());
            let file = folder.join(format!("{}.json", scenario.name));
            if file.exists() {
                continue;
            }
            write(&file, &scenario.text(outcome::expectation(outcome)))?;
            self.talk.say(&format!("wrote {}", file.display()));
        }
        for edge in open.iter().filter(|edge| !reached.contains(edge)) {
            let (from, to) = ends(workflow, *edge);
            self.talk.say(&format!("no input was found that leads from {from} to {to}: write that scenario by hand"));
        }
        if open.is_empty() {
            self.talk.say("every connection is taken by a scenario already");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn ends(workflow: &Workflow, edge: usize) -> (&str, &str) {
    let edge = &workflow.edges[edge];
    (&workflow.node(edge.from).id.value, &workflow.node(edge.to).id.value)
}

/// The scenarios of the folder whose names contain one of `names`; all of them when there are none.
fn read_all(folder: &Path, names: &[String]) -> Result<Vec<Scenario>, Stop> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let name_of = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let known: Vec<String> = files.iter().map(name_of).collect();
    let is_called = |name: &String, wanted: &String| name.contains(wanted.as_str());
    if let Some(wanted) = names.iter().find(|wanted| !known.iter().any(|name| is_called(name, wanted)))
        && !known.is_empty()
    {
        let known = suggest::list(known.iter().map(String::as_str), "and");
        return Err(Stop::World(format!("no scenario has `{wanted}` in its name: there are {known}")));
    }
    let mut scenarios = Vec::new();
    for (file, name) in files.into_iter().zip(known) {
        if !names.is_empty() && !names.iter().any(|wanted| is_called(&name, wanted)) {
            continue;
        }
        let wrong = |message: String| Stop::World(format!("{}: {message}", file.display()));
        let text = fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
        let beside = |path: &Path| {
            let path = folder.join(path);
            fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        scenarios.push(Scenario::read(&name, &text, beside).map_err(wrong)?);
    }
    Ok(scenarios)
}

/// Gives the scenarios to the compiled workflow.
fn play(binary: &Binary, workflow: &Workflow, scenarios: &[Scenario]) -> Result<Played, Stop> {
    let scenario = |scenario: &Scenario| {
        let mut environment = made_up(workflow);
        environment.extend(scenario.environment());
        json!({
            "input": scenario.input,
            "trigger": scenario.trigger(),
            "environment": environment,
            "answers": scenario.answers(),
        })
    };
    let document = json!({ "scenarios": scenarios.iter().map(scenario).collect::<Vec<_>>() }).to_string();
    let mut failure = String::from("there is no way to start it");
    for mut program in binary.commands() {
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match program.spawn() {
            Err(error) => failure = error.to_string(),
            Ok(mut child) => {
                let stdin = child.stdin.take();
                // Written from beside, so that neither end waits for the other for ever.
                let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(document.as_bytes())));
                let output = child.wait_with_output().map_err(|error| Stop::World(error.to_string()))?;
                let _ = writer.join();
                return read_played(&output.stdout).ok_or_else(|| {
                    let said = String::from_utf8_lossy(&output.stderr);
                    Stop::World(format!("the compiled workflow could not play the scenarios: {}", said.trim()))
                });
            }
        }
    }
    Err(Stop::World(format!("cannot start the compiled workflow: {failure}")))
}

fn read_played(text: &[u8]) -> Option<Played> {
    let played: Value = serde_json::from_slice(text).ok()?;
    let texts = |value: &Value| value.as_str().map(str::to_owned);
    let nodes = played["nodes"].as_array()?.iter().map(|node| texts(&node["id"]));
    let edges = played["edges"].as_array()?.iter().map(|edge| Some((texts(&edge["from"])?, texts(&edge["to"])?)));
    Some(Played {
        nodes: nodes.collect::<Option<_>>()?,
        edges: edges.collect::<Option<_>>()?,
        outcomes: played["outcomes"].as_array()?.clone(),
    })
}

/// A value for every variable, such as would stand there, and from which nobody can be reached.
fn made_up(workflow: &Workflow) -> Map<String, Value> {
    let values = workflow.environment.iter().enumerate().map(|(at, variable)| {
        let name = variable.name.to_lowercase().replace('_', "-");
        let value = match workflow.use_of(EnvId(at)) {
            Use::Base | Use::Url => format!("https://{}.test", name.trim_end_matches("-url")),
            Use::Host => format!("{name}.test"),
            Use::Port => "587".to_owned(),
            Use::Address => format!("{name}@example.test"),
            Use::Secret | Use::Text => name,
        };
        (variable.name.clone(), Value::String(value))
    });
    values.collect()
}

fn test_one(scenario: &Scenario, outcome: &Value, folder: &Path, update: bool) -> Result<Tested, Stop> {
    let name = scenario.name.clone();
    if let Some(message) = outcome["failed"].as_str() {
        return Ok(Tested { name, differences: vec![message.to_owned()], updated: false });
    }
    let differences = match scenario.expect() {
        Some(expect) => outcome::differences(expect, outcome),
        None => vec!["nothing is expected: `--update` writes down what happened".to_owned()],
    };
    if update && !differences.is_empty() {
        let expect = outcome::updated_expectation(scenario.expect(), &outcome::expectation(outcome));
        write(&folder.join(format!("{name}.json")), &scenario.text(expect))?;
        let unanswered = differences.into_iter().filter(|difference| difference.contains("`answers` has nothing"));
        return Ok(Tested { name, differences: unanswered.collect(), updated: true });
    }
    Ok(Tested { name, differences, updated: false })
}

fn write(file: &Path, text: &str) -> Result<(), Stop> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, text));
    written.map_err(|error| Stop::World(format!("cannot write {}: {error}", file.display())))
}

/// What the scenarios reach together.
struct Coverage {
    nodes: BTreeSet<String>,
    edges: BTreeSet<usize>,
}

fn coverage(played: &Played) -> Coverage {
    let nodes = played.outcomes.iter().flat_map(executed).map(str::to_owned).collect();
    Coverage { nodes, edges: played.outcomes.iter().flat_map(edges).collect() }
}

/// The nodes that ran.
fn executed(outcome: &Value) -> impl Iterator<Item = &str> {
    let nodes = outcome["execution"]["executed_nodes"].as_array().into_iter().flatten();
    nodes.filter_map(|node| node["node_id"].as_str())
}

/// The connections that were taken.
fn edges(outcome: &Value) -> Vec<usize> {
    let edges = outcome["edges"].as_array().into_iter().flatten();
    edges.filter_map(|edge| usize::try_from(edge.as_u64()?).ok()).collect()
}

impl Coverage {
    /// Whether everything is reached, and what to say about it.
    fn lines(&self, played: &Played) -> (bool, Vec<String>) {
        let (nodes, edges) = (played.nodes.len(), played.edges.len());
        let (ran, taken) = (self.nodes.len(), self.edges.len());
        let mut lines = vec![format!("coverage: {ran} of {nodes} nodes, {taken} of {edges} connections")];
        let missing = played.nodes.iter().filter(|node| !self.nodes.contains(*node));
        lines.extend(missing.map(|node| format!("  in no scenario runs {node}")));
        let missing = played.edges.iter().enumerate().filter(|(at, _)| !self.edges.contains(at));
        lines.extend(missing.map(|(_, (from, to))| format!("  no scenario goes from {from} to {to}")));
        (ran == nodes && taken == edges, lines)
    }
}

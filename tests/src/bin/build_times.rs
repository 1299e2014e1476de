//! How long it takes to build a workflow, and what the first build costs.
//!
//! ```text
//! cargo run --release -p flow-tests --bin build_times -- [--runs N] [--first] [--crates] [WORKFLOW.json]
//! ```
//! Without flags about ten seconds. `--first` builds the runtime in an empty cache, `--crates` builds an ejected project
//! and counts what each crate costs: some 150 seconds of CPU each. Numbers are worth something on a quiet machine only;
//! the load is printed for that reason.

use flow_compiler::build::{self, Built, Options, Talk};
use flow_compiler::codegen::files::{Flavour, GeneratedCrate};
use flow_compiler::pipeline;
use flow_compiler::source::SourceFile;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Where the wrapper of rustc writes what each crate cost; set only while `--crates` runs.
const CRATE_LOG: &str = "FLOW_TESTS_CRATE_LOG";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let outcome = match std::env::var_os(CRATE_LOG) {
        Some(log) => return compile_crate(Path::new(&log)),
        None => Arguments::parse().and_then(|arguments| report(&arguments)),
    };
    outcome.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}

struct Arguments {
    runs: usize,
    first: bool,
    crates: bool,
    /// Set by this program for itself: only compile the runtime and print what it cost.
    only_runtime: bool,
    workflow: PathBuf,
}

impl Arguments {
    fn parse() -> Outcome<Arguments> {
        let workflow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment/workflow.json");
        let mut parsed = Arguments { runs: 11, first: false, crates: false, only_runtime: false, workflow };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--runs" => parsed.runs = arguments.next().ok_or("--runs needs a number")?.parse()?,
                "--first" => parsed.first = true,
                "--crates" => parsed.crates = true,
                "--only-runtime" => parsed.only_runtime = true,
                path => parsed.workflow = path.into(),
            }
        }
        if parsed.runs == 0 { Err("--runs needs at least 1".into()) } else { Ok(parsed) }
    }
}

fn report(arguments: &Arguments) -> Outcome<()> {
    if arguments.only_runtime {
        build::warm(Flavour { mail: true, store: true, otel: false }, false, Talk::Lines)?;
        println!("first build of the runtime       {:7.1} s of CPU", children_cpu()?);
        return Ok(());
    }
    let text = fs::read_to_string(&arguments.workflow)
        .map_err(|error| format!("{}: {error}", arguments.workflow.display()))?;
    let flavour = generate(&text)?.flavour;
    build::warm(flavour, false, Talk::Lines)?;
    println!("load {}, median of {}", fs::read_to_string("/proc/loadavg")?.trim(), arguments.runs);

    let checks = times(arguments.runs, |_| check(&text).map(drop))?;
    println!("check                            {:7.1} ms", millis(median(&checks)));
    let generations = times(arguments.runs, |_| generate(&text).map(drop))?;
    println!("check and codegen                {:7.1} ms", millis(median(&generations)));

    let folder = tempfile::tempdir()?;
    let out = folder.path().join("workflow");
    let (mut builds, mut built, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    // In turn, so that a slower minute of the machine is one for both.
    for run in 0..arguments.runs {
        empty.push(uncached(&empty_main(flavour, run)?, &folder.path().join("empty"))?.rustc);
        let started = Instant::now();
        built.push(build_edited(&text, run, &out)?);
        builds.push(started.elapsed());
    }
    let mut ratios: Vec<_> = builds.iter().zip(&empty).map(|(all, empty)| all.div_duration_f64(*empty)).collect();
    ratios.sort_by(f64::total_cmp);
    let rustc: Vec<_> = built.iter().map(|built| built.rustc).collect();
    println!("warm build, everything           {:7.1} ms", millis(median(&builds)));
    println!("  of that rustc                  {:7.1} ms", millis(median(&rustc)));
    println!("rustc on an empty main           {:7.1} ms", millis(median(&empty)));
    println!("  ratio, median of the pairs     {:7.2}", ratios[ratios.len() / 2]);
    println!("binary, stripped                 {:7.2} MB", megabytes(&out)?);
    println!("  of an empty main               {:7.2} MB", megabytes(&folder.path().join("empty"))?);

    if arguments.first {
        let cache = tempfile::tempdir()?;
        let this = std::env::current_exe()?;
        let status = Command::new(this).arg("--only-runtime").env("FLOWC_CACHE_DIR", cache.path()).status()?;
        if !status.success() {
            return Err("the first build failed".into());
        }
    }
    if arguments.crates { crates(&generate(&text)?) } else { Ok(()) }
}

fn check(text: &str) -> Outcome<pipeline::Accepted> {
    let file = SourceFile { name: "workflow.json".to_owned(), text: text.to_owned() };
    pipeline::check(file, "workflow", &BTreeMap::<String, String>::new())
        .map_err(|_| "the workflow has errors: see flowc check".into())
}

fn generate(text: &str) -> Outcome<GeneratedCrate> {
    Ok(check(text)?.plan().generate())
}

/// A build after an edit, as a person makes one: no cache can know the result.
fn build_edited(text: &str, run: usize, out: &Path) -> Outcome<Built> {
    let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let edited = text.replacen("\"name\": \"", &format!("\"name\": \"Edit {run} at {stamp}: "), 1);
    if edited == text {
        return Err("the workflow has no name to edit".into());
    }
    uncached(&generate(&edited)?, out)
}

fn uncached(generated: &GeneratedCrate, out: &Path) -> Outcome<Built> {
    Ok(build::build(generated, out, Options { talk: Talk::Quiet, reuse: false })?)
}

/// The least that links everything a workflow links: a trigger, and nothing behind it.
fn empty_main(flavour: Flavour, run: usize) -> Outcome<GeneratedCrate> {
    const LEAST: &str = r#"{ "name": "", "nodes": [{ "id": "start", "type": "trigger", "trigger_type": "manual" }], "connections": [] }"#;
    let mut generated = generate(&LEAST.replace("\"\"", &format!("\"Run {run}\"")))?;
    generated.flavour = flavour;
    Ok(generated)
}

/// Builds an ejected project with this very program in front of every rustc, and lists the dearest crates.
fn crates(generated: &GeneratedCrate) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let project = folder.path().join("project");
    build::eject(generated, &project)?;
    let log = folder.path().join("crates");
    let before = children_cpu()?;
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--quiet"])
        .current_dir(&project)
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env("CARGO_TARGET_DIR", folder.path().join("target"))
        .env(CRATE_LOG, &log)
        .status()?;
    if !status.success() {
        return Err("the ejected project does not compile".into());
    }
    let total = children_cpu()? - before;
    let mut costs: HashMap<String, f64> = HashMap::new();
    for line in fs::read_to_string(&log)?.lines() {
        if let Some((name, seconds)) = line.split_once(' ') {
            *costs.entry(name.to_owned()).or_default() += seconds.parse::<f64>()?;
        }
    }
    let rustc: f64 = costs.values().sum();
    let mut costs: Vec<_> = costs.into_iter().collect();
    costs.sort_by(|left, right| right.1.total_cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    println!("ejected project, from nothing    {total:7.1} s of CPU, {} crates", costs.len());
    println!("  not rustc: C and build scripts {:7.1} s", total - rustc);
    for (name, seconds) in costs.iter().take(25) {
        println!("  {name:30} {seconds:7.1} s");
    }
    Ok(())
}

/// As cargo's `RUSTC_WRAPPER`: runs rustc and notes what it cost.
fn compile_crate(log: &Path) -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(rustc) = arguments.next() else { return ExitCode::from(2) };
    let arguments: Vec<_> = arguments.collect();
    let name = arguments.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    let name = name.map(|name| name.to_string_lossy().into_owned());
    let Ok(status) = Command::new(rustc).args(&arguments).status() else { return ExitCode::from(2) };
    if let (Some(name), Ok(seconds)) = (name, children_cpu())
        && let Ok(mut log) = fs::OpenOptions::new().create(true).append(true).open(log)
    {
        // One short write is not torn apart by those of other compilers.
        let _ = log.write_all(format!("{name} {seconds}\n").as_bytes());
    }
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// User and system time of all children that have ended, and of theirs. Linux counts it in hundredths.
fn children_cpu() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("/proc/self/stat has no name")?.1;
    let ticks: Vec<&str> = fields.split_whitespace().skip(13).take(2).collect();
    Ok(ticks.iter().map(|ticks| ticks.parse::<f64>()).sum::<Result<f64, _>>()? / 100.0)
}

fn times(runs: usize, mut run: impl FnMut(usize) -> Outcome<()>) -> Outcome<Vec<Duration>> {
    (0..runs)
        .map(|index| {
            let started = Instant::now();
            run(index)?;
            Ok(started.elapsed())
        })
        .collect()
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

fn megabytes(file: &Path) -> Outcome<f64> {
    Ok(fs::metadata(file)?.len() as f64 / 1e6)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

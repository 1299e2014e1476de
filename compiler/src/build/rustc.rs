//! Step two: one workflow, compiled by rustc directly.
//!
//! Comes in: the generated `main.rs` and a compiled runtime. Goes out: a binary.
//! Always true: cargo has no part in this, so no lock of another cargo is waited for. rustc refusing the code is never
//! the author's mistake: `flowc check` has promised that it compiles.

use super::binary::{self, Binary};
use super::progress::Talk;
use super::runtime::{self, Runtime};
use super::toolchain::Toolchain;
use super::workdir::Workdir;
use super::{Answer, Error, Options, Variant, embedded, hash};
use crate::codegen::files::{Flavour, GeneratedCrate};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// How many compiled workflows are kept.
const BINARIES_KEPT: usize = 32;

/// The source of a compiled workflow in its folder.
const SOURCE: &str = "main.rs";

/// How one workflow is compiled.
const FLAGS: [&str; 13] = [
    "--edition=2024",
    "--crate-type=bin",
    "--crate-name=workflow",
    "--cap-lints=allow",
    "--color=never",
    "-Copt-level=3",
    // Two halves at once cost no more than the whole, as long as nothing is optimised across them again.
    "-Ccodegen-units=2",
    "-Clto=off",
    "-Cpanic=unwind",
    "-Cstrip=symbols",
    "-Cdebuginfo=0",
    "-o",
    binary::FILE,
];

/// How a workflow is compiled to be distributed: with everything it links, as one, for size, needing nothing around it.
const DIST_FLAGS: [&str; 13] = [
    "--edition=2024",
    "--crate-type=bin",
    "--crate-name=workflow",
    "--cap-lints=allow",
    "--color=never",
    "-Copt-level=z",
    "-Ccodegen-units=1",
    "-Clto=fat",
    "-Cpanic=unwind",
    "-Cstrip=symbols",
    "-Ctarget-feature=+crt-static",
    "-o",
    binary::FILE,
];

/// A table of addresses in which neighbours take a bit each instead of 24 bytes (DT_RELR).
const PACKED_RELOCATIONS: &str = "-Clink-arg=-Wl,-z,pack-relative-relocs";

/// The first glibc whose start code reads that table. A static executable brings this code along, so that it runs on every kernel.
const PACKED_SINCE: (u32, u32) = (2, 36);

fn flags(variant: Variant) -> Vec<&'static str> {
    if !variant.dist {
        return FLAGS.to_vec();
    }
    let packed = glibc().is_some_and(|version| version >= PACKED_SINCE).then_some(PACKED_RELOCATIONS);
    DIST_FLAGS.into_iter().chain(packed).collect()
}

/// The version of the C library that is linked here, if it is that one.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// A compiled workflow.
pub struct Compiled {
    pub binary: Binary,
    /// What rustc took; nothing when the binary was there already.
    pub rustc: Duration,
}

/// With `reuse` it may be of an earlier build of exactly the same code.
pub fn compile(
    toolchain: &Toolchain,
    workdir: &Workdir,
    generated: &GeneratedCrate,
    dist: bool,
    options: Options,
) -> Result<Compiled, Error> {
    let Options { talk, reuse } = options;
    let variant = Variant { flavour: generated.flavour, dist };
    let runtime = Runtime::get(toolchain, workdir, variant, talk)?;
    let name = folder_name(generated, variant);
    if reuse && let Some(binary) = compiled_before(workdir, &name, generated.main_rs()) {
        return Ok(Compiled { binary, rustc: Duration::ZERO });
    }
    let started = Instant::now();
    let temporary = workdir.temporary()?;
    embedded::write(&temporary.path().join(SOURCE), generated.main_rs().as_bytes())?;
    let (command, said) = match run(toolchain, &runtime, &flags(variant), temporary.path())? {
        Ok(()) => {
            let rustc = started.elapsed();
            return keep(workdir, temporary, &name, rustc);
        }
        Err(refused) => refused,
    };
    if let Some(error) = Error::in_output(&said) {
        return Err(error);
    }
    if !runtime.is_intact() {
        talk.say("the compiled runtime was damaged on disk");
        Runtime::discard(workdir, variant, talk)?;
        let runtime = Runtime::get(toolchain, workdir, variant, talk)?;
        let started = Instant::now();
        if run(toolchain, &runtime, &flags(variant), temporary.path())?.is_ok() {
            let rustc = started.elapsed();
            return keep(workdir, temporary, &name, rustc);
        }
    }
    let folder = temporary.keep();
    Err(Error::Bug {
        headline: "rustc does not accept the code that was generated for this workflow".to_owned(),
        report: format!(
            "the generated code is kept in {}\n\n{command:?}\n{said}\nrustc {}, {}",
            folder.join(SOURCE).display(),
            toolchain.release,
            toolchain.host,
        ),
    })
}

/// What rustc remarks on the generated code, which a build does not ask for. Nothing is compiled to the end.
pub fn remarks(
    toolchain: &Toolchain,
    workdir: &Workdir,
    generated: &GeneratedCrate,
    talk: Talk,
) -> Result<String, Error> {
    let variant = Variant { flavour: generated.flavour, dist: false };
    let runtime = Runtime::get(toolchain, workdir, variant, talk)?;
    let temporary = workdir.temporary()?;
    embedded::write(&temporary.path().join(SOURCE), generated.main_rs().as_bytes())?;
    let mut rustc = against(toolchain, &runtime, temporary.path(), SOURCE);
    rustc.args(METADATA);
    said(toolchain, &mut rustc)
}

/// Nothing but what rustc has to say.
const METADATA: [&str; 5] =
    ["--edition=2024", "--crate-type=bin", "--crate-name=workflow", "--color=never", "--emit=metadata"];

fn said(toolchain: &Toolchain, rustc: &mut Command) -> Result<String, Error> {
    let output = rustc.output().map_err(|error| Error::io("start", &toolchain.rustc, &error))?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// As [`remarks`], about a file of somebody's own.
pub fn ask_about(
    toolchain: &Toolchain,
    workdir: &Workdir,
    file: &Path,
    crates: &[(&str, &Path)],
    flavour: Flavour,
    talk: Talk,
) -> Result<Answer, Error> {
    let runtime = Runtime::get(toolchain, workdir, Variant { flavour, dist: false }, talk)?;
    let temporary = workdir.temporary()?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut rustc = against(toolchain, &runtime, folder, &name);
    rustc.args(METADATA).arg("--emit=dep-info").arg("--out-dir").arg(temporary.path());
    // Cargo says so to what it compiles.
    rustc.env("CARGO_MANIFEST_DIR", folder);
    for (name, file) in crates {
        rustc.arg("--extern").arg(format!("{name}={}", file.display()));
    }
    let said = said(toolchain, &mut rustc)?;
    // `workflow.d: main.rs /…/order.flow`, as make reads it.
    let rules = fs::read_to_string(temporary.path().join("workflow.d")).unwrap_or_default();
    let files = rules.lines().next().and_then(|rule| rule.split_once(": ")).map_or("", |(_, files)| files);
    let files = files.replace("\\ ", "\0");
    let files = files.split(' ').filter(|file| !file.is_empty()).map(|file| folder.join(file.replace('\0', " ")));
    Ok(Answer { said, files: files.collect() })
}

/// A rustc that reads a source in a folder and knows the runtime.
fn against(toolchain: &Toolchain, runtime: &Runtime, folder: &Path, source: &str) -> Command {
    let mut rustc = toolchain.rustc();
    rustc.current_dir(folder).arg(source);
    rustc.args(["--target", &toolchain.host, "--extern"]);
    rustc.arg(format!("flow_runtime={}", runtime.rlib.display()));
    rustc.args(runtime.search.iter().map(|path| format!("-L{path}")));
    rustc
}

/// Runs rustc in the folder that holds the source, so that no path of this machine gets into the binary.
/// The inner error: what was run, and what rustc said against it.
fn run(
    toolchain: &Toolchain,
    runtime: &Runtime,
    flags: &[&str],
    folder: &Path,
) -> Result<Result<(), (Command, String)>, Error> {
    let mut rustc = against(toolchain, runtime, folder, SOURCE);
    rustc.args(flags);
    // A library in C is inside the rlib of the crate that built it; what remains is the system's.
    rustc.args(runtime.link.iter().filter(|library| !library.starts_with("static=")).map(|name| format!("-l{name}")));
    let output = rustc.output().map_err(|error| Error::io("start", &toolchain.rustc, &error))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() { Ok(()) } else { Err((rustc, said)) })
}

/// The binary of exactly this source. The folder's name is only a hash, so the source itself is compared.
fn compiled_before(workdir: &Workdir, name: &str, source: &str) -> Option<Binary> {
    let folder = workdir.join(name);
    let same = fs::read(folder.join(SOURCE)).is_ok_and(|kept| kept == source.as_bytes());
    let binary = same.then(|| Binary::open(&folder)).flatten()?;
    // Marks it as in use, for `keep_newest`. Not worth failing for.
    let _ = File::open(folder).and_then(|folder| folder.set_modified(SystemTime::now()));
    Some(binary)
}

/// Replaces what an earlier build left under the name.
fn keep(workdir: &Workdir, temporary: tempfile::TempDir, name: &str, rustc: Duration) -> Result<Compiled, Error> {
    let made = Binary::made(temporary.path());
    let mut binary = made.map_err(|error| Error::io("read", &temporary.path().join(binary::FILE), &error))?;
    let _ = fs::remove_dir_all(workdir.join(name));
    binary.path = workdir.publish(temporary, name)?.join(binary::FILE);
    workdir.keep_newest("binary-", BINARIES_KEPT);
    Ok(Compiled { binary, rustc })
}

/// Everything that decides about the bytes of a binary: the source, the runtime, the flavour. The rest decides about
/// the work folder.
fn folder_name(generated: &GeneratedCrate, variant: Variant) -> String {
    let mut hash = hash::Hash::new().add(generated.main_rs().as_bytes()).add(runtime::folder_name(variant).as_bytes());
    for part in flags(variant) {
        hash = hash.add(part.as_bytes());
    }
    format!("binary-{}", hash.name())
}

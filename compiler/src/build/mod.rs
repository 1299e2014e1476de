//! [`GeneratedCrate`] → native binary: the only stage that writes to disk and starts other programs.
//!
//! Comes in: a generated crate. Goes out: an executable file, or a cargo project.
//! Two steps, and only the second is ever felt:
//! 1. [`runtime`]: the runtime is compiled by cargo, once per machine, rustc and flavour, from the sources flowc carries;
//! 2. [`rustc`]: the workflow is compiled by rustc directly against it.
//!
//! Always true: files appear under their final name complete or not at all, and two builds at once are safe.
#![expect(clippy::disallowed_methods, reason = "writing files and starting compilers is what this stage is for")]

mod binary;
mod cargo;
mod eject;
mod embedded;
mod error;
pub(crate) mod hash;
mod place;
mod progress;
mod remembered;
mod runtime;
mod rustc;
mod toolchain;
mod workdir;

pub use binary::Binary;
pub use eject::eject;
pub use error::Error;
pub use progress::Talk;

use crate::codegen::files::{Flavour, GeneratedCrate};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use toolchain::Toolchain;
use workdir::Workdir;

/// How to build.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub talk: Talk,
    /// Take the binary of an earlier build when the generated code is the same to the byte.
    pub reuse: bool,
}

/// What a build gave.
#[derive(Debug, Clone)]
pub struct Built {
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    pub took: Duration,
    /// How much of it was rustc.
    pub rustc: Duration,
}

/// Which runtime a workflow is linked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    pub flavour: Flavour,
    /// Static and small, for [`build_dist`].
    pub dist: bool,
}

/// What is known of this machine without compiling anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// There is none that can be used; the message says why.
    NoCompiler(String),
    Found {
        /// Its release.
        rustc: String,
        /// The usual runtime is compiled.
        runtime: bool,
    },
}

/// Compiles a workflow to the file `out`.
pub fn build(generated: &GeneratedCrate, out: &Path, options: Options) -> Result<Built, Error> {
    build_as(generated, out, false, options)
}

/// Compiles a workflow to a static executable, as small as can be: one that runs where there is nothing else. Takes a
/// minute, and the first time longer than a first build.
pub fn build_dist(generated: &GeneratedCrate, out: &Path, options: Options) -> Result<Built, Error> {
    static_toolchain()?;
    build_as(generated, out, true, options)
}

/// One that makes static executables.
fn static_toolchain() -> Result<Toolchain, Error> {
    let toolchain = Toolchain::find()?;
    if toolchain.host.contains("-linux-") {
        return Ok(toolchain);
    }
    let message = format!("`--dist` makes static executables for Linux, and this machine is {}", toolchain.host);
    Err(Error::world(message, &["build without it, or on Linux"]))
}

fn build_as(generated: &GeneratedCrate, out: &Path, dist: bool, options: Options) -> Result<Built, Error> {
    let started = Instant::now();
    let compiled = compile(generated, dist, options)?;
    let bytes = place::place(compiled.binary, out)?;
    Ok(Built { path: out.to_owned(), bytes, took: started.elapsed(), rustc: compiled.rustc })
}

/// Compiles a workflow to be run at once.
pub fn build_in_cache(generated: &GeneratedCrate, options: Options) -> Result<Binary, Error> {
    Ok(compile(generated, false, options)?.binary)
}

fn compile(generated: &GeneratedCrate, dist: bool, options: Options) -> Result<rustc::Compiled, Error> {
    let toolchain = Toolchain::find()?;
    let workdir = Workdir::open(&toolchain)?;
    rustc::compile(&toolchain, &workdir, generated, dist, options)
}

/// What this machine has.
pub fn health() -> Health {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(error) => return Health::NoCompiler(error.to_string()),
    };
    let usual = Variant { flavour: Flavour { mail: true, store: true, otel: false }, dist: false };
    let runtime = Workdir::open(&toolchain).is_ok_and(|workdir| runtime::Runtime::is_ready(&workdir, usual));
    Health::Found { rustc: toolchain.release, runtime }
}

/// Where compiled files are kept.
///
/// # Errors
/// When there is no place for them; the message says why.
pub fn cache_folder() -> Result<PathBuf, String> {
    workdir::cache().map_err(|error| error.to_string())
}

/// What rustc remarks on generated code: nothing, as long as codegen is right. Builds do not ask.
pub fn remarks(generated: &GeneratedCrate, talk: Talk) -> Result<String, Error> {
    let toolchain = Toolchain::find()?;
    rustc::remarks(&toolchain, &Workdir::open(&toolchain)?, generated, talk)
}

/// What rustc says about a Rust file.
#[derive(Debug, Clone)]
pub struct Answer {
    pub said: String,
    /// The files that decide about it, as cargo is told: a change of one compiles anew. Nothing where rustc refused the file.
    pub files: Vec<PathBuf>,
}

/// Asks rustc about a Rust file that links the runtime and other crates, by name and file: how code around a workflow is tried
/// without compiling the runtime again. Nothing is compiled to the end.
pub fn ask_about(file: &Path, crates: &[(&str, &Path)], flavour: Flavour, talk: Talk) -> Result<Answer, Error> {
    let toolchain = Toolchain::find()?;
    rustc::ask_about(&toolchain, &Workdir::open(&toolchain)?, file, crates, flavour, talk)
}

/// Compiles the runtime alone, so that the first workflow need not wait for it.
pub fn warm(flavour: Flavour, dist: bool, talk: Talk) -> Result<(), Error> {
    let toolchain = if dist { static_toolchain()? } else { Toolchain::find()? };
    let variant = Variant { flavour, dist };
    runtime::Runtime::get(&toolchain, &Workdir::open(&toolchain)?, variant, talk).map(drop)
}

//! The one place that runs cargo.
//!
//! Comes in: a workspace on disk. Goes out: what cargo made, from its JSON messages.
//! Always true: crates are taken from disk when they are there, versions are the locked ones, and neither the caller's
//! flags nor the target folder of a cargo that called us has any say.

use super::Error;
use super::progress::{PULSE, Progress, Talk};
use super::toolchain::Toolchain;
use cargo_metadata::{Message, Metadata, MetadataCommand, TargetKind};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};

/// A package to build, and where.
pub struct Job<'a> {
    pub toolchain: &'a Toolchain,
    /// The folder with the workspace's manifest.
    pub workspace: &'a Path,
    pub target: &'a Path,
    pub package: &'a str,
    pub features: &'a [&'a str],
    /// One of the workspace's profiles. Build scripts that compile C listen to its levels too.
    pub profile: &'static str,
    /// For `CARGO_ENCODED_RUSTFLAGS`; also hides what the user's configuration says.
    pub rustflags: &'a [String],
}

/// What cargo made.
#[derive(Debug, Default)]
pub struct Made {
    /// Every library and every procedural macro, dependencies first. rustc asks for the macros too: a crate that
    /// exports one cannot be loaded without it.
    pub libraries: Vec<PathBuf>,
    /// `-L` arguments that build scripts asked for.
    pub search: Vec<String>,
    /// `-l` arguments that build scripts asked for.
    pub link: Vec<String>,
}

impl Job<'_> {
    /// Finds the crates, downloading them when they are missing, and builds.
    pub fn run(&self, talk: Talk) -> Result<Made, Error> {
        let metadata = match self.metadata(true) {
            Ok(metadata) => metadata,
            // Whatever is missing on disk, only the try with a network can say what is wrong.
            Err(_) => {
                talk.say("  downloading the crates it is made of");
                self.metadata(false)?
            }
        };
        let progress = Progress::new(talk, pieces(&metadata));
        self.build(progress)
    }

    fn metadata(&self, offline: bool) -> Result<Metadata, Error> {
        let mut cargo = self.cargo("metadata");
        cargo.args(["--format-version", "1", "--filter-platform", &self.toolchain.host]);
        if offline {
            cargo.arg("--offline");
        }
        let output = cargo.output().map_err(|error| Error::io("start", &self.toolchain.cargo, &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout);
        match MetadataCommand::parse(text.as_ref()) {
            Ok(metadata) if output.status.success() => Ok(metadata),
            _ => Err(self.failed(&cargo, &said)),
        }
    }

    fn build(&self, mut progress: Progress) -> Result<Made, Error> {
        let mut cargo = self.cargo("build");
        cargo.args(["--offline", "--profile", self.profile, "--lib", "--package", self.package]);
        cargo.args(["--target", &self.toolchain.host, "--message-format", "json-render-diagnostics"]);
        cargo.arg("--target-dir").arg(self.target);
        cargo.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = cargo.spawn().map_err(|error| Error::io("start", &self.toolchain.cargo, &error))?;

        enum Heard {
            Message(Box<Message>),
            Line(String),
        }
        let (sender, heard) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for message in Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok) {
                    let _ = sender.send(Heard::Message(Box::new(message)));
                }
            });
        }
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let _ = sender.send(Heard::Line(line));
                }
            });
        }

        let mut made = Made::default();
        let mut said = String::new();
        loop {
            match heard.recv_timeout(PULSE) {
                Ok(Heard::Message(message)) => self.note(*message, &mut made, &mut progress),
                Ok(Heard::Line(line)) => match line.trim_start().strip_prefix("Compiling ") {
                    Some(name) => progress.started(name.split(' ').next().unwrap_or(name)),
                    None => {
                        said.push_str(&line);
                        said.push('\n');
                    }
                },
                Err(RecvTimeoutError::Timeout) => progress.pulse(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = child.wait().map_err(|error| Error::io("wait for", &self.toolchain.cargo, &error))?;
        if status.success() { Ok(made) } else { Err(self.failed(&cargo, &said)) }
    }

    fn note(&self, message: Message, made: &mut Made, progress: &mut Progress) {
        match message {
            Message::CompilerArtifact(artifact) => {
                // A build script is made first, and its crate is not done with that.
                let script = artifact.target.kind.contains(&TargetKind::CustomBuild);
                progress.finished(if script { "" } else { package_in(&artifact.package_id.repr) });
                let ours = self.target.join(&self.toolchain.host);
                let files = artifact.filenames.iter().map(|file| file.as_std_path());
                if artifact.target.kind.contains(&TargetKind::ProcMacro) {
                    made.libraries.extend(files.map(PathBuf::from));
                } else {
                    made.libraries.extend(files.filter_map(|file| rlib_in(file, &ours)));
                }
            }
            Message::BuildScriptExecuted(script) => {
                progress.finished("");
                made.search.extend(script.linked_paths.iter().map(|path| path.to_string()));
                made.link.extend(script.linked_libs.iter().map(|library| library.to_string()));
            }
            _ => {}
        }
    }

    /// Cargo on the workspace, with everything both commands share.
    fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = self.toolchain.cargo();
        cargo.current_dir(self.workspace).args([subcommand, "--locked", "--color", "never", "--no-default-features"]);
        cargo.arg("--features");
        let features = self.features.iter().map(|feature| format!("{}/{feature}", self.package));
        cargo.arg(features.collect::<Vec<_>>().join(","));
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.rustflags.join("\u{1f}"));
        cargo
    }

    fn failed(&self, cargo: &Command, said: &str) -> Error {
        Error::in_output(said).unwrap_or_else(|| Error::Bug {
            headline: format!("the runtime does not compile with rustc {}", self.toolchain.release),
            report: format!("{cargo:?}\n{said}"),
        })
    }
}

/// The library a compiled file stands for. Cargo names the metadata under `deps/` with its hash; the library of a
/// package asked for directly it names only where the next build of another flavour would overwrite it.
fn rlib_in(file: &Path, folder: &Path) -> Option<PathBuf> {
    let deps = file.parent()?.ends_with("deps") && file.starts_with(folder);
    let library = file.extension().is_some_and(|extension| extension == "rmeta");
    (deps && library).then(|| file.with_extension("rlib"))
}

/// `bytes` of `registry+https://…#bytes@1.12.0`; of a path, the folder's name when that is all there is.
fn package_in(id: &str) -> &str {
    let (place, version) = id.rsplit_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

/// How many messages the build will send, nearly: one for each library, two for each build script.
fn pieces(metadata: &Metadata) -> u64 {
    let scripts = |package: &cargo_metadata::Package| {
        package.targets.iter().filter(|target| target.kind.contains(&TargetKind::CustomBuild)).count() as u64
    };
    metadata.packages.iter().map(|package| 1 + 2 * scripts(package)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_by_their_ids() {
        assert_eq!(package_in("registry+https://index.example/#bytes@1.12.0"), "bytes");
        assert_eq!(package_in("path+file:///cache/runtime-1/runtime#flow-runtime@0.1.0"), "flow-runtime");
        assert_eq!(package_in("path+file:///elsewhere/bytes#1.12.0"), "bytes");
    }

    #[test]
    fn libraries_are_found_under_the_name_that_stays() {
        let folder = Path::new("/cache/target/x86_64-unknown-linux-gnu");
        let rlib = |file: &str| rlib_in(&folder.join(file), folder);
        assert_eq!(rlib("release/deps/libbytes-1.rmeta"), Some(folder.join("release/deps/libbytes-1.rlib")));
        assert_eq!(rlib("release/libflow_runtime.rlib"), None);
        assert_eq!(rlib_in(Path::new("/cache/target/release/deps/libsyn-1.rmeta"), folder), None);
    }
}

//! The environment of a workflow: where the values of its variables come from.
//!
//! Comes in: the variables the compiler found, the process environment, `.env`, `config.json`.
//! Goes out: every value by index, or everything that is missing or cannot be meant at once, with who needs it and where it
//! was looked for.
//! Always true: no message of this module holds a value, not even a part of one.
//!
//! The first source that has a name wins:
//! 1. the process environment;
//! 2. `NAME_FILE` in the process environment: the file it names holds the value, as Docker and Kubernetes mount secrets
//!    (one trailing newline is dropped);
//! 3. `.env` ([`dotenv`]);
//! 4. `config.json` ([`config`]).
//!
//! An empty value counts as missing and the next source is asked, unless the variable is optional: then empty is a value
//! like any other. An optional variable found nowhere is the empty text.

mod config;
mod dotenv;
mod fit;
mod key_list;
mod listing;

pub use key_list::keys_in;
pub use listing::Listing;

use crate::flow::Variable;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Reads one variable of the process environment.
type ProcessEnvironment = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The values of [`crate::flow::Workflow::environment`], by index.
#[derive(Clone)]
pub struct Environment {
    #[cfg_attr(
        not(any(feature = "service", test)),
        expect(dead_code, reason = "whoever only asks where values are reads none")
    )]
    pub(crate) values: Vec<String>,
}

/// Everything a value may come from, read once at the start.
pub struct Sources {
    /// What a program says itself; it wins over all others.
    given: BTreeMap<String, String>,
    /// `None`: it is not asked.
    process: Option<ProcessEnvironment>,
    env_file: SourceFile,
    config: SourceFile,
}

/// Where the files are; `None`: under their usual names in the working directory, if they are there at all.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Paths {
    pub env_file: Option<PathBuf>,
    pub config: Option<PathBuf>,
}

/// A value and where it was found.
pub struct Found {
    pub value: String,
    pub origin: Origin,
}

/// Where a value was found, for `env` listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// By the program that holds the workflow.
    Given,
    Process,
    /// The file named by `NAME_FILE`.
    File,
    EnvFile,
    Config,
}

/// Why there is no environment. Shown as it is; names names, files and lines, never values.
#[derive(Debug, PartialEq, Eq)]
pub enum EnvironmentError {
    /// A source cannot be read.
    Source(String),
    Missing(Missing),
}

/// Variables without a value and with one that cannot be meant, and where they were looked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    pub variables: Vec<MissingVariable>,
    pub misfits: Vec<Misfit>,
    /// One phrase per source, in the order they were asked.
    pub looked_in: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct MissingVariable {
    pub name: &'static str,
    pub used_by: &'static [&'static str],
    /// Some source has the name with nothing after it.
    pub empty: bool,
}

/// A variable whose value cannot be what it is used as.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    pub name: &'static str,
    pub used_by: &'static [&'static str],
    pub origin: Origin,
    /// What it should be.
    pub why: &'static str,
}

/// One of the two files.
struct SourceFile {
    path: PathBuf,
    exists: bool,
    values: BTreeMap<String, String>,
}

impl Environment {
    /// The values of all variables.
    ///
    /// # Errors
    /// A source that cannot be read, or all names that have no value or one that cannot be meant, at once.
    pub fn load(variables: &'static [Variable], sources: &Sources) -> Result<Environment, EnvironmentError> {
        let mut values = Vec::with_capacity(variables.len());
        let (mut missing, mut misfits) = (Vec::new(), Vec::new());
        for variable in variables {
            match sources.find(variable, variables)? {
                Lookup::Found(found) => {
                    if let Some(why) = variable.misfit(&found.value) {
                        let Variable { name, used_by, .. } = *variable;
                        misfits.push(Misfit { name, used_by, origin: found.origin, why });
                    }
                    values.push(found.value);
                }
                Lookup::Nothing { .. } if variable.optional => values.push(String::new()),
                Lookup::Nothing { empty } => {
                    missing.push(MissingVariable { name: variable.name, used_by: variable.used_by, empty });
                }
            }
        }
        if missing.is_empty() && misfits.is_empty() {
            return Ok(Environment { values });
        }
        Err(EnvironmentError::Missing(Missing { variables: missing, misfits, looked_in: sources.describe() }))
    }
}

/// What asking all sources for one name gave.
pub enum Lookup {
    Found(Found),
    /// `empty`: a source has the name with nothing after it.
    Nothing {
        empty: bool,
    },
}

impl Sources {
    /// The process environment of this program, and the files of `directory`.
    ///
    /// # Errors
    /// A file named on the command line that is not there, or a file with a mistake in it.
    pub fn read(directory: &Path, paths: &Paths) -> Result<Sources, EnvironmentError> {
        Sources::with_process(Box::new(|name| std::env::var_os(name)), directory, paths)
    }

    /// As [`Sources::read`], with a process environment of the caller's making.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn with_process(
        process: ProcessEnvironment,
        directory: &Path,
        paths: &Paths,
    ) -> Result<Sources, EnvironmentError> {
        Ok(Sources {
            given: BTreeMap::new(),
            process: Some(process),
            env_file: SourceFile::read(directory, ".env", paths.env_file.as_deref(), dotenv::parse)?,
            config: SourceFile::read(directory, "config.json", paths.config.as_deref(), config::parse)?,
        })
    }

    /// Asks every source for a variable of the workflow. `NAME_FILE` is a pointer only when it is not itself one of the
    /// workflow's variables.
    ///
    /// # Errors
    /// A value that is not UTF-8, or a `NAME_FILE` that cannot be read.
    pub fn find(&self, variable: &Variable, variables: &[Variable]) -> Result<Lookup, EnvironmentError> {
        let pointer = format!("{}_FILE", variable.name);
        let pointer = (!variables.iter().any(|other| other.name == pointer)).then_some(pointer);
        self.lookup(variable.name, pointer.as_deref(), variable.optional)
    }

    /// Asks every source for a name that the workflow itself does not read, such as `WEBHOOK_SECRET_PREVIOUS`.
    ///
    /// # Errors
    /// As [`Sources::find`].
    pub fn find_name(&self, name: &str) -> Result<Option<String>, EnvironmentError> {
        match self.lookup(name, Some(&format!("{name}_FILE")), false)? {
            Lookup::Found(found) => Ok(Some(found.value)),
            Lookup::Nothing { .. } => Ok(None),
        }
    }

    /// Asks for what operators say about the program itself, such as `FLOW_RATE_LIMIT`. `NAME_FILE` is no pointer here: some of
    /// these names end like that themselves, and name files.
    ///
    /// # Errors
    /// A value that is not UTF-8.
    pub fn setting(&self, name: &str) -> Result<Option<String>, EnvironmentError> {
        match self.lookup(name, None, false)? {
            Lookup::Found(found) => Ok(Some(found.value)),
            Lookup::Nothing { .. } => Ok(None),
        }
    }

    /// Values of the caller's and, if it is to be asked, the process environment, but no files: for a program that holds the
    /// workflow among other things.
    pub fn without_files(given: BTreeMap<String, String>, process: bool) -> Sources {
        let process = process.then(|| -> ProcessEnvironment { Box::new(|name| std::env::var_os(name)) });
        Sources { given, process, env_file: SourceFile::none(), config: SourceFile::none() }
    }

    fn lookup(&self, name: &str, pointer: Option<&str>, empty_is_a_value: bool) -> Result<Lookup, EnvironmentError> {
        let mut empty = false;
        for origin in [Origin::Given, Origin::Process, Origin::File, Origin::EnvFile, Origin::Config] {
            let value = match origin {
                Origin::Given => self.given.get(name).cloned(),
                // What is given hides it, also with nothing.
                Origin::Process if self.given.contains_key(name) => None,
                Origin::Process => self.process_value(name)?,
                Origin::File => pointer.map(|pointer| self.pointed_to(pointer)).transpose()?.flatten(),
                Origin::EnvFile => self.env_file.values.get(name).cloned(),
                Origin::Config => self.config.values.get(name).cloned(),
            };
            match value {
                Some(value) if !value.is_empty() || empty_is_a_value => {
                    return Ok(Lookup::Found(Found { value, origin }));
                }
                Some(_) => empty = true,
                None => {}
            }
        }
        Ok(Lookup::Nothing { empty })
    }

    fn process_value(&self, name: &str) -> Result<Option<String>, EnvironmentError> {
        let Some(value) = self.process.as_ref().and_then(|process| process(name)) else { return Ok(None) };
        let value = value.into_string();
        value.map(Some).map_err(|_| EnvironmentError::Source(format!("the value of {name} is not UTF-8")))
    }

    /// The content of the file that the variable `pointer` names.
    fn pointed_to(&self, pointer: &str) -> Result<Option<String>, EnvironmentError> {
        let path = match self.given.get(pointer) {
            Some(path) => Some(path.clone()),
            None => self.process_value(pointer)?,
        };
        let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(None) };
        let bytes = read_settings(Path::new(&path))
            .map_err(|error| EnvironmentError::Source(format!("cannot read {path} (named by {pointer}): {error}")))?;
        let mut text = String::from_utf8(bytes)
            .map_err(|_| EnvironmentError::Source(format!("{path} (named by {pointer}) is not UTF-8")))?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(Some(text))
    }

    fn describe(&self) -> Vec<String> {
        let file = |file: &SourceFile| {
            let absent = if file.exists { "" } else { " (not there)" };
            format!("{}{absent}", file.path.display())
        };
        let files = [&self.env_file, &self.config].into_iter().filter(|file| !file.path.as_os_str().is_empty());
        let process = self.process.as_ref().map(|_| "the process environment".to_owned());
        let by_pointer = "files named by NAME_FILE".to_owned();
        let given = (!self.given.is_empty() || process.is_none()).then(|| Origin::Given.place().to_owned());
        given.into_iter().chain(process).chain([by_pointer]).chain(files.map(file)).collect()
    }
}

/// Bytes of a file with settings or a secret.
const FILE_MAX: u64 = 1024 * 1024;

/// A file with settings or a secret: whatever was named by mistake, `/dev/zero` say, has an end here.
///
/// # Errors
/// It cannot be read, or is larger than any such file.
pub fn read_settings(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > FILE_MAX {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB")),
        false => Ok(bytes),
    }
}

impl SourceFile {
    fn none() -> SourceFile {
        SourceFile { path: PathBuf::new(), exists: false, values: BTreeMap::new() }
    }

    fn read(
        directory: &Path,
        usual: &str,
        given: Option<&Path>,
        parse: fn(&str) -> Result<BTreeMap<String, String>, String>,
    ) -> Result<SourceFile, EnvironmentError> {
        let path = given.map_or_else(|| directory.join(usual), Path::to_path_buf);
        let shown = path.display();
        let bytes = match read_settings(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && given.is_none() => {
                return Ok(SourceFile { path, exists: false, values: BTreeMap::new() });
            }
            Err(error) => return Err(EnvironmentError::Source(format!("cannot read {shown}: {error}"))),
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            EnvironmentError::Source(format!("{shown}:{line}: not UTF-8"))
        })?;
        // Editors on Windows put a byte order mark first.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let values = parse(text).map_err(|message| EnvironmentError::Source(format!("{shown}:{message}")))?;
        Ok(SourceFile { path, exists: true, values })
    }
}

impl Origin {
    /// As `env` listings say it.
    pub fn label(self) -> &'static str {
        match self {
            Origin::Given => "given",
            Origin::Process => "process",
            Origin::File => "file",
            Origin::EnvFile => ".env",
            Origin::Config => "config",
        }
    }

    /// As messages say it.
    fn place(self) -> &'static str {
        match self {
            Origin::Given => "what the program gives",
            Origin::Process => "the process environment",
            Origin::File => "the file that its `_FILE` names",
            Origin::EnvFile => "`.env`",
            Origin::Config => "`config.json`",
        }
    }
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvironmentError::Source(message) => f.write_str(message),
            EnvironmentError::Missing(missing) => missing.fmt(f),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Misfit { name, used_by, origin, why } in &self.misfits {
            writeln!(f, "{name}, found in {}, is {why} (used by {})", origin.place(), used_by.join(", "))?;
        }
        match self.variables.len() {
            0 => {}
            1 => writeln!(f, "1 environment variable has no value")?,
            many => writeln!(f, "{many} environment variables have no value")?,
        }
        let width = self.variables.iter().map(|variable| variable.name.len()).max().unwrap_or(0);
        for variable in &self.variables {
            let empty = if variable.empty { " (set, but empty)" } else { "" };
            writeln!(f, "  {:width$}  used by {}{empty}", variable.name, variable.used_by.join(", "))?;
        }
        write!(f, "looked in {}", self.looked_in.join(", "))
    }
}

impl std::error::Error for EnvironmentError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Use;

    const fn variable(name: &'static str) -> Variable {
        Variable::new(name, Use::Text, &["pay", "mail"])
    }

    /// A directory of this test's own, removed afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("flow-runtime-env-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn file(&self, name: &str, content: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, content).unwrap();
            path
        }

        fn sources(&self, process: &[(&str, &str)], paths: &Paths) -> Result<Sources, EnvironmentError> {
            let process: BTreeMap<String, OsString> =
                process.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            Sources::with_process(Box::new(move |name| process.get(name).cloned()), &self.0, paths)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn load(variables: &'static [Variable], sources: &Sources) -> Result<Vec<String>, String> {
        Environment::load(variables, sources).map(|loaded| loaded.values).map_err(|error| error.to_string())
    }

    #[test]
    fn sources_are_asked_in_order() {
        static VARIABLES: [Variable; 4] = [variable("A"), variable("B"), variable("C"), variable("D")];
        let folder = Folder::new("order");
        let b = folder.file("b", "from file\r\n");
        folder.file(".env", "A=env\nB=env\nC=env\n");
        folder.file("config.json", r#"{"a": "config", "b": "config", "c": "config", "d": "config"}"#);
        let sources = folder.sources(&[("A", "process"), ("B_FILE", b.to_str().unwrap())], &Paths::default()).unwrap();
        assert_eq!(load(&VARIABLES, &sources).unwrap(), ["process", "from file", "env", "config"]);
    }

    #[test]
    fn settings_of_the_program_have_the_same_sources() {
        let folder = Folder::new("settings");
        folder.file(".env", "AUDIT_FILE=trail.jsonl\nLOG_LEVEL=debug\nFLOW_DATA_DIR=\n");
        folder.file("config.json", r#"{"flow_data_dir": "journal"}"#);
        let sources = folder.sources(&[("LOG_LEVEL", "warn")], &Paths::default()).unwrap();
        let setting = |name| sources.setting(name).unwrap();
        assert_eq!(
            setting("AUDIT_FILE").as_deref(),
            Some("trail.jsonl"),
            "it names a file, and is no pointer to `AUDIT`"
        );
        assert_eq!(setting("LOG_LEVEL").as_deref(), Some("warn"));
        assert_eq!(setting("FLOW_DATA_DIR").as_deref(), Some("journal"));
        assert_eq!(setting("FLOW_RATE_LIMIT"), None);
    }

    #[test]
    fn everything_missing_is_listed_at_once_with_its_nodes() {
        static VARIABLES: [Variable; 3] = [variable("ONE"), variable("LONGER"), variable("HERE")];
        let folder = Folder::new("missing");
        folder.file(".env", "ONE=\n");
        let sources = folder.sources(&[("HERE", "value")], &Paths::default()).unwrap();
        let shown = load(&VARIABLES, &sources).unwrap_err().replace(folder.0.to_str().unwrap(), "DIR");
        assert_eq!(
            shown,
            "2 environment variables have no value\n  \
             ONE     used by pay, mail (set, but empty)\n  \
             LONGER  used by pay, mail\n\
             looked in the process environment, files named by NAME_FILE, DIR/.env, DIR/config.json (not there)"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_said_without_it() {
        static VARIABLES: [Variable; 5] = [
            Variable::new("SHOP_KEY", Use::Secret, &["pay"]).secret().one_line(),
            Variable::new("MOUNTED_KEY", Use::Secret, &["pay"]).secret().one_line(),
            Variable::new("SHOP_URL", Use::Url, &["pay"]),
            Variable::new("SMTP_PORT", Use::Port, &["mail"]),
            Variable::new("REPLY_TO", Use::Address, &["mail"]).optional(),
        ];
        let folder = Folder::new("misfit");
        folder.file("config.json", r#"{"smtp_port": 99999}"#);
        let mounted = folder.file("key", "hunter3\n");
        let process = [
            ("SHOP_KEY", "hunter2\n"),
            ("MOUNTED_KEY_FILE", mounted.to_str().unwrap()),
            ("SHOP_URL", "shop.internal:8080"),
            ("REPLY_TO", ""),
        ];
        let sources = folder.sources(&process, &Paths::default()).unwrap();
        let shown = load(&VARIABLES, &sources).unwrap_err();
        assert!(shown.contains("SHOP_URL, found in the process environment, is no URL: "), "{shown}");
        assert!(shown.contains("SMTP_PORT, found in `config.json`, is no port: "), "{shown}");
        assert!(shown.contains("SHOP_KEY, found in the process environment, is not of one line"), "{shown}");
        assert!(!shown.contains("hunter") && !shown.contains("MOUNTED_KEY"), "{shown}");
        assert!(!shown.contains("REPLY_TO") && !shown.contains("8080") && !shown.contains("99999"), "{shown}");
    }

    #[test]
    fn what_a_program_gives_is_named_as_that() {
        static VARIABLES: [Variable; 2] =
            [Variable::new("SMTP_PORT", Use::Port, &["mail"]), variable("WHAT_NO_ENVIRONMENT_HAS")];
        let given =
            |values: &[(&str, &str)]| values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let sources = Sources::without_files(given(&[("SMTP_PORT", "abc")]), false);
        let shown = load(&VARIABLES, &sources).unwrap_err();
        assert!(shown.contains("SMTP_PORT, found in what the program gives, is no port: "), "{shown}");
        assert!(shown.contains("looked in what the program gives, files named by NAME_FILE"), "{shown}");
        // Nothing that was given hides what the process has.
        let sources = Sources::without_files(given(&[("PATH", "")]), true);
        assert!(matches!(sources.lookup("PATH", None, false), Ok(Lookup::Nothing { empty: true })));
    }

    #[test]
    fn empty_value_is_passed_over_unless_optional() {
        static VARIABLES: [Variable; 3] = [
            variable("NEEDED"),
            Variable::new("OPTIONAL", Use::Text, &[]).optional(),
            Variable::new("UNSET", Use::Text, &[]).optional(),
        ];
        let folder = Folder::new("empty");
        folder.file(".env", "NEEDED=env\nOPTIONAL=env\n");
        let sources = folder.sources(&[("NEEDED", ""), ("OPTIONAL", "")], &Paths::default()).unwrap();
        assert_eq!(load(&VARIABLES, &sources).unwrap(), ["env", "", ""]);
    }

    #[test]
    fn name_file_that_the_workflow_reads_itself_is_no_pointer() {
        static VARIABLES: [Variable; 2] = [variable("LOG"), variable("LOG_FILE")];
        let folder = Folder::new("pointer");
        let sources = folder.sources(&[("LOG_FILE", "/no/such/file")], &Paths::default()).unwrap();
        assert!(load(&VARIABLES, &sources).unwrap_err().starts_with("1 environment variable has no value\n  LOG  "));
    }

    #[test]
    fn unreadable_sources_are_named() {
        static VARIABLES: [Variable; 1] = [variable("KEY")];
        let folder = Folder::new("unreadable");
        let sources = folder.sources(&[("KEY_FILE", "/no/such/file")], &Paths::default()).unwrap();
        let shown = load(&VARIABLES, &sources).unwrap_err();
        assert!(shown.starts_with("cannot read /no/such/file (named by KEY_FILE): "), "{shown}");

        let endless = folder.sources(&[("KEY_FILE", "/dev/zero")], &Paths::default()).unwrap();
        let shown = load(&VARIABLES, &endless).unwrap_err();
        assert_eq!(shown, "cannot read /dev/zero (named by KEY_FILE): it is larger than 1 MiB");

        let given = Paths { env_file: Some(folder.0.join("other.env")), config: None };
        let shown = folder.sources(&[], &given).err().unwrap().to_string();
        assert!(shown.starts_with("cannot read ") && shown.contains("other.env"), "{shown}");
    }

    #[test]
    fn mistakes_in_files_are_placed_and_never_quoted() {
        let folder = Folder::new("mistakes");
        folder.file(".env", "GOOD=1\nhunter2 hunter2\n");
        let shown = folder.sources(&[], &Paths::default()).err().unwrap().to_string();
        assert!(shown.contains(".env:2: ") && !shown.contains("hunter2"), "{shown}");

        folder.file(".env", "");
        folder.file("config.json", "{\n  \"key\": \"hunter2\" hunter2\n}");
        let shown = folder.sources(&[], &Paths::default()).err().unwrap().to_string();
        assert!(shown.contains("config.json:2:") && !shown.contains("hunter2"), "{shown}");

        std::fs::write(folder.0.join("config.json"), b"{\n\n\"a\": \"\xff\"}").unwrap();
        let shown = folder.sources(&[], &Paths::default()).err().unwrap().to_string();
        assert!(shown.ends_with("config.json:3: not UTF-8"), "{shown}");
    }
}

//! Which journal a command uses.
//!
//! Comes in: options, the environment. Goes out: a journal that is open, or why it cannot be.

use super::Failure;
use super::arguments::{Keep, StoreOptions};
use crate::engine::Capacity;
use crate::env::Sources;
use crate::flow::Workflow;
#[cfg(feature = "store")]
use crate::journal::sqlite::Sqlite;
use crate::journal::{FILE, Journal, Memory, Purpose, Retention};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What `--keep-days` and `--keep-executions` are when nobody says.
const KEEP_DAYS: usize = 30;
const KEEP_EXECUTIONS: usize = 1_000_000;

/// The folder of the journal: from the command line, else from `FLOW_DATA_DIR`, else the usual one in the working directory.
pub fn folder(workflow: &Workflow, data: Option<&Path>, sources: Option<&Sources>) -> Result<PathBuf, Failure> {
    let named = super::path(data, "FLOW_DATA_DIR", sources)?;
    Ok(named.unwrap_or_else(|| usual_folder(Path::new(""), workflow.name)))
}

/// `order-data`: `order` is what the executable is called that stands there. It was the folder's name, too, and one that holds
/// a journal goes on being used.
fn usual_folder(directory: &Path, name: &str) -> PathBuf {
    let (usual, former) = (directory.join(format!("{name}-data")), directory.join(name));
    let holds_journal = |folder: &Path| folder.join(FILE).exists();
    if !holds_journal(&usual) && holds_journal(&former) { former } else { usual }
}

/// The journal of `serve`.
pub fn of_serve(
    workflow: &'static Workflow,
    options: &StoreOptions,
    sources: &Sources,
) -> Result<Arc<dyn Journal>, Failure> {
    if options.memory {
        if options.data.is_some() {
            return Err(String::from("--store memory keeps nothing: it cannot go with --data").into());
        }
        return Ok(Arc::new(Memory));
    }
    if cfg!(not(feature = "store")) && options.data.is_none() {
        // The author has decided: see `settings.store`.
        return Ok(Arc::new(Memory));
    }
    open(workflow, folder(workflow, options.data.as_deref(), Some(sources))?, Purpose::Service)
}

/// The journal of `run`.
pub fn of_run(workflow: &'static Workflow, data: Option<&PathBuf>) -> Result<Arc<dyn Journal>, Failure> {
    data.map_or_else(
        || Ok(Arc::new(Memory) as Arc<dyn Journal>),
        |folder| open(workflow, folder.clone(), Purpose::Command),
    )
}

/// Said by executables whose author wants no journal.
#[cfg(not(feature = "store"))]
pub const NONE: &str = "this executable keeps no journal (`store` is `memory` in the settings of the workflow)";

#[cfg(feature = "store")]
fn open(workflow: &'static Workflow, folder: PathBuf, purpose: Purpose) -> Result<Arc<dyn Journal>, Failure> {
    let record = crate::engine::record(workflow);
    let journal = Sqlite::open_for(purpose, &folder, &record).map_err(|error| error.message)?;
    Ok(Arc::new(journal))
}

#[cfg(not(feature = "store"))]
fn open(_: &'static Workflow, _: PathBuf, _: Purpose) -> Result<Arc<dyn Journal>, Failure> {
    Err(String::from(NONE).into())
}

pub fn retention(options: &StoreOptions) -> Retention {
    let last = |keep: Option<Keep>, default: usize| match keep {
        None => Some(default),
        Some(Keep::Last(last)) => Some(last),
        Some(Keep::All) => None,
    };
    let day = Duration::from_secs(24 * 60 * 60);
    Retention {
        age: last(options.keep_days, KEEP_DAYS).map(|days| day.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX))),
        executions: last(options.keep_executions, KEEP_EXECUTIONS),
    }
}

pub fn capacity(options: &StoreOptions, journal: &dyn Journal) -> Capacity {
    let defaults = Capacity::of(journal.store().is_some());
    Capacity {
        unfinished: options.unfinished_max.unwrap_or(defaults.unfinished),
        working: options.working_max.unwrap_or(defaults.working),
    }
}

#[test]
fn a_folder_of_the_former_name_goes_on_being_used() {
    let directory = std::env::temp_dir().join(format!("flow-runtime-folder-{}", std::process::id()));
    let usual = || usual_folder(&directory, "order");
    let hold = |name: &str| {
        std::fs::create_dir_all(directory.join(name)).unwrap();
        std::fs::write(directory.join(name).join(FILE), "").unwrap();
    };
    assert_eq!(usual(), directory.join("order-data"));
    std::fs::create_dir_all(directory.join("order")).unwrap();
    assert_eq!(usual(), directory.join("order-data"), "a folder without a journal is somebody else's");
    hold("order");
    assert_eq!(usual(), directory.join("order"));
    hold("order-data");
    assert_eq!(usual(), directory.join("order-data"));
    std::fs::remove_dir_all(&directory).unwrap();
}

//! Files beside the workflow, such as mail templates. The pure part asks for them by name and never opens one itself.

use std::collections::BTreeMap;

/// Where files beside the workflow come from.
pub trait Files {
    /// The text of a file, by its path relative to the workflow; `Ok(None)` when there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be read; the reason, for people.
    fn read(&self, path: &str) -> Result<Option<String>, String>;
}

/// Files held in memory: for tests, for `flow!`, and for a workflow that has none.
impl Files for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        Ok(self.get(path).cloned())
    }
}

//! `flowc completions` and `flowc man`: what shells and manuals are told about the command line.
//!
//! Always true: both come from the definition of the arguments, so neither can lag behind.

use super::arguments::Arguments;
use super::{Shell, Stop};
use clap::CommandFactory as _;
use std::path::Path;

impl Shell {
    /// Writes the completions of a shell to standard output.
    pub(super) fn completions(shell: clap_complete::Shell) {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "flowc", &mut script);
        super::print(&String::from_utf8_lossy(&script));
    }

    /// Writes `flowc.1` and a page for every command.
    pub(super) fn man(&self, folder: &Path) -> Result<(), Stop> {
        let mut command = Arguments::command().disable_help_subcommand(true);
        command.build();
        let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
        written.map_err(|error| Stop::World(format!("cannot write to {}: {error}", folder.display())))?;
        self.talk.say(&format!("wrote the manual pages to {}", folder.display()));
        Ok(())
    }
}

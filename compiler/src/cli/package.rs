//! `flowc package`: what a deployment needs besides the executable.
//!
//! Comes in: a workflow. Goes out: a Dockerfile, a compose file, a systemd unit, a Kubernetes manifest, an `.env.example`.
//! Always true: no value of the environment is in any of them, and no file that is there is overwritten unless asked.

use super::{Input, Shell, Stop, env};
use crate::model::Workflow;
use std::path::{Path, PathBuf};

const DOCKERFILE: &str = include_str!("package/Dockerfile");
const COMPOSE: &str = include_str!("package/compose.yaml");
const UNIT: &str = include_str!("package/unit.service");
const KUBERNETES: &str = include_str!("package/kubernetes.yaml");

impl Shell {
    pub(super) fn package(&self, path: &Path, folder: &Path, force: bool) -> Result<(), Stop> {
        let input = Input::read(path, false).map_err(Stop::World)?;
        let workflow = self.check_quietly(&input)?.checked.workflow;
        let files = files(&workflow);
        let there: Vec<PathBuf> =
            files.iter().map(|(name, _)| folder.join(name)).filter(|file| file.exists() && !force).collect();
        if let Some(file) = there.first() {
            return Err(Stop::World(format!("{} exists already: `--force` replaces it", file.display())));
        }
        for (name, text) in &files {
            let file = folder.join(name);
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
            written.map_err(|error| Stop::World(format!("cannot write {}: {error}", file.display())))?;
            self.talk.say(&format!("wrote {}", file.display()));
        }
        let (name, folder, path) = (&workflow.slug, folder.display(), path.display());
        self.talk.say(&format!("the executable belongs beside them: flowc build --dist {path} -o {folder}/{name}"));
        Ok(())
    }
}

fn files(workflow: &Workflow) -> [(String, String); 5] {
    let name = &workflow.slug;
    // Titles may hold anything; in these files they stand in comments and in one line of the unit, where `%` is special.
    let title: String = workflow.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let version: String = workflow
        .version
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    let version = if version.is_empty() { "latest".to_owned() } else { version };
    let filled =
        |text: &str, title: &str| text.replace("{name}", name).replace("{version}", &version).replace("{title}", title);
    [
        ("Dockerfile".to_owned(), filled(DOCKERFILE, &title)),
        ("compose.yaml".to_owned(), filled(COMPOSE, &title)),
        (format!("{name}.service"), filled(UNIT, &title.replace('%', "%%"))),
        ("kubernetes.yaml".to_owned(), filled(KUBERNETES, &title)),
        (".env.example".to_owned(), env::example(workflow)),
    ]
}

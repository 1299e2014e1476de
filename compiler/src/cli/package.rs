//! `flowc package`: what a deployment needs besides the executable.
//!
//! Comes in: a workflow. Goes out: a Dockerfile, a compose file, a systemd unit, a Kubernetes manifest, an `.env.example`.
//! Always true: no value of the environment is in any of them, and no file that is there is overwritten unless asked.

use super::{Input, Shell, Stop, env};
use crate::model::Workflow;
use std::path::{Path, PathBuf};

const DOCKERIGNORE: &str = include_str!("package/dockerignore");
const DOCKERFILE: &str = include_str!("package/Dockerfile");
const COMPOSE: &str = include_str!("package/compose.yaml");
const UNIT: &str = include_str!("package/unit.service");
const KUBERNETES: &str = include_str!("package/kubernetes.yaml");

/// As long as a label of DNS.
const SERVICE_NAME_MAX: usize = 63;

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
        let (name, folder, path) = (service_name(&workflow.slug), folder.display(), path.display());
        self.talk.say(&format!("the executable belongs beside them: flowc build --dist {path} -o {folder}/{name}"));
        Ok(())
    }
}

fn files(workflow: &Workflow) -> [(String, String); 6] {
    let name = &service_name(&workflow.slug);
    // Titles may hold anything; in these files they stand in comments, and in one line of the unit: there `%` is special, and
    // a `\` at the end takes the next line in.
    let title: String = workflow.title.chars().map(|c| if c.is_control() || c == '\\' { ' ' } else { c }).collect();
    let title = title.trim();
    let version: String = workflow
        .version
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    let version = version.trim_start_matches(['.', '-']);
    let version = if version.is_empty() { "latest".to_owned() } else { version.to_owned() };
    let filled =
        |text: &str, title: &str| text.replace("{name}", name).replace("{version}", &version).replace("{title}", title);
    [
        ("Dockerfile".to_owned(), filled(DOCKERFILE, title)),
        (".dockerignore".to_owned(), filled(DOCKERIGNORE, title)),
        ("compose.yaml".to_owned(), filled(COMPOSE, title)),
        (format!("{name}.service"), filled(UNIT, &title.replace('%', "%%"))),
        ("kubernetes.yaml".to_owned(), filled(KUBERNETES, title)),
        (".env.example".to_owned(), env::example(workflow)),
    ]
}

/// What an image, a unit and a Kubernetes service may all be called: small letters, digits and hyphens, a letter first.
fn service_name(slug: &str) -> String {
    let words = slug.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("flow-{name}") };
    name.chars().take(SERVICE_NAME_MAX).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_platform_accepts() {
        let long = "a".repeat(200);
        for (slug, name) in [
            ("order-fulfillment", "order-fulfillment"),
            ("My Orders_2.0", "my-orders-2-0"),
            ("2024", "flow-2024"),
            ("заказы", "flow"),
            (&long, &long[..SERVICE_NAME_MAX]),
        ] {
            assert_eq!(service_name(slug), name);
        }
    }
}

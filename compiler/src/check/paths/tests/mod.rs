//! The analysis against the engine itself: what the diagrams say of an execution is what happens in it.

mod cost;
mod engine;
mod world;

use crate::check::Graph;
use crate::check::paths::Paths;
use crate::files::Files;
use crate::model::Workflow;
use crate::pipeline::Parsed;
use crate::source::SourceFile;

pub fn workflow(text: &str) -> Workflow {
    let file = SourceFile { name: "workflow.json".into(), text: text.to_owned() };
    let parsed = Parsed::read(file).unwrap_or_else(|rejected| panic!("{text}\n{:#?}", rejected.diagnostics));
    let lowered = parsed.lower("test", &NoFiles);
    assert!(!lowered.diagnostics().has_errors(), "{text}\n{:#?}", lowered.diagnostics());
    lowered.model
}

pub fn with_paths(text: &str, look: impl FnOnce(&mut Paths)) {
    let workflow = workflow(text);
    let graph = Graph::new(&workflow);
    assert_eq!(graph.order.len(), workflow.nodes.len(), "a cycle: {text}");
    look(&mut Paths::new(&workflow, &graph));
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }
}

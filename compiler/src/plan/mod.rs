//! Every decision that is left before code is written.
//!
//! Comes in: a checked workflow. Goes out: [`Plan`]: names of modules and constants, slots, the parts of URLs, what the
//! binary has to link.
//! Always true: planning cannot fail, and the same workflow gives the same plan.

pub mod fields;
pub mod names;
pub mod outline;
pub mod rust_types;

use crate::check::Checked;
use crate::diagnostic::Diagnostics;
use crate::model::environment::Use;
use crate::model::{EnvId, Expr, Kind, NodeId, Variable, Workflow, spelling};
use crate::source::{Dialect, Sources};
use crate::syntax::{self, convert};
use fields::Fields;
use flow_runtime::value::meaning;
use names::{Names, constant, snake};
use rust_types::RustTypes;

/// A workflow and what was decided about it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub workflow: Workflow,
    /// The file the workflow came from, without its folder.
    pub source: String,
    /// Per node: its module, and the line it starts at.
    pub modules: Vec<Module>,
    /// Per edge with a condition: its function.
    pub routes: Vec<Option<String>>,
    /// Environment variables by name, and the constant of each.
    pub environment: Vec<EnvPlan>,
    /// Index into `environment` by [`EnvId`].
    env_order: Vec<usize>,
    pub fields: Fields,
    /// What the workflow says, as [`flow_runtime::value::meaning`] names its JSON.
    pub hash: String,
    /// The lines of what it means: kept with the executions it starts.
    pub outline: Vec<String>,
    /// Whether mails are sent: decides what the binary links.
    pub mail: bool,
    /// Whether executions are kept in a file: decides what the binary links.
    pub store: bool,
    pub types: RustTypes,
}

#[derive(Debug, Clone)]
pub struct Module {
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct EnvPlan {
    pub variable: Variable,
    pub used_as: Use,
    pub one_line: bool,
    pub constant: String,
}

/// Names of modules that the generated file has anyway.
const RESERVED_MODULES: &[&str] =
    &["env", "input", "error", "flow_runtime", "std", "core", "self", "super", "crate", "js", "transform", "types"];

pub fn plan(checked: Checked, sources: &Sources) -> Plan {
    let workflow = checked.workflow;
    let mut module_names = Names::reserving(RESERVED_MODULES);
    let modules: Vec<Module> =
        workflow.nodes.iter().map(|node| Module { name: module_names.unique(snake(&node.id.value)) }).collect();
    let mut route_names = Names::reserving(&["main"]);
    let routes = workflow.edges.iter().map(|edge| {
        edge.condition.as_ref()?;
        let [from, to] = [edge.from, edge.to].map(|node| modules[node.0].name.trim_end_matches('_'));
        Some(route_names.unique(format!("{from}_to_{to}")))
    });
    let routes = routes.collect();

    let mut by_name: Vec<usize> = (0..workflow.environment.len()).collect();
    by_name.sort_by(|left, right| workflow.environment[*left].name.cmp(&workflow.environment[*right].name));
    let mut env_order = vec![0; by_name.len()];
    for (position, id) in by_name.iter().enumerate() {
        env_order[*id] = position;
    }
    let mut constants = Names::reserving(&["ALL"]);
    let environment = by_name.iter().map(|id| {
        let variable = workflow.environment[*id].clone();
        EnvPlan {
            constant: constants.unique(constant(&variable.name)),
            used_as: workflow.use_of(EnvId(*id)),
            one_line: workflow.is_in_a_line(EnvId(*id)),
            variable,
        }
    });
    let environment = environment.collect();

    let source = sources.workflow().name.rsplit(['/', '\\']).next().unwrap_or_default().to_string();
    Plan {
        fields: Fields::collect(&workflow),
        store: workflow.settings.durable,
        outline: outline::outline(&workflow).lines(),
        types: rust_types::rust_types(&workflow, &checked.types, &[]),
        mail: workflow.nodes.iter().any(|node| matches!(node.kind, Kind::Email(_))),
        workflow,
        source,
        hash: hash(sources),
        modules,
        routes,
        environment,
        env_order,
    }
}

/// Of a `.flow` text, that of the same workflow as JSON: whoever sends it to a service sends JSON.
fn hash(sources: &Sources) -> String {
    let file = sources.workflow();
    let json = match file.dialect() {
        Dialect::Json => Some(file.text.clone()),
        Dialect::Flow => syntax::parse(sources, &mut Diagnostics::in_dialect(Dialect::Flow))
            .map(|ast| convert::to_json(&ast, Dialect::Flow)),
    };
    // What flowc could read is JSON, and nests no deeper than the runtime reads.
    json.and_then(|json| meaning(&json).ok()).unwrap_or_default()
}

impl Plan {
    pub fn module(&self, node: NodeId) -> &Module {
        &self.modules[node.0]
    }

    /// An expression in words for messages: the same for every way to write it. `source` is the node that `result` means.
    pub fn spelling(&self, expr: &Expr, source: Option<NodeId>) -> String {
        spelling::expression(&self.workflow, expr, source)
    }

    pub fn env(&self, variable: EnvId) -> &EnvPlan {
        &self.environment[self.env_order[variable.0]]
    }
}

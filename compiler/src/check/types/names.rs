//! The types of the names an expression can read, at one place of a workflow.

use crate::check::knowledge::{Knowledge, Place, Possible, Texts, Witness};
use crate::model::expr::{Path, Root};
use crate::model::ty::{Field, Literal, Rest, Type};
use crate::model::{EnvId, Expr, NodeId, Workflow};
use flow_runtime::value::JsString;

#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) place: Place,
    /// A node that is supposed to have run.
    pub(super) ran: Option<NodeId>,
    pub(super) input: &'a Type,
    /// The envelope of each node, as if it had run; `json` where nothing is known yet.
    pub(super) outputs: &'a [Type],
    /// What the flow of the workflow says, where it was analysed.
    pub(super) knowledge: Option<&'a dyn Knowledge>,
}

/// Fields that tell the alternatives of a value apart: so many are looked at.
const DISCRIMINATORS_MAX: usize = 8;

impl Names<'_> {
    /// What a path begins with.
    pub(super) fn root(&self, root: Root) -> Type {
        match root {
            Root::Input => self.input.clone(),
            Root::Output(NodeId(node)) => self.outputs[node].clone(),
            Root::Error => error(),
        }
    }

    /// Whether a read takes the output of a node that may have been skipped, or an error that there need not be, as it comes.
    pub(super) fn may_be_skipped(&self, read: &Expr, root: Root) -> bool {
        // A read that counts on a value is reported elsewhere, unless a node is only supposed to have run.
        let is_asked = |knowledge: &&dyn Knowledge| self.ran.is_some() || !knowledge.counts_on(read);
        let Some(knowledge) = self.knowledge.filter(is_asked) else { return false };
        let whole = Path { root, steps: Vec::new() };
        matches!(root, Root::Output(_) | Root::Error)
            && knowledge.possible(self.place, self.ran, &whole).missing.is_some()
    }

    /// Whether there are executions in which only the first of two nodes ran before this place, and others in which it did not.
    pub(super) fn runs_without(&self, ran: NodeId, skipped: NodeId) -> bool {
        self.knowledge.is_some_and(|knowledge| knowledge.runs_without(self.place, ran, skipped))
    }

    pub(super) fn is_secret(&self, variable: EnvId) -> bool {
        self.workflow.environment[variable.0].is_secret()
    }

    /// What the flow of the workflow leaves of the type of a path.
    pub(super) fn known(&self, path: &Path, ty: Type, witness: &mut Option<Witness>) -> Type {
        let Some(knowledge) = self.knowledge else { return ty };
        if ty.is_json() || ty.is_never() {
            return ty;
        }
        let possible = knowledge.possible(self.place, self.ran, path);
        let left = possible.left_of(&ty);
        if let Some(missing) = &possible.missing
            && left.may_be_missing()
            && !missing.when.is_empty()
        {
            *witness = Some(missing.clone());
        }
        self.told_apart(knowledge, path, left)
    }

    /// Drops the alternatives of a union of objects that a known field of theirs excludes.
    fn told_apart(&self, knowledge: &dyn Knowledge, path: &Path, ty: Type) -> Type {
        let objects = || {
            ty.members().iter().filter_map(|ty| match ty {
                Type::Object(object) => Some(object),
                _ => None,
            })
        };
        if objects().count() < 2 {
            return ty;
        }
        let tells = |field: &&Field| field.ty.members().iter().all(|ty| matches!(ty, Type::Literal(_)));
        let mut names: Vec<&str> =
            objects().flat_map(|object| object.fields().iter().filter(tells)).map(|field| &*field.name).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(DISCRIMINATORS_MAX);
        let mut left = ty.clone();
        for name in names {
            let mut steps = path.steps.clone();
            steps.push(name.to_string());
            let possible = knowledge.possible(self.place, self.ran, &Path { root: path.root, steps });
            left = left.only(|ty| match ty {
                Type::Object(_) => !possible.left_of(&ty.field(name).ty).is_never(),
                _ => true,
            });
        }
        left
    }
}

/// `{message, code, details}` of a node that failed.
pub(super) fn error() -> Type {
    let fields = vec![
        Field::required("message", Type::STRING),
        Field::required("code", Type::STRING),
        Field::required("details", Type::Json),
    ];
    Type::object(fields, Rest::Closed)
}

impl Possible {
    /// The alternatives of a type that are among these.
    fn left_of(&self, ty: &Type) -> Type {
        if self.unreachable {
            return Type::Never;
        }
        ty.each_alternative(|one| self.left_of_one(one))
    }

    fn left_of_one(&self, ty: &Type) -> Type {
        let possible = match ty {
            Type::Json | Type::Never | Type::Union(_) => true,
            Type::Missing => self.missing.is_some(),
            Type::Null => self.null,
            Type::Literal(Literal::Bool(true)) => self.is_true,
            Type::Literal(Literal::Bool(false)) => self.is_false,
            Type::Bool => self.is_true || self.is_false,
            Type::Number | Type::Literal(Literal::Number(_)) => self.number,
            Type::Array(_) => self.array,
            Type::Object(_) => self.object,
            Type::Literal(Literal::String(text)) => match &self.text {
                Texts::Any => true,
                Texts::AllBut(texts) => !texts.iter().any(|other| is(other, text)),
                Texts::OneOf(texts) => texts.iter().any(|other| is(other, text)),
            },
            Type::String(_) => match &self.text {
                Texts::Any | Texts::AllBut(_) => true,
                Texts::OneOf(texts) => {
                    return Type::union(texts.iter().map(|text| text.as_str().map_or(Type::STRING, Type::text)));
                }
            },
        };
        if possible { ty.clone() } else { Type::Never }
    }
}

fn is(text: &JsString, other: &str) -> bool {
    text.as_str() == Some(other)
}

//! The types of the names an expression can read, at one place of a workflow.

use crate::check::knowledge::{Knowledge, Place, Possible, Supposed};
use crate::model::expr::{Path, Root};
use crate::model::ty::{Field, Literal, Rest, Type};
use crate::model::{EnvId, Expr, NodeId, Workflow};
use std::sync::LazyLock;

#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) place: Place,
    /// The executions that are looked at, where it is not all.
    pub(super) supposed: Supposed<'a>,
    pub(super) input: &'a Type,
    /// The envelope of each node, as if it had run; `json` where nothing is known yet.
    pub(super) outputs: &'a [Type],
    /// What the flow of the workflow says, where it was analysed.
    pub(super) knowledge: Option<&'a dyn Knowledge>,
}

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
        let is_asked = |knowledge: &&dyn Knowledge| self.supposed.ran.is_some() || !knowledge.counts_on(read);
        let Some(knowledge) = self.knowledge.filter(is_asked) else { return false };
        let whole = Path { root, steps: Vec::new() };
        matches!(root, Root::Output(_) | Root::Error) && knowledge.possible(self.place, self.supposed, &whole).missing
    }

    /// Whether there are executions in which only the first of two nodes ran before this place, and others in which it did not.
    pub(super) fn runs_without(&self, ran: NodeId, skipped: NodeId) -> bool {
        self.knowledge.is_some_and(|knowledge| knowledge.runs_without(self.place, ran, skipped))
    }

    pub(super) fn is_secret(&self, variable: EnvId) -> bool {
        self.workflow.environment[variable.0].is_secret()
    }

    /// What the flow of the workflow leaves of the type of a path.
    pub(super) fn known(&self, path: &Path, ty: Type) -> Type {
        let Some(knowledge) = self.knowledge else { return ty };
        if ty.is_json() || ty.is_never() {
            return ty;
        }
        // Most of what is read is declared to be there: nothing is left to ask.
        if !Possible::concerns(path, &ty) {
            return self.told_apart(knowledge, path, ty);
        }
        let left = knowledge.possible(self.place, self.supposed, path).left_of(&ty);
        self.told_apart(knowledge, path, left)
    }

    /// Drops the envelopes of an output that its `status` excludes.
    fn told_apart(&self, knowledge: &dyn Knowledge, path: &Path, ty: Type) -> Type {
        let is_object = |ty: &&Type| matches!(ty, Type::Object(_));
        let is_output = matches!(path.root, Root::Output(_)) && path.steps.is_empty();
        if !is_output || ty.members().iter().filter(is_object).count() < 2 {
            return ty;
        }
        let status = Path { root: path.root, steps: vec!["status".to_owned()] };
        let possible = knowledge.possible(self.place, self.supposed, &status);
        ty.only(|ty| match ty {
            Type::Object(_) => !possible.left_of(&ty.field("status").ty).is_never(),
            _ => true,
        })
    }
}

/// `{message, code, details}` of a node that failed.
pub(super) fn error() -> Type {
    static ERROR: LazyLock<Type> = LazyLock::new(|| {
        let fields = vec![
            Field::required("message", Type::STRING),
            Field::required("code", Type::STRING),
            Field::required("details", Type::Json),
        ];
        Type::object(fields, Rest::Closed)
    });
    ERROR.clone()
}

impl Possible {
    /// Whether a type has alternatives that what is possible could take away.
    fn concerns(path: &Path, ty: &Type) -> bool {
        path.is_status() || ty.may_be_nullish()
    }

    /// The alternatives of a type that are among these.
    fn left_of(&self, ty: &Type) -> Type {
        ty.each_alternative(|one| self.left_of_one(one))
    }

    fn left_of_one(&self, ty: &Type) -> Type {
        let possible = match (ty, &self.texts) {
            (Type::Missing, _) => self.missing,
            (Type::Null, _) => self.null,
            (Type::Literal(Literal::String(text)), Some(texts)) => texts.contains(&&**text),
            (Type::String(_), Some(texts)) => return Type::union(texts.iter().map(|text| Type::text(text))),
            _ => true,
        };
        if possible { ty.clone() } else { Type::Never }
    }
}

//! Every diagnostic code, once: slug, summary, severity. A slug is never reused after a release.
//!
//! An `Error` is one for everybody. A `Warning` is a lint: it warns unless [`super::level`] says otherwise.
//!
//! Always true: every code has its page `compiler/explain/<slug>.md`; without it this file does not compile.

use super::Severity;

macro_rules! codes {
    ($($name:ident $slug:literal $severity:ident $summary:literal)*) => {
        /// What kind of finding it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($name),* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The name people use, such as `unknown-node`.
            pub fn slug(self) -> &'static str {
                match self { $(Code::$name => $slug),* }
            }

            /// One line: what it means.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary),* }
            }

            /// The code of this name.
            pub fn named(slug: &str) -> Option<Code> {
                match slug { $($slug => Some(Code::$name),)* _ => None }
            }

            /// Whether people may allow or deny it.
            pub fn is_lint(self) -> bool {
                self.severity() == Severity::Warning
            }

            /// Unless the user says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity),* }
            }

            /// What `flowc explain` prints, in Markdown: what it means, a workflow it is found in, the repaired one.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("../../explain/", $slug, ".md"))),* }
            }
        }
    };
}

// One per line, grouped by the stage that finds it.
codes! {
    // syntax
    InvalidUtf8 "invalid-utf8" Error "the file is not UTF-8 text"
    TooLarge "too-large" Error "the file is larger than flowc reads"
    TooDeep "too-deep" Error "arrays, objects or parentheses are nested too deeply"
    JsonSyntax "json-syntax" Error "the text is not JSON"
    FlowSyntax "flow-syntax" Error "a .flow text cannot be read"
    DuplicateKey "duplicate-key" Error "an object has the same key twice"
    UnterminatedTemplate "unterminated-template" Error "a template `${` is never closed"
    ExpressionSyntax "expression-syntax" Error "an expression cannot be read"
    UnsupportedExpression "unsupported-expression" Error "JavaScript has this, the expression language does not"
    // shape of the workflow
    WrongType "wrong-type" Error "a value has the wrong type for its key"
    MissingKey "missing-key" Error "a required key is missing"
    InvalidNodeType "invalid-node-type" Error "a node is neither a trigger nor an action"
    UnknownKey "unknown-key" Error "a key that flowc does not know"
    UnknownLint "unknown-lint" Warning "an entry of `allow` that names no lint"
    UnusedAllow "unused-allow" Warning "an `allow` that silences nothing"
    // names
    DuplicateId "duplicate-id" Error "two nodes have the same id"
    BadId "bad-id" Error "an id that could not be written in a template"
    UnknownNode "unknown-node" Error "a name that is no node's id"
    UnknownName "unknown-name" Error "an api, mail server or type that is not declared"
    DeclaredTwice "declared-twice" Error "two declarations of the same name"
    UnknownKind "unknown-kind" Error "a kind of node that does not exist"
    UnsupportedKind "unsupported-kind" Error "a kind of node that this version does not compile"
    UnknownField "unknown-field" Error "a field that a value does not have"
    UnknownFunction "unknown-function" Error "a function that the expression language does not have"
    UnknownMethod "unknown-method" Error "a method that the expression language does not have"
    WrongArguments "wrong-arguments" Error "a function or method with too many, too few or the wrong arguments"
    MisplacedFunction "misplaced-function" Error "a function where a value is expected"
    NameOutOfPlace "name-out-of-place" Error "`result` or `item` where there is none"
    // configuration
    UnknownWord "unknown-word" Error "a word that is not one of those a key takes"
    BadUrl "bad-url" Error "a URL that cannot be called"
    BadHeader "bad-header" Error "a header that cannot be sent"
    BadAddress "bad-address" Error "a mail address or server name that cannot be one"
    BadNetwork "bad-network" Error "an entry of `allowed_ips` that is no address"
    BadCron "bad-cron" Error "a cron expression that cannot be read"
    BadWebhookId "bad-webhook-id" Error "a `webhook_id` that cannot be part of a path"
    BadDedupeKey "bad-dedupe-key" Error "a `dedupe_key` that does not tell deliveries apart"
    BadTemplateName "bad-template-name" Error "a `template` that cannot be the name of a file"
    TemplateSyntax "template-syntax" Error "a mail template that cannot be read"
    TemplateVariable "template-variable" Error "a mail template reads a variable that it is not given"
    UnreadableTemplate "unreadable-template" Error "a mail template that exists and cannot be read"
    MissingTemplate "missing-template" Warning "a mail template that does not exist"
    ConflictingKeys "conflicting-keys" Error "two keys of which only one can have an effect"
    LikelyMilliseconds "likely-milliseconds" Warning "a time in seconds that looks like one in milliseconds"
    InexactNumber "inexact-number" Warning "a whole number with more digits than a number holds"
    DeadKey "dead-key" Warning "a key that nothing reads"
    IgnoredBody "ignored-body" Warning "a body on a request that should have none"
    PlainTransport "plain-transport" Warning "data crosses the network unencrypted"
    HostFromInput "host-from-input" Warning "data decides which host is called"
    MissingSlash "missing-slash" Warning "a URL whose path may become a part of its host"
    JsonAsText "json-as-text" Warning "JSON that is put together as text, which data can change"
    LiteralSecret "literal-secret" Warning "a secret that stands in the workflow itself"
    OpenWebhook "open-webhook" Warning "a webhook that checks neither a signature nor an address"
    UnsafeRetry "unsafe-retry" Warning "a retried request that may be carried out twice"
    RepeatedDelivery "repeated-delivery" Warning "what must not be done twice is done for every delivery of a webhook"
    NoCompensation "no-compensation" Warning "what cannot be undone is done, and a later failure is not handled"
    TimeBudget "time-budget" Warning "the longest way takes longer than the execution may"
    BadFunction "bad-function" Error "a path that cannot be that of a Rust function"
    // schemas
    BadSchema "bad-schema" Error "a schema that is no JSON Schema"
    UnknownRef "unknown-ref" Error "a `$ref` that leads to no schema"
    UnreadableSchema "unreadable-schema" Error "a file with schemas that cannot be read"
    UnsupportedSchema "unsupported-schema" Warning "a part of a schema that flowc does not check"
    // data
    SecretFlow "secret-flow" Warning "a secret where others can read it, or at a service it is not for"
    PersonalDataFlow "personal-data-flow" Warning "personal or sensitive data where it should not be"
    // graph
    DuplicateConnection "duplicate-connection" Error "two connections between the same nodes"
    DuplicateWebhook "duplicate-webhook" Error "two triggers listen at the same path"
    Cycle "cycle" Error "nodes wait for each other in a circle"
    TriggerHasInput "trigger-has-input" Error "a connection leads to a trigger"
    UnconnectedNode "unconnected-node" Warning "nothing leads to a node"
    NeverRuns "never-runs" Error "a node that can never run"
    NotYetRun "not-yet-run" Error "a reference to a node that has not run"
    // what can happen
    SkippedNode "skipped-node" Error "a reference to a node that is skipped on some way to here"
    ErrorUnset "error-unset" Warning "an error is read where there may be none"
    RouteGap "route-gap" Warning "an outcome after which nothing happens"
    RouteOverlap "route-overlap" Warning "two alternatives that can both be taken"
    ConstantCondition "constant-condition" Warning "a condition that is always true, or never"
    TooManyConditions "too-many-conditions" Warning "more conditions than flowc follows: what may be skipped was not checked"
    UnusedNodeOutput "unused-node-output" Warning "a filter on whose verdict nothing depends"
    // expressions
    WrongReceiver "wrong-receiver" Error "a method that a value of its type does not have"
    WrongOperand "wrong-operand" Error "an operator on a value that is no number"
    MayBeMissing "may-be-missing" Error "a value that may be missing where none may be"
    NeverEqual "never-equal" Error "a comparison of values that are never equal"
    TypeMismatch "type-mismatch" Error "a value of a type that its place cannot take"
    ImplicitNumber "implicit-number" Warning "text that is computed with as a number"
    NumberAddedToText "number-added-to-text" Warning "`+` on text and a number, which joins them"
    LooseComparison "loose-comparison" Warning "`==` between text and a number, which converts the text"
    JsonInText "json-in-text" Warning "an array or object in text for people"
    ListAsCondition "list-as-condition" Warning "an array or object as a condition: always true"
    PositionAsCondition "position-as-condition" Warning "a position as a condition: true where there is none"
    SortAsText "sort-as-text" Warning "`sort` on numbers or objects, which compares their texts"
    MisspeltName "misspelt-name" Warning "a name that is nearly another that is read beside it"
    ShadowedLiteral "shadowed-literal" Warning "text that looks like a name, or a name that looks like a literal"
    ObservedSort "observed-sort" Error "`sort` or `reverse` on an array that is read again"
}

//! Every diagnostic code, once: slug, summary, severity. A slug is never reused after a release.

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

            /// Unless the user says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity),* }
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
    DuplicateKey "duplicate-key" Error "an object has the same key twice"
    UnterminatedTemplate "unterminated-template" Error "a template `${` is never closed"
    ExpressionSyntax "expression-syntax" Error "an expression cannot be read"
    UnsupportedExpression "unsupported-expression" Error "JavaScript has this, the expression language does not"
    // shape of the workflow
    WrongType "wrong-type" Error "a value has the wrong type for its key"
    MissingKey "missing-key" Error "a required key is missing"
    InvalidNodeType "invalid-node-type" Error "a node is neither a trigger nor an action"
    UnknownKey "unknown-key" Error "a key that flowc does not know"
}

//! What codegen gives and build takes: a crate in memory.
//!
//! Comes in: tokens, by path. Goes out: formatted text, by path, in the order of the paths.
//! Always true: whatever is in here parses as Rust, and nothing here touches the disk.

use proc_macro2::TokenStream;
use std::collections::BTreeMap;

/// The path of the one source file a binary is compiled from.
const MAIN: &str = "src/main.rs";

/// A generated crate: one workflow as Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedCrate {
    /// The name of the binary, such as `order-fulfillment`.
    pub name: String,
    pub flavour: Flavour,
    /// By path inside the crate, such as `src/main.rs`.
    pub files: BTreeMap<String, String>,
}

/// Which of the runtime's features a workflow needs. Few on purpose: each flavour is a runtime to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Flavour {
    /// The workflow sends mail.
    pub mail: bool,
    /// Executions are kept in a file.
    pub store: bool,
    /// Traces are exported over OTLP: not what a workflow needs, but what its operator wants.
    pub otel: bool,
}

impl Flavour {
    /// Features of `flow-runtime`, in a fixed order.
    pub fn features(self) -> Vec<&'static str> {
        let Flavour { mail, store, otel } = self;
        let all = [("program", true), ("mail", mail), ("store", store), ("otel", otel)];
        all.into_iter().filter_map(|(feature, wanted)| wanted.then_some(feature)).collect()
    }
}

impl GeneratedCrate {
    pub fn new(name: impl Into<String>, flavour: Flavour) -> GeneratedCrate {
        GeneratedCrate { name: name.into(), flavour, files: BTreeMap::new() }
    }

    /// Adds a Rust file, formatted.
    ///
    /// # Panics
    /// When the tokens are no Rust file. That is a bug in codegen, whatever the workflow was.
    pub fn add_rust(&mut self, path: impl Into<String>, tokens: TokenStream) {
        let path = path.into();
        let file = syn::parse2::<syn::File>(tokens.clone())
            .unwrap_or_else(|error| panic!("the code generated for {path} is not Rust: {error}\n{tokens}"));
        self.files.insert(path, spaced(&prettyplease::unparse(&file)));
    }

    /// The text of `src/main.rs`: all that rustc is given.
    ///
    /// # Panics
    /// When codegen added none: a bug in codegen.
    pub fn main_rs(&self) -> &str {
        self.files.get(MAIN).map_or_else(|| panic!("codegen made no {MAIN}"), String::as_str)
    }
}

/// A blank line behind every item of a file and of its modules: prettyplease leaves none.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 20);
    let mut lines = text.lines().peekable();
    let mut in_import = false;
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        in_import |= line.starts_with("use ");
        let ends_imports = (in_import && line.ends_with(';')) || line == "    use super::*;";
        let ends_item = matches!(line, "}" | "};" | "];" | "    }" | "    };" | "    ];") && !ends_imports
            || line.ends_with("#![forbid(unsafe_code)]");
        in_import &= !ends_imports;
        let next = lines.peek().copied().unwrap_or("}").trim_start();
        let goes_on = next.starts_with('}') || (ends_imports && next.starts_with("use ")) || next.starts_with("else");
        if (ends_item || ends_imports) && !goes_on && !next.is_empty() {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn with_main(tokens: TokenStream) -> GeneratedCrate {
        let mut generated = GeneratedCrate::new("order", Flavour::default());
        generated.add_rust("src/main.rs", tokens);
        generated
    }

    #[test]
    fn tokens_become_formatted_text() {
        let generated = with_main(quote! {
            #![doc = " Generated."]
            fn main() { run(&WORKFLOW) }
        });
        assert_eq!(generated.main_rs(), "//! Generated.\nfn main() {\n    run(&WORKFLOW)\n}\n");
    }

    #[test]
    fn tokens_that_are_no_file_are_our_bug() {
        let panic = std::panic::catch_unwind(|| with_main(quote! { fn fn })).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.starts_with("the code generated for src/main.rs is not Rust"), "{message}");
    }
}

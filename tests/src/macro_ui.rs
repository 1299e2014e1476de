//! The macro tier: a crate with a `flow!` in it that is wrong, and the exact words of rustc.

use flow_compiler::build::{self, Answer, Talk};
use flow_compiler::codegen::files::Flavour;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// # Panics
/// When rustc says something else, or cannot be asked.
pub fn test(case: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("macro").join(case).with_extension("rs");
    let said = ask(&file).said.replace(&format!("{}/", file.with_file_name("").display()), "");
    // BLESS=1 would write that down.
    assert!(!said.contains("extern location for"), "another cargo is compiling flow-macros meanwhile:\n{said}");
    crate::expect(&file.with_extension("stderr"), &without_machine(&said));
}

/// What rustc answers about a file with `flow!` in it.
///
/// # Panics
/// When it cannot be asked.
pub fn ask(file: &Path) -> Answer {
    let macros = macros();
    let crates = [("flow_macros", macros.as_path())];
    // The flavour that everything else is tested with: no other runtime is compiled for this.
    let flavour = Flavour { mail: true, store: false, otel: false };
    build::ask_about(file, &crates, flavour, Talk::Quiet).unwrap_or_else(|error| panic!("{}:\n{error}", file.display()))
}

/// The procedural macro that cargo compiled before these tests; of several the last.
fn macros() -> PathBuf {
    let beside = env::current_exe().expect("a path");
    let files = fs::read_dir(beside.parent().expect("a folder")).expect("the folder of the tests can be read");
    let libraries = files.map(|file| file.expect("an entry").path()).filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.contains("flow_macros-") && name.ends_with(env::consts::DLL_SUFFIX)
    });
    let last = libraries.max_by_key(|file| file.metadata().and_then(|metadata| metadata.modified()).ok());
    last.expect("flow-macros is a dependency of these tests")
}

/// Where the runtime lies on this machine, and on which line something stands in it, is nothing that anybody shall compare.
fn without_machine(said: &str) -> String {
    let line = |line: &str| match (line.find("--> "), line.find("runtime/src/")) {
        (Some(arrow), Some(at)) if arrow < at => {
            let file = line[at..].split(':').next().unwrap_or_default();
            format!("{}--> {file}", &line[..arrow])
        }
        _ => line.to_owned(),
    };
    let mut lines: Vec<String> = said.lines().map(line).collect();
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo compiles a crate anew when one of the files has changed that rustc names.
    #[test]
    fn a_change_of_a_workflow_or_of_what_lies_beside_it_compiles_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder that can be made");
            fs::write(&file, text).expect("a file that can be written");
            file
        };
        let main = write(
            "main.rs",
            "flow_macros::flow!(file = \"a workflow.flow\");\n\
             flow_macros::flow! {\n workflow inside {}\n flow { start -> tell }\n manual start\n mail tell {\n \
             server: SMTP_SERVER\n from: \"a@example.com\"\n to: \"b@example.com\"\n subject: \"Paid\"\n \
             template: \"receipt\" { order_id }\n }\n}\nfn main() {}\n",
        );
        let template = write("templates/receipt.txt", "Order {{ order_id }}\n");
        let schema = write("order.schema.json", r#"{ "type": "object" }"#);
        let workflow = write(
            "a workflow.flow",
            "workflow beside {}\nflow { start -> call }\nmanual start { input_schema: { $ref: \"order.schema.json\" } }\n\
             http call { GET \"https://example.com/\" }\n",
        );
        let answer = ask(&main);
        assert_eq!(answer.said, "");
        for file in [main, template, schema, workflow] {
            assert!(answer.files.contains(&file), "{} is not in {:?}", file.display(), answer.files);
        }
    }
}

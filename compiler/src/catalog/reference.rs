//! The reference of node kinds, as Markdown: `docs/nodes.md` is this text.

use super::{KINDS, Key, SETTINGS};
use std::fmt::Write;

/// The whole reference.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Nodes\n\n<!-- Generated from compiler/src/catalog. `BLESS=1 cargo test -p flow-compiler --lib reference` writes it anew. -->\n\n\
         Every node has an `id`, a `type` (`trigger` or `action`), its kind in `trigger_type` or `action_type`, and may have a \
         `name`, a `description`, `dependencies`, a `config`, and in `allow` the warnings that are accepted there. The tables list what `config` takes.\n",
    );
    for kind in KINDS {
        let role = if kind.trigger { "Trigger" } else { "Action" };
        let _ = write!(out, "\n## {role} `{}`\n\n{}\n\n", kind.word, kind.summary);
        table(&mut out, kind.keys);
        let _ = write!(out, "\n**Result:** {}\n\n```json\n{}\n```\n", kind.output, kind.example);
    }
    out.push_str("\n## `settings`\n\n");
    table(&mut out, SETTINGS);
    out
}

fn table(out: &mut String, keys: &[Key]) {
    out.push_str("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for key in keys {
        let default = if key.required { "**required**" } else { key.default };
        let _ =
            writeln!(out, "| `{}` | {} | {default} | {} |", key.name, key.ty.describe(), key.doc.replace('|', "\\|"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::pipeline;
    use crate::source::SourceFile;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn the_reference_is_as_generated() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/nodes.md");
        let generated = markdown();
        if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
            std::fs::write(&file, &generated).expect("docs/nodes.md can be written");
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(written == generated, "docs/nodes.md is stale: BLESS=1 cargo test -p flow-compiler --lib reference");
    }

    #[test]
    fn examples_are_right() {
        for kind in KINDS {
            let text = format!("{{ \"nodes\": [{}] }}", kind.example);
            let file = SourceFile { name: "workflow.json".into(), text };
            let found = match pipeline::check(file, "example", &BTreeMap::new()) {
                Ok(accepted) => accepted.warnings,
                Err(rejected) => rejected.diagnostics,
            };
            let found: Vec<Code> = found.into_iter().map(|diagnostic| diagnostic.code).collect();
            let later = kind.is_for_later();
            assert_eq!(found, if later { vec![Code::UnsupportedKind] } else { vec![] }, "{}", kind.word);
        }
    }

    /// A row of a table is one line with as many cells as the others.
    #[test]
    fn tables_are_tables() {
        let kinds = KINDS.iter().map(|kind| kind.keys).chain([SETTINGS]);
        for key in kinds.flatten() {
            assert!(!key.doc.is_empty() && key.doc.ends_with('.'), "{}", key.name);
            assert!(!key.default.contains(['|', '\n']) && !key.doc.contains('\n'), "{}", key.name);
        }
    }
}

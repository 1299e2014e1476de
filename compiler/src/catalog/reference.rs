//! The reference of node kinds, as Markdown: `docs/nodes.md` is this text.

use super::{KINDS, Key, SETTINGS};
use std::fmt::Write;

/// The whole reference.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Nodes\n\n<!-- Generated from compiler/src/catalog. `BLESS=1 cargo test -p flow-compiler` writes it anew. -->\n\n\
         Every node has an `id`, a `type` (`trigger` or `action`), its kind in `trigger_type` or `action_type`, and may have a \
         `name`, a `description`, `dependencies` and a `config`. The tables list what `config` takes.\n",
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

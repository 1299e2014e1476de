//! The long form of a code: what it means, a workflow it is found in, the repaired one.

use super::Code;

/// The page of each slug. A page is a file of `compiler/explain` and a line here.
macro_rules! pages {
    ($($slug:literal)*) => {
        const PAGES: &[(&str, &str)] = &[$(($slug, include_str!(concat!("../../explain/", $slug, ".md")))),*];
    };
}

pages! {
    "invalid-utf8"
    "too-large"
    "too-deep"
    "json-syntax"
    "duplicate-key"
    "unterminated-template"
    "expression-syntax"
    "unsupported-expression"
    "wrong-type"
    "missing-key"
    "invalid-node-type"
    "unknown-key"
}

impl Code {
    /// What `flowc explain` prints, in Markdown; `None` as long as nobody has written it.
    pub fn explanation(self) -> Option<&'static str> {
        PAGES.iter().find(|(slug, _)| *slug == self.slug()).map(|(_, page)| *page)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::{FileId, SourceFile, Sources};
    use crate::syntax;

    #[test]
    fn every_file_is_the_page_of_a_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("explain");
        for entry in std::fs::read_dir(folder).expect("the folder of explanations") {
            let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
            let slug = name.trim_end_matches(".md");
            let code = Code::ALL.iter().find(|code| code.slug() == slug);
            let page = code.and_then(|code| code.explanation()).unwrap_or_else(|| panic!("{name} is in no list"));
            assert!(page.starts_with(&format!("# {slug}\n")), "{name} starts with its slug");
        }
    }

    #[test]
    fn every_slug_stands_once() {
        let mut slugs: Vec<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
        slugs.sort_unstable();
        assert!(slugs.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// Whatever a page shows as JSON is right; what is wrong stands there as plain text.
    #[test]
    fn repaired_examples_are_right() {
        for (slug, page) in PAGES {
            for example in page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()) {
                let mut diagnostics = Diagnostics::default();
                let sources = Sources::new(SourceFile { name: String::from("w.json"), text: example.to_owned() });
                let read = match example.contains("\"nodes\"") {
                    true => syntax::parse(&sources, &mut diagnostics).is_some(),
                    false => syntax::json::read(example, FileId::WORKFLOW, &mut diagnostics).is_some(),
                };
                assert!(read && diagnostics.is_empty(), "{slug}: {diagnostics:?}");
            }
        }
    }
}

//! The quiet tier: nothing is wrong, and nothing is said. Near misses of what the checker looks for. And where one sign is too many,
//! nothing is said but that.

use crate::{compile, folder, written};
use std::fs;
use std::path::Path;

/// # Panics
/// When `flowc check` finds anything.
pub fn test(case: &str) {
    let file = written(&folder("quiet", case));
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let found = compile::check(&bytes, &file);
    assert!(found.codes.is_empty(), "{case}: a false alarm\n{}", found.text);
    if file.extension().is_some_and(|extension| extension == "flow") {
        with_a_sign_too_many(case, &file, &String::from_utf8(bytes).expect("a .flow text is UTF-8"));
    }
}

/// A `;` behind any word: what else there is to say is what was said before, nothing.
fn with_a_sign_too_many(case: &str, file: &Path, text: &str) {
    let ends =
        text.char_indices().filter(|(at, char)| char.is_whitespace() && !text[..*at].ends_with(char::is_whitespace));
    for (at, _) in ends {
        let (before, behind) = text.split_at(at);
        let found = compile::check(format!("{before};{behind}").as_bytes(), file);
        let follows = found.codes.iter().any(|code| *code != "flow-syntax");
        let is_read = !found.codes.contains(&"flow-syntax");
        // In quotes and comments it is no sign.
        assert!(is_read || !follows, "{case}: something follows from a `;` behind\n{before}\n\n{}", found.text);
    }
}

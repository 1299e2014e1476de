//! `flowc explain`: the long form of a diagnostic.

use crate::diagnostic::{Code, suggest};

/// The text for one code, or the list of all.
pub fn explain(slug: Option<&str>) -> Result<String, String> {
    let Some(slug) = slug else {
        return Ok(list());
    };
    // People copy the name with its brackets.
    let name = slug.trim_matches(['[', ']']);
    let code = Code::ALL.iter().find(|code| code.slug() == name);
    let code = code.ok_or_else(|| match suggest::nearest(name, Code::ALL.iter().map(|code| code.slug())) {
        Some(near) => format!("there is no diagnostic `{name}`: did you mean `{near}`?"),
        None => format!("there is no diagnostic `{name}`; `flowc explain` lists them"),
    })?;
    Ok(code.explanation().to_owned())
}

/// Every code with its level and one line: what can be allowed and denied, then what is wrong for everybody.
fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.slug().len()).max().unwrap_or(0);
    let part = |lints: bool| {
        let codes = Code::ALL.iter().filter(move |code| code.is_lint() == lints);
        let line = |code: &Code| format!("  {:width$}  {}\n", code.slug(), code.summary());
        codes.map(line).collect::<String>()
    };
    format!("Lints: they warn, unless `-A`, `-W` or `-D` says otherwise\n{}\nErrors\n{}", part(true), part(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_listed() {
        let list = explain(None).unwrap();
        for code in Code::ALL {
            assert!(explain(Some(code.slug())).unwrap().contains(code.slug()));
            assert!(list.contains(code.summary()));
        }
    }

    #[test]
    fn an_unknown_name_says_where_the_names_are() {
        assert!(explain(Some("[no-such]")).unwrap_err().starts_with("there is no diagnostic `no-such`"));
        assert!(explain(Some("route-gp")).unwrap_err().ends_with("did you mean `route-gap`?"));
    }
}

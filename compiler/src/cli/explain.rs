//! `flowc explain`: the long form of a diagnostic.

use crate::diagnostic::Code;

/// The text for one code, or the list of all.
pub fn explain(slug: Option<&str>) -> Result<String, String> {
    let Some(slug) = slug else {
        let width = Code::ALL.iter().map(|code| code.slug().len()).max().unwrap_or(0);
        return Ok(Code::ALL.iter().map(|code| format!("{:width$}  {}\n", code.slug(), code.summary())).collect());
    };
    // People copy the name with its brackets.
    let name = slug.trim_matches(['[', ']']);
    let code = Code::ALL.iter().find(|code| code.slug() == name);
    let code = code.ok_or_else(|| format!("there is no diagnostic `{name}`; `flowc explain` lists them"))?;
    Ok(code.explanation().to_owned())
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
    }
}

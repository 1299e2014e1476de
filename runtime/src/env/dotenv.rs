//! `.env` files.
//!
//! Comes in: the text of the file. Goes out: names and values.
//! Always true: a value stands for itself. `$` is a character like any other, so a generated password survives; the
//! usual crates replace `$NAME` inside values, and their errors quote the line.
//!
//! One assignment per line: `NAME=value`, or `export NAME=value`. Blank lines and lines that start with `#` are comments.
//! - unquoted: up to the end of the line or a `#` after a space; spaces around it are dropped;
//! - `'single quotes'`: exactly what stands between them;
//! - `"double quotes"`: with the escapes `\n \r \t \" \\ \$`. Quoted values may run over several lines.
//!
//! Of a name given twice the last value counts.

use std::collections::BTreeMap;

/// # Errors
/// `LINE: what is wrong`, without any of the text.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (this, next) = rest.split_once('\n').unwrap_or((rest, ""));
        let assignment = this.trim();
        if assignment.is_empty() || assignment.starts_with('#') {
            (rest, line) = (next, line + 1);
            continue;
        }
        let assignment = assignment.strip_prefix("export ").map_or(assignment, str::trim_start);
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(format!("{line}: expected NAME=value"));
        };
        let name = name.trim_end();
        if !is_name(name) {
            return Err(format!("{line}: the name may hold letters, digits and `_` only, and starts with no digit"));
        }
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
            values.insert(name.to_owned(), unquoted(value).to_owned());
            (rest, line) = (next, line + 1);
            continue;
        };
        // A quoted value may end lines further on, so it is read from the rest of the file.
        let start = this.trim_end().len() - value.len() + 1;
        let (value, length) = quoted(&rest[start..], quote).map_err(|(offset, message)| {
            let lines = rest[start..start + offset].matches('\n').count();
            format!("{}: {message}", line + lines)
        })?;
        let after = &rest[start + length..];
        line += rest[..start + length].matches('\n').count();
        let (tail, next) = after.split_once('\n').unwrap_or((after, ""));
        if !matches!(tail.trim_start().chars().next(), None | Some('#')) {
            return Err(format!("{line}: text after the closing quote"));
        }
        values.insert(name.to_owned(), value);
        (rest, line) = (next, line + 1);
    }
    Ok(values)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Without a comment and the space before it.
fn unquoted(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let comment = value.match_indices('#').find(|(at, _)| value[..*at].ends_with([' ', '\t']));
    value[..comment.map_or(value.len(), |(at, _)| at)].trim_end()
}

/// The value up to the closing quote, and how long the text with the quote was. Errors carry an offset.
fn quoted(text: &str, quote: char) -> Result<(String, usize), (usize, &'static str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Ok((value, at + 1)),
            '\\' if quote == '"' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped @ ('"' | '\\' | '$'))) => value.push(escaped),
                _ => return Err((at, "unknown escape; known are \\n \\r \\t \\\" \\\\ \\$ (or use single quotes)")),
            },
            _ => value.push(character),
        }
    }
    // The opening quote is where to look.
    Err((0, "the closing quote is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(parse(text), Ok(expected), "{text}");
    }

    #[test]
    fn assignments() {
        check("", &[]);
        check("A=1", &[("A", "1")]);
        check("A=1\r\nB=2\r\n", &[("A", "1"), ("B", "2")]);
        check("# note\n\n  export A = spaced out \n", &[("A", "spaced out")]);
        check("A=\nB=#\nC=a#b # note\nD=# note", &[("A", ""), ("B", ""), ("C", "a#b"), ("D", "")]);
        check("A=1\nA=2", &[("A", "2")]);
        check("A=p$ss=w{ord}\\n", &[("A", "p$ss=w{ord}\\n")]);
        check("A=it's", &[("A", "it's")]);
    }

    #[test]
    fn quotes() {
        check("A='a $b \\n # \"' # note\nB=2", &[("A", "a $b \\n # \""), ("B", "2")]);
        check("A=\"a \\\"b\\\" \\$c\\\\ \\n\"", &[("A", "a \"b\" $c\\ \n")]);
        check("A=\"one\ntwo\"\nB=''\nC=3", &[("A", "one\ntwo"), ("B", ""), ("C", "3")]);
        check("  A=  'x'", &[("A", "x")]);
    }

    #[test]
    fn mistakes_name_the_line() {
        let line = |text: &str| parse(text).unwrap_err().split_once(": ").unwrap().0.to_owned();
        assert_eq!(line("A=1\n\nnonsense"), "3");
        assert_eq!(line("A=1\n2B=1"), "2");
        assert_eq!(line("A-B=1"), "1");
        assert_eq!(line("A=1\nB='x\n\n"), "2");
        assert_eq!(line("A='x' y"), "1");
        assert_eq!(line("A=\"x\ny\" z"), "2");
        assert_eq!(line("A=\"x\n\\q\""), "2");
    }
}

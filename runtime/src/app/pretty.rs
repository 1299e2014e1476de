//! Canonical JSON text, indented for people. Numbers and strings stay as they are, to the digit.

/// `text` must be canonical JSON text. Ends with a line break.
pub fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut in_string = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            match character {
                '\\' => out.extend(characters.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                out.push(character);
            }
            '{' | '[' => {
                out.push(character);
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                break_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(character);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented() {
        let text = r#"{"a":[1e+21,{"b":"x\",{[:"}],"c":{},"d":[],"e":"\\"}"#;
        let expected = "{\n  \"a\": [\n    1e+21,\n    {\n      \"b\": \"x\\\",{[:\"\n    }\n  ],\n  \"c\": {},\n  \"d\": [],\n  \"e\": \"\\\\\"\n}\n";
        assert_eq!(pretty(text), expected);
        assert_eq!(pretty("1"), "1\n");
    }
}

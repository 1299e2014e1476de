//! JSON as no program should write it, and not quite JSON.

use super::random::Random;

/// A valid text: white space anywhere, escapes nobody needs, duplicate and integer-like keys, odd numbers.
pub fn document(random: &mut Random) -> String {
    let mut out = String::new();
    value(random, 4, &mut out);
    out
}

/// The same with up to three bytes changed; seldom JSON, and not always UTF-8.
pub fn broken(random: &mut Random) -> Vec<u8> {
    const MARKS: &[u8] = b"{}[],:\"\\/ue+-.019eE tfn\x00\x1f\x7f\x80\xc3\xed\xa0\xf4 \n\t\x0c";
    let mut bytes = document(random).into_bytes();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let mark = random.pick(MARKS);
        match random.below(4) {
            0 => bytes.insert(at, mark),
            1 if at < bytes.len() => bytes[at] = mark,
            2 => bytes.truncate(at),
            _ if at < bytes.len() => {
                bytes.remove(at);
            }
            _ => {}
        }
    }
    bytes
}

fn value(random: &mut Random, depth: usize, out: &mut String) {
    space(random, out);
    match random.below(if depth == 0 { 5 } else { 9 }) {
        0 => out.push_str(random.pick(&["true", "false", "null"])),
        1 | 2 => number(random, out),
        3 | 4 => string(random, out),
        5 => {
            out.push('[');
            for at in 0..random.below(5) {
                out.push_str(if at > 0 { "," } else { "" });
                value(random, depth - 1, out);
            }
            space(random, out);
            out.push(']');
        }
        _ => {
            out.push('{');
            let members = if random.one_in(12) { 60 } else { random.below(7) };
            for at in 0..members {
                out.push_str(if at > 0 { "," } else { "" });
                space(random, out);
                key(random, out);
                space(random, out);
                out.push(':');
                value(random, if members > 10 { 0 } else { depth - 1 }, out);
            }
            space(random, out);
            out.push('}');
        }
    }
    space(random, out);
}

fn space(random: &mut Random, out: &mut String) {
    if random.one_in(5) {
        out.push_str(random.pick(&[" ", "\n", "\t", "\r\n", "  "]));
    }
}

fn key(random: &mut Random, out: &mut String) {
    const KEYS: &[&str] = &[
        "a",
        "b",
        "c",
        "a",
        "b",
        "\\u0061",
        "length",
        "__proto__",
        "constructor",
        "",
        "é",
        "\\u00e9",
        "\\u00E9",
        "😀",
        "\\ud83d\\ude00",
        "\\ud83d",
        "q\\\"q",
        "q\\u0022q",
        "s\\/s",
        "s/s",
        "1",
        "0",
        "10",
        "2",
        "01",
        "-1",
        "4294967294",
        "4294967295",
        "1.5",
        "\\u0031",
    ];
    if random.one_in(6) {
        return string(random, out);
    }
    out.push('"');
    out.push_str(random.pick(KEYS));
    if random.one_in(3) {
        out.push_str(&random.below(300).to_string());
    }
    out.push('"');
}

fn string(random: &mut Random, out: &mut String) {
    const PIECES: &[&str] = &[
        "a",
        "plain text of some length",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "/",
        "\\b\\f\\r\\t",
        "\\u0000",
        "\\u001F",
        "\\u000a",
        "\\u007f",
        "\u{7f}",
        "\\u0041",
        "é",
        "\\u00e9",
        "€",
        "\u{2028}",
        "\\u2028",
        "😀",
        "\\ud83d\\ude00",
        "\\uD83D\\uDE00",
        "\\ud83d",
        "\\uDE00",
        "\\ud83d\\ud83d\\ude00",
        "\\ud83d\\n",
        "\\ud83d\\u0041",
        "\\uffff",
        "\u{ffff}",
    ];
    out.push('"');
    for _ in 0..random.below(5) {
        out.push_str(random.pick(PIECES));
    }
    out.push('"');
}

fn number(random: &mut Random, out: &mut String) {
    const ODD: &[&str] = &[
        "-0",
        "0",
        "-0.0",
        "0e0",
        "1e400",
        "-1e400",
        "1E+2",
        "1e-7",
        "0.000001",
        "0.0000001",
        "1.0",
        "10.50",
        "100",
        "1e20",
        "1e21",
        "123456789012345",
        "1234567890123456",
        "9007199254740993",
        "0.1",
        "-12.75",
        "5e-324",
        "1e-400",
        "999999999999999.9",
        "0.100000000000001",
        "0.00000123",
        "0.000012",
        "123456789.123456",
        "1.7976931348623157e308",
    ];
    if random.one_in(2) {
        return out.push_str(random.pick(ODD));
    }
    let digits = (random.bits() >> random.below(64)).to_string();
    if random.one_in(4) {
        out.push('-');
    }
    out.push_str(&digits);
    if random.one_in(2) {
        out.push('.');
        out.push_str(&(random.bits() >> random.below(64)).to_string());
    }
    if random.one_in(5) {
        out.push_str(random.pick(&["e1", "E+3", "e-3", "e-10", "e20", "e00"]));
    }
}

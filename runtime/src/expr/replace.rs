//! `replace` and `replaceAll` with a text to find and a text to put there.

use super::limits::check_text;
use super::search::{find, find_all};
use crate::value::{Fault, JsString, Value};

/// In the replacement `$$` is a dollar sign, `$&` what was found, `` $` `` what stands before it, `$'` what follows.
pub(super) fn replace(string: &JsString, needle: &JsString, replacement: &JsString, all: bool) -> Result<Value, Fault> {
    if let (Some(text), Some(needle), Some(replacement)) = (string.as_str(), needle.as_str(), replacement.as_str()) {
        // An empty needle is found between the units of one character too.
        if !needle.is_empty() {
            let found = text.match_indices(needle).map(|(at, _)| at).take(if all { usize::MAX } else { 1 }).collect();
            let hay = Hay { all: text.as_bytes(), found, needle: needle.len() };
            let bytes = hay.replaced(&template(replacement.as_bytes(), |byte| Some(*byte)))?;
            return Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned().into()));
        }
    }
    let (units, needle, replacement) = (string.units(), needle.units(), replacement.units());
    let found = if all { find_all(&units, &needle) } else { find(&units, &needle).into_iter().collect() };
    let hay = Hay { all: &units, found, needle: needle.len() };
    let replaced = hay.replaced(&template(&replacement, |unit| u8::try_from(*unit).ok()))?;
    Ok(JsString::from_units(&replaced).into())
}

/// A part of a replacement.
enum Part<'a, T> {
    Literal(&'a [T]),
    Found,
    Before,
    After,
}

fn template<T>(replacement: &[T], ascii: fn(&T) -> Option<u8>) -> Vec<Part<'_, T>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at + 1 < replacement.len() {
        let part = match (ascii(&replacement[at]), ascii(&replacement[at + 1])) {
            (Some(b'$'), Some(b'$')) => Part::Literal(&replacement[at..=at]),
            (Some(b'$'), Some(b'&')) => Part::Found,
            (Some(b'$'), Some(b'`')) => Part::Before,
            (Some(b'$'), Some(b'\'')) => Part::After,
            _ => {
                at += 1;
                continue;
            }
        };
        parts.push(Part::Literal(&replacement[from..at]));
        parts.push(part);
        at += 2;
        from = at;
    }
    parts.push(Part::Literal(&replacement[from..]));
    parts
}

/// A text in bytes or units, and where in it the needle was found.
struct Hay<'a, T> {
    all: &'a [T],
    found: Vec<usize>,
    needle: usize,
}

impl<T: Copy> Hay<'_, T> {
    fn replaced(&self, template: &[Part<T>]) -> Result<Vec<T>, Fault> {
        let mut out = Vec::with_capacity(self.all.len());
        let mut from = 0;
        for at in &self.found {
            let after = at + self.needle;
            out.extend_from_slice(&self.all[from..*at]);
            for part in template {
                let piece = match part {
                    Part::Literal(literal) => literal,
                    Part::Found => &self.all[*at..after],
                    Part::Before => &self.all[..*at],
                    Part::After => &self.all[after..],
                };
                check_text(out.len() + piece.len())?;
                out.extend_from_slice(piece);
            }
            from = after;
        }
        out.extend_from_slice(&self.all[from..]);
        Ok(out)
    }
}

//! Any JSON text → the text JavaScript would print, in one pass over the bytes.
//!
//! Comes in: bytes, and a tree of names. Goes out: canonical text, and where in it the named fields stand.
//! Always true: time grows with the size of the text and no faster, whoever wrote it; nesting is kept on the heap.
//!
//! Most of any text already is canonical, so nothing is copied until something is not: `copied` marks how far the
//! source has gone into `out`, and the bytes from there to the reader's place stand for themselves.

use super::doc::{Shape, ShapeField};
use super::json::{DEPTH_MAX, JsonError, Limits, Reader, SIZE_MAX};
use super::number::{array_index, push_number};
use super::write::{write_escaped, write_unit_escape};

/// Byte range of a slot in the canonical text.
pub(super) type Slot = Option<(u32, u32)>;

pub(super) fn canonicalise(bytes: &[u8], shape: &Shape, limits: &Limits) -> Result<(String, Box<[Slot]>), JsonError> {
    let size_max = limits.size.min(SIZE_MAX);
    if bytes.len() > size_max {
        return Err(JsonError { offset: size_max, message: format!("more than {size_max} bytes") });
    }
    let text = str::from_utf8(bytes)
        .map_err(|error| JsonError { offset: error.valid_up_to(), message: "not UTF-8".to_owned() })?;
    let depth_max = limits.depth.min(DEPTH_MAX);
    let reader = || Reader { finite: limits.finite, ..Reader::new(text) };
    match Canonicaliser::new(reader(), shape, depth_max).run() {
        Ok(done) => Ok(done),
        Err(Stop::Error(error)) => Err(*error),
        Err(Stop::Reorder) => {
            // Rare: keys must move. Built as a value and printed, they stand where they belong.
            let ordered = reader().whole(depth_max)?.to_json().unwrap_or_default();
            match Canonicaliser::new(Reader::new(&ordered), shape, depth_max).run() {
                Ok(done) => Ok(done),
                Err(Stop::Error(error)) => Err(*error),
                Err(Stop::Reorder) => unreachable!("a printed object has no duplicate keys and integers first"),
            }
        }
    }
}

/// Why a pass ended early.
enum Stop {
    /// In a box, because results are passed at every token and errors are rare.
    Error(Box<JsonError>),
    /// An object's keys are not in the order JavaScript prints them, or not unique.
    Reorder,
}

impl From<JsonError> for Stop {
    fn from(error: JsonError) -> Stop {
        Stop::Error(Box::new(error))
    }
}

/// What the shape asks of a value.
#[derive(Clone, Copy)]
struct Wanted<'s> {
    slot: Option<usize>,
    fields: &'s [ShapeField],
}

/// An array or object that is still open.
struct Open<'s> {
    wanted: Wanted<'s>,
    /// Where it begins in the canonical text.
    from: usize,
    object: Option<Keys>,
}

/// The keys of an open object so far.
struct Keys {
    /// Where they begin in `Canonicaliser::keys`.
    from: usize,
    /// One bit for each key, by a cheap hash: no bit in common with it means a key is new.
    seen: u128,
    /// Some bits met and there were too many keys to look: compare them all at the end.
    in_doubt: bool,
    /// The key before, when it was integer-like; `None` as soon as one was not.
    integer: Option<i64>,
}

/// A key's canonical text, in the source where that is the same, else in `out`.
#[derive(Clone, Copy)]
struct Key {
    /// Without escapes: its text is the key itself.
    plain: bool,
    in_source: bool,
    from: u32,
    to: u32,
}

/// Up to here every key of an object is compared with a new one whose bit is taken.
const KEYS_COMPARED: usize = 32;

struct Canonicaliser<'a, 's> {
    reader: Reader<'a>,
    /// The source up to here is in `out`, or was white space.
    copied: usize,
    out: String,
    slots: Box<[Slot]>,
    open: Vec<Open<'s>>,
    keys: Vec<Key>,
    depth_max: usize,
    shape: &'s Shape,
}

impl<'a, 's> Canonicaliser<'a, 's> {
    fn new(reader: Reader<'a>, shape: &'s Shape, depth_max: usize) -> Canonicaliser<'a, 's> {
        let slots = vec![None; shape.slots].into();
        let out = String::with_capacity(reader.text.len());
        Canonicaliser {
            reader,
            copied: 0,
            out,
            slots,
            open: Vec::with_capacity(4),
            keys: Vec::with_capacity(16),
            depth_max,
            shape,
        }
    }

    fn run(mut self) -> Result<(String, Box<[Slot]>), Stop> {
        let mut wanted = Wanted { slot: None, fields: self.shape.fields };
        loop {
            // Reads a value, or the beginning of one.
            self.drop_white_space();
            let from = self.position();
            let opened = match self.reader.peek() {
                Some(mark @ (b'{' | b'[')) => {
                    if self.open.len() == self.depth_max {
                        return Err(self.reader.too_deep(self.depth_max).into());
                    }
                    self.reader.at += 1;
                    let keys = Keys { from: self.keys.len(), seen: 0, in_doubt: false, integer: Some(-1) };
                    self.open.push(Open { wanted, from, object: (mark == b'{').then_some(keys) });
                    true
                }
                Some(b'"') => {
                    self.reader.at += 1;
                    self.string()?;
                    false
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                    false
                }
                Some(b't') => self.reader.word("true").map(|()| false)?,
                Some(b'f') => self.reader.word("false").map(|()| false)?,
                Some(b'n') => self.reader.word("null").map(|()| false)?,
                _ => return Err(self.reader.expected("a value").into()),
            };
            if !opened {
                self.settle(wanted, from);
            }
            match self.next_value(opened)? {
                Some(next) => wanted = next,
                None => break,
            }
        }
        self.copy();
        Ok((self.out, self.slots))
    }

    /// Reads marks and keys up to the next value; `None` at the end of the text.
    fn next_value(&mut self, mut first: bool) -> Result<Option<Wanted<'s>>, Stop> {
        loop {
            self.drop_white_space();
            let Some(open) = self.open.last() else {
                self.reader.end()?;
                // What followed was white space.
                return Ok(None);
            };
            let in_object = open.object.is_some();
            let close = if in_object { b'}' } else { b']' };
            if self.reader.eat(close) {
                self.close()?;
                first = false;
                continue;
            }
            if !first && !self.reader.eat(b',') {
                return Err(self.reader.expected(if in_object { "',' or '}'" } else { "',' or ']'" }).into());
            }
            if !in_object {
                return Ok(Some(Wanted { slot: None, fields: &[] }));
            }
            self.drop_white_space();
            return self.key().map(Some);
        }
    }

    fn close(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if let Some(object) = open.object {
            if object.in_doubt {
                let mut keys: Vec<&[u8]> = self.keys[object.from..].iter().map(|key| self.key_text(*key)).collect();
                keys.sort_unstable();
                if keys.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(Stop::Reorder);
                }
            }
            self.keys.truncate(object.from);
        }
        self.settle(open.wanted, open.from);
        Ok(())
    }

    /// Reads a key and its colon; gives what the shape asks of the value.
    fn key(&mut self) -> Result<Wanted<'s>, Stop> {
        if !self.reader.eat(b'"') {
            return Err(self.reader.expected("a key in quotes").into());
        }
        let (source_from, out_from, copied) = (self.reader.at, self.position(), self.copied);
        let plain = self.string()?;
        let key = if self.copied == copied {
            Key { plain, in_source: true, from: source_from as u32, to: self.reader.at as u32 - 1 }
        } else {
            self.copy();
            Key { plain, in_source: false, from: out_from as u32, to: self.out.len() as u32 - 1 }
        };
        self.remember(key)?;
        let wanted = self.wanted_at(key);
        self.drop_white_space();
        if !self.reader.eat(b':') {
            return Err(self.reader.expected("':'").into());
        }
        Ok(wanted)
    }

    /// Checks that the key stands where JavaScript prints it, as far as that is known yet.
    fn remember(&mut self, key: Key) -> Result<(), Stop> {
        let text = self.key_text(key);
        let bit = 1u128 << (key_hash(text) % 128);
        let integer = array_index(text).map(i64::from);
        let Some(Open { object: Some(object), .. }) = self.open.last() else { return Ok(()) };
        let integer = match (object.integer, integer) {
            (Some(before), Some(now)) if before < now => Some(now),
            (_, None) => None,
            (_, Some(_)) => return Err(Stop::Reorder),
        };
        let mut in_doubt = object.in_doubt;
        if object.seen & bit != 0 && !in_doubt {
            let before = &self.keys[object.from..];
            in_doubt = before.len() > KEYS_COMPARED;
            if !in_doubt && before.iter().any(|other| self.key_text(*other) == text) {
                return Err(Stop::Reorder);
            }
        }
        if let Some(Open { object: Some(object), .. }) = self.open.last_mut() {
            object.integer = integer;
            object.in_doubt = in_doubt;
            object.seen |= bit;
        }
        self.keys.push(key);
        Ok(())
    }

    fn key_text(&self, key: Key) -> &[u8] {
        let all = if key.in_source { self.reader.bytes } else { self.out.as_bytes() };
        &all[key.from as usize..key.to as usize]
    }

    fn wanted_at(&self, key: Key) -> Wanted<'s> {
        let fields = self.open.last().map_or(&[][..], |open| open.wanted.fields);
        let text = self.key_text(key);
        let found = if key.plain {
            fields.iter().find(|field| field.name.as_bytes() == text)
        } else {
            let mut escaped = String::new();
            fields.iter().find(|field| {
                escaped.clear();
                write_escaped(field.name, &mut escaped);
                escaped.as_bytes() == text
            })
        };
        found.map_or(Wanted { slot: None, fields: &[] }, |field| Wanted { slot: field.slot, fields: field.fields })
    }

    /// The string whose opening quote is behind us; true when it has no escapes.
    #[inline]
    fn string(&mut self) -> Result<bool, Stop> {
        self.reader.skip_plain();
        if self.reader.eat(b'"') { Ok(true) } else { self.string_with_escapes().map(|()| false) }
    }

    #[cold]
    fn string_with_escapes(&mut self) -> Result<(), Stop> {
        loop {
            match self.reader.peek() {
                Some(b'"') => {
                    self.reader.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let from = self.reader.at;
                    let (unit, plain) = self.reader.escape()?;
                    if !plain {
                        self.unescape(from, unit)?;
                    }
                }
                _ => return Err(self.reader.bad_string().into()),
            }
            self.reader.skip_plain();
        }
    }

    /// Writes a unit as JavaScript does, in place of the escape that began at `from` and is behind us.
    fn unescape(&mut self, from: usize, unit: u16) -> Result<(), JsonError> {
        let c = char::from_u32(u32::from(unit)).map_or_else(|| self.reader.second_half(unit), |c| Ok(Some(c)))?;
        self.out.push_str(&self.reader.text[self.copied..from]);
        self.copied = self.reader.at;
        match c {
            Some(c) => write_escaped(c.encode_utf8(&mut [0; 4]), &mut self.out),
            None => write_unit_escape(unit, &mut self.out),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let from = self.reader.at;
        if !self.reader.number()? {
            self.out.push_str(&self.reader.text[self.copied..from]);
            self.copied = self.reader.at;
            let number: f64 = self.reader.text[from..self.reader.at].parse().expect("JSON's numbers are Rust's");
            if number.is_finite() { push_number(number, &mut self.out) } else { self.out.push_str("null") }
        }
        Ok(())
    }

    /// A value that began at `from` ends here.
    fn settle(&mut self, wanted: Wanted, from: usize) {
        if let Some(slot) = wanted.slot {
            self.slots[slot] = Some((from as u32, self.position() as u32));
        }
    }

    /// The reader's place in the canonical text.
    fn position(&self) -> usize {
        self.out.len() + self.reader.at - self.copied
    }

    fn copy(&mut self) {
        self.out.push_str(&self.reader.text[self.copied..self.reader.at]);
        self.copied = self.reader.at;
    }

    #[inline]
    fn drop_white_space(&mut self) {
        if let Some(b' ' | b'\n' | b'\r' | b'\t') = self.reader.peek() {
            self.drop_this_white_space();
        }
    }

    fn drop_this_white_space(&mut self) {
        self.copy();
        self.reader.skip_white_space();
        self.copied = self.reader.at;
    }
}

/// Tells most of the keys of one object apart; whoever makes them meet gains nothing.
fn key_hash(text: &[u8]) -> u32 {
    let (first, last) = (text.first().copied().unwrap_or(0), text.last().copied().unwrap_or(0));
    let middle = text.get(text.len() / 2).copied().unwrap_or(0);
    let sum = u32::from(first) | u32::from(middle) << 8 | u32::from(last) << 16 | (text.len() as u32) << 24;
    sum.wrapping_mul(0x9E37_79B1) >> 25
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHAPE: Shape = Shape {
        slots: 3,
        fields: &[
            ShapeField { name: "a", slot: Some(0), fields: &[ShapeField { name: "b", slot: Some(1), fields: &[] }] },
            // A backslash and an n, which is not the key "\n" of JSON.
            ShapeField { name: "\\n", slot: Some(2), fields: &[] },
        ],
    };

    fn check(source: &str, canonical: &str, slots: [Option<&str>; 3]) {
        let (text, ranges) = canonicalise(source.as_bytes(), &SHAPE, &Limits::default()).unwrap();
        assert_eq!(text, canonical);
        let found = ranges.iter().map(|range| range.map(|(from, to)| &text[from as usize..to as usize]));
        assert!(found.eq(slots), "{source}");
    }

    #[test]
    fn white_space_goes() {
        check(
            " {\n \"a\" : { \"b\" : [ 1 , 2 ] } , \"c\" :\t\" \" }\r\n",
            r#"{"a":{"b":[1,2]},"c":" "}"#,
            [Some(r#"{"b":[1,2]}"#), Some("[1,2]"), None],
        );
    }

    #[test]
    fn numbers_become_what_javascript_prints() {
        check(
            "[-0,1.0,1e2,1E400,0.000001,1e-7,12345678901234567890]",
            "[0,1,100,null,0.000001,1e-7,12345678901234567000]",
            [None, None, None],
        );
    }

    #[test]
    fn escapes_become_what_javascript_prints() {
        check(
            r#"["\/\u0041\u001F\u000a\ud83d\ude00\uD83D\u2028","\"\\\b"]"#,
            "[\"/A\\u001f\\n😀\\ud83d\u{2028}\",\"\\\"\\\\\\b\"]",
            [None; 3],
        );
    }

    #[test]
    fn keys_move_to_where_javascript_prints_them() {
        check(r#"{"b":1,"2":2,"a":3,"1":4}"#, r#"{"1":4,"2":2,"b":1,"a":3}"#, [Some("3"), None, None]);
        check(r#"{"1":0,"2":0,"a":3}"#, r#"{"1":0,"2":0,"a":3}"#, [Some("3"), None, None]);
        check(
            r#"{"a":{"b":1},"c":2,"\u0061":{"b":3}}"#,
            r#"{"a":{"b":3},"c":2}"#,
            [Some(r#"{"b":3}"#), Some("3"), None],
        );
    }

    #[test]
    fn keys_are_compared_unescaped() {
        check(r#"{"\n":1}"#, r#"{"\n":1}"#, [None; 3]);
        check(r#"{"\\n":1}"#, r#"{"\\n":1}"#, [None, None, Some("1")]);
        check(r#"{"\u0061":1}"#, r#"{"a":1}"#, [Some("1"), None, None]);
    }

    #[test]
    fn errors_say_where_and_hold_no_data() {
        for (source, offset, message) in [
            (&b""[..], 0, "expected a value, found the end of the text"),
            (b"[1,]", 3, "expected a value, found ']'"),
            (b"{\"a\":4111 1111}", 10, "expected ',' or '}'"),
            (b"{\"a\" 1}", 5, "expected ':'"),
            (b"{a:1}", 1, "expected a key in quotes"),
            (b"{\"a\":1,}", 7, "expected a key in quotes, found '}'"),
            (b"[1] secret", 4, "expected the end of the text"),
            (b"[nul]", 1, "expected a value"),
            (b"-x", 1, "expected a digit"),
            (b"\"\t\"", 1, "control character in a string"),
            (b"\"abc", 4, "a string is not closed"),
            (b"\"\\x\"", 2, "unknown escape in a string"),
            (b"\"\\u12\"", 2, "expected four hexadecimal digits after \\u"),
            (b"\"\xff\"", 1, "not UTF-8"),
        ] {
            let error = canonicalise(source, &SHAPE, &Limits::default()).unwrap_err();
            assert_eq!(
                (error.offset, error.message.as_str()),
                (offset, message),
                "{}",
                String::from_utf8_lossy(source)
            );
        }
    }
}

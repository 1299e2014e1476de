//! Reading JSON text (RFC 8259, strictly).
//!
//! Comes in: any text. Goes out: tokens for the canonicaliser, or a [`Value`].
//! Always true: never panics, whatever the text; one look at each byte; messages hold no data.

use super::write::write_unit_escape;
use super::{JsString, Object, Value};
use std::fmt;

/// What a reader accepts at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub size: usize,
    /// Arrays and objects inside one another. Never more than [`DEPTH_MAX`], whatever stands here.
    pub depth: usize,
    /// A number that is beyond all that can be computed with is a mistake. Else it becomes `null`, as in JavaScript.
    pub finite: bool,
}

/// No value nests deeper, so that recursion over values is safe on any thread's stack.
pub const DEPTH_MAX: usize = 512;

/// Texts grow at most sixfold when they become canonical, and positions in them are 32 bits.
pub(super) const SIZE_MAX: usize = 512 * 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        Limits { size: 16 * 1024 * 1024, depth: 128, finite: false }
    }
}

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset into the text as it came.
    pub offset: usize,
    /// Such as `expected a value, found ']'`; never holds data.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for JsonError {}

/// A place in a text, and the tokens of JSON from there on.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub bytes: &'a [u8],
    pub at: usize,
    /// See [`Limits::finite`].
    pub finite: bool,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader { text, bytes: text.as_bytes(), at: 0, finite: false }
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether the byte stood there; then it is behind us.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// `true`, `false` or `null`.
    pub fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a number; true when JavaScript prints it exactly as it stands here.
    pub fn number(&mut self) -> Result<bool, JsonError> {
        let from = self.at;
        let negative = self.eat(b'-');
        let integer_from = self.at;
        let zero = self.eat(b'0');
        if !zero && self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        let mut digits = self.at - integer_from;
        let mut plain = !(zero && negative);
        if self.eat(b'.') {
            let fraction_from = self.at;
            let fraction = self.digits();
            if fraction == 0 {
                return Err(self.expected("a digit"));
            }
            digits += fraction;
            // No zero at the end, and not so small that JavaScript writes an exponent.
            plain = self.bytes[self.at - 1] != b'0'
                && !(zero && self.bytes[fraction_from..].iter().take_while(|digit| **digit == b'0').count() > 5);
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
            plain = false;
        }
        // Up to 15 significant digits, no other text of that length or less stands for the same double.
        let plain = plain && digits <= 15;
        if !plain && self.finite && self.text[from..self.at].parse().is_ok_and(f64::is_infinite) {
            let message = "a number beyond 1.8e308, the largest there is".to_owned();
            return Err(JsonError { offset: from, message });
        }
        Ok(plain)
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - from
    }

    /// Moves over what stands in a string as it is, to a quote, a backslash, a control character or the end.
    #[inline]
    pub fn skip_plain(&mut self) {
        self.at += plain_length(&self.bytes[self.at..]);
    }

    /// Reads an escape, from its backslash: the unit it stands for, and whether JavaScript would write it just so.
    pub fn escape(&mut self) -> Result<(u16, bool), JsonError> {
        self.at += 1;
        let letter = self.peek();
        let unit = match letter {
            Some(b'"' | b'\\' | b'/') => letter.map_or(0, u16::from),
            Some(b'b') => 0x08,
            Some(b't') => 0x09,
            Some(b'n') => 0x0A,
            Some(b'f') => 0x0C,
            Some(b'r') => 0x0D,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
                let unit = digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?));
                let (Some(unit), 4) = (unit, digits.len()) else {
                    return Err(self.error(r"expected four hexadecimal digits after \u"));
                };
                self.at += 5;
                return Ok((unit as u16, false));
            }
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.at += 1;
        Ok((unit, letter != Some(b'/')))
    }

    /// After an escape that is the first half of a pair: the whole character, if the escape that follows is the second.
    pub fn second_half(&mut self, first: u16) -> Result<Option<char>, JsonError> {
        if !(0xD800..0xDC00).contains(&first) || !self.bytes[self.at..].starts_with(br"\u") {
            return Ok(None);
        }
        let before = self.at;
        let (second, _) = self.escape()?;
        let whole = char::decode_utf16([first, second]).next().and_then(Result::ok);
        if whole.is_none() {
            self.at = before;
        }
        Ok(whole)
    }

    /// What is wrong inside a string where neither plain text nor an escape stands.
    pub fn bad_string(&self) -> JsonError {
        match self.peek() {
            None => self.error("a string is not closed"),
            Some(_) => self.error("control character in a string"),
        }
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.skip_white_space();
        if self.at < self.bytes.len() { Err(self.expected("the end of the text")) } else { Ok(()) }
    }

    pub fn error(&self, message: &str) -> JsonError {
        JsonError { offset: self.at, message: message.to_owned() }
    }

    pub fn expected(&self, what: &str) -> JsonError {
        let found = match self.peek() {
            None => ", found the end of the text".to_owned(),
            Some(mark @ (b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"')) => format!(", found '{}'", char::from(mark)),
            // Anything else may be data.
            Some(_) => String::new(),
        };
        self.error(&format!("expected {what}{found}"))
    }

    pub fn too_deep(&self, depth: usize) -> JsonError {
        self.error(&format!("more than {depth} arrays and objects inside one another"))
    }

    /// The string whose opening quote is behind us.
    pub fn string(&mut self) -> Result<JsString, JsonError> {
        let from = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(self.text[from..self.at - 1].into());
        }
        let mut text = self.text[from..self.at].to_owned();
        // Units before `text`, once a lone surrogate has made the string ill formed.
        let mut units: Vec<u16> = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let (unit, _) = self.escape()?;
                    match char::from_u32(u32::from(unit)).map_or_else(|| self.second_half(unit), |c| Ok(Some(c)))? {
                        Some(c) => text.push(c),
                        None => {
                            units.extend(text.encode_utf16());
                            units.push(unit);
                            text.clear();
                        }
                    }
                }
                _ => return Err(self.bad_string()),
            }
            let from = self.at;
            self.skip_plain();
            text.push_str(&self.text[from..self.at]);
        }
        self.at += 1;
        if units.is_empty() {
            return Ok(text.into());
        }
        units.extend(text.encode_utf16());
        Ok(JsString::from_units(&units))
    }

    /// The value of the whole text.
    pub fn whole(mut self, depth_max: usize) -> Result<Value, JsonError> {
        let value = self.value(0, depth_max)?;
        self.end()?;
        Ok(value)
    }

    fn value(&mut self, depth: usize, depth_max: usize) -> Result<Value, JsonError> {
        self.skip_white_space();
        let from = self.at;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Value::String(self.string()?))
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Ok(Value::Number(self.text[from..self.at].parse().expect("JSON's numbers are Rust's")))
            }
            Some(b'{' | b'[') if depth == depth_max => Err(self.too_deep(depth_max)),
            Some(b'[') => {
                self.at += 1;
                Ok(Value::array(self.items(depth + 1, depth_max)?))
            }
            Some(b'{') => {
                self.at += 1;
                Ok(Value::Object(Object::new(self.fields(depth + 1, depth_max)?).into()))
            }
            Some(b't') => self.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Value::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn items(&mut self, depth: usize, depth_max: usize) -> Result<Vec<Value>, JsonError> {
        let mut items = Vec::new();
        self.skip_white_space();
        if self.eat(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth, depth_max)?);
            self.skip_white_space();
            if self.eat(b']') {
                return Ok(items);
            }
            if !self.eat(b',') {
                return Err(self.expected("',' or ']'"));
            }
        }
    }

    fn fields(&mut self, depth: usize, depth_max: usize) -> Result<Vec<(JsString, Value)>, JsonError> {
        let mut fields = Vec::new();
        self.skip_white_space();
        if self.eat(b'}') {
            return Ok(fields);
        }
        loop {
            self.skip_white_space();
            if !self.eat(b'"') {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            self.skip_white_space();
            if !self.eat(b':') {
                return Err(self.expected("':'"));
            }
            fields.push((key, self.value(depth, depth_max)?));
            self.skip_white_space();
            if self.eat(b'}') {
                return Ok(fields);
            }
            if !self.eat(b',') {
                return Err(self.expected("',' or '}'"));
            }
        }
    }
}

/// The value of a whole text.
pub(super) fn parse(text: &str) -> Result<Value, JsonError> {
    Reader::new(text).whole(DEPTH_MAX)
}

/// As [`Value::from_json`], for a text that may be ill formed: a lone surrogate inside a string means itself.
pub(crate) fn parse_js_string(text: &JsString) -> Result<Value, JsonError> {
    let units = match text {
        JsString::Utf8(text) => return parse(text),
        JsString::Utf16(units) => units,
    };
    // As an escape it means the same where it is allowed, and is as wrong where it is not; but for one that a backslash
    // stands before: an escape that does not exist would become one that does.
    let mut escaped = String::new();
    let mut after_backslash = false;
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(c) => {
                escaped.push(c);
                after_backslash = c == '\\' && !after_backslash;
            }
            Err(_) if after_backslash => {
                return Err(JsonError { offset: escaped.len(), message: "unknown escape in a string".to_owned() });
            }
            Err(lone) => write_unit_escape(lone.unpaired_surrogate(), &mut escaped),
        }
    }
    parse(&escaped)
}

/// How many bytes stand in a JSON string as they are, up to a quote, a backslash, a control character or the end.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(eight) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let zero_byte = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zero_byte(word ^ (ONES * u64::from(b'"')));
        let backslash = zero_byte(word ^ (ONES * u64::from(b'\\')));
        let special = (control | quote | backslash) & HIGHS;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    at + bytes[at..].iter().position(special).unwrap_or(bytes.len() - at)
}

//! Reading and writing JSON text.

/// What a reader accepts at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub size: usize,
    /// Arrays and objects inside one another.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { size: 16 * 1024 * 1024, depth: 128 }
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

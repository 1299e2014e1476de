//! A JavaScript string: UTF-16 by definition, UTF-8 in memory whenever it is well formed.

use std::sync::Arc;

/// Immutable, cheap to clone. Ill-formed strings (a surrogate without its partner) are kept exactly, so that cutting one
/// in half and joining it again gives what JavaScript gives.
/// Invariant: `Utf16` only when the units are not well-formed UTF-16, so equal strings have equal variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JsString {
    Utf8(Arc<str>),
    Utf16(Arc<[u16]>),
}

//! JSON values: read once at the door, passed on as slices.
//!
//! Comes in: bytes of JSON. Goes out: a [`Doc`] whose numbered slots are slices of its canonical text, or a [`Value`]
//! where an expression needs to compute.
//! Always true: the text of a `Doc` is exactly what `JSON.stringify(JSON.parse(bytes))` gives, so a slice of it can be
//! copied into a request as it is. No I/O, no features.

mod canonical;
mod doc;
mod fault;
mod json;
mod meaning;
mod number;
mod object;
#[cfg(feature = "service")]
mod pick;
mod raw;
mod string;
mod types;
mod write;

pub use doc::{Doc, Shape, ShapeField};
pub use fault::Fault;
pub use json::{DEPTH_MAX, JsonError, Limits};
pub use meaning::meaning;
pub use number::{EXACT_BELOW, number_text};
pub use object::Object;
pub use raw::Raw;
pub use string::JsString;
pub use types::Value;
pub use write::{write_escaped, write_string};

pub(crate) use json::parse_js_string;
#[cfg(feature = "service")]
pub(crate) use meaning::sorted_text;
pub(crate) use number::{array_index, is_white_space, parse_number};
#[cfg(feature = "mail")]
pub(crate) use write::push_indented;

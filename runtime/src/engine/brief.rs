//! What is said of an error where many read it: in lists, on the command line, in the API of `flowc serve`.

use std::borrow::Cow;

/// Begins what a service has said to a node that an execution's end has cut off.
pub const LAST_ERROR: &str = "; last error of ";

/// What a list says of an error: `payment: card of Jane Doe declined` becomes `payment: failed`. Lists are read, kept and
/// passed on more freely than an execution, and the words may be another server's, or made of what a schema calls private.
/// What is not said of a node are this program's own words, several before the first colon, up to [`LAST_ERROR`]. The node may be
/// another version's, so it is told by what an id may look like.
pub fn without_words(message: &str) -> Cow<'_, str> {
    let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match message.split_once(": ") {
        Some((node, _)) if is_id(node) => format!("{node}: failed").into(),
        _ => message.split_once(LAST_ERROR).map_or(message, |(own, _)| own).into(),
    }
}

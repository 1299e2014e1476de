//! Request headers.

use super::{Place, Text};
use crate::value::Fault;

/// Request headers under construction, in order.
#[derive(Debug, Default)]
pub struct Headers {
    entries: Vec<(&'static str, Text)>,
}

/// A request header that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// As the author wrote it.
    pub name: &'static str,
    /// Without control characters.
    pub text: String,
    /// Whether the author wrote all of the text.
    pub is_constant: bool,
}

impl Headers {
    /// Starts a header, whose value is then written with the verbs of [`Text`].
    pub fn header(&mut self, name: &'static str) -> &mut Text {
        let index = self.entries.len();
        self.entries.push((name, Text::new(Place::Header)));
        &mut self.entries[index].1
    }

    pub fn finish(self) -> Result<Vec<Header>, Fault> {
        let finish = |(name, text): (&'static str, Text)| {
            let is_constant = text.is_constant();
            Ok(Header { name, text: text.finish(format_args!("header `{name}`"))?, is_constant })
        };
        self.entries.into_iter().map(finish).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Raw;

    #[test]
    fn headers_keep_their_order() {
        let mut headers = Headers::default();
        headers.header("Authorization").literal("Bearer x");
        headers.header("X-Order").data(Raw::new(Some("12"), "input_data.order_id")).unwrap();
        headers.header("X-Key").env("k");
        let headers = headers.finish().unwrap();
        let parts: Vec<_> = headers.iter().map(|one| (one.name, &*one.text, one.is_constant)).collect();
        assert_eq!(parts, [("Authorization", "Bearer x", true), ("X-Order", "12", false), ("X-Key", "k", false)]);
    }

    #[test]
    fn a_line_break_names_the_header() {
        let mut headers = Headers::default();
        headers.header("X-Key").env("a\r\nX-Admin: 1");
        assert!(headers.finish().unwrap_err().message.contains("header `X-Key`"));
    }
}

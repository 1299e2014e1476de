//! Request headers.

use super::{Place, Text};
use crate::value::Fault;

/// Request headers under construction, in order.
#[derive(Debug, Default)]
pub struct Headers {
    entries: Vec<(&'static str, Text)>,
}

impl Headers {
    /// Starts a header, whose value is then written with the verbs of [`Text`].
    pub fn header(&mut self, name: &'static str) -> &mut Text {
        let index = self.entries.len();
        self.entries.push((name, Text::new(Place::Header)));
        &mut self.entries[index].1
    }

    /// Names as the author wrote them, values without control characters.
    pub fn finish(self) -> Result<Vec<(&'static str, String)>, Fault> {
        let finish = |(name, text): (&'static str, Text)| Ok((name, text.finish(format_args!("header `{name}`"))?));
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
        let expected = vec![("Authorization", "Bearer x".to_owned()), ("X-Order", "12".to_owned())];
        assert_eq!(headers.finish().unwrap(), expected);
    }

    #[test]
    fn a_line_break_names_the_header() {
        let mut headers = Headers::default();
        headers.header("X-Key").env("a\r\nX-Admin: 1");
        assert!(headers.finish().unwrap_err().message.contains("header `X-Key`"));
    }
}

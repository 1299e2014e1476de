//! Request headers.

use super::Text;

/// Request headers under construction, in order.
#[derive(Debug, Default)]
pub struct Headers {
    entries: Vec<(&'static str, Text)>,
}

impl Headers {
    /// Starts a header, whose value is then written with the verbs of [`Text`].
    pub fn header(&mut self, name: &'static str) -> &mut Text {
        let _ = (name, &mut self.entries);
        todo!()
    }
}

//! Query parameters and form fields.

use super::piece::{Piece, percent_encode};
use super::{Place, Rendered, Text};
use crate::value::{Fault, Raw, Value};

/// Names and values under construction, in order; encoded as `application/x-www-form-urlencoded`.
#[derive(Debug, Default)]
pub struct Params {
    entries: Vec<(String, Text)>,
}

impl Params {
    /// A parameter that is mixed text, then written with the verbs of [`Text`] (missing data is a fault).
    pub fn param(&mut self, name: &str) -> &mut Text {
        let index = self.entries.len();
        self.entries.push((name.to_owned(), Text::new(Place::Param)));
        &mut self.entries[index].1
    }

    /// A parameter that is one whole template: left out when missing or null; an array repeats the name, an object is
    /// compact JSON.
    pub fn data(&mut self, name: &str, data: Raw) -> Rendered {
        if data.text().is_some_and(|text| text.starts_with('[')) {
            return self.value(name, &data.value(), data.path());
        }
        self.piece(name, Piece::of_raw(data));
        Ok(())
    }

    pub fn value(&mut self, name: &str, value: &Value, _source: &str) -> Rendered {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.piece(name, Piece::of_value(item))),
            value => self.piece(name, Piece::of_value(value)),
        }
        Ok(())
    }

    /// A whole form or query that is one template: a field for each member of an object, as [`Params::value`] writes them.
    pub fn fields(&mut self, value: &Value, source: &str) -> Rendered {
        let Value::Object(object) = value else {
            return Err(Fault::new(format!("`{source}` is not an object of parameters")));
        };
        object.iter().try_for_each(|(name, value)| self.value(&name.to_well_formed(), value, source))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes the pairs, joined with `&`.
    pub fn encode(&self, out: &mut String) {
        for (index, (name, text)) in self.entries.iter().enumerate() {
            if index > 0 {
                out.push('&');
            }
            form_encode(name, out);
            out.push('=');
            form_encode(text.as_str(), out);
        }
    }

    fn piece(&mut self, name: &str, piece: Piece) {
        match piece {
            Piece::Nothing => {}
            Piece::Scalar(text) | Piece::Json(text) => self.param(name).literal(&text),
        }
    }
}

/// As `URLSearchParams` writes it.
pub(crate) fn form_encode(text: &str, out: &mut String) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push('+');
        }
        percent_encode(word, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(write: impl FnOnce(&mut Params)) -> String {
        let mut params = Params::default();
        write(&mut params);
        let mut out = String::new();
        params.encode(&mut out);
        out
    }

    #[test]
    fn data_cannot_add_a_parameter() {
        let text = encoded(|params| {
            params.data("q", Raw::new(Some("\"a&admin=1;b=2#c d+e\""), "x")).unwrap();
            params.param("k=&").literal("v");
        });
        assert_eq!(text, "q=a%26admin%3D1%3Bb%3D2%23c+d%2Be&k%3D%26=v");
    }

    #[test]
    fn missing_is_left_out_and_arrays_repeat() {
        let text = encoded(|params| {
            params.data("a", Raw::new(None, "x")).unwrap();
            params.data("b", Raw::new(Some("null"), "x")).unwrap();
            params.data("c", Raw::new(Some("[1,null,\"x y\",{\"k\":[2]}]"), "x")).unwrap();
            params.data("d", Raw::new(Some("{\"k\":1}"), "x")).unwrap();
            params.value("e", &Value::Bool(false), "x").unwrap();
        });
        assert_eq!(text, "c=1&c=x+y&c=%7B%22k%22%3A%5B2%5D%7D&d=%7B%22k%22%3A1%7D&e=false");
    }

    #[test]
    fn an_object_is_a_form() {
        let text = encoded(|params| {
            let form = Value::object([("a", Value::Bool(true)), ("b", Value::Null), ("c d", Value::Number(1.0))]);
            params.fields(&form, "x").unwrap();
        });
        assert_eq!(text, "a=true&c+d=1");
        assert!(Params::default().fields(&Value::Null, "input_data.form").is_err());
    }
}

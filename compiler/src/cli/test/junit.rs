//! The result of `flowc test` as JUnit XML, which every CI reads.
//!
//! Always true: well-formed whatever the texts are; characters that XML cannot hold are replaced.

use super::Tested;
use std::fmt::Write as _;
use std::time::Duration;

/// `took` is what all scenarios took together.
pub fn report(workflow: &str, tested: &[Tested], took: Duration) -> String {
    let failures = tested.iter().filter(|test| !test.differences.is_empty()).count();
    let (name, tests, time) = (escaped(workflow), tested.len(), took.as_secs_f64());
    let counts = format!("name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{time:.3}\"");
    let mut xml =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite {counts}>\n");
    for test in tested {
        let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{}\" time=\"0\"", escaped(&test.name));
        if test.differences.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        let (first, all) = (escaped(&test.differences[0]), escaped(&test.differences.join("\n")));
        let _ = write!(xml, ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_well_formed() {
        let test = |name: &str, differences: &[&str]| Tested {
            name: name.to_owned(),
            differences: differences.iter().map(|text| (*text).to_owned()).collect(),
            updated: false,
        };
        let tested = [test("good", &[]), test("a<b", &["x: \"1\" & 2", "second\u{1}"])];
        assert_eq!(
            report("order", &tested, Duration::from_millis(40)),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"order\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.040\">\n  \
             <testsuite name=\"order\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.040\">\n    \
             <testcase classname=\"order\" name=\"good\" time=\"0\"/>\n    \
             <testcase classname=\"order\" name=\"a&lt;b\" time=\"0\">\n      \
             <failure message=\"x: &quot;1&quot; &amp; 2\">x: &quot;1&quot; &amp; 2&#10;second\u{fffd}</failure>\n    \
             </testcase>\n  </testsuite>\n</testsuites>\n"
        );
    }
}

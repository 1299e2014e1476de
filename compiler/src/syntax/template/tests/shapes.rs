//! The shapes that are read without the grammar are read as the grammar reads them.

use proptest::prelude::*;

use super::robustness::{SOUP, as_json, read_json};
use super::*;

/// Both ways of reading a text as a template and as a condition agree wherever the quick one gives an answer. By their
/// debug text, for NaN is a constant of the language. Gives how many answers there were.
fn compare(text: &Text) -> usize {
    let mut answers = 0;
    let mut diagnostics = Diagnostics::default();
    if let Some(quick) = quick::template(text) {
        assert_eq!(format!("{quick:?}"), format!("{:?}", template(text, &mut diagnostics)), "{:?}", text.value);
        answers += 1;
    }
    if let Some(quick) = quick::expression(text) {
        assert_eq!(
            format!("{:?}", Some(quick)),
            format!("{:?}", condition(text, &mut diagnostics)),
            "{:?}",
            text.value
        );
        answers += 1;
    }
    assert!(diagnostics.is_empty(), "{:?} is no mistake", text.value);
    answers
}

/// Nearly always one of the quick shapes, or one character off.
const NEAR: &str = "(x |\u{e9}|\\$)?(\\$\\{ ?)?(a|b_1|true|NaN|in|typeof|_|x-y|x-1|x-|x--y|a\u{e9}|a-\u{e9}|0|12|01|1\\.5|1_0|'s'|\"t\"|'\\\\n'|'\u{1F600}|\\$x)((\\.|\\.|\\.|\\?\\.| \\.|\\.\\.|-|\\()(b|c-d|length|in|5|\u{e9}))*(\\t| |\\n|\u{a0})?((==|===|!=|!==|<|<=|>|>=|&&|\\|\\||\\?\\?|=|&|\\+|=>|\\?|<<|\\|\\|=)[ ]?(a\\.b|'USD'|5|false|'|\\.5|in|!a|05|7n)[ ]?){0,4}(\\}|\\})?( y|\\$\\$\\{|\\$\\{b\\}|\\})?";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    #[test]
    fn near_the_shapes(text in NEAR, escaped in proptest::collection::vec(any::<bool>(), 1..9)) {
        compare(&plain(&text));
        compare(&read_json(&as_json(&text, &escaped)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn far_from_them(text in SOUP, any in "\\PC{0,20}") {
        compare(&plain(&text));
        compare(&plain(&any));
        compare(&plain(&format!("${{{text}}}")));
        compare(&plain(&format!("{any}${{a{any}}}")));
    }
}

#[test]
fn what_most_workflows_hold_is_quick() {
    for text in [
        "",
        "POST",
        "${input_data.order_id}",
        "Order ${input_data.order_id}: ${ previous_outputs.process-payment.result.id }.",
        "${input_data.currency || 'USD'}",
        "${A_URL}/x/${B}",
        "result.success == false",
        " input_data.total >= 100 ",
        "order_id && customer.email && items.length > 0 && total != 0",
        "true",
    ] {
        assert!(compare(&plain(text)) > 0, "{text}");
    }
    let long = format!("${{a{}}}", ".b".repeat(100));
    assert_eq!(quick::template(&plain(&long)), None, "long paths are the grammar's to refuse");
    let long = format!("a{}", " || b".repeat(100));
    assert_eq!(quick::expression(&plain(&long)), None, "so are long chains");
}

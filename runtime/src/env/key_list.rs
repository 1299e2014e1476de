//! API keys as operators write them, in `FLOW_API_KEYS` or a file.

/// The keys of a text: they are separated by commas, spaces or line breaks; a line that begins with `#` is a comment.
pub fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| line.split([',', ' ', '\t'])).filter(|key| !key.is_empty())
}

#[test]
fn comments_are_no_keys() {
    let text = "# of the shop\nalpha, beta\tgamma\r\n  # old: delta\n\n";
    assert_eq!(keys_in(text).collect::<Vec<_>>(), ["alpha", "beta", "gamma"]);
}

//! What rustc takes for a name.

/// Whether this is one identifier, and no keyword. Not with `r#`, which the .flow dialect has no sign for.
pub fn is_identifier(text: &str) -> bool {
    // syn passes over blanks and comments, and does not know the keyword that the 2024 edition added.
    let is_all = |ident: syn::Ident| ident == text;
    text != "gen" && !text.starts_with("r#") && syn::parse_str::<syn::Ident>(text).is_ok_and(is_all)
}

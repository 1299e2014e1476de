//! Names as words: `cardNumber`, `card_number`, `card-number` and `CARD_NUMBER` are `card number`.

/// The words of a name, in lower case. Digits at the end of a word are left out: `address2` is an address.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        let breaks = match before {
            // `cardNumber`, and the `C` of `IBANCode`.
            Some(before) if char.is_uppercase() => {
                !before.is_uppercase() || chars.peek().is_some_and(|next| next.is_lowercase())
            }
            _ => false,
        };
        if breaks || !char.is_alphanumeric() {
            push(&mut words, &mut word);
        }
        if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        before = Some(char);
    }
    push(&mut words, &mut word);
    words
}

fn push(words: &mut Vec<String>, word: &mut String) {
    // `last4` says something else than `last`.
    if word != "last4" {
        word.truncate(word.trim_end_matches(|char: char| char.is_ascii_digit()).len());
    }
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// Whether a word of a name is this word, in the singular or the plural.
pub fn is_word(word: &str, known: &str) -> bool {
    let rest = |known: &str| word.strip_prefix(known).map(str::to_owned);
    let is_plural_of_y = || known.strip_suffix('y').is_some_and(|stem| word.strip_prefix(stem) == Some("ies"));
    word == known
        || rest(known).is_some_and(|rest| rest == "s" || (rest == "es" && known.ends_with('s')))
        || is_plural_of_y()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_the_same_words() {
        for name in
            ["card_number", "cardNumber", "card-number", "CardNumber", "CARD_NUMBER", "card number", "cardNumber2"]
        {
            assert_eq!(words(name), ["card", "number"], "{name}");
        }
        assert_eq!(words("IBANCode"), ["iban", "code"]);
        assert_eq!(words("userID"), ["user", "id"]);
        assert_eq!(words("address_line_1"), ["address", "line"]);
        assert_eq!(words("card_last4"), ["card", "last4"]);
        assert_eq!(words("größe"), ["größe"]);
        assert_eq!(words("__"), Vec::<String>::new());
    }

    #[test]
    fn plurals_are_the_same_word() {
        assert!(is_word("emails", "email") && is_word("addresses", "address") && is_word("address", "address"));
        assert!(is_word("repositories", "repository") && is_word("birthdays", "birthday"));
        assert!(!is_word("addressee", "address") && !is_word("panes", "pan"));
    }
}

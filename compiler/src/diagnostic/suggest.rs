//! "Did you mean …": the nearest known name.

/// The candidate an author most likely meant by `name`: at most a third of its characters wrong, or a shorter form of it
/// (`ascending`, `asc`), or the only one that begins with it as a word (`transaction`, `transaction_id`). Ties go to the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    // Longer words are no typing mistakes, and the distance is quadratic.
    if wanted.len() > 100 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    let mut shorter = None;
    let mut longer = Vec::new();
    for candidate in candidates {
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if shorter.is_none() && other.len() >= 3 && wanted.starts_with(&other) {
            shorter = Some(candidate);
        }
        if begins_with_word(candidate, &wanted) {
            longer.push(candidate);
        }
        let allowed = wanted.len().max(other.len()).div_ceil(3);
        if wanted.len().abs_diff(other.len()) > allowed {
            continue;
        }
        let distance = distance(&wanted, &other);
        if distance <= allowed && distance < other.len() && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    match (best, shorter) {
        // More than a slip or two: the longer form is likelier.
        (Some((3.., _)), Some(shorter)) => Some(shorter),
        (best, shorter) => best.map(|(_, candidate)| candidate).or(shorter).or(match longer.as_slice() {
            [only] => Some(only),
            _ => None,
        }),
    }
}

/// Whether a name begins with these characters, in lower case, and its next word or number after them.
fn begins_with_word(name: &str, start: &[char]) -> bool {
    let mut rest = name.chars();
    start.len() >= 3
        && start.iter().all(|wanted| rest.next().is_some_and(|char| char.to_lowercase().eq([*wanted])))
        && rest.next().is_some_and(|next| !next.is_lowercase())
}

/// What to say of an unknown name that was probably meant as a subtraction: `total-1`, `price-discount` beside a known `price`. Not of
/// what is nearly a known name with a `-` in it.
pub fn subtraction<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let is_name = |part: &str| known.clone().any(|known| known == part);
    let minus = |(at, _): (usize, &str)| {
        Some((&name[..at], &name[at + 1..])).filter(|(left, right)| !left.is_empty() && !right.is_empty())
    };
    let (left, right) =
        name.match_indices('-').filter_map(minus).find(|(left, right)| is_name(left) || is_digits(right))?;
    if nearest(name, known).is_some_and(|near| near.contains('-')) {
        return None;
    }
    Some(format!("a `-` inside a name belongs to it: write `{left} - {right}` to subtract"))
}

pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Among more names than these nobody is asked for a slip of the fingers: it would be each with each.
pub const NAMES_MAX: usize = 128;

/// A slip of the fingers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// Two neighbours exchanged: `lenght`.
    Exchanged,
    /// A letter too many or too few inside a word: `adress`.
    Letter,
}

/// Shorter words that differ are other words: `form` and `from`.
const SLIP_MIN: usize = 5;

/// The same of words in capitals, which are abbreviations: `API_KYE`.
const SLIP_MIN_CAPITALS: usize = 3;

/// Of one letter in UTF-8.
const LETTER_BYTES_MAX: usize = 4;

/// Words that a slip leads from one to the other, and that both occur.
const NO_SLIPS: &[[&str; 2]] = &[["county", "country"], ["counties", "countries"]];

/// What makes one name of the other, if that is no more than a slip. Another first letter, a plural or a number make another name.
pub fn slip(name: &str, other: &str) -> Option<Slip> {
    // Most names are nothing like each other.
    if name.bytes().next() != other.bytes().next() || name.len().abs_diff(other.len()) > LETTER_BYTES_MAX {
        return None;
    }
    let (name, other): (Vec<char>, Vec<char>) = (name.chars().collect(), other.chars().collect());
    let (longer, shorter) = if name.len() < other.len() { (&other, &name) } else { (&name, &other) };
    let same = longer.iter().zip(shorter).take_while(|(left, right)| left == right).count();
    let rest = (&longer[same..], &shorter[same..]);
    let slip = difference(rest.0, rest.1)?;
    let width = if slip == Slip::Exchanged { 2 } else { 1 };
    let is_letter = |at: usize| longer.get(at).is_some_and(|char| char.is_alphabetic());
    let start = (0..same).rev().take_while(|at| is_letter(*at)).last()?;
    let end = (same..longer.len()).take_while(|at| is_letter(*at)).last()? + 1;
    let inside = slip == Slip::Exchanged && same + width <= end || slip == Slip::Letter && same + width < end;
    let word = |chars: &[char]| chars.iter().flat_map(|char| char.to_lowercase()).collect::<String>();
    let short_end = end - (longer.len() - shorter.len());
    let words = [word(&shorter[start..short_end]), word(&longer[start..end])];
    let both_occur = NO_SLIPS.iter().any(|known| words == *known);
    let is_capitals = longer[start..end].iter().all(|char| char.is_uppercase());
    let least = if is_capitals && slip == Slip::Exchanged { SLIP_MIN_CAPITALS } else { SLIP_MIN };
    (inside && end - start >= least && !both_occur).then_some(slip)
}

/// The letters of a name: `order_id` and `orderId` have the same.
pub fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|char| !['_', '-'].contains(char)).flat_map(char::to_lowercase)
}

/// Whether two names are the same word written in another way: `orderId` and `order_id`, `isAvailable` and `available`.
pub fn is_alike(name: &str, other: &str) -> bool {
    let word = |name: &str| {
        // `isolated` is no `olated`.
        let begins = |rest: &&str| rest.starts_with(|next: char| next == '_' || next.is_uppercase());
        let rest = ["is", "has"].into_iter().filter_map(|start| name.strip_prefix(start)).find(begins);
        letters(rest.unwrap_or(name)).collect::<String>()
    };
    word(name) == word(other)
}

/// What makes the shorter of the longer, where they begin to differ.
fn difference(longer: &[char], shorter: &[char]) -> Option<Slip> {
    match (longer, shorter) {
        ([a, b, end @ ..], [c, d, other_end @ ..]) if a == d && b == c && end == other_end => Some(Slip::Exchanged),
        ([_, end @ ..], shorter) if end == shorter => Some(Slip::Letter),
        _ => None,
    }
}

/// The word of a closed list from which a slip leads to this one, which is none of them. Capitals do not count.
pub fn misspelt<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if known.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return None;
    }
    let first = |word: &str| word.bytes().next().map(|byte| byte.to_ascii_lowercase());
    // Most words are nothing like each other.
    let is_near = |known: &&str| first(known) == first(word) && known.len().abs_diff(word.len()) <= LETTER_BYTES_MAX;
    let mut near = known.iter().copied().filter(is_near).peekable();
    near.peek()?;
    let letters = |word: &str| word.chars().map(|char| char.to_ascii_lowercase()).collect::<Vec<char>>();
    let word = letters(word);
    near.find(|known| {
        let known = letters(known);
        let (longer, shorter) = if word.len() < known.len() { (&known, &word) } else { (&word, &known) };
        let same = longer.iter().zip(shorter).take_while(|(left, right)| left == right).count();
        longer.len().abs_diff(shorter.len()) <= 1 && difference(&longer[same..], &shorter[same..]).is_some()
    })
}

/// `` `a`, `b` or `c` ``: the names that exist, for help lines.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, start)) => format!("{} {last} {end}", start.join(", ")),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for row in 0..left.len() {
        let mut current = vec![row + 1];
        for column in 0..right.len() {
            let replaced = last[column] + usize::from(left[row] != right[column]);
            let mut least = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column];
            if swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            current.push(least);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name() {
        let known = ["condition", "dependencies", "config", "id"];
        assert_eq!(nearest("conditon", known), Some("condition"));
        assert_eq!(nearest("Condition", known), Some("condition"));
        assert_eq!(nearest("dependecies", known), Some("dependencies"));
        assert_eq!(nearest("cofnig", known), Some("config"));
        assert_eq!(nearest("di", known), Some("id"));
        assert_eq!(nearest("xy", known), None);
        assert_eq!(nearest("ascending", ["asc", "desc"]), Some("asc"));
        assert_eq!(nearest("configuration", known), Some("config"));
        assert_eq!(nearest("retries", known), None);
        assert_eq!(nearest("action", ["id", "action_type"]), Some("action_type"));
        assert_eq!(nearest("transaction", ["amount", "transactionId"]), Some("transactionId"));
        assert_eq!(nearest("trans", ["transactionId"]), None);
        assert_eq!(nearest("from", ["from_email_address", "from_name_shown"]), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn slips_from_words_of_a_closed_list() {
        let known = ["application/json", "text/csv", "Accept"];
        assert_eq!(misspelt("aplication/json", &known), Some("application/json"));
        assert_eq!(misspelt("application/josn", &known), Some("application/json"));
        assert_eq!(misspelt("text/cvs", &known), Some("text/csv"));
        assert_eq!(misspelt("acept", &known), Some("Accept"));
        for other in ["application/json", "Application/JSON", "text/xml", "accept", "except", "a", ""] {
            assert_eq!(misspelt(other, &known), None, "{other}");
        }
    }

    #[test]
    fn slips_of_the_fingers() {
        for (name, other, slip) in [
            ("lenght", "length", Slip::Exchanged),
            ("customer_emial", "customer_email", Slip::Exchanged),
            ("avialable", "available", Slip::Exchanged),
            ("total_amout", "total_amount", Slip::Letter),
            ("adress", "address", Slip::Letter),
            ("shippingAdddress", "shippingAddress", Slip::Letter),
            ("staet", "state", Slip::Exchanged),
            ("SHOP_API_KYE", "SHOP_API_KEY", Slip::Exchanged),
        ] {
            assert_eq!(super::slip(name, other), Some(slip), "{name}");
            assert_eq!(super::slip(other, name), Some(slip), "{other}");
        }
        for (name, other) in [
            ("item", "items"),
            ("item_count", "items_count"),
            ("address1", "address2"),
            ("address_1", "address_12"),
            ("form", "from"),
            ("billing_county", "billing_country"),
            ("rate", "crate"),
            ("total", "total"),
            ("totals", "total_"),
            ("a", "b"),
            ("", "a"),
            ("order_id", "order_ids"),
            ("start_at", "start_to"),
            ("DB_TST_URL", "DB_TEST_URL"),
        ] {
            assert_eq!(super::slip(name, other), None, "{name}");
            assert_eq!(super::slip(other, name), None, "{other}");
        }
    }

    #[test]
    fn words_written_in_another_way() {
        for (name, other) in [
            ("orderId", "order_id"),
            ("isAvailable", "available"),
            ("has_stock", "stock"),
            ("Status", "status"),
            ("isIssue", "issue"),
        ] {
            assert!(is_alike(name, other) && is_alike(other, name), "{name}");
        }
        for (name, other) in [("issue", "sue"), ("isolated", "olated"), ("order", "orders"), ("hash", "h")] {
            assert!(!is_alike(name, other), "{name}");
        }
    }

    #[test]
    fn what_was_meant_as_a_subtraction() {
        let says = |name: &str| subtraction(name, ["total", "length", "line-item"].into_iter());
        assert_eq!(says("n-1").unwrap(), "a `-` inside a name belongs to it: write `n - 1` to subtract");
        assert!(says("length-1").unwrap().contains("`length - 1`"));
        assert!(says("total-sum-x").unwrap().contains("`total - sum-x`"));
        for other in ["sum-total", "line-itm", "-1", "total-", "total"] {
            assert_eq!(says(other), None, "{other}");
        }
    }

    #[test]
    fn names_in_a_sentence() {
        assert_eq!(list(["a"], "or"), "`a`");
        assert_eq!(list(["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}

//! "Did you mean …": the nearest known name.

/// The candidate an author most likely meant by `name`: at most a third of its characters wrong, or a longer form of it
/// (`ascending`, `asc`). Ties go to the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    // Longer words are no typing mistakes, and the distance is quadratic.
    if wanted.len() > 100 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    let mut shorter = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if shorter.is_none() && other.len() >= 3 && wanted.starts_with(&other) {
            shorter = Some(candidate);
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
        (best, shorter) => best.map(|(_, candidate)| candidate).or(shorter),
    }
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
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn names_in_a_sentence() {
        assert_eq!(list(["a"], "or"), "`a`");
        assert_eq!(list(["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}

//! Finding one sequence in another in linear time, whatever they hold: for strings that cannot be searched as UTF-8.

/// Positions of `needle` in `hay` that do not overlap, from the left. An empty needle is found at every position,
/// the end included.
pub(super) fn find_all(hay: &[u16], needle: &[u16]) -> Vec<usize> {
    if needle.is_empty() {
        return (0..=hay.len()).collect();
    }
    let mut found: Vec<usize> = Vec::new();
    for at in overlapping(hay, needle) {
        if found.last().is_none_or(|last| last + needle.len() <= at) {
            found.push(at);
        }
    }
    found
}

pub(super) fn find(hay: &[u16], needle: &[u16]) -> Option<usize> {
    overlapping(hay, needle).next()
}

pub(super) fn find_last(hay: &[u16], needle: &[u16]) -> Option<usize> {
    overlapping(hay, needle).last()
}

/// Every position where the needle stands, by Knuth, Morris and Pratt.
fn overlapping<'a>(hay: &'a [u16], needle: &'a [u16]) -> impl Iterator<Item = usize> + 'a {
    // For each prefix of the needle: how long the longest proper prefix is that also ends it.
    let mut borders = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[at] != needle[length] {
            length = borders[length - 1];
        }
        length += usize::from(needle[at] == needle[length]);
        borders[at] = length;
    }
    let mut matched = 0;
    let empty = needle.is_empty().then_some(0..=hay.len()).into_iter().flatten();
    let ends = hay.iter().enumerate().filter(|_| !needle.is_empty()).filter_map(move |(at, unit)| {
        while matched > 0 && (matched == needle.len() || *unit != needle[matched]) {
            matched = borders[matched - 1];
        }
        matched += usize::from(*unit == needle[matched]);
        (matched == needle.len()).then(|| at + 1 - needle.len())
    });
    empty.chain(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn agrees_with_looking_everywhere() {
        let words = ["", "a", "aa", "ab", "aba", "abab", "aabaab", "abaabaaba", "aabaaabaaaab", "b"];
        for hay in words.map(units) {
            for needle in words.map(units) {
                let naive: Vec<usize> = (0..=hay.len()).filter(|at| hay[*at..].starts_with(&needle)).collect();
                assert_eq!(find(&hay, &needle), naive.first().copied());
                assert_eq!(find_last(&hay, &needle), naive.last().copied());
                assert_eq!(overlapping(&hay, &needle).collect::<Vec<_>>(), naive);
            }
        }
    }

    #[test]
    fn all_do_not_overlap() {
        assert_eq!(find_all(&units("aaaaa"), &units("aa")), [0, 2]);
        assert_eq!(find_all(&units("ab"), &[]), [0, 1, 2]);
    }
}

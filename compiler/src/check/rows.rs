//! A set of small numbers for each node, as bits: what makes the graph's checks affordable for thousands of nodes.

/// Bits of all rows together: 128 MiB. Larger workflows do without the checks that need them.
const BITS_MAX: usize = 1 << 30;

pub(super) struct Rows {
    words: Vec<u64>,
    width: usize,
}

impl Rows {
    /// Empty sets; `None` when they would not fit.
    pub(super) fn new(rows: usize, bits: usize) -> Option<Rows> {
        let width = bits.div_ceil(64);
        let words = rows.checked_mul(width).filter(|words| words.saturating_mul(64) <= BITS_MAX)?;
        Some(Rows { words: vec![0; words], width })
    }

    pub(super) fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.width..][..self.width]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.words[row * self.width..][..self.width]
    }
}

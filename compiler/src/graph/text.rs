//! How wide a text is, and what fits.

/// Widths of the characters from space to `~` in thousandths of the font size: those of Helvetica, to which the fonts of
/// browsers are made to be close.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, // p to ~
];

/// Whatever font is there in the end may be a little wider.
const SLACK: f64 = 1.06;
/// Of bold text over regular.
const BOLD: f64 = 1.06;

#[derive(Debug, Clone, Copy)]
pub struct Font {
    pub size: f64,
    pub bold: bool,
}

impl Font {
    pub fn width(self, text: &str) -> f64 {
        let units: u32 = text.chars().map(units).sum();
        f64::from(units) / 1000.0 * self.size * SLACK * if self.bold { BOLD } else { 1.0 }
    }

    /// As much of the text as fits, on one line.
    pub fn fit(self, text: &str, width: f64) -> String {
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // More characters than that fit nowhere; the text may be megabytes long.
        let longest: String = line.chars().take((width / self.size * 5.0) as usize).collect();
        if longest.len() == line.len() && self.width(&line) <= width {
            return line;
        }
        let mut short = longest;
        while short.pop().is_some() {
            let cut = format!("{}…", short.trim_end());
            if self.width(&cut) <= width {
                return cut;
            }
        }
        "…".to_owned()
    }
}

fn units(char: char) -> u32 {
    match char {
        ' '..='~' => u32::from(WIDTHS[char as usize - ' ' as usize]),
        // Marks that stand on another character, and joiners.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '…' | '→' => 1000,
        // From Hangul on nearly everything is as wide as high.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffff}' | '\u{1f000}'.. => 1100,
        _ => 620,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut() {
        let font = Font { size: 10.0, bold: false };
        assert_eq!(font.fit("short", 100.0), "short");
        assert_eq!(font.fit("two\n  lines", 100.0), "two lines");
        let cut = font.fit(&"wide ".repeat(1_000_000), 80.0);
        assert!(cut.ends_with('…') && font.width(&cut) <= 80.0 && cut.chars().count() > 8, "{cut}");
        assert_eq!(font.fit("anything", 1.0), "…");
    }

    #[test]
    fn wide_characters_are_wide() {
        let font = Font { size: 10.0, bold: false };
        assert!(font.width("漢字") > font.width("mm"));
        assert!(font.width("ii") < font.width("mm"));
        assert_eq!(font.width("e\u{301}"), font.width("e"));
    }
}

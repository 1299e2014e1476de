//! The picture as SVG, whole in itself: light and dark, readable without colours and by screen readers.

mod style;

use super::layout::{Graph, Layout, Link, Point, Size, Way, layout};
use super::text::Font;
use super::{Edge, Node, Picture, Role};
use crate::diagnostic::Severity;
use std::fmt::Write as _;

const ID: Font = Font { size: 13.5, bold: true };
const DETAIL: Font = Font { size: 11.5, bold: false };
const LABEL: Font = Font { size: 11.5, bold: false };
const LEGEND: Font = Font { size: 12.0, bold: false };
const LEGEND_SLUG: Font = Font { size: 12.0, bold: true };

const CARD_HEIGHT: f64 = 52.0;
/// From the border of a card to its text: room for the icon.
const TEXT_LEFT: f64 = 50.0;
const TEXT_RIGHT: f64 = 18.0;
const CARD_MIN: f64 = 150.0;
/// Longer text is cut; the whole stands in the tooltip.
const TEXT_MAX: f64 = 250.0;
const LABEL_MAX: f64 = 260.0;
const LABEL_HEIGHT: f64 = 22.0;
/// The pointed sides of a filter.
const POINT: f64 = 16.0;
const MARGIN: f64 = 16.0;
const LEGEND_LINE: f64 = 22.0;
const LEGEND_LINES_MAX: usize = 12;
const LEGEND_WIDTH_MAX: f64 = 900.0;
/// How far an arrow's head reaches.
const HEAD: f64 = 8.0;

pub fn svg(picture: &Picture) -> String {
    let cards: Vec<Card> = picture.nodes.iter().map(Card::new).collect();
    let graph = Graph {
        nodes: cards.iter().map(|card| card.size).collect(),
        links: picture
            .edges
            .iter()
            .map(|edge| Link { from: edge.from, to: edge.to, label: label_size(edge) })
            .collect(),
    };
    let layout = layout(&graph);
    let legend = Legend::new(picture, layout.size.width);
    let width = layout.size.width.max(legend.width) + 2.0 * MARGIN;
    let height = layout.size.height + legend.height + 2.0 * MARGIN;
    let left = MARGIN + (width - 2.0 * MARGIN - layout.size.width) / 2.0;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
         aria-labelledby=\"title desc\">\n<title id=\"title\">{2}</title>\n<desc id=\"desc\">{3}</desc>\n<style>\n{4}</style>",
        n(width.ceil()),
        n(height.ceil()),
        escaped(&picture.title),
        escaped(&description(picture)),
        style::STYLE,
    );
    let _ = writeln!(out, "<g transform=\"translate({} {})\">", n(left), n(MARGIN));
    edges(&mut out, picture, &layout);
    for ((node, card), place) in picture.nodes.iter().zip(&cards).zip(&layout.nodes) {
        card.draw(&mut out, picture, node, *place);
    }
    labels(&mut out, picture, &layout);
    out.push_str("</g>\n");
    legend.draw(&mut out, picture, Point { x: MARGIN, y: MARGIN + layout.size.height });
    out.push_str("</svg>\n");
    out
}

/// For who cannot see it: what is in it, node by node.
fn description(picture: &Picture) -> String {
    let mut lines = vec![format!("A workflow with {} nodes and {} edges.", picture.nodes.len(), picture.edges.len())];
    for edge in picture.edges.iter().take(100) {
        let condition = edge.condition.as_ref().map_or_else(String::new, |condition| format!(" if {condition}"));
        lines.push(format!("{} → {}{condition}.", picture.nodes[edge.from].id, picture.nodes[edge.to].id));
    }
    lines.join(" ")
}

struct Card {
    size: Size,
    id: String,
    detail: String,
}

impl Card {
    fn new(node: &Node) -> Card {
        let id = ID.fit(if node.id.is_empty() { "(no id)" } else { &node.id }, TEXT_MAX);
        let detail = DETAIL.fit(&node.detail, TEXT_MAX);
        let sides = if node.role == Role::Filter { POINT } else { 0.0 };
        let text = ID.width(&id).max(DETAIL.width(&detail));
        let width = (TEXT_LEFT + text + TEXT_RIGHT).max(CARD_MIN) + sides;
        Card { size: Size { width: (width / 2.0).ceil() * 2.0, height: CARD_HEIGHT }, id, detail }
    }

    fn draw(&self, out: &mut String, picture: &Picture, node: &Node, place: Point) {
        let Size { width, height } = self.size;
        let (x, y) = (place.x - width / 2.0, place.y - height / 2.0);
        let worst = picture.worst(&node.findings);
        let mut class = format!("node {}", style::class(node.role));
        for (yes, name) in [
            (node.is_handler, " handler"),
            (worst == Some(Severity::Error), " error"),
            (worst == Some(Severity::Warning), " warning"),
        ] {
            class.push_str(if yes { name } else { "" });
        }
        let _ = writeln!(out, "<g class=\"{class}\" transform=\"translate({} {})\">", n(x), n(y));
        let _ = writeln!(out, "<title>{}</title>", escaped(&tooltip(picture, node)));
        let _ = match node.role {
            Role::Filter => writeln!(
                out,
                "<path class=\"card\" d=\"M{p} 0H{r}L{w} {m}L{r} {h}H{p}L0 {m}Z\"/>",
                p = n(POINT),
                r = n(width - POINT),
                w = n(width),
                m = n(height / 2.0),
                h = n(height),
            ),
            role => {
                let radius = if let Role::Webhook | Role::Manual = role { height / 2.0 } else { 9.0 };
                let rect = format!("width=\"{}\" height=\"{}\" rx=\"{}\"", n(width), n(height), n(radius));
                writeln!(out, "<rect class=\"card\" {rect}/>")
            }
        };
        let shift = if node.role == Role::Filter { POINT / 2.0 } else { 0.0 };
        let _ = writeln!(
            out,
            "<circle class=\"disc\" cx=\"{0}\" cy=\"{1}\" r=\"15\"/><path class=\"icon\" transform=\"translate({2} {3})\" d=\"{4}\"/>",
            n(27.0 + shift),
            n(height / 2.0),
            n(19.0 + shift),
            n(height / 2.0 - 8.0),
            style::icon(node.role),
        );
        let text = TEXT_LEFT + shift;
        let _ = writeln!(
            out,
            "<text class=\"id\" x=\"{0}\" y=\"23\">{1}</text><text class=\"detail\" x=\"{0}\" y=\"40\">{2}</text>",
            n(text),
            escaped(&self.id),
            escaped(&self.detail),
        );
        if let Some(worst) = worst {
            badge(
                out,
                Point { x: width - if node.role == Role::Filter { POINT } else { 6.0 }, y: 2.0 },
                worst,
                &node.findings,
            );
        }
        out.push_str("</g>\n");
    }
}

fn tooltip(picture: &Picture, node: &Node) -> String {
    let mut lines = vec![match &node.name {
        Some(name) => format!("{}: {name}", node.id),
        None => node.id.clone(),
    }];
    lines.push(node.detail.clone());
    lines.extend(node.findings.iter().map(|finding| picture.findings[*finding].line()));
    lines.join("\n")
}

/// A sign that is no question of colour alone, with the number of findings where there are several.
fn badge(out: &mut String, place: Point, worst: Severity, findings: &[usize]) {
    let sign = match (findings.len(), worst) {
        (1, Severity::Error) => "✕".to_owned(),
        (1, Severity::Warning) => "!".to_owned(),
        (count @ 2..=9, _) => count.to_string(),
        _ => "+".to_owned(),
    };
    let _ = writeln!(
        out,
        "<circle class=\"badge {word}\" cx=\"{x}\" cy=\"{y}\" r=\"9\"/><text class=\"sign {word}\" x=\"{x}\" y=\"{below}\">{sign}</text>",
        word = worst.word(),
        x = n(place.x),
        y = n(place.y),
        below = n(place.y + 4.0),
    );
}

fn edges(out: &mut String, picture: &Picture, layout: &Layout) {
    for (edge, way) in picture.edges.iter().zip(&layout.ways) {
        let mut class = "edge".to_owned();
        if edge.on_failure {
            class.push_str(" failure");
        }
        if let Some(worst) = picture.worst(&edge.findings) {
            class.push(' ');
            class.push_str(worst.word());
        }
        let _ = writeln!(out, "<g class=\"{class}\"><title>{}</title>", escaped(&edge_tooltip(picture, edge)));
        let last = way.points[way.points.len() - 1];
        // Upright at the end, so the head is, too; of a loop it points to the left.
        let (line, head) = match (way.loops, way.upwards) {
            (true, _) => (around(way), format!("M{0} {1}l{HEAD} -4.5v9Z", n(last.x), n(last.y))),
            (false, up) => {
                let back = if up { HEAD } else { -HEAD };
                (curve(way, back), format!("M{} {}l-4.5 {back}h9Z", n(last.x), n(last.y)))
            }
        };
        let _ = writeln!(out, "<path class=\"line\" d=\"{line}\"/><path class=\"head\" d=\"{head}\"/></g>");
    }
}

fn edge_tooltip(picture: &Picture, edge: &Edge) -> String {
    let mut lines = vec![format!("{} → {}", picture.nodes[edge.from].id, picture.nodes[edge.to].id)];
    lines.extend(edge.condition.clone());
    lines.extend(edge.findings.iter().map(|finding| picture.findings[*finding].line()));
    lines.join("\n")
}

/// Upright in every point; the last piece ends where the head begins.
fn curve(way: &Way, back: f64) -> String {
    let mut path = String::new();
    let end = way.points.len() - 1;
    let mut before = way.points[0];
    let _ = write!(path, "M{} {}", n(before.x), n(before.y));
    for (index, point) in way.points.iter().enumerate().skip(1) {
        let y = if index == end { point.y + back * 0.7 } else { point.y };
        if (point.x - before.x).abs() < 0.05 {
            if (y - before.y).abs() > 0.05 {
                let _ = write!(path, "V{}", n(y));
            }
        } else {
            let half = (y - before.y) * 0.55;
            let _ = write!(
                path,
                "C{} {} {} {} {} {}",
                n(before.x),
                n(before.y + half),
                n(point.x),
                n(y - half),
                n(point.x),
                n(y)
            );
        }
        before = Point { x: point.x, y };
    }
    path
}

fn around(way: &Way) -> String {
    let [first, far, last] = [way.points[0], way.points[1], way.points[2]];
    let x = far.x + (far.x - first.x);
    format!("M{} {}C{2} {1} {2} {3} {4} {3}", n(first.x), n(first.y), n(x), n(last.y), n(last.x + HEAD))
}

fn label_size(edge: &Edge) -> Option<Size> {
    if edge.condition.is_none() && edge.findings.is_empty() {
        return None;
    }
    let text = edge.condition.as_ref().map_or(0.0, |condition| LABEL.width(&LABEL.fit(condition, LABEL_MAX)) + 16.0);
    let mark = if edge.findings.is_empty() { 0.0 } else { 24.0 };
    Some(Size { width: text + mark, height: LABEL_HEIGHT })
}

fn labels(out: &mut String, picture: &Picture, layout: &Layout) {
    for (edge, way) in picture.edges.iter().zip(&layout.ways) {
        let (Some(size), Some(place)) = (label_size(edge), way.label) else { continue };
        let (x, y) = (place.x - size.width / 2.0, place.y - size.height / 2.0);
        let worst = picture.worst(&edge.findings);
        let class = match (worst, edge.on_failure) {
            (Some(worst), _) => format!(" {}", worst.word()),
            (None, true) => " failure".to_owned(),
            (None, false) => String::new(),
        };
        let _ = writeln!(out, "<g class=\"label{class}\"><title>{}</title>", escaped(&edge_tooltip(picture, edge)));
        let mut text_width = size.width;
        if let Some(worst) = worst {
            text_width -= 24.0;
            badge(out, Point { x: x + size.width - 10.0, y: place.y }, worst, &edge.findings);
        }
        if let Some(condition) = &edge.condition {
            let _ = writeln!(
                out,
                "<rect class=\"pill\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{LABEL_HEIGHT}\" rx=\"11\"/><text x=\"{}\" y=\"{}\">{}</text>",
                n(x),
                n(y),
                n(text_width),
                n(x + text_width / 2.0),
                n(place.y + 4.0),
                escaped(&LABEL.fit(condition, LABEL_MAX)),
            );
        }
        out.push_str("</g>\n");
    }
}

/// What the marks mean.
struct Legend {
    width: f64,
    height: f64,
}

impl Legend {
    fn new(picture: &Picture, width: f64) -> Legend {
        if picture.findings.is_empty() {
            return Legend { width: 0.0, height: 0.0 };
        }
        let shown = picture.findings.iter().take(LEGEND_LINES_MAX);
        let longest = shown.map(|finding| {
            26.0 + LEGEND_SLUG.width(finding.slug)
                + 10.0
                + LEGEND.width(&LEGEND.fit(&finding.headline, LEGEND_WIDTH_MAX))
        });
        let wanted = longest.fold(0.0, f64::max).min(LEGEND_WIDTH_MAX);
        let lines =
            picture.findings.len().min(LEGEND_LINES_MAX) + usize::from(picture.findings.len() > LEGEND_LINES_MAX);
        Legend { width: wanted.max(width.min(LEGEND_WIDTH_MAX)), height: 28.0 + lines as f64 * LEGEND_LINE }
    }

    fn draw(&self, out: &mut String, picture: &Picture, place: Point) {
        if picture.findings.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "<g class=\"legend\" transform=\"translate({} {})\">\n<path class=\"rule\" d=\"M0 14H{}\"/>",
            n(place.x),
            n(place.y),
            n(self.width)
        );
        for (line, finding) in picture.findings.iter().take(LEGEND_LINES_MAX).enumerate() {
            let y = 36.0 + line as f64 * LEGEND_LINE;
            badge(out, Point { x: 9.0, y: y - 4.0 }, finding.severity, &[0]);
            let slug = LEGEND_SLUG.width(finding.slug);
            let rest = LEGEND.fit(&finding.headline, self.width - 36.0 - slug);
            let _ = writeln!(
                out,
                "<text x=\"26\" y=\"{0}\"><tspan class=\"slug\">{1}</tspan><tspan dx=\"8\">{2}</tspan></text>",
                n(y),
                finding.slug,
                escaped(&rest),
            );
        }
        if let Some(more) = picture.findings.len().checked_sub(LEGEND_LINES_MAX + 1) {
            let y = 36.0 + LEGEND_LINES_MAX as f64 * LEGEND_LINE;
            let _ = writeln!(out, "<text x=\"26\" y=\"{}\">and {} more</text>", n(y), more + 1);
        }
        out.push_str("</g>\n");
    }
}

/// A number with one digit after the point at most.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Characters that XML does not have become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(char),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escaped("</title><script>alert(\"&\")\u{1}"),
            "&lt;/title&gt;&lt;script&gt;alert(&quot;&amp;&quot;)\u{fffd}"
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([n(12.0), n(0.25), n(-0.01), n(3.16)], ["12", "0.2", "0", "3.2"]);
    }
}

//! Colours, fonts and icons.

use crate::graph::Role;

/// Rules rather than variables: not every program that draws SVG knows those.
///
/// The fonts are those whose widths the layout counts with.
pub const STYLE: &str = "\
text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans','Nimbus Sans',sans-serif}
.card{fill:#fff;stroke:#afb8c1;stroke-width:1.3}
.id{font-size:13.5px;font-weight:600;fill:#1f2328}
.detail{font-size:11.5px;fill:#59636e}
.icon{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.trigger .card,.trigger .icon{stroke:#8250df}.trigger .disc{fill:#f3ebff}
.http .icon{stroke:#0969da}.http .disc{fill:#ddf0ff}
.mail .icon{stroke:#1a7f37}.mail .disc{fill:#dafbe1}
.filter .icon{stroke:#59636e}.filter .disc{fill:#eaeef2}
.transform .icon{stroke:#bf3989}.transform .disc{fill:#ffe8f3}
.other .icon{stroke:#59636e}.other .disc{fill:#eaeef2}
.missing .icon{stroke:#cf222e}.missing .disc{fill:#ffebe9}
.missing .card{stroke:#cf222e;stroke-dasharray:5 4}
.handler .card{stroke:#bc4c00}
.node.error .card{stroke:#cf222e;stroke-width:2.2}
.node.warning .card{stroke:#bf8700;stroke-width:2.2}
.line{fill:none;stroke:#8c959f;stroke-width:1.6}
.head{fill:#8c959f}
.failure .line{stroke:#bc4c00;stroke-dasharray:6 4}.failure .head{fill:#bc4c00}
.edge.error .line{stroke:#cf222e;stroke-width:2.4}.edge.error .head{fill:#cf222e}
.edge.warning .line{stroke:#bf8700;stroke-width:2.4}.edge.warning .head{fill:#bf8700}
.label text{font-size:11.5px;fill:#1f2328;text-anchor:middle}
.pill{fill:#f6f8fa;stroke:#d1d9e0}
.label.failure .pill{fill:#fff1e5;stroke:#fbb98a}
.badge.error{fill:#cf222e}.badge.warning{fill:#bf8700}
.badge{stroke:#fff;stroke-width:1.5}
text.sign,.label text.sign,.legend text.sign{font-size:11px;font-weight:700;fill:#fff;text-anchor:middle}
.legend text{font-size:12px;fill:#59636e}.slug{font-weight:600;fill:#1f2328}
.rule{stroke:#d1d9e0}
@media (prefers-color-scheme:dark){
.card{fill:#161b22;stroke:#4b545e}
.id{fill:#f0f6fc}.detail{fill:#9198a1}
.trigger .card,.trigger .icon{stroke:#ab7df8}.trigger .disc{fill:#2a1f42}
.http .icon{stroke:#58a6ff}.http .disc{fill:#12283f}
.mail .icon{stroke:#3fb950}.mail .disc{fill:#12301b}
.filter .icon{stroke:#9198a1}.filter .disc{fill:#262c36}
.transform .icon{stroke:#db61a2}.transform .disc{fill:#3a1a2c}
.other .icon{stroke:#9198a1}.other .disc{fill:#262c36}
.missing .icon,.missing .card{stroke:#f85149}.missing .disc{fill:#3d1517}
.handler .card{stroke:#db6d28}
.node.error .card{stroke:#f85149}.node.warning .card{stroke:#d29922}
.line{stroke:#6e7681}.head{fill:#6e7681}
.failure .line{stroke:#db6d28}.failure .head{fill:#db6d28}
.edge.error .line{stroke:#f85149}.edge.error .head{fill:#f85149}
.edge.warning .line{stroke:#d29922}.edge.warning .head{fill:#d29922}
.label text{fill:#e6edf3}
.pill{fill:#21262d;stroke:#3d444d}
.label.failure .pill{fill:#3a2112;stroke:#7d4320}
.badge{stroke:#0d1117}.badge.error{fill:#da3633}.badge.warning{fill:#9e6a03}
.legend text{fill:#9198a1}.slug{fill:#f0f6fc}
.rule{stroke:#3d444d}
}
";

pub fn class(role: Role) -> &'static str {
    match role {
        Role::Webhook | Role::Manual => "trigger",
        Role::Http => "http",
        Role::Mail => "mail",
        Role::Filter => "filter",
        Role::Transform => "transform",
        Role::Other => "other",
        Role::Missing => "missing",
    }
}

/// Lines in a square of 16.
pub fn icon(role: Role) -> &'static str {
    match role {
        // A flash, and a triangle to press.
        Role::Webhook => "M9.2 1.5L3.2 9.2H7.6L6.8 14.5L12.8 6.8H8.4Z",
        Role::Manual => "M5 2.8L13 8L5 13.2Z",
        // The world.
        Role::Http => {
            "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13ZM1.7 8H14.3M8 1.5C5.2 4.6 5.2 11.4 8 14.5C10.8 11.4 10.8 4.6 8 1.5"
        }
        // An envelope.
        Role::Mail => "M1.8 3.5H14.2V12.5H1.8ZM2 4L8 9L14 4",
        // A funnel.
        Role::Filter => "M1.8 2.5H14.2L9.6 8.2V13.5L6.4 12V8.2Z",
        // Braces.
        Role::Transform => "M6 2C3.4 2 5 7.2 2.6 8C5 8.8 3.4 14 6 14M10 2C12.6 2 11 7.2 13.4 8C11 8.8 12.6 14 10 14",
        Role::Other => "M3 8H3.1M8 8H8.1M13 8H13.1",
        Role::Missing => "M5.2 5.6C5.2 1.8 11 2 11 5.6C11 8 8 7.8 8 10.2M8 13.4V13.5",
    }
}

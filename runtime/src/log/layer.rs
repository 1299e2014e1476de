//! From an event of `tracing` to a line.
//!
//! Comes in: events. Goes out: lines, to the sinks.
//! Always true: only events of our own target are written, and of them only plain texts and numbers: whatever else a
//! field may be (`Debug`, `Display`, an error) has no way into a line.

use super::sink::Sinks;
use super::{Format, TARGET, WEBHOOK};
use crate::engine::{Clock, SystemClock, Timestamp};
use std::fmt::{Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

pub struct Lines {
    level: LevelFilter,
    format: Format,
    sinks: &'static Sinks,
}

impl Lines {
    pub fn new(level: LevelFilter, format: Format, sinks: &'static Sinks) -> Lines {
        Lines { level, format, sinks }
    }

    fn wants(&self, metadata: &Metadata) -> bool {
        metadata.is_event() && metadata.target() == TARGET && *metadata.level() <= self.level
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    /// Asked once for each place that says something: afterwards the others cost nothing.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata, _: Context<S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_event(&self, event: &Event, _: Context<S>) {
        let metadata = event.metadata();
        let time = SystemClock.wall();
        let write = |text: &mut String| {
            let mut line = Line::begin(text, self.format, *metadata.level(), metadata.name(), time);
            event.record(&mut line);
            line.end();
        };
        self.sinks.write(metadata.name() == WEBHOOK, write);
    }
}

/// A line that is being written. Empty fields are left out.
struct Line<'a> {
    text: &'a mut String,
    format: Format,
}

impl<'a> Line<'a> {
    fn begin(text: &'a mut String, format: Format, level: Level, event: &str, time: Timestamp) -> Line<'a> {
        match format {
            Format::Json => {
                text.push_str("{\"time\":\"");
                time.push_to(text);
                text.push_str("\",\"level\":\"");
                text.push_str(names(level).1);
                text.push_str("\",\"event\":\"");
                text.push_str(event);
                text.push('"');
            }
            Format::Text => {
                time.push_to(text);
                let _ = write!(text, " {:<5} {event:<18}", names(level).0);
            }
        }
        Line { text, format }
    }

    fn end(self) {
        self.text.push_str(match self.format {
            Format::Json => "}\n",
            Format::Text => "\n",
        });
    }

    fn name(&mut self, field: &Field) {
        match self.format {
            Format::Json => {
                self.text.push_str(",\"");
                self.text.push_str(field.name());
                self.text.push_str("\":");
            }
            Format::Text => {
                self.text.push(' ');
                self.text.push_str(field.name());
                self.text.push('=');
            }
        }
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if !value.is_empty() {
            self.name(field);
            write_text(self.text, value, self.format);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        let _ = write!(self.text, "{value}");
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        let _ = write!(self.text, "{value}");
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        let _ = write!(self.text, "{value}");
    }

    /// Milliseconds.
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        // Whole numbers are written ten times as fast, and nothing that is logged lasts longer than they reach.
        let micros = (value * 1000.0).round() as u64;
        let _ = write!(self.text, "{}.{:03}", micros / 1000, micros % 1000);
    }

    /// Not written: see above.
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// For people, for machines.
fn names(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("ERROR", "error"),
        Level::WARN => ("WARN", "warn"),
        Level::INFO => ("INFO", "info"),
        _ => ("DEBUG", "debug"),
    }
}

/// For people quotes stand around anything that could end the field or the line.
fn write_text(text: &mut String, value: &str, format: Format) {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let plain = value.bytes().all(plain);
    match (plain, format) {
        (true, Format::Text) => return text.push_str(value),
        (true, Format::Json) => {
            text.push('"');
            text.push_str(value);
            return text.push('"');
        }
        (false, _) => {}
    }
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::sink::Out;
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// What the log writes of what happens.
    fn written(level: LevelFilter, format: Format, happens: impl FnOnce()) -> String {
        let folder = std::env::temp_dir().join(format!("flow-log-{}", uuid::Uuid::now_v7().simple()));
        let sinks: &'static Sinks = Box::leak(Box::new(Sinks::new(Out::file(folder.clone()).unwrap(), None)));
        let subscriber = tracing_subscriber::registry().with(Lines::new(level, format, sinks));
        tracing::subscriber::with_default(subscriber, happens);
        sinks.flush();
        let text = std::fs::read_to_string(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        text
    }

    /// Without its time.
    fn line(format: Format, happens: impl FnOnce()) -> String {
        let text = written(LevelFilter::DEBUG, format, happens);
        match format {
            Format::Json => {
                let (time, rest) = text.split_once(',').unwrap();
                assert_eq!(time.len(), "{\"time\":\"2026-11-29T11:00:00.000Z\"".len());
                rest.to_owned()
            }
            Format::Text => text.split_once(' ').unwrap().1.to_owned(),
        }
    }

    #[test]
    fn lines_for_machines_are_json() {
        let event =
            || tracing::info!(name: "x", target: TARGET, node = "a\"b\n\u{85}", code = "", n = 2_u64, ms = 1042.0071);
        let line = line(Format::Json, event);
        assert_eq!(
            line,
            "\"level\":\"info\",\"event\":\"x\",\"node\":\"a\\\"b\\u000a\\u0085\",\"n\":2,\"ms\":1042.007}\n"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&format!("{{{line}")).unwrap()["node"], "a\"b\n\u{85}");
    }

    #[test]
    fn lines_for_people_cannot_be_broken_by_a_value() {
        let event = || tracing::warn!(name: "node settled", target: TARGET, node = "pay", code = "A B\nERROR forged");
        assert_eq!(line(Format::Text, event), "WARN  node settled       node=pay code=\"A B\\u000aERROR forged\"\n");
    }

    #[test]
    fn nothing_but_texts_and_numbers_of_our_own_is_written() {
        let events = || {
            tracing::error!(target: "hyper", body = "a body");
            tracing::error!("a body");
            tracing::error!(name: "x", target: TARGET, body = ?"a body", address = %"an address", "a message");
            tracing::debug!(name: "x", target: TARGET, node = "quiet");
        };
        let text = written(LevelFilter::INFO, Format::Json, events);
        assert!(text.ends_with("\"level\":\"error\",\"event\":\"x\"}\n"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

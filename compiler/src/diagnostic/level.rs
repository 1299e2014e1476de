//! How loud a lint is: what was asked for (`-A`, `-W`, `-D`), and what the workflow itself accepts (`"allow": […]`).
//!
//! Comes in: everything that was found. Goes out: what is shown, each finding with its final severity.
//! Always true: an error stays an error; what a file allows is allowed whatever the command line says, as in rustc.

use super::{Code, Diagnostic, Diagnostics, Severity, suggest};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of the findings of a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not shown.
    Allow,
    Warn,
    /// As bad as an error.
    Deny,
}

/// What a level can be given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lints {
    One(Code),
    /// `warnings`: every lint that warns.
    Warnings,
}

impl Lints {
    /// The lint or group of this name; underscores are as good as hyphens.
    ///
    /// # Errors
    /// What to say when there is none.
    pub fn named(name: &str) -> Result<Lints, String> {
        let hyphens = name.replace('_', "-");
        if hyphens == WARNINGS {
            return Ok(Lints::Warnings);
        }
        match Code::named(&hyphens) {
            Some(code) if code.is_lint() => Ok(Lints::One(code)),
            Some(_) => Err(format!("`{hyphens}` is an error, not a lint: its level cannot be changed")),
            None => Err(match nearest(&hyphens, Some(WARNINGS)) {
                Some(near) => format!("there is no lint `{name}`: did you mean `{near}`?"),
                None => {
                    format!("there is no lint `{name}`: `flowc explain` lists them, and all together are `warnings`")
                }
            }),
        }
    }
}

const WARNINGS: &str = "warnings";

/// The lint a name was probably meant to be.
pub fn nearest(name: &str, group: Option<&'static str>) -> Option<&'static str> {
    let lints = Code::ALL.iter().filter(|code| code.is_lint()).map(|code| code.slug());
    suggest::nearest(name, lints.chain(group))
}

/// What was asked for, in order: of what contradicts, the later wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    asked: Vec<(Lints, Level)>,
}

impl Levels {
    pub fn set(mut self, lints: Lints, level: Level) -> Levels {
        self.asked.push((lints, level));
        self
    }

    /// The level of a lint, and what gave it; `None`: it has its own.
    fn of(&self, code: Code) -> (Level, Option<Lints>) {
        let mut own = (Level::Warn, None);
        let mut as_warning = None;
        for (lints, level) in &self.asked {
            match lints {
                Lints::One(named) if *named == code => {
                    own = (*level, Some(*lints));
                    as_warning = None;
                }
                // What is not a warning at this point is none of the group's business: `-A x -D warnings` allows `x`.
                Lints::Warnings if own.0 == Level::Warn => as_warning = Some((*level, Some(*lints))),
                Lints::One(_) | Lints::Warnings => {}
            }
        }
        as_warning.unwrap_or(own)
    }
}

/// An entry of an `allow` in the workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    pub code: Code,
    /// The entry.
    pub span: Span,
    /// A node and the connections out of it: what is found there is accepted. `None`: wherever it is found.
    pub covers: Option<Vec<Span>>,
}

/// Everything found → what is shown, in the order of the source.
pub fn settle(found: Diagnostics, levels: &Levels, silences: &[Silence]) -> Vec<Diagnostic> {
    // A rule that did not run because of an error has found nothing: whether a silence is needed is not known then.
    let complete = !found.has_errors();
    let mut silencer = Silencer::new(silences);
    let mut shown = found.sorted();
    explain_by_shadowed_names(&mut shown);
    shown.retain(|diagnostic| !silencer.accepts(diagnostic));
    if complete {
        let unused = silencer.unused();
        shown.extend(unused.into_iter().filter(|diagnostic| !silencer.accepts(diagnostic)));
        shown.sort_by_key(|diagnostic| diagnostic.primary.span);
    }
    let mut explained = BTreeSet::new();
    shown.retain_mut(|diagnostic| {
        let code = diagnostic.code;
        if !code.is_lint() {
            return true;
        }
        let (level, by) = levels.of(code);
        if level == Level::Deny {
            diagnostic.severity = Severity::Error;
            if explained.insert(code) {
                diagnostic.notes.push(denied(code, by));
            }
        }
        level != Level::Allow
    });
    leave_to_shadowed_names(&mut shown);
    shown
}

/// One mistake, one message: `env.API_KEY` is a field of the input that nobody meant. Where that is an error, the way out goes with it,
/// whatever the level of the warning.
fn explain_by_shadowed_names(found: &mut Vec<Diagnostic>) {
    let is_shadowed = |diagnostic: &Diagnostic| diagnostic.code == Code::ShadowedLiteral;
    let shadowed: Vec<(Span, Vec<String>)> =
        found.iter().filter(|one| is_shadowed(one)).map(|one| (one.primary.span, one.help.clone())).collect();
    let mut said_by_errors = Vec::new();
    for (span, ways_out) in shadowed {
        let is_inside = |at: Span| span.start <= at.start && at.end <= span.end && span.file == at.file;
        for error in found.iter_mut().filter(|one| one.code == Code::UnknownField && is_inside(one.primary.span)) {
            error.help.clone_from(&ways_out);
            said_by_errors.push(span);
        }
    }
    found.retain(|one| !is_shadowed(one) || !said_by_errors.contains(&one.primary.span));
}

/// What else is said of a field that nobody meant is left out. Nothing that stops the build is.
fn leave_to_shadowed_names(shown: &mut Vec<Diagnostic>) {
    let shadowed = shown.iter().filter(|one| one.code == Code::ShadowedLiteral);
    let shadowed: Vec<Span> = shadowed.map(|one| one.primary.span).collect();
    shown.retain(|one| {
        one.code != Code::PersonalDataFlow || one.severity == Severity::Error || !shadowed.contains(&one.primary.span)
    });
}

/// Said once for each lint: why it stops the build.
fn denied(code: Code, by: Option<Lints>) -> String {
    let slug = code.slug();
    match by {
        Some(Lints::Warnings) => format!("`{slug}` is denied by `-D warnings`"),
        Some(Lints::One(_)) | None => format!("`{slug}` is denied by `-D {slug}`"),
    }
}

/// Finds the silence for a finding, and remembers which were needed.
struct Silencer<'a> {
    silences: &'a [Silence],
    used: Vec<bool>,
    /// By code and start: where a covered place ends, and the silence that covers it. Places do not overlap.
    places: BTreeMap<(Code, Span), usize>,
    everywhere: BTreeMap<Code, usize>,
}

impl<'a> Silencer<'a> {
    fn new(silences: &'a [Silence]) -> Silencer<'a> {
        let mut places = BTreeMap::new();
        let mut everywhere = BTreeMap::new();
        for (index, silence) in silences.iter().enumerate() {
            // Of two entries that say the same the first is used, the second is not.
            match &silence.covers {
                Some(covers) => {
                    covers.iter().for_each(|place| _ = places.entry((silence.code, *place)).or_insert(index))
                }
                None => _ = everywhere.entry(silence.code).or_insert(index),
            }
        }
        Silencer { silences, used: vec![false; silences.len()], places, everywhere }
    }

    fn accepts(&mut self, diagnostic: &Diagnostic) -> bool {
        let (code, at) = (diagnostic.code, diagnostic.primary.span);
        let last = Span { start: at.start, end: u32::MAX, ..at };
        let before = self.places.range((code, Span { start: 0, end: 0, ..at })..=(code, last)).next_back();
        let place = before.filter(|((_, place), _)| at.end <= place.end).map(|(_, index)| *index);
        let silence = place.or_else(|| self.everywhere.get(&code).copied());
        if let Some(index) = silence {
            self.used[index] = true;
        }
        silence.is_some()
    }

    /// An earlier entry says the same.
    fn stands_already(&self, silence: &Silence) -> bool {
        let first = match silence.covers.as_deref() {
            Some([place, ..]) => self.places.get(&(silence.code, *place)),
            Some([]) | None => self.everywhere.get(&silence.code),
        };
        first.is_some_and(|first| self.silences[*first].span != silence.span)
    }

    fn unused(&self) -> Vec<Diagnostic> {
        let unused = self.silences.iter().zip(&self.used).filter(|(silence, used)| {
            // It may be there for the sake of another one: nobody needs to be told twice.
            !**used && silence.code != Code::UnusedAllow
        });
        unused.map(|(silence, _)| unused_allow(silence, self.stands_already(silence))).collect()
    }
}

fn unused_allow(silence: &Silence, again: bool) -> Diagnostic {
    let place = if silence.covers.is_some() { "this node" } else { "this workflow" };
    let slug = silence.code.slug();
    if again {
        let headline = format!("`{slug}` is allowed twice in {place}");
        return Diagnostic::new(Code::UnusedAllow, silence.span, headline).label("again").help("remove it");
    }
    Diagnostic::new(Code::UnusedAllow, silence.span, format!("`{slug}` is allowed, and is not found in {place}"))
        .label("silences nothing")
        .help("remove it, so that it cannot hide what comes later")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: Code, start: usize) -> Diagnostic {
        Diagnostic::new(code, Span::new(start, start + 1), "x")
    }

    fn levels(asked: &str) -> Levels {
        asked.split_whitespace().fold(Levels::default(), |levels, asked| {
            let (level, name) = asked.split_at(1);
            let level = match level {
                "A" => Level::Allow,
                "W" => Level::Warn,
                _ => Level::Deny,
            };
            levels.set(Lints::named(name).unwrap(), level)
        })
    }

    #[test]
    fn the_later_wins_and_the_group_takes_what_warns() {
        let level = |asked: &str| levels(asked).of(Code::DeadKey).0;
        assert_eq!(level(""), Level::Warn);
        assert_eq!(level("Ddead-key"), Level::Deny);
        assert_eq!(level("Ddead_key"), Level::Deny);
        assert_eq!(level("Aignored-body"), Level::Warn);
        assert_eq!(level("Ddead-key Adead-key"), Level::Allow);
        assert_eq!(level("Dwarnings"), Level::Deny);
        assert_eq!(level("Dwarnings Adead-key"), Level::Allow);
        assert_eq!(level("Dwarnings Wdead-key"), Level::Warn);
        assert_eq!(level("Adead-key Dwarnings"), Level::Allow);
        assert_eq!(level("Wdead-key Dwarnings"), Level::Deny);
        assert_eq!(level("Ddead-key Awarnings"), Level::Deny);
        assert_eq!(level("Dwarnings Awarnings"), Level::Allow);
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(Lints::named("dead-kye"), Err("there is no lint `dead-kye`: did you mean `dead-key`?".into()));
        assert_eq!(Lints::named("warning"), Err("there is no lint `warning`: did you mean `warnings`?".into()));
        assert!(Lints::named("all").unwrap_err().contains("all together are `warnings`"));
        assert!(Lints::named("cycle").unwrap_err().starts_with("`cycle` is an error"));
    }

    #[test]
    fn denied_findings_are_errors_and_say_so_once_for_each_lint() {
        let mut all = Diagnostics::default();
        [found(Code::DeadKey, 1), found(Code::DeadKey, 5), found(Code::IgnoredBody, 9), found(Code::Cycle, 12)]
            .into_iter()
            .for_each(|diagnostic| all.push(diagnostic));
        let shown = settle(all, &levels("Dwarnings Dignored-body"), &[]);
        assert!(shown.iter().all(|diagnostic| diagnostic.severity == Severity::Error));
        let notes: Vec<&[String]> = shown.iter().map(|diagnostic| diagnostic.notes.as_slice()).collect();
        let (first, third) = ("`dead-key` is denied by `-D warnings`", "`ignored-body` is denied by `-D ignored-body`");
        assert_eq!(notes, [&[first.to_owned()][..], &[], &[third.to_owned()], &[]]);
    }

    #[test]
    fn a_finding_is_explained_only_by_one_that_is_shown() {
        let shown = |asked: &str| {
            let mut all = Diagnostics::default();
            all.push(found(Code::ShadowedLiteral, 1));
            all.push(found(Code::PersonalDataFlow, 1));
            settle(all, &levels(asked), &[]).iter().map(|one| one.code).collect::<Vec<_>>()
        };
        assert_eq!(shown(""), [Code::ShadowedLiteral]);
        assert_eq!(shown("Ashadowed-literal"), [Code::PersonalDataFlow]);
        assert_eq!(shown("Dpersonal-data-flow"), [Code::ShadowedLiteral, Code::PersonalDataFlow]);
    }

    #[test]
    fn an_error_keeps_the_way_out_of_a_warning_that_is_not_shown() {
        let mut all = Diagnostics::default();
        all.push(found(Code::ShadowedLiteral, 1).help("write `input_data.total`"));
        all.push(found(Code::UnknownField, 1).help("add it to the type"));
        let shown = settle(all, &levels("Awarnings"), &[]);
        let [error] = &*shown else { panic!("{shown:#?}") };
        assert_eq!((error.code, &*error.help), (Code::UnknownField, &["write `input_data.total`".to_owned()][..]));
    }

    #[test]
    fn a_silence_covers_its_places_and_must_be_needed() {
        let silence = |code, at: usize, covers: Option<&[(usize, usize)]>| Silence {
            code,
            span: Span::new(at, at + 1),
            covers: covers.map(|places| places.iter().map(|(start, end)| Span::new(*start, *end)).collect()),
        };
        let silences = [
            silence(Code::DeadKey, 11, Some(&[(10, 20), (50, 60)])),
            silence(Code::DeadKey, 31, Some(&[(30, 40)])),
            silence(Code::IgnoredBody, 0, None),
            silence(Code::UnusedAllow, 33, Some(&[(30, 40)])),
        ];
        let shown = |found: &[Diagnostic], levels: &Levels| -> Vec<(Code, u32)> {
            let mut all = Diagnostics::default();
            found.iter().cloned().for_each(|diagnostic| all.push(diagnostic));
            settle(all, levels, &silences).iter().map(|shown| (shown.code, shown.primary.span.start)).collect()
        };
        let here = [found(Code::DeadKey, 19), found(Code::DeadKey, 20), found(Code::DeadKey, 50)];
        let none = Levels::default();
        assert_eq!(shown(&here, &none), [(Code::UnusedAllow, 0), (Code::DeadKey, 20)]);
        // Silenced all the same, and needed all the same.
        assert_eq!(shown(&here, &levels("Adead-key")), [(Code::UnusedAllow, 0)]);
        assert_eq!(shown(&here, &levels("Ddead-key")), [(Code::UnusedAllow, 0), (Code::DeadKey, 20)]);
        assert_eq!(
            shown(&[found(Code::IgnoredBody, 99)], &none),
            [(Code::UnusedAllow, 11)],
            "the one at 31 is allowed to be unused"
        );
        assert_eq!(shown(&[found(Code::Cycle, 1)], &none), [(Code::Cycle, 1)], "after an error nobody can know");
    }
}

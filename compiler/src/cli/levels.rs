//! `-A`, `-W` and `-D`: how loud the lints are.

use crate::diagnostic::level::{Level, Levels, Lints};
use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// What of the three options was given, in the order it was given in: the later wins.
#[derive(Debug, Default)]
pub struct LintOptions {
    pub levels: Levels,
}

struct LevelOption {
    name: &'static str,
    short: char,
    level: Level,
    help: &'static str,
}

const OPTIONS: [LevelOption; 3] = [
    LevelOption { name: "allow", short: 'A', level: Level::Allow, help: "Do not show what a lint finds" },
    LevelOption { name: "warn", short: 'W', level: Level::Warn, help: "Show what a lint finds as warnings" },
    LevelOption {
        name: "deny",
        short: 'D',
        level: Level::Deny,
        help: "Show what a lint finds as errors; `--deny warnings` is for CI",
    },
];

impl Args for LintOptions {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.map(|option| {
            Arg::new(option.name)
                .long(option.name)
                .short(option.short)
                .value_name("LINT")
                .help(option.help)
                .help_heading("Lints")
                .action(ArgAction::Append)
                .value_parser(Lints::named)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        LintOptions::augment_args(command)
    }
}

impl FromArgMatches for LintOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<LintOptions, Error> {
        let mut asked: Vec<(usize, Lints, Level)> = Vec::new();
        for option in OPTIONS {
            let lints = matches.get_many::<Lints>(option.name).into_iter().flatten();
            let places = matches.indices_of(option.name).into_iter().flatten();
            asked.extend(places.zip(lints).map(|(place, lints)| (place, *lints, option.level)));
        }
        asked.sort_by_key(|(place, ..)| *place);
        let levels = asked.into_iter().fold(Levels::default(), |levels, (_, lints, level)| levels.set(lints, level));
        Ok(LintOptions { levels })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = LintOptions::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn levels(arguments: &[&str]) -> Result<Levels, Error> {
        let command = LintOptions::augment_args(Command::new("flowc")).no_binary_name(true);
        Ok(LintOptions::from_arg_matches(&command.try_get_matches_from(arguments)?)?.levels)
    }

    #[test]
    fn the_order_on_the_command_line_counts() {
        let expected = Levels::default()
            .set(Lints::Warnings, Level::Deny)
            .set(Lints::One(Code::DeadKey), Level::Allow)
            .set(Lints::One(Code::IgnoredBody), Level::Warn)
            .set(Lints::One(Code::DeadKey), Level::Deny);
        let arguments = ["-Dwarnings", "-A", "dead-key", "--warn=ignored-body", "--deny", "dead_key"];
        assert_eq!(levels(&arguments).unwrap(), expected);
        assert_eq!(levels(&[]).unwrap(), Levels::default());
    }

    #[test]
    fn what_is_no_lint_is_wrong_usage() {
        for (argument, says) in [("dead-kye", "did you mean `dead-key`?"), ("cycle", "`cycle` is an error")] {
            let error = levels(&["-A", argument]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

//! What the format, or a reader of other formats, expects of a workflow and this version does not compile yet: by which words it
//! is looked for, and what does the same meanwhile.

use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source::{Dialect, Span};

/// One kind of node.
#[derive(Debug)]
pub struct Later {
    /// As the format has it.
    pub word: &'static str,
    /// What else it is called, in lower case and without `_` and `-`.
    others: &'static [&'static str],
    /// `{retry}` is how the author's dialect says that something is tried again.
    instead: &'static str,
}

pub const LATER: &[Later] = &[
    Later {
        word: "schedule",
        others: &["cron", "crontrigger", "timer", "interval", "every", "scheduled", "scheduler"],
        instead: "use a `manual` trigger and start the binary's `run` command from cron or a systemd timer",
    },
    Later {
        word: "delay",
        others: &["wait", "waituntil", "delayuntil", "sleep", "pause"],
        instead: "a request that comes too early is made again with {retry}; for what has to happen later, let a scheduler outside \
                  call the `webhook` of a workflow of its own",
    },
    Later {
        word: "for_each",
        others: &[
            "foreach",
            "each",
            "for",
            "loop",
            "while",
            "repeat",
            "iterate",
            "iterator",
            "batch",
            "splitinbatches",
        ],
        instead: "send the whole list in one request, or let whoever has the list start an execution for each item, through a \
                  `webhook`; what is computed from items needs no loop: `data_transform` does it",
    },
    Later {
        word: "wait_for_event",
        others: &[
            "waitfor",
            "waitforwebhook",
            "waitforsignal",
            "waitforapproval",
            "await",
            "event",
            "signal",
            "approval",
            "approve",
            "manualapproval",
            "humantask",
        ],
        instead: "end the workflow here, and begin another with a `webhook` that is called when it happens",
    },
    Later {
        word: "call_workflow",
        others: &[
            "call",
            "invoke",
            "subworkflow",
            "subflow",
            "childworkflow",
            "executeworkflow",
            "runworkflow",
            "startworkflow",
            "workflowcall",
        ],
        instead: "let an `http` node call the other workflow's webhook",
    },
];

/// What is meant by a word that is no kind of node, if it is something for later.
pub fn later(word: &str) -> Option<&'static Later> {
    let letters: String = suggest::letters(word).collect();
    LATER.iter().find(|later| {
        later.word == word || later.others.contains(&&*letters) || suggest::letters(later.word).eq(letters.chars())
    })
}

impl Later {
    pub fn instead(&self, dialect: Dialect) -> String {
        self.instead.replace(
            "{retry}",
            match dialect {
                Dialect::Json => "`retry_count` and `retry_delay`",
                Dialect::Flow => "`retry: 5 every 1m`",
            },
        )
    }

    /// Says so of a word that the author wrote.
    pub fn not_yet(&self, word: &str, span: Span, dialect: Dialect) -> Diagnostic {
        let headline = format!("this version of flowc does not compile `{word}` nodes yet");
        Diagnostic::new(Code::UnsupportedKind, span, headline).label("not supported yet").help(self.instead(dialect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_languages() {
        for (word, meant) in [
            ("schedule", "schedule"),
            ("cron", "schedule"),
            ("Wait", "delay"),
            ("wait_until", "delay"),
            ("forEach", "for_each"),
            ("for-each", "for_each"),
            ("loop", "for_each"),
            ("waitForEvent", "wait_for_event"),
            ("sub-workflow", "call_workflow"),
        ] {
            assert_eq!(later(word).map(|later| later.word), Some(meant), "{word}");
        }
        for word in ["http", "webhook", "mail", "map", "reducer", "waits", ""] {
            assert!(later(word).is_none(), "{word}");
        }
    }

    /// A kind that can be used is none for later, and no word stands for two.
    #[test]
    fn every_word_stands_for_one_thing() {
        let mut words: Vec<&str> = LATER.iter().flat_map(|later| later.others).copied().collect();
        assert!(words.iter().all(|word| super::super::kind(word).is_none()));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}

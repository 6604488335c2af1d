//! The command line: a table of commands, each with its options and what it does. Results go to standard output, everything
//! else to standard error.

mod arguments;
mod drift;
mod erase;
mod import;
mod job;
mod performance;
mod profile;
mod sides;

use crate::failure::Failure;
pub use arguments::{Arguments, Known};
use performance::measured;
use std::io::Write as _;

/// A command.
struct Command {
    name: &'static str,
    /// What it understands.
    known: Known,
    /// Its lines of the help.
    help: &'static str,
    /// What it does; the exit code.
    run: fn(&Arguments) -> Result<u8, Failure>,
}

/// Every command, in the order of the help.
const COMMANDS: &[Command] = &[
    Command {
        name: "drift",
        known: Known {
            options: &["spec", "reference", "current", "method", "bundle", "history", "patient", "risk", "out"],
            flags: &["decide"],
            words: 0,
        },
        help: drift::HELP,
        run: drift::run,
    },
    Command {
        name: "performance",
        known: Known { options: &["spec", "reference", "current", "patient", "risk", "out"], flags: &[], words: 0 },
        help: performance::HELP,
        run: performance::run,
    },
    Command {
        name: "import",
        known: Known { options: &["format"], flags: &[], words: 1 },
        help: import::HELP,
        run: import::run,
    },
    Command {
        name: "profile",
        known: Known { options: &["spec", "reference", "bundle", "patient", "risk", "out"], flags: &[], words: 0 },
        help: profile::HELP,
        run: profile::run,
    },
    Command { name: "job", known: Known { options: &["root"], flags: &[], words: 0 }, help: job::HELP, run: job::run },
    Command {
        name: "erase",
        known: Known {
            options: &["store", "credentials", "pseudonym", "key", "patient-id-file"],
            flags: &[],
            words: 0,
        },
        help: erase::HELP,
        run: erase::run,
    },
];

const ABOUT: &str = "dropout-monitor: says whether what a model is asked about has drifted, and how well it does\n";
const CODES: &str = "exit codes: 0 done, 2 bad input or command line, 1 otherwise; drift --decide has its own\n";

/// Does what the words of a command line ask for; the exit code.
pub fn run(words: &[String]) -> Result<u8, Failure> {
    let asks_help = |word: &String| word == "--help" || word == "-h" || word == "help";
    let Some((name, rest)) = words.split_first().filter(|_| !words.iter().any(asks_help)) else {
        print(&help())?;
        return Ok(if words.is_empty() { 2 } else { 0 });
    };
    if name == "--version" {
        print(concat!("dropout-monitor ", env!("CARGO_PKG_VERSION"), "\n"))?;
        return Ok(0);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Failure::Usage(format!("'{name}' is no command; --help lists them")));
    };
    (command.run)(&Arguments::read(rest, command.known)?)
}

fn help() -> String {
    let lines: String = COMMANDS.iter().map(|command| format!("  {:<12} {}\n", command.name, command.help)).collect();
    format!("{ABOUT}\n{lines}\n{CODES}")
}

/// Writes a result to standard output; a reader that has gone away, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Disk { what: "write", place: "standard output".to_owned(), cause })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Text of a file without the characters that command a terminal or turn the direction of writing.
fn plain(text: &str) -> String {
    let is_command = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if is_command(letter) { '\u{fffd}' } else { letter }).collect()
}

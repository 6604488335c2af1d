//! The trainer's command line. Exit 0: done, 1: try again or refused, 2: the input is bad, 3: undecided.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dropout_trainer::command::run(&words) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("dropout-trainer: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

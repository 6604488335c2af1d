//! The monitor's command line. Exit 0: done, 2: the input is bad, 1: otherwise.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dropout_monitor::command::run(&words) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("dropout-monitor: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

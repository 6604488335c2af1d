//! Runs short commands to their end and reads what they wrote. It starts nothing that stays.

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::Interrupt;
use crate::error::{Error, Result};

/// What a command wrote to standard output; an error with its standard error if it failed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let answer =
        command.stdin(Stdio::null()).output().map_err(|source| Error::Run { program: program(command), source })?;
    checked(command, &answer)
}

/// Runs a long command to its end, ending it when an interrupt arrives. Its output goes to ours.
pub(crate) fn finish(mut command: Command, interrupt: &Interrupt) -> Result<()> {
    let mut child =
        command.stdin(Stdio::null()).spawn().map_err(|source| Error::Run { program: program(&command), source })?;
    loop {
        let ended = child.try_wait().map_err(|source| Error::Run { program: program(&command), source })?;
        match ended {
            Some(status) if status.success() => return Ok(()),
            // A terminal sends Ctrl-C to the command as well as to us.
            Some(_) if interrupt.is_raised() => return Err(Error::Interrupted),
            Some(status) => {
                return Err(Error::Failed { command: line(&command), output: status.to_string() });
            }
            None if interrupt.is_raised() => {
                // Already ended is as good as killed.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::Interrupted);
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn checked(command: &Command, answer: &Output) -> Result<String> {
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
    }
    let output = format!("{} ({})", String::from_utf8_lossy(&answer.stderr).trim(), answer.status);
    Err(Error::Failed { command: line(command), output })
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn line(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program(command)).chain(arguments).collect::<Vec<_>>().join(" ")
}

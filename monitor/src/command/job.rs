//! `job`: the monitor's container.

use super::Arguments;
use crate::{failure::Failure, job::Pod};
use std::path::Path;

/// Its lines of the help.
pub const HELP: &str = "[--root DIR]
               the container of a monitor's Job; paths are fixed below the root (default /)";

/// Does the task.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    Pod::new(Path::new(arguments.optional("root").unwrap_or("/"))).run()?;
    Ok(0)
}

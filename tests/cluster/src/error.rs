//! Everything that can go wrong while a cluster is started, used or stopped, each naming what was tried.

use std::path::{Path, PathBuf};

/// Why a cluster could not be started, used or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, folder or network socket could not be read or written.
    #[error("could not {doing} {}: {source}", path.display())]
    File {
        /// The verb, such as `write`.
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A command could not be started at all.
    #[error("could not run {program}: {source}")]
    Run {
        /// The command's name.
        program: String,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A command ran and failed.
    #[error("{command} failed: {output}")]
    Failed {
        /// The command with its arguments.
        command: String,
        /// What it wrote to standard error.
        output: String,
    },
    /// A part of the cluster ended while it was needed, with the end of its log.
    #[error("{name} ended while the cluster was starting; the end of its log:\n{log}")]
    Ended {
        /// The part, such as `kube-apiserver`.
        name: String,
        /// The last lines it wrote.
        log: String,
    },
    /// A part of the cluster was not ready in time.
    #[error("{what} was not ready within {seconds} s: {last}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// The last answer.
        last: String,
    },
    /// `KUBEBUILDER_ASSETS` names a folder that does not hold a needed program.
    #[error("KUBEBUILDER_ASSETS is {}, which does not hold {name}: add it, or unset the variable to have it built", folder.display())]
    MissingProgram {
        /// The program's name.
        name: String,
        /// The folder the variable names.
        folder: PathBuf,
    },
    /// Debian packages are missing and cannot be installed by this user.
    #[error(
        "these packages are missing: {packages}; install them with: apt-get install --no-install-recommends {packages}"
    )]
    MissingPackages {
        /// Their names, separated by spaces.
        packages: String,
    },
    /// The machine or the folder is in use, or the request makes no sense; the sentence says which.
    #[error("{0}")]
    Refused(String),
    /// A certificate or key could not be made.
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Ctrl-C or SIGTERM arrived while something was awaited.
    #[error("interrupted")]
    Interrupted,
}

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the file in an input or output error.
pub(crate) trait Naming<T> {
    /// Turns the error into one that says what was being done to which path.
    fn naming(self, doing: &'static str, path: &Path) -> Result<T>;
}

impl<T> Naming<T> for std::io::Result<T> {
    fn naming(self, doing: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::File { doing, path: path.to_owned(), source })
    }
}

//! Earlier reports in a folder: what they said, and this one behind them. The same window counts once, and reports against
//! another reference do not count. It removes no report of another window.

use crate::{
    failure::{Failure, bytes},
    report::{DriftReport, PastWindow, Rule},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Largest report that is read, in bytes.
const MAX_REPORT: usize = 8 << 20;

/// The reports of a folder, oldest first.
#[derive(Debug, Default)]
pub struct History {
    folder: PathBuf,
    reports: Vec<(u64, DriftReport)>,
}

impl History {
    /// Reads the reports of a folder by their number; a folder that is not there has none. A damaged one is an error that
    /// names it.
    pub fn read(folder: &str) -> Result<Self, Failure> {
        let place = PathBuf::from(folder);
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { folder: place, ..Self::default() });
            }
            Err(cause) => return Err(Failure::Disk { what: "read", place: folder.to_owned(), cause }),
        };
        let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut numbered: Vec<(u64, PathBuf)> = names.filter_map(|path| Some((number(&path)?, path))).collect();
        numbered.sort();
        let reports = numbered.into_iter().map(|(number, path)| Ok((number, report(&path)?)));
        Ok(Self { folder: place, reports: reports.collect::<Result<_, Failure>>()? })
    }

    /// What earlier windows said against this reference and by this rule, oldest first.
    pub fn before(&self, now: Key<'_>) -> Vec<PastWindow> {
        let counts = |report: &&DriftReport| {
            let own = Key::of(report);
            own.window != now.window && (own.reference, own.rule) == (now.reference, now.rule)
        };
        let counted = self.reports.iter().map(|(_, report)| report).filter(counts);
        counted.filter_map(|report| report.history.last().cloned()).collect()
    }

    /// Where this report is put: behind the others, or in place of the one of the same window, reference and rule.
    pub fn place(&self, now: &DriftReport) -> PathBuf {
        let same = self.reports.iter().find(|(_, report)| Key::of(report) == Key::of(now)).map(|(number, _)| *number);
        let next = self.reports.last().map_or(1, |(last, _)| last.saturating_add(1));
        self.folder.join(format!("{:06}.json", same.unwrap_or(next)))
    }
}

/// What was compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// Digest of the window.
    pub window: Option<&'a str>,
    /// Digest of the reference.
    pub reference: Option<&'a str>,
    /// The rule.
    pub rule: Rule,
}

impl<'a> Key<'a> {
    /// Of a report.
    pub fn of(report: &'a DriftReport) -> Self {
        Self {
            window: report.window.digest.as_deref(),
            reference: report.reference.digest.as_deref(),
            rule: report.engine.rule,
        }
    }
}

fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()
}

fn report(path: &Path) -> Result<DriftReport, Failure> {
    let name = path.display().to_string();
    let bytes = bytes(&name, MAX_REPORT)?;
    let no = || Failure::Usage(format!("{name} is no report of drift, or a damaged one; remove it from the history"));
    serde_json::from_slice(&bytes).map_err(|_| no())
}

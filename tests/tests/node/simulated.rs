//! Simulated trials on a trial's claim, and what can be wrong with them. No real patient is in any.

use super::{own, root};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A trial of this many patients, written by our own trainer.
pub fn simulated(patients: u32) -> String {
    let path = std::env::temp_dir().join(format!("dropout-faults-{}.csv", std::process::id()));
    let written = Command::new(trainer())
        .args(["simulate", "--patients", &patients.to_string(), "--seed", "7", "--out"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    text
}

/// The program in the image that is tested, which `tests/images.sh` compiled.
pub fn trainer() -> PathBuf {
    let places = fs::read_dir(root().join("target")).unwrap().flatten();
    let programs = places.map(|place| place.path().join("release/dropout-trainer"));
    programs.into_iter().find(|path| path.is_file()).expect("a static dropout-trainer; run tests/images.sh first")
}

/// Writes a file into a trial's claim, for the user of our pods.
pub fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    own(&path);
}

/// A file as cells.
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read(text: &str) -> Self {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        let mut lines = text.lines();
        Self { header: cells(lines.next().unwrap()), rows: lines.map(cells).collect() }
    }

    pub fn text(&self) -> String {
        let lines = [&self.header].into_iter().chain(&self.rows);
        lines.map(|cells| cells.join(",") + "\n").collect()
    }

    fn at(&self, column: &str) -> usize {
        self.header.iter().position(|name| name == column).unwrap()
    }

    pub fn without_column(mut self, column: &str) -> Self {
        let at = self.at(column);
        for cells in [&mut self.header].into_iter().chain(&mut self.rows) {
            cells.remove(at);
        }
        self
    }

    /// `row` is counted as an editor counts lines: the header is row 1.
    pub fn with_cell(mut self, row: usize, column: &str, cell: &str) -> Self {
        let at = self.at(column);
        cell.clone_into(&mut self.rows[row - 2][at]);
        self
    }

    pub fn with_column(mut self, column: &str, cell: &str) -> Self {
        let at = self.at(column);
        self.rows.iter_mut().for_each(|row| cell.clone_into(&mut row[at]));
        self
    }

    /// Only the first `most` patients whose label is ever 1, and all the others.
    pub fn with_dropouts(mut self, most: usize) -> Self {
        let (patient, label) = (self.at("patient_id"), self.at("dropout_28d"));
        let mut dropouts: Vec<String> = Vec::new();
        for row in self.rows.iter().filter(|row| row[label] == "1") {
            if !dropouts.contains(&row[patient]) {
                dropouts.push(row[patient].clone());
            }
        }
        let surplus = dropouts.split_off(most);
        self.rows.retain(|row| !surplus.contains(&row[patient]));
        self
    }
}

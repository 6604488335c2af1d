//! Patients who come into a simulated trial later: their predictions and outcomes, sent as a site's own system would.

use super::{KEY, Trial, simulated::trainer};
use std::{fs, process::Command};

/// Patients who came after production was trained.
pub struct Cohort {
    requests: String,
    outcomes: String,
}

impl Cohort {
    /// 1,200 patients from number `first` on, in a scenario of the simulation. They enrol in the days `FROM..TO`, and their
    /// outcomes are known up to the day `until`.
    pub fn new(first: u32, (scenario, enrolled, until): (&str, &str, &str)) -> Self {
        let place = std::env::temp_dir().join(format!("dropout-cohort-{}-{first}", std::process::id()));
        let file = |name: &str| place.join(name).display().to_string();
        let written = Command::new(trainer())
            .args(["simulate", "--scenario", scenario, "--enrolled", enrolled, "--until", until])
            .args(["--first", &first.to_string(), "--patients", "1200", "--seed", &first.to_string()])
            .args(["--out", &file("rows.csv")])
            .args(["--requests", &file("requests"), "--outcomes", &file("outcomes")])
            .output()
            .unwrap();
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let read = |name: &str| fs::read_to_string(file(name)).unwrap();
        let cohort = Self { requests: read("requests"), outcomes: read("outcomes") };
        fs::remove_dir_all(place).unwrap();
        cohort
    }

    /// Asks for all predictions and tells all outcomes; each is answered 2xx.
    pub fn send(&self, trial: &Trial<'_>, port: u16) {
        for (path, bodies) in [("/predict", &self.requests), ("/v1/outcomes", &self.outcomes)] {
            let posted = dropout_cluster::post(port, path, KEY, bodies.lines()).unwrap();
            println!("{}: {path}: {posted}", trial.name);
            assert!(posted.is_well(), "{path}: {posted}");
        }
    }
}

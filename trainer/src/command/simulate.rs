//! `simulate`: writes a trial, or a cohort that comes into it later, with the requests a site would send about its patients. It
//! trains nothing.

use super::{arguments::Arguments, laptop};
use crate::{
    failure::Failure,
    simulate::{self, Cohort, End, Row, Scenario},
};
use jiff::civil::Date;
use serde_json::json;
use std::path::Path;

/// The options of `simulate`.
pub const OPTIONS: [&str; 9] =
    ["patients", "seed", "scenario", "out", "first", "enrolled", "until", "requests", "outcomes"];
/// Outcomes in a request; the service takes at most 1,000.
const OUTCOMES: usize = 500;

/// Writes what the options ask for.
pub fn simulate(arguments: &Arguments) -> Result<u8, Failure> {
    let patients: u32 = arguments.number("patients")?;
    let seed: u64 = arguments.number("seed")?;
    let out = Path::new(arguments.needed("out")?);
    let scenario = arguments.optional("scenario").unwrap_or("stable");
    let scenario = Scenario::named(scenario).ok_or_else(|| {
        let known = "stable, remote-visits, remote-region or harmless-drift";
        Failure::Usage(format!("'{scenario}' is no scenario; take {known}"))
    })?;
    if !(1..=10_000_000).contains(&patients) {
        return Err(Failure::Usage("--patients must be 1 to 10000000".into()));
    }
    let Some(enrolled) = arguments.optional("enrolled") else {
        return whole(arguments, out, &simulate::trial(patients, seed, scenario));
    };
    let (enrolled, until) = (span(enrolled)?, day("until", arguments.needed("until")?)?);
    later(arguments, out, &Cohort { first: arguments.number("first")?, patients, seed, scenario, enrolled, until })
}

/// A whole trial.
fn whole(arguments: &Arguments, out: &Path, rows: &[Row]) -> Result<u8, Failure> {
    for option in ["first", "until", "requests", "outcomes"] {
        if arguments.optional(option).is_some() {
            return Err(Failure::Usage(format!(
                "--{option} is of a cohort: say with --enrolled FROM..TO when it came"
            )));
        }
    }
    tell(out, rows, simulate::CUTOFF)
}

/// Patients who come later.
fn later(arguments: &Arguments, out: &Path, cohort: &Cohort) -> Result<u8, Failure> {
    let rows = cohort.rows();
    if let Some(place) = arguments.optional("requests") {
        laptop::write(Path::new(place), rows.iter().map(request).collect::<String>().as_bytes())?;
    }
    if let Some(place) = arguments.optional("outcomes") {
        laptop::write(Path::new(place), cohort.ends().chunks(OUTCOMES).map(outcomes).collect::<String>().as_bytes())?;
    }
    tell(out, &rows, &cohort.until.to_string())
}

fn tell(out: &Path, rows: &[Row], known: &str) -> Result<u8, Failure> {
    laptop::write(out, simulate::csv(rows).as_bytes())?;
    let dropouts = rows.iter().filter(|row| row.dropout).count();
    let mut patients: Vec<u32> = rows.iter().map(|row| row.patient).collect();
    patients.dedup();
    eprintln!("{} rows of {} patients, {dropouts} labelled dropout, cut-off {known}", rows.len(), patients.len());
    Ok(0)
}

/// A body of `POST /predict`, a line.
fn request(row: &Row) -> String {
    let body = json!({
        "patient_id": patient(row.patient), "landmark_date": row.landmark_date.to_string(), "age": row.age,
        "days_in_trial": row.days_in_trial, "visits_completed": row.visits_completed,
        "adverse_events": row.adverse_events, "visits_missed": row.visits_missed,
        "days_since_last_visit": row.days_since_last_visit, "distance_km": row.distance_km,
        "remote_visits": row.remote_visits,
    });
    format!("{body}\n")
}

/// A body of `POST /v1/outcomes`, a line.
fn outcomes(ends: &[End]) -> String {
    let outcome = |end: &End| {
        let event = if end.is_dropout { "Dropout" } else { "Seen" };
        json!({"patient_id": patient(end.patient), "event": event, "date": end.date.to_string()})
    };
    format!("{}\n", json!({"outcomes": ends.iter().map(outcome).collect::<Vec<_>>()}))
}

fn patient(number: u32) -> String {
    format!("P-{number:05}")
}

fn span(text: &str) -> Result<(Date, Date), Failure> {
    let (from, to) = text.split_once("..").ok_or_else(|| Failure::Usage("--enrolled is FROM..TO, two days".into()))?;
    let (from, to) = (day("enrolled", from)?, day("enrolled", to)?);
    if from > to {
        return Err(Failure::Usage(format!("--enrolled: {from} is after {to}")));
    }
    Ok((from, to))
}

fn day(option: &str, text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| Failure::Usage(format!("--{option}: '{text}' is no day; write it as 2026-07-01")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<u8, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        simulate(&Arguments::read(&words, &OPTIONS, 0).unwrap())
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_option() {
        let start = "--patients 3 --seed 1 --out /nowhere/at/all";
        for (rest, wanted) in [
            ("--scenario calm", "remote-region"),
            ("--requests r", "--requests is of a cohort"),
            ("--enrolled 2026-07-01", "FROM..TO"),
            ("--enrolled 2026-07-32..2026-08-01", "'2026-07-32' is no day"),
            ("--enrolled 2026-08-01..2026-07-01", "is after"),
            ("--enrolled 2026-07-01..2026-08-01 --first 9", "--until is needed"),
            ("--enrolled 2026-07-01..2026-08-01 --until 2026-11-20", "--first is needed"),
        ] {
            let failure = asked(&format!("{start} {rest}")).unwrap_err();
            assert_eq!(failure.code(), 2, "{rest}");
            assert!(failure.to_string().contains(wanted), "{rest}: {failure}");
        }
    }

    #[test]
    fn requests_and_outcomes_are_of_the_patients_in_the_file() {
        let place = std::env::temp_dir().join(format!("dropout-simulate-{}", std::process::id()));
        let name = |name: &str| place.join(name).display().to_string();
        let line = format!(
            "--patients 700 --seed 1 --first 5001 --enrolled 2026-07-01..2026-08-01 --until 2026-11-20 --out {} --requests {} --outcomes {}",
            name("c.csv"),
            name("r"),
            name("o")
        );
        assert_eq!(asked(&line).unwrap(), 0);
        let read = |file: &str| std::fs::read_to_string(name(file)).unwrap();
        let (rows, requests, outcomes) = (read("c.csv"), read("r"), read("o"));
        std::fs::remove_dir_all(&place).unwrap();
        assert_eq!(rows.lines().count() - 1, requests.lines().count());
        for (row, request) in rows.lines().skip(1).zip(requests.lines()) {
            let request: serde_json::Value = serde_json::from_str(request).unwrap();
            assert_eq!(row.split(',').next(), request["patient_id"].as_str());
            assert!(request.get("true_risk").is_none() && request.get("dropout_28d").is_none());
        }
        let told: Vec<usize> = outcomes
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["outcomes"].as_array().unwrap().len())
            .collect();
        assert_eq!(told, [500, 200]);
    }
}

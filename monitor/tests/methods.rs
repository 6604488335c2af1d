//! Scores, limits and verdicts against what Evidently 0.7.23 and SciPy 1.17.1 gave for nine pairs of data sets. It skips
//! loudly without them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_monitor::method::{
    Labels, Method, Numbers, Sample, Unscorable, default_method, default_threshold, homogeneity, is_drifted,
    jensen_shannon, ks, score, total_variation, two_proportions, wasserstein,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn fixtures() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/drift");
    if home.is_dir() {
        return Some(home);
    }
    println!("SKIPPED: no fixtures at {}", home.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The sets that hold columns to compare, in order.
fn sets(home: &Path) -> Vec<PathBuf> {
    let mut sets: Vec<PathBuf> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.retain(|set| set.join("expected_recommended.json").is_file());
    sets.sort();
    sets
}

type Cells = BTreeMap<String, Vec<String>>;

fn cells(path: &Path) -> Cells {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut cells: Cells = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for record in reader.records() {
        for (name, cell) in names.iter().zip(&record.unwrap()) {
            cells.get_mut(name).unwrap().push(cell.to_owned());
        }
    }
    cells
}

fn sample(cells: &[String], is_number: bool, dtype: &str) -> Sample {
    let cells = cells.iter().filter(|cell| !cell.is_empty());
    if !is_number {
        let labels = Labels::new(cells);
        return Sample::Labels(Labels { are_numbers: dtype == "int64", ..labels });
    }
    let numbers = Numbers::new(cells.map(|cell| cell.parse().unwrap()).collect());
    Sample::Numbers(if dtype == "int64" { numbers.whole() } else { numbers })
}

/// Every column of every set, with what is expected of it.
fn columns(home: &Path, mut check: impl FnMut(&str, &Value, &Value, [Sample; 2], [(u64, u64); 2])) {
    for set in sets(home) {
        let expected = json(&set.join("expected.json"));
        let recommended = json(&set.join("expected_recommended.json"));
        let schema = json(&set.join("schema.json"));
        let sides = ["reference.csv", "current.csv"].map(|name| cells(&set.join(name)));
        for (name, column) in expected["columns"].as_object().unwrap() {
            let dtype = schema["columns"][name]["dtype"].as_str().unwrap();
            let samples = sides.each_ref().map(|side| sample(&side[name], column["type"] == "num", dtype));
            let missing = sides
                .each_ref()
                .map(|side| (side[name].iter().filter(|cell| cell.is_empty()).count() as u64, side[name].len() as u64));
            let place = format!("{} {name}", set.file_name().unwrap().to_str().unwrap());
            check(&place, column, &recommended["columns"][name], samples, missing);
        }
    }
}

fn is_close(got: f64, expected: f64, relative: f64) -> bool {
    (got - expected).abs() <= (relative * expected.abs()).max(1e-12)
}

/// Whether p is asymptotic, or the statistic is inverted numerically; see the README of the fixtures.
fn tolerance(method: Method, samples: &[Sample; 2]) -> f64 {
    if method == Method::Ks && samples.iter().any(|sample| sample.len() > 10_000) { 1e-6 } else { 1e-9 }
}

/// The one score that is not SciPy's: two values make a covariance of rank 1, of which SciPy takes rounding noise for a
/// second dimension; its own number changes with the linear algebra library. Ours has the rank of the mathematics.
const ROUNDING: (&str, &str) = ("s05_edge_small float2", "es");

#[derive(Default, Debug, PartialEq)]
struct Tally {
    scores: u32,
    rounding: u32,
    undefined: u32,
    refused: u32,
}

#[test]
fn every_score_and_verdict_is_evidentlys() {
    let Some(home) = fixtures() else { return };
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    columns(&home, |place, column, _, samples, _| {
        let [reference, window] = &samples;
        for group in ["methods", "extra_methods"] {
            for (name, expected) in column[group].as_object().into_iter().flatten() {
                let method = Method::from_name(name).unwrap_or_else(|| panic!("{name} is no method"));
                let got = score(method, reference, window);
                match (expected["score"].as_f64(), got) {
                    (Some(expected_score), Ok(got)) => {
                        let threshold = expected["threshold"].as_f64().unwrap();
                        if (place, name.as_str()) == ROUNDING {
                            tally.rounding += 1;
                        } else if is_close(got, expected_score, tolerance(method, &samples)) {
                            tally.scores += 1;
                        } else {
                            wrong.push(format!("{place} {name}: {got} instead of {expected_score}"));
                        }
                        if is_drifted(method, got, threshold) != expected["drifted"].as_bool().unwrap() {
                            wrong.push(format!("{place} {name}: verdict of {got}"));
                        }
                        if (threshold - default_threshold(method)).abs() > 0.0 {
                            wrong.push(format!("{place} {name}: limit {threshold}"));
                        }
                    }
                    (None, Err(Unscorable::Undefined)) if expected["score"] == "nan" => tally.undefined += 1,
                    (None, Err(reason)) if expected["error"].is_string() && reason != Unscorable::Undefined => {
                        tally.refused += 1;
                    }
                    (_, got) => wrong.push(format!("{place} {name}: {got:?} instead of {expected}")),
                }
            }
        }
    });
    println!("{tally:?} compared");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(tally, Tally { scores: 569, rounding: 1, undefined: 5, refused: 45 });
}

#[test]
fn every_default_method_name_and_limit_is_evidentlys() {
    let Some(home) = fixtures() else { return };
    let mut compared = 0;
    columns(&home, |place, column, _, [reference, window], _| {
        let expected = &column["default"];
        let Some(name) = expected["method"].as_str() else { return };
        let method = default_method(&reference, &window).unwrap();
        assert_eq!(
            (method.short_name(), method.display_name()),
            (name, expected["display_name"].as_str().unwrap()),
            "{place}"
        );
        assert_eq!(default_threshold(method), expected["threshold"].as_f64().unwrap(), "{place}");
        let drifted =
            score(method, &reference, &window).is_ok_and(|score| is_drifted(method, score, default_threshold(method)));
        assert_eq!(drifted, expected["drifted"].as_bool().unwrap(), "{place}");
        compared += 1;
    });
    println!("{compared} defaults compared");
    assert_eq!(compared, 62);
}

fn labels(sample: &Sample) -> Labels {
    match sample {
        Sample::Numbers(numbers) => Labels::from_numbers(numbers),
        Sample::Labels(labels) => labels.clone(),
    }
}

/// Test, p and effect of one column by the default rule: name, p, pooled categories, Jensen-Shannon or none, effect.
fn by_default_rule([reference, window]: &[Sample; 2]) -> (&'static str, f64, Option<u64>, f64) {
    if let (Sample::Numbers(a), Sample::Numbers(b)) = (reference, window)
        && Labels::from_numbers(&Numbers::new([a.values(), b.values()].concat())).distinct() > 5
    {
        return ("ks", ks(a, b).p, None, wasserstein(a, b));
    }
    let (a, b) = (labels(reference), labels(window));
    let result = homogeneity(&a, &b);
    let name = match (result.is_exact, result.statistic) {
        (true, _) => "fisher_exact",
        (false, Some(_)) => "chi2_homogeneity",
        (false, None) => "none",
    };
    (name, result.p, Some(result.pooled_rare), jensen_shannon(&a, &b).max(total_variation(&a, &b)))
}

#[test]
fn every_test_and_effect_is_that_of_the_recommended_rule() {
    let Some(home) = fixtures() else { return };
    let mut compared = 0;
    columns(&home, |place, _, expected, samples, missing| {
        let (name, p, pooled, effect) = by_default_rule(&samples);
        assert_eq!(name, expected["test"].as_str().unwrap(), "{place}");
        let number = |value: &Value| value.as_f64().unwrap();
        assert!(is_close(p, number(&expected["p_value"]), tolerance(Method::Ks, &samples)), "{place}: p {p}");
        assert!(is_close(effect, number(&expected["effect"]["value"]), 1e-9), "{place}: effect {effect}");
        assert_eq!(pooled, expected["pooled_rare"].as_u64(), "{place}");
        if pooled.is_some() {
            let (a, b) = (labels(&samples[0]), labels(&samples[1]));
            assert!(is_close(jensen_shannon(&a, &b), number(&expected["effect"]["jensenshannon"]), 1e-9), "{place}");
            assert!(is_close(total_variation(&a, &b), number(&expected["effect"]["tvd"]), 1e-9), "{place}");
        }
        let p = two_proportions(missing[0], missing[1]);
        assert!(is_close(p, number(&expected["missing"]["p_value"]), 1e-9), "{place}: missing {p}");
        compared += 1;
    });
    println!("{compared} columns compared");
    assert_eq!(compared, 62);
}

//! Methods against SciPy itself on sizes that the recorded sets do not have: tiny samples, ties, long against short. It
//! skips loudly where SciPy cannot be installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::random::Stream;
use dropout_monitor::method::{Labels, Method, Numbers, Sample, homogeneity, score};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

struct Case {
    method: &'static str,
    a: Vec<f64>,
    b: Vec<f64>,
}

/// Draws of a hump around `centre`, or whole numbers with many ties.
fn draws(stream: Stream, count: u64, (centre, is_whole): (f64, bool)) -> Vec<f64> {
    let hump = |n: u64| (0..4).map(|part| stream.part(part).unit(n)).sum::<f64>() - 2.0 + centre;
    (0..count).map(hump).map(|value| if is_whole { (value * 4.0).round() } else { value }).collect()
}

const SIZES: [(u64, u64); 14] = [
    (2, 3),
    (5, 5),
    (7, 19),
    (8, 40),
    (20, 20),
    (12, 18),
    (21, 6),
    (24, 24),
    (60, 25),
    (101, 100),
    (250, 250),
    (999, 37),
    (10_001, 60),
    (20_000, 300),
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, (n, m)) in SIZES.into_iter().enumerate() {
        for (kind, (shift, is_whole)) in [(0.0, false), (0.4, false), (-0.7, true)].into_iter().enumerate() {
            let stream = Stream::new(at as u64).part(kind as u64);
            let (a, b) = (draws(stream, n, (0.0, is_whole)), draws(stream.part(9), m, (shift, is_whole)));
            for method in ["ks", "mannw", "anderson", "cramer_von_mises", "t_test", "ed", "wasserstein"] {
                cases.push(Case { method, a: a.clone(), b: b.clone() });
            }
            if n.min(m) >= 12 {
                cases.push(Case { method: "es", a, b });
            }
        }
    }
    cases.extend(tables());
    cases
}

/// Counts of categories: 2 x 2 with few values for Fisher, more for chi-square.
fn tables() -> Vec<Case> {
    let stream = Stream::new(77);
    let row = |part: u64, cells: u64, (least, most): (u64, u64)| -> Vec<f64> {
        (0..cells).map(|cell| (least + stream.part(part).below(cell, most - least)) as f64).collect()
    };
    let fisher = (0..40).map(|at| Case { method: "fisher_exact", a: row(at, 2, (1, 12)), b: row(100 + at, 2, (1, 7)) });
    let chi_square = (0..20).map(|at| Case {
        method: "homogeneity",
        a: row(200 + at, 2 + at % 7, (30, 90)),
        b: row(300 + at, 2 + at % 7, (30, 60)),
    });
    fisher.chain(chi_square).collect()
}

fn labels(counts: &[f64]) -> Labels {
    let counts: BTreeMap<String, u64> =
        counts.iter().enumerate().map(|(at, count)| (at.to_string(), *count as u64)).collect();
    Labels::from_counts(counts)
}

fn ours(Case { method, a, b }: &Case) -> f64 {
    match *method {
        "homogeneity" => return homogeneity(&labels(a), &labels(b)).p,
        "fisher_exact" => return homogeneity(&labels(a), &labels(b)).p,
        _ => {}
    }
    let (a, b) = (Numbers::new(a.clone()), Numbers::new(b.clone()));
    let deviation = a.deviation().max(0.001);
    let got = score(Method::from_name(method).unwrap(), &Sample::Numbers(a), &Sample::Numbers(b)).unwrap();
    // SciPy's distance is not divided by the reference's deviation.
    if *method == "wasserstein" { got * deviation } else { got }
}

#[test]
fn scores_of_any_size_are_scipys() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases = cases();
    // A 2 x 2 table with large cells has no need of Fisher's test; the default rule takes chi-square there.
    cases.retain(|case| case.method != "fisher_exact" || homogeneity(&labels(&case.a), &labels(&case.b)).is_exact);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle-pairs.json");
    let pairs: Vec<Value> = cases.iter().map(|case| json!({"method": case.method, "a": case.a, "b": case.b})).collect();
    fs::write(&file, serde_json::to_vec(&pairs).unwrap()).unwrap();
    let output = Command::new("sh").arg(home.join("tests/oracle.sh")).arg(&file).output().unwrap();
    if output.status.code() == Some(77) {
        println!("SKIPPED: SciPy cannot be had here");
        return;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<f64> = serde_json::from_slice(&output.stdout).unwrap();
    let mut worst: BTreeMap<&str, (u32, f64)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, theirs) in cases.iter().zip(&theirs) {
        let got = ours(case);
        let off = (got - theirs).abs() / theirs.abs().max(1e-6);
        let entry = worst.entry(case.method).or_default();
        *entry = (entry.0 + 1, entry.1.max(off));
        if off.is_nan() || off > 1e-8 {
            wrong.push(format!("{} {}/{}: {got} instead of {theirs}", case.method, case.a.len(), case.b.len()));
        }
    }
    println!("compared: {worst:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(theirs.len(), cases.len());
    assert!(worst["fisher_exact"].0 > 20 && worst["homogeneity"].0 == 20 && worst["ks"].0 == 42, "{worst:?}");
}

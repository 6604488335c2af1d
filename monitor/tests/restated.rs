//! Evidently's own methods on drawn columns of every kind, against the plain restatement of its formulas among the shared
//! facts. It skips loudly without them or without Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::random::Stream;
use dropout_monitor::method::{Labels, Method, Numbers, Sample, Unscorable, default_method, score};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// What a column is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// A hump of decimals.
    Decimals,
    /// Heavy tails.
    Heavy,
    /// Whole numbers below a limit.
    Whole(u64),
    /// Decimals of few values.
    Few(u64),
    /// Categories, the first of them common.
    Words(u64),
}

const KINDS: [Kind; 12] = [
    Kind::Decimals,
    Kind::Heavy,
    Kind::Whole(3),
    Kind::Whole(19),
    Kind::Whole(40),
    Kind::Whole(2000),
    Kind::Few(2),
    Kind::Few(5),
    Kind::Few(21),
    Kind::Words(2),
    Kind::Words(5),
    Kind::Words(60),
];
const SIZES: [(u64, u64); 8] =
    [(30, 20), (300, 1), (2, 90), (250, 250), (1000, 400), (1001, 80), (13_000, 300), (400, 12_500)];

impl Kind {
    fn draw(self, stream: Stream, n: u64, shift: f64) -> f64 {
        let unit = stream.part(0).unit(n);
        let below = |most: u64| ((unit * (1.0 - shift) + shift) * most as f64).floor();
        match self {
            Self::Decimals => (0..4).map(|part| stream.part(part).unit(n)).sum::<f64>() + shift,
            Self::Heavy => (1.0 + shift) / (unit + 1e-4),
            Self::Whole(most) => below(most),
            Self::Few(most) => below(most) / 8.0,
            Self::Words(most) => (unit.powi(3) * most as f64 + shift).floor(),
        }
    }

    fn column(self, stream: Stream, rows: u64, shift: f64) -> Vec<f64> {
        (0..rows).map(|n| self.draw(stream, n, shift)).collect()
    }

    fn is_number(self) -> bool {
        !matches!(self, Self::Words(_))
    }

    fn sample(self, column: &[f64]) -> Sample {
        match self {
            Self::Words(_) => Sample::Labels(Labels::new(column.iter().map(|value| word(*value)))),
            Self::Whole(_) => Sample::Numbers(Numbers::new(column.to_vec()).whole()),
            Self::Decimals | Self::Heavy | Self::Few(_) => Sample::Numbers(Numbers::new(column.to_vec())),
        }
    }

    fn json(self, column: &[f64]) -> Value {
        if self.is_number() { json!(column) } else { column.iter().map(|value| word(*value)).collect() }
    }

    fn methods(self) -> &'static [&'static str] {
        if self.is_number() {
            return &["default", "ks", "wasserstein", "psi", "kl_div", "jensenshannon", "hellinger", "chisquare", "z"];
        }
        &["default", "psi", "kl_div", "jensenshannon", "hellinger", "chisquare", "z"]
    }
}

/// Names whose order as text is not that of their numbers.
fn word(value: f64) -> String {
    format!("{value}é")
}

struct Case {
    place: String,
    method: &'static str,
    samples: [Sample; 2],
}

fn cases() -> (Vec<Case>, Vec<Value>) {
    let (mut cases, mut pairs) = (Vec::new(), Vec::new());
    for (at, kind) in KINDS.into_iter().enumerate() {
        for (size, (n, m)) in SIZES.into_iter().enumerate() {
            let stream = Stream::new(at as u64).part(size as u64);
            let shift = [0.0, 0.15][size % 2];
            let columns = [kind.column(stream.part(100), n, 0.0), kind.column(stream.part(200), m, shift)];
            for method in kind.methods() {
                // The restatement's series for few values against many is not SciPy's; see the comparison with SciPy.
                if *method == "ks" && n.max(m) > 10_000 {
                    continue;
                }
                let samples = columns.each_ref().map(|column| kind.sample(column));
                cases.push(Case { place: format!("{kind:?} {n}/{m}"), method, samples });
                let [a, b] = columns.each_ref().map(|column| kind.json(column));
                let is_whole = matches!(kind, Kind::Whole(_));
                pairs.push(json!({"method": method, "a": a, "b": b, "number": kind.is_number(), "whole": is_whole}));
            }
        }
    }
    (cases, pairs)
}

fn is_right(case: &Case, theirs: &Value) -> bool {
    let [reference, window] = &case.samples;
    if case.method == "default" {
        return theirs == default_method(reference, window).unwrap().short_name();
    }
    match (score(Method::from_name(case.method).unwrap(), reference, window), theirs.as_f64()) {
        (Ok(ours), Some(theirs)) => (ours - theirs).abs() <= (1e-9 * theirs.abs()).max(1e-12),
        (Err(Unscorable::Undefined), None) => theirs.is_null(),
        (Ok(_) | Err(_), _) => false,
    }
}

#[test]
fn scores_of_drawn_columns_are_those_of_the_restated_formulas() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = home.join("../../shared/fixtures/drift");
    if !shared.join("reference_impl.py").is_file() {
        println!("SKIPPED: no restatement at {}", shared.display());
        return;
    }
    let (cases, pairs) = cases();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("restated-pairs.json");
    fs::write(&file, serde_json::to_vec(&pairs).unwrap()).unwrap();
    let script = home.join("tests/restated.py");
    let Ok(output) = Command::new("python3").arg("-B").arg(script).arg(shared).arg(&file).output() else {
        println!("SKIPPED: no Python here");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), cases.len());
    let mut compared: BTreeMap<&str, u32> = BTreeMap::new();
    for (case, theirs) in cases.iter().zip(&theirs) {
        *compared.entry(case.method).or_default() += 1;
        let [reference, window] = &case.samples;
        let ours = Method::from_name(case.method).map(|method| score(method, reference, window));
        assert!(is_right(case, theirs), "{} {}: {ours:?} instead of {theirs}", case.place, case.method);
    }
    println!("compared: {compared:?}");
    assert_eq!(compared.values().sum::<u32>(), 798);
}

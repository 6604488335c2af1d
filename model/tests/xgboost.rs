//! Models against real XGBoost, 2 and 3, installed below `.cache`: theirs score and explain here as they do there, ours do
//! there as here, and what is not scored is refused by its name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{bundle_of, skipped};
use dropout_model::{
    bundle::{Bundle, logistic},
    trees::{self, Ensemble, Forest, TreesError},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

const ROWS: usize = 1600;
const MOST_RISK: f64 = 1e-6;
const MOST_LOGIT: f64 = 1e-5;

/// A folder with the models of each major version that can be had here.
static FOLDERS: LazyLock<Vec<(u8, PathBuf)>> = LazyLock::new(|| {
    let folder = |major: u8| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("xgboost-{major}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        run(major, "train", &folder).then_some((major, folder))
    };
    [2, 3].into_iter().filter_map(folder).collect()
});

/// Whether the script ran; it is skipped only if XGBoost cannot be installed.
fn run(major: u8, what: &str, folder: &Path) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xgboost.sh");
    let status = Command::new("sh").arg(script).args([&major.to_string(), what]).arg(folder).status().unwrap();
    if status.code() == Some(77) {
        skipped(&format!("xgboost {major} cannot be installed here"));
        return false;
    }
    assert!(status.success(), "xgboost.py {what} failed with version {major}");
    true
}

/// The models of a folder, by name and content, in order.
fn models(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    let names = names.into_iter().map(|name| name.into_string().unwrap());
    let names = names.filter(|name| (name.ends_with(".json") || name.ends_with(".ubj")) && is_wanted(name));
    names.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

fn good(folder: &Path) -> Vec<(String, Vec<u8>)> {
    models(folder, |name| !name.starts_with("refused"))
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').unwrap().0
}

fn matrix(file: &Path) -> Vec<Vec<f32>> {
    let bytes = fs::read(file).unwrap();
    let numbers: Vec<f32> = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(numbers.len() % ROWS, 0, "{}", file.display());
    numbers.chunks_exact(numbers.len() / ROWS).map(<[f32]>::to_vec).collect()
}

/// Asserts that risks and contributions are those that XGBoost wrote beside `answers`.
fn assert_agrees(ensemble: &Ensemble, folder: &Path, (name, answers): (&str, &str)) {
    let rows = matrix(&folder.join(format!("{}.rows", stem(name))));
    let risks = matrix(&folder.join(format!("{answers}.risks")));
    let contributions = matrix(&folder.join(format!("{answers}.contributions")));
    let forest = Forest::of(ensemble).unwrap();
    assert!(rows.iter().flatten().any(|value| value.is_nan()));
    let (mut risk_gap, mut logit_gap) = (0.0_f64, 0.0_f64);
    for ((row, risk), wanted) in rows.iter().zip(&risks).zip(&contributions) {
        let logit = ensemble.logit(row);
        assert_eq!(logit.to_bits(), forest.logit(row).to_bits());
        risk_gap = risk_gap.max((logistic(logit) - f64::from(risk[0])).abs());
        let (mut found, expected) = ensemble.contributions(row);
        found.push(expected);
        assert!((found.iter().sum::<f64>() - logit).abs() < 1e-9, "{name}: contributions do not add up");
        let gaps = found.iter().zip(wanted).map(|(found, wanted)| (found - f64::from(*wanted)).abs());
        logit_gap = gaps.fold(logit_gap, f64::max);
    }
    println!("{name} ({answers}): largest difference of risks {risk_gap:.1e}, of contributions {logit_gap:.1e}");
    assert!(risk_gap <= MOST_RISK, "{name}: risks differ by {risk_gap:e}");
    assert!(logit_gap <= MOST_LOGIT, "{name}: contributions differ by {logit_gap:e}");
}

#[test]
fn their_models_score_and_explain_here_as_they_do_there() {
    for (major, folder) in FOLDERS.iter() {
        let models = good(folder);
        assert_eq!(models.len(), 2 * (3 * 3 + 5 + 1), "xgboost {major}");
        for (name, bytes) in models {
            let ensemble = trees::read(&bytes).unwrap_or_else(|error| panic!("xgboost {major} {name}: {error}"));
            assert_eq!(ensemble.positive_weight, name.starts_with("weighted").then_some(3.0));
            assert_agrees(&ensemble, folder, (&name, stem(&name)));
        }
    }
}

#[test]
fn our_documents_score_and_explain_there_as_they_do_here() {
    for (major, folder) in FOLDERS.iter() {
        let models = good(folder).into_iter().filter(|(name, _)| name.ends_with(".json"));
        let models: Vec<_> = models.map(|(name, bytes)| (name, trees::read(&bytes).unwrap())).collect();
        for (at, (name, ensemble)) in models.iter().enumerate() {
            let document = if at % 2 == 0 { serde_json::to_vec(ensemble).unwrap() } else { cut_out(ensemble) };
            assert_eq!(&trees::read(&document).unwrap(), ensemble);
            fs::write(folder.join(stem(name)).with_extension("ours"), document).unwrap();
        }
        assert!(run(*major, "score", folder));
        for (name, ensemble) in models {
            assert_agrees(&ensemble, folder, (&name, &format!("{}.ours", stem(&name))));
        }
    }
}

/// The document inside a bundle.
fn cut_out(ensemble: &Ensemble) -> Vec<u8> {
    let bytes = bundle_of(ensemble).to_bytes().unwrap();
    assert_eq!(Bundle::read(&bytes, None).unwrap().to_bytes().unwrap(), bytes);
    let bundle: Value = serde_json::from_slice(&bytes).unwrap();
    bundle["model"]["trees"]["xgboost"].to_string().into_bytes()
}

#[test]
fn json_and_ubj_of_a_model_are_the_same_ensemble() {
    for (_, folder) in FOLDERS.iter() {
        let models = good(folder);
        for pair in models.chunks_exact(2) {
            assert_eq!(stem(&pair[0].0), stem(&pair[1].0));
            assert_eq!(trees::read(&pair[0].1).unwrap(), trees::read(&pair[1].1).unwrap(), "{}", pair[0].0);
        }
    }
}

#[test]
fn what_is_not_scored_is_refused_by_its_name() {
    let is_right = |name: &str, error: &TreesError| match name {
        "dart" | "gblinear" => *error == TreesError::Booster(name.to_owned()),
        "squarederror" => *error == TreesError::Objective("reg:squarederror".to_owned()),
        "softprob" => *error == TreesError::Objective("multi:softprob".to_owned()),
        "unnamed" => *error == TreesError::Unnamed,
        "labels" | "vectors" => matches!(error, TreesError::Outputs(_)),
        "categories" => *error == TreesError::Categorical,
        "stopped" => matches!(error, TreesError::Stopped { .. }),
        _ => false,
    };
    for (major, folder) in FOLDERS.iter() {
        let models = models(folder, |name| name.starts_with("refused"));
        assert_eq!(models.len(), 18);
        for (name, bytes) in models {
            let error = trees::read(&bytes).expect_err(&name);
            let kind = stem(&name).strip_prefix("refused-").unwrap();
            assert!(is_right(kind, &error), "xgboost {major} {name}: {error}");
        }
    }
}

#[test]
fn a_real_file_cut_at_any_byte_is_an_error() {
    for (_, folder) in FOLDERS.iter() {
        for (name, bytes) in models(folder, |name| name.starts_with("small-1")) {
            trees::read(&bytes).unwrap();
            for end in 0..bytes.len() {
                assert!(trees::read(&bytes[..end]).is_err(), "{name} cut at byte {end} is read");
            }
        }
    }
}

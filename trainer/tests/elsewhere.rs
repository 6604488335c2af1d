//! Models trained elsewhere: what comes of XGBoost's own file in a Job and on a laptop, and the sentence for everything that
//! may be wrong with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    cluster::{Cluster, STORE, task, trial},
    folder, four, manifest, model_file, simulated, table,
};
use dropout_model::{
    bundle::{Bundle, Calibration, Cell, Scorer, logistic},
    digest::digest,
    input::BadInput,
    manifest::{Manifest, OnMissing, Target},
    policy::resolve,
    rows::Rows,
    task::{Answer, Outcome, Task, bundle_file, report_file},
    trees::{Ensemble, Node, Tree},
};
use dropout_trainer::{
    evaluation::{risks, training_rows},
    import::{Foreign, import},
    job::{Step, Training},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// Two small trees on the days in trial and the adverse events.
fn ensemble() -> Ensemble {
    let leaf = |value| Node::Leaf { value, cover: 10.0 };
    let split =
        |column, below| Node::Split { column, below, missing_left: true, left: 1, right: 2, gain: 1.0, cover: 20.0 };
    let tree = |column, below, low, high| Tree { nodes: vec![split(column, below), leaf(low), leaf(high)] };
    Ensemble {
        base_score: 0.125,
        positive_weight: None,
        columns: ["age", "days_in_trial", "visits_completed", "adverse_events"].map(str::to_owned).into(),
        trees: vec![tree(1, 50.0, 0.4, -0.6), tree(3, 2.0, -0.5, 0.7), tree(2, 3.0, 0.8, -0.3)],
    }
}

fn xgboost(change: impl Fn(&mut Ensemble)) -> Vec<u8> {
    let mut ensemble = ensemble();
    change(&mut ensemble);
    serde_json::to_vec(&ensemble).unwrap()
}

fn prepared() -> (Manifest, Rows, String) {
    let manifest = manifest(&simulated(four()));
    let table = table(&manifest, trial(1).as_bytes());
    (manifest.clone(), training_rows(&manifest, &table), table.digest)
}

/// Risks as another model of the same kind might give them: in the same order, and too low.
fn out_of_fold(manifest: &Manifest, rows: &Rows) -> Vec<f64> {
    let foreign = Foreign { ensemble: ensemble(), out_of_fold: None };
    let bundle = import(manifest, rows, foreign, "sha256:0").unwrap();
    let own = risks(&bundle, &manifest.features, &rows.columns).unwrap();
    own.iter().enumerate().map(|(row, risk)| risk * (0.4 + 0.1 * (row % 3) as f64)).collect()
}

fn file_of(risks: &[f64]) -> String {
    risks.iter().fold("risk\n".to_owned(), |text, risk| text + &format!("{risk}\n"))
}

#[test]
fn out_of_fold_risks_calibrate_and_choose_the_threshold() {
    let (manifest, rows, digest) = prepared();
    let risks = out_of_fold(&manifest, &rows);
    let foreign = Foreign { ensemble: ensemble(), out_of_fold: Some(&risks) };
    let bundle = import(&manifest, &rows, foreign, &digest).unwrap();
    assert_eq!(Bundle::read(&bundle.to_bytes().unwrap(), None).unwrap(), bundle);
    assert_ne!(bundle.calibration, Calibration::IDENTITY);
    let Calibration { intercept, slope } = bundle.calibration;
    let calibrated: Vec<f64> =
        risks.iter().map(|risk| logistic(intercept + slope * (risk / (1.0 - risk)).ln())).collect();
    let mean = calibrated.iter().sum::<f64>() / calibrated.len() as f64;
    let (n1, n0) = (rows.positives() as f64, (rows.len() - rows.positives()) as f64);
    let smoothed = (n1 * (n1 + 1.0) / (n1 + 2.0) + n0 / (n0 + 2.0)) / (n1 + n0);
    assert!((mean - smoothed).abs() < 1e-6, "Platt keeps the mean of his smoothed labels");
    let threshold = resolve(Target::Recall(0.8), &bundle.thresholds);
    let (caught, dropouts) = calibrated
        .iter()
        .zip(&rows.label)
        .filter(|(_, label)| **label)
        .fold((0, 0), |(caught, dropouts), (risk, _)| (caught + u32::from(*risk >= threshold - 1e-12), dropouts + 1));
    assert!(f64::from(caught) >= 0.8 * f64::from(dropouts));
    assert_eq!((bundle.data_digest, bundle.cutoff), (digest, manifest.data.cutoff));
}

#[test]
fn without_out_of_fold_risks_the_bundle_says_that_its_thresholds_are_optimistic() {
    let (manifest, rows, digest) = prepared();
    let bundle = import(&manifest, &rows, Foreign { ensemble: ensemble(), out_of_fold: None }, &digest).unwrap();
    assert_eq!(bundle.calibration, Calibration::IDENTITY);
    let reason = bundle.calibration_reason.unwrap();
    assert!(reason.contains("no out-of-fold risks") && reason.contains("optimistic"), "{reason}");
    assert!(bundle.code.starts_with("xgboost (imported by dropout-trainer/"));
}

#[test]
fn the_weight_of_dropouts_is_taken_off_every_logit() {
    let (manifest, rows, digest) = prepared();
    let weighted = Ensemble { positive_weight: Some(3.0), ..ensemble() };
    let made = |ensemble, out_of_fold| import(&manifest, &rows, Foreign { ensemble, out_of_fold }, &digest).unwrap();
    let (plain, shifted) = (made(ensemble(), None), made(weighted.clone(), None));
    let odds = |bundle: &Bundle, at: usize| bundle.golden[at].risk / (1.0 - bundle.golden[at].risk);
    for at in 0..plain.golden.len() {
        assert!((odds(&plain, at) / odds(&shifted, at) - 3.0).abs() < 1e-9);
    }
    assert!(shifted.calibration_reason.as_ref().unwrap().contains("1.099 is taken off every logit"));
    // Platt takes any shift back by itself: with it, the weight changes no risk.
    let risks = out_of_fold(&manifest, &rows);
    let (plain, shifted) = (made(ensemble(), Some(&risks)), made(weighted, Some(&risks)));
    for (a, b) in plain.golden.iter().zip(&shifted.golden) {
        assert!((a.risk - b.risk).abs() < 1e-9);
    }
}

#[test]
fn what_no_bundle_can_be_made_of_is_refused() {
    let (manifest, rows, digest) = prepared();
    let refused = |ensemble: Ensemble, rows: &Rows, out_of_fold: Option<&[f64]>| -> BadInput {
        import(&manifest, rows, Foreign { ensemble, out_of_fold }, &digest).unwrap_err()
    };
    let own = import(&manifest, &rows, Foreign { ensemble: ensemble(), out_of_fold: None }, &digest).unwrap();
    let own = risks(&own, &manifest.features, &rows.columns).unwrap();
    let mut broken = out_of_fold(&manifest, &rows);
    broken[7] = f64::NAN;
    let few = rows.pick(&(0..20).collect::<Vec<_>>());
    let named = |name: &str| {
        let mut ensemble = ensemble();
        ensemble.columns[0] = name.into();
        ensemble
    };
    let cases = [
        (refused(named("agee"), &rows, None), "column 1 of the model is no feature of the manifest; is 'age' meant?"),
        (refused(named("days_in_trial"), &rows, None), "column 2 of the model is there twice"),
        (refused(ensemble(), &rows, Some(&own)), "the out-of-fold risks are the model's own risks"),
        (refused(ensemble(), &rows, Some(&own[1..])), "there are "),
        (refused(ensemble(), &rows, Some(&[])), "there are 0 out-of-fold risks"),
        (refused(ensemble(), &rows, Some(&broken)), "out-of-fold risk 8 is no number from 0 to 1"),
        (refused(ensemble(), &few, None), "only "),
    ];
    for (bad, part) in cases {
        assert!(bad.message.starts_with(part), "{bad}");
    }
}

/// A pod whose foreign trainer has run: some files in the output folder.
fn pod(name: &str) -> (Cluster, Task) {
    let cluster = Cluster::new(name);
    let task = task(1, &simulated(four()), None);
    cluster.again(&task, &[Step::Prepare]).0.unwrap();
    (cluster, task)
}

fn judged(cluster: &Cluster, task: &Task) -> Answer {
    let (done, text) = cluster.again(task, &[Step::Evaluate]);
    done.unwrap_or_else(|failure| panic!("{failure}"));
    Answer::read(&text, &task.hash()).unwrap()
}

fn refused(cluster: &Cluster, task: &Task) -> String {
    let (done, text) = cluster.again(task, &[Step::Evaluate]);
    assert_eq!(done.unwrap_err().code(), 2, "{text}");
    let answer = Answer::read(&text, &task.hash()).unwrap();
    assert_eq!(answer.outcome, Outcome::BadInput);
    assert!(!text.contains("c4n4ry"), "{text}");
    format!("{}: {}", answer.reason, answer.message)
}

#[test]
fn xgboosts_own_file_is_imported_judged_and_kept_and_claims_decide_nothing() {
    let (cluster, task) = pod("xgboost-file");
    let (manifest, rows, data_digest) = prepared();
    let told: Training = serde_json::from_slice(&cluster.read("scratch/in/training.json")).unwrap();
    assert_eq!((told.rows, &told.data_digest), (rows.len(), &data_digest));
    let risks = out_of_fold(&manifest, &rows);
    cluster.write("scratch/out/model.json", &xgboost(|_| {}));
    cluster.write("scratch/out/out_of_fold.csv", file_of(&risks).as_bytes());
    cluster.write("scratch/out/claims.json", br#"{"roc_auc": 0.99, "c4n4ry": 1}"#);
    let answer = judged(&cluster, &task);
    let evidence = answer.evidence.unwrap();
    let bytes = cluster.read(&format!("{STORE}/{}", bundle_file(&evidence.bundle)));
    let foreign = Foreign { ensemble: ensemble(), out_of_fold: Some(&risks) };
    assert_eq!(Bundle::read(&bytes, None).unwrap(), import(&manifest, &rows, foreign, &data_digest).unwrap());
    let report = cluster.read(&format!("{STORE}/{}", report_file(&evidence.report)));
    assert!(!String::from_utf8(report.clone()).unwrap().contains("c4n4ry"));
    let claimed = &serde_json::from_slice::<Value>(&report).unwrap()["claimed"];
    assert_eq!((&claimed["unknown"], &claimed["metrics"][0]["claimed"]), (&json!(1), &json!(0.99)));
    let measured = claimed["metrics"][0]["measured"].as_f64().unwrap();
    assert!(measured < 0.9, "{measured}");

    fs::remove_file(cluster.root.join("scratch/out/claims.json")).unwrap();
    fs::remove_dir_all(cluster.root.join(STORE)).unwrap();
    let silent = judged(&cluster, &task);
    assert_eq!((silent.outcome, silent.message), (answer.outcome, answer.message));
    assert_eq!(silent.evidence.unwrap().bundle, evidence.bundle);
}

#[test]
fn every_fault_of_what_a_trainer_left_is_told_by_name() {
    let (cluster, task) = pod("xgboost-faults");
    let out = |name: &str| format!("scratch/out/{name}");
    let remove = |name: &str| fs::remove_file(cluster.root.join(out(name))).unwrap();
    let told = |part: &str| {
        let told = refused(&cluster, &task);
        assert!(told.contains(part), "{told}");
    };
    told(
        "BadBundle: the trainer left no bundle: /scratch/out has neither bundle.json nor XGBoost's model.json or model.ubj",
    );

    cluster.write(&out("model.json"), &xgboost(|_| {}));
    cluster.write(&out("bundle.json"), b"{}");
    told("ForeignModel: the trainer left bundle.json and model.json in /scratch/out; nobody knows which one is meant");
    remove("bundle.json");
    cluster.write(&out("model.ubj"), &xgboost(|_| {}));
    told("the trainer left model.json and model.ubj");
    remove("model.ubj");

    let rows = prepared().1.len();
    let all = file_of(&vec![0.25; rows]);
    let risks = [
        (file_of(&vec![0.25; rows - 1]), format!("there are {} out-of-fold risks but {rows} training rows", rows - 1)),
        (all.replacen("0.25", "NaN", 1), "/scratch/out/out_of_fold.csv, row 2: must hold one number".to_owned()),
        (all.replacen("0.25", "c4n4ry", 1), "/scratch/out/out_of_fold.csv, row 2: must hold one number".to_owned()),
        (String::new(), "/scratch/out/out_of_fold.csv, row 1: the header must be the one word risk".to_owned()),
    ];
    for (file, part) in risks {
        cluster.write(&out("out_of_fold.csv"), file.as_bytes());
        told(&part);
    }
    remove("out_of_fold.csv");

    for (claims, part) in [
        ("{}", "/scratch/out/claims.json claims nothing"),
        ("", "/scratch/out/claims.json is no JSON object"),
        ("{\"c4n4ry\": null}", "/scratch/out/claims.json holds a claim that is no finite number"),
    ] {
        cluster.write(&out("claims.json"), claims.as_bytes());
        told(part);
    }
    fs::File::create(cluster.root.join(out("claims.json"))).unwrap().set_len((64 << 10) + 1).unwrap();
    told("/scratch/out/claims.json is larger than the 65536 bytes");
    remove("claims.json");

    let text = String::from_utf8(xgboost(|_| {})).unwrap();
    let models = [
        (xgboost(|ensemble| ensemble.columns[2] = "c4n4ry".into()), "column 3 of the model is no feature"),
        (text.replace("gbtree\"", "dart\"").into_bytes(), "the booster is 'dart'"),
        (text.replace("binary:logistic", "c4n4ry").into_bytes(), "the objective is 'another'"),
        (text.as_bytes()[..text.len() / 2].to_vec(), "/scratch/out/model.json: the model's JSON ends too early"),
        (b"c4n4ry".to_vec(), "/scratch/out/model.json: the model is neither XGBoost's JSON nor its UBJ"),
    ];
    for (model, part) in models {
        cluster.write(&out("model.json"), &model);
        told(part);
    }
}

#[test]
fn no_file_that_a_trainer_leaves_may_be_a_link_a_pipe_or_a_folder() {
    let (cluster, task) = pod("xgboost-irregular");
    let kept = cluster.root.join("kept.json");
    fs::write(&kept, xgboost(|_| {})).unwrap();
    for name in ["model.json", "model.ubj", "out_of_fold.csv", "claims.json"] {
        let place = cluster.root.join("scratch/out").join(name);
        if name.ends_with("csv") || name == "claims.json" {
            cluster.write("scratch/out/model.json", &xgboost(|_| {}));
        }
        let wanted = format!("ForeignModel: /scratch/out/{name} is no regular file");
        symlink(&kept, &place).unwrap();
        assert!(refused(&cluster, &task).starts_with(&wanted));
        fs::remove_file(&place).unwrap();
        assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
        assert!(refused(&cluster, &task).starts_with(&wanted));
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        assert!(refused(&cluster, &task).starts_with(&wanted));
        fs::remove_dir(&place).unwrap();
    }
    assert!(judged(&cluster, &task).evidence.is_some());
}

#[test]
fn out_of_fold_risks_beside_a_bundle_must_be_those_of_its_rows() {
    let (cluster, task) = pod("xgboost-beside");
    cluster.again(&task, &[Step::Train]).0.unwrap();
    cluster.write("scratch/out/out_of_fold.csv", b"risk\n0.5\n");
    let told = refused(&cluster, &task);
    assert!(told.contains("there are 1 out-of-fold risks but"), "{told}");
    cluster.write("scratch/out/out_of_fold.csv", b"risk\nc4n4ry\n");
    assert!(refused(&cluster, &task).contains("out_of_fold.csv, row 2: must hold one number"));
    cluster.write("scratch/out/out_of_fold.csv", file_of(&vec![0.25; prepared().1.len()]).as_bytes());
    assert!(judged(&cluster, &task).evidence.is_some());
}

#[test]
fn a_bundle_that_was_trained_elsewhere_is_read_from_its_claim_by_its_digest() {
    let cluster = Cluster::new("sourced");
    let (manifest, rows, _) = prepared();
    let foreign = Foreign { ensemble: ensemble(), out_of_fold: None };
    let bytes = import(&manifest, &rows, foreign, "sha256:of-other-data").unwrap().to_bytes().unwrap();
    fs::create_dir_all(cluster.root.join("model/v1")).unwrap();
    cluster.write("model/v1/bundle.json", &bytes);
    let sourced = |uri: &str, digest: Option<String>| {
        let mut spec = simulated(four());
        let mut bundle = json!({"uri": uri, "persistentVolumeClaim": {"claimName": "models"}});
        if let Some(digest) = digest {
            bundle["digest"] = json!(digest);
        }
        spec["training"] = json!({"source": {"bundle": bundle}});
        task(1, &spec, None)
    };
    let uri = "file:///v1/bundle.json";
    let answer = judged(&cluster, &sourced(uri, Some(digest(&bytes))));
    assert_eq!(answer.evidence.unwrap().bundle, digest(&bytes));

    let other = refused(&cluster, &sourced(uri, Some(digest(b"other"))));
    assert!(
        other.starts_with("DigestMismatch: the file of spec.training.source.bundle.uri has digest sha256:"),
        "{other}"
    );
    assert!(other.contains("spec.training.source.bundle.digest is another"), "{other}");
    let none = refused(&cluster, &sourced(uri, None));
    assert!(none.contains("spec.training.source.bundle.digest is not set"), "{none}");
    let gone = refused(&cluster, &sourced("file:///v2/bundle.json", Some(digest(&bytes))));
    assert!(gone.contains("v2/bundle.json is not there"), "{gone}");
    symlink("../task/task.json", cluster.root.join("model/link.json")).unwrap();
    for (uri, part) in
        [("file:///../data/trial.csv", "must not hold '..'"), ("file:///link.json", "leads out of its claim")]
    {
        let told = refused(&cluster, &sourced(uri, Some(digest(&bytes))));
        assert!(told.starts_with("BadManifest: spec.training.source.bundle.uri ") && told.contains(part), "{told}");
    }
    cluster.write("model/v1/bundle.json", b"c4n4ry");
    let told = refused(&cluster, &sourced(uri, Some(digest(b"c4n4ry"))));
    assert!(told.starts_with("BadBundle") && told.contains("is no JSON"), "{told}");
}

fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_dropout-trainer");
    let output = Command::new(program).current_dir(folder).args(line.split(' ')).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with a specification, data, a model and its out-of-fold risks.
fn laptop(name: &str) -> PathBuf {
    let folder = folder(name);
    let (manifest, rows, _) = prepared();
    model_file(&folder.join("model.yaml"), &simulated(four()));
    fs::write(folder.join("trial.csv"), trial(1)).unwrap();
    fs::write(folder.join("model.json"), xgboost(|_| {})).unwrap();
    fs::write(folder.join("oof.csv"), file_of(&out_of_fold(&manifest, &rows))).unwrap();
    folder
}

const IMPORT: &str = "import --spec model.yaml --data trial.csv --model";

#[test]
fn a_laptop_splits_as_a_job_prepares_and_imports_what_was_trained() {
    let folder = laptop("elsewhere-laptop");
    let (cluster, task) = pod("elsewhere-pod");
    assert_eq!(run(&folder, "split --spec model.yaml --data trial.csv --out in").0, 0);
    assert_eq!(fs::read(folder.join("in/rows.csv")).unwrap(), cluster.read("scratch/in/rows.csv"));
    let told: Training = serde_json::from_slice(&fs::read(folder.join("in/training.json")).unwrap()).unwrap();
    let wanted: Training = serde_json::from_slice(&cluster.read("scratch/in/training.json")).unwrap();
    assert_eq!(told, Training { task: String::new(), ..wanted });

    let (code, out, err) = run(&folder, &format!("{IMPORT} model.json --out-of-fold oof.csv --out v1"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Platt, on out-of-fold logits") && err.contains("calibration Platt"), "{out}{err}");
    let report: Value = serde_json::from_slice(&fs::read(folder.join("v1/report.json")).unwrap()).unwrap();
    let bytes = fs::read(folder.join("v1/bundle.json")).unwrap();
    assert_eq!(report["candidate"]["digest"], digest(&bytes));
    cluster.write("scratch/out/model.json", &xgboost(|_| {}));
    cluster.write("scratch/out/out_of_fold.csv", &fs::read(folder.join("oof.csv")).unwrap());
    assert_eq!(judged(&cluster, &task).evidence.unwrap().bundle, digest(&bytes), "a laptop and a pod give one bundle");

    let (code, out, _) = run(&folder, &format!("{IMPORT} v1/bundle.json --out v2 --against v1/bundle.json"));
    assert_eq!((code, fs::read(folder.join("v2/bundle.json")).unwrap()), (0, bytes));
    assert!(out.contains("Unchanged"), "{out}");
}

#[test]
fn a_laptop_says_what_is_wrong_with_a_model_and_writes_nothing() {
    let folder = laptop("elsewhere-bad");
    assert_eq!(run(&folder, &format!("{IMPORT} model.json --out v1")).0, 0);
    let text = String::from_utf8(xgboost(|_| {})).unwrap();
    fs::write(folder.join("short.csv"), "risk\n0.5\n").unwrap();
    fs::write(folder.join("dart.json"), text.replace("gbtree\"", "dart\"")).unwrap();
    fs::write(folder.join("unknown.json"), xgboost(|ensemble| ensemble.columns[0] = "agee".into())).unwrap();
    let mut other = Bundle::read(&fs::read(folder.join("v1/bundle.json")).unwrap(), None).unwrap();
    other.data_digest = "sha256:0".into();
    fs::write(folder.join("other.json"), other.to_bytes().unwrap()).unwrap();
    let cases = [
        ("no.json --out v3", "NoData: no.json is not there"),
        ("model.json --out-of-fold no.csv --out v3", "NoData: no.csv is not there"),
        ("model.json --out-of-fold short.csv --out v3", "there are 1 out-of-fold risks but"),
        ("dart.json --out v3", "ForeignModel: dart.json: the booster is 'dart'"),
        (
            "unknown.json --out v3",
            "unknown.json: column 1 of the model 'agee' is no feature of the manifest; is 'age' meant?",
        ),
        ("trial.csv --out v3", "trial.csv: the model is neither XGBoost's JSON nor its UBJ"),
        ("v1/bundle.json --out-of-fold short.csv --out v3", "training rows"),
        ("other.json --out v3", "other.json has dataDigest sha256:0, but the data has sha256:"),
        ("model.json", "--out is needed"),
    ];
    for (line, part) in cases {
        let (code, _, told) = run(&folder, &format!("{IMPORT} {line}"));
        assert_eq!(code, 2, "{line}: {told}");
        assert!(told.contains(part), "{line}: {told}");
    }
    assert!(!folder.join("v3").exists());
}

#[test]
fn a_missing_value_goes_where_the_splits_say_though_the_manifest_says_impute() {
    let mut manifest = manifest(&simulated(four()));
    manifest.features[3].on_missing = Some(OnMissing::Impute);
    let rows = training_rows(&manifest, &table(&manifest, trial(1).as_bytes()));
    let bundle = import(&manifest, &rows, Foreign { ensemble: ensemble(), out_of_fold: None }, "sha256:0").unwrap();
    let bundle = Bundle::read(&bundle.to_bytes().unwrap(), None).unwrap();
    let scorer = Scorer::new(&bundle).unwrap();
    let row = |events| [Cell::Number(60.0), Cell::Number(28.0), Cell::Number(5.0), events];
    let (missing, none, many) = (row(Cell::Missing), row(Cell::Number(0.0)), row(Cell::Number(9.0)));
    assert_eq!(scorer.risk(&missing), scorer.risk(&none), "missing goes left, as fewer than two events do");
    assert!(scorer.risk(&many) > scorer.risk(&none));
    assert!(bundle.golden.iter().any(|golden| golden.cells[3] == Cell::Missing));
}

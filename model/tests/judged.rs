//! What is read for judging alone: the day, touched rows, groups, and a holdout in a file of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{
    digest::digest,
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::{Contract, Day, Files, Groups, Table, header::training_columns, read, read_all},
};
use serde_json::{Value, json};

fn spec() -> Value {
    json!({
        "study": {"id": "ONC-302"}, "patientId": "patient", "landmark": "day", "index": "date",
        "features": [{"name": "age", "type": "Number"}],
        "label": {"column": "dropout", "horizon": "28d", "censor": "lost"},
        "data": {
            "cutoff": "2026-06-30",
            "training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial"}},
        },
        "gate": {"slices": [{"column": "site"}, {"column": "sex"}], "interventions": {"column": "called"}},
    })
}

fn given() -> Value {
    let mut spec = spec();
    spec["data"]["holdout"] = json!({"source": {
        "uri": "file:///held.csv", "persistentVolumeClaim": {"claimName": "held"},
        "digest": digest(HELD.as_bytes()),
    }});
    spec
}

const HEAD: &str = "patient,day,date,age,lost,called,site,sex,dropout\n";
const ROWS: &str = "\
SECRET-1,14,2026-01-10,40,0,1,Oslo,F,1
SECRET-1,28,2026-01-24,40,0,,Oslo,F,0
SECRET-2,14,2026-06-20,50,0,1,Never,M,0
SECRET-3,14,2026-02-01,60,1,0,Never,M,0
SECRET-4,14,2026-02-02,70,0,0, Bern ,,0
SECRET-5,14,2026-02-03,30,0,0,,M,1
";
/// The columns of a holdout may stand in another order.
const HELD: &str = "\
dropout,patient,day,date,age,lost,called,site,sex
1,SECRET-8,14,2026-03-01,41,0,1,Oslo,F
0,SECRET-9,14,2026-03-02,42,0,0,Rome,M
0,SECRET-9,28,2026-06-29,42,0,0,Rome,M
";

fn manifest(spec: Value) -> Manifest {
    serde_json::from_value(spec).unwrap()
}

fn alone(spec: Value, rows: &str) -> Result<Table, BadInput> {
    let manifest = manifest(spec);
    read("trial.csv", format!("{HEAD}{rows}").as_bytes(), &Contract { manifest: &manifest, production: None })
}

fn both(spec: Value, rows: &str, held: &str) -> Result<Table, BadInput> {
    let manifest = manifest(spec);
    let training = format!("{HEAD}{rows}");
    let files = Files {
        training: ("trial.csv", training.as_bytes()),
        holdout: Some(("held.csv", held.as_bytes())),
        records: None,
    };
    read_all(files, &Contract { manifest: &manifest, production: None })
}

fn groups(column: &str, names: &[&str], group: &[u16]) -> Groups {
    Groups { column: column.into(), names: names.iter().map(ToString::to_string).collect(), group: group.to_vec() }
}

#[test]
fn days_touched_rows_and_groups_are_those_of_the_rows_that_count() {
    let table = alone(spec(), ROWS).unwrap();
    assert_eq!((table.counts.rows, table.counts.immature, table.counts.censored), (6, 1, 1));
    let days = ["2026-01-10", "2026-01-24", "2026-02-02", "2026-02-03"];
    assert_eq!(table.rows.day, days.map(|day| Day::read(day).unwrap()));
    assert_eq!(table.rows.touched, [true, false, false, false]);
    let site = groups("site", &["", "Bern", "Oslo"], &[2, 2, 1, 0]);
    assert_eq!(table.rows.slices, [site, groups("sex", &["", "F", "M"], &[1, 1, 0, 2])]);
    assert_eq!(table.given, [false; 0]);
}

#[test]
fn training_rows_have_no_column_of_the_gate_and_are_read_without_them() {
    assert_eq!(training_columns(&manifest(spec())), ["patient", "day", "date", "age", "dropout"]);
    let mut bare = spec();
    bare["gate"] = json!({});
    bare["label"]["censor"] = Value::Null;
    let bare = manifest(bare);
    let rows = b"patient,day,date,age,dropout\nA,14,2026-01-10,40,1\nB,14,2026-01-10,40,0\n";
    let table = read("rows.csv", rows, &Contract { manifest: &bare, production: None }).unwrap();
    assert_eq!((table.rows.touched.len(), table.rows.slices.len(), table.rows.day.len()), (0, 0, 2));
}

#[test]
fn a_missing_column_of_the_gate_is_told_with_its_field_and_a_near_one() {
    let mut missing = spec();
    missing["gate"]["slices"][1]["column"] = json!("sexx");
    let bad = alone(missing, ROWS).unwrap_err();
    assert_eq!(bad.reason, Reason::MissingColumn);
    assert_eq!(bad.message, "trial.csv has no column 'sexx', needed as spec.gate.slices[1].column; is 'sex' meant?");
    let mut missing = spec();
    missing["gate"]["interventions"]["column"] = json!("Called ");
    let bad = alone(missing, ROWS).unwrap_err();
    assert_eq!(
        bad.message,
        "trial.csv has no column 'Called ', needed as spec.gate.interventions.column; is 'called' meant?"
    );
}

#[test]
fn a_bad_intervention_cell_and_a_column_of_identifiers_are_refused_and_not_shown() {
    let bad = alone(spec(), &ROWS.replace("60,1,0,Never", "60,1,SECRET,Never")).unwrap_err();
    assert_eq!(bad.reason, Reason::BadIntervention);
    let cell = "trial.csv, row 5, column 'called': the intervention cell is neither 1 nor 0 nor empty; write 1 or 0";
    assert_eq!(bad.message, cell);
    let many: String = (0..65).map(|n| format!("SECRET-{n},14,2026-01-10,40,0,0,S{n},F,{}\n", n % 2)).collect();
    let bad = alone(spec(), &many).unwrap_err();
    assert_eq!(bad.reason, Reason::ManyGroups);
    assert!(bad.message.starts_with("trial.csv, column 'site': it has more than 64 different values"), "{bad}");
    let few: String = (0..65).map(|n| format!("SECRET-{n},14,2026-01-10,40,0,0,S{},F,{}\n", n % 64, n % 2)).collect();
    assert_eq!(alone(spec(), &few).unwrap().rows.slices[0].names.len(), 64);
}

#[test]
fn a_given_holdout_is_held_out_whole_and_the_rest_is_trained_on() {
    let table = both(given(), ROWS, HELD).unwrap();
    assert_eq!(table.rows.patients, ["SECRET-1", "SECRET-4", "SECRET-5", "SECRET-8", "SECRET-9"]);
    assert_eq!(table.given, [false, false, false, false, true, true]);
    assert_eq!(table.rows.place, [0, 1, 4, 5, 0, 1]);
    assert_eq!(table.rows.label, [true, false, false, true, true, false]);
    assert_eq!(table.split(&manifest(given())), (vec![0, 1, 2, 3], vec![4, 5]));
    assert_eq!((table.counts.rows, table.counts.immature, table.counts.mature), (9, 2, 6));
    assert_eq!(table.rows.slices[0], groups("site", &["", "Bern", "Oslo", "Rome"], &[2, 2, 1, 0, 2, 3]));
    assert_eq!(table.rows.landmarks, ["14", "28"]);
    let parts = [format!("{HEAD}{ROWS}"), HELD.to_owned()].map(|text| digest(text.as_bytes()));
    assert_eq!(table.digest, digest(format!("{}\n{}\n", parts[0], parts[1]).as_bytes()));
    assert_eq!(manifest(given()).data.holdout_fraction(), 0.0);
}

#[test]
fn a_patient_in_both_files_is_refused_by_count() {
    // One of the two has no row that counts in the training file.
    let held = HELD.replace("SECRET-8", "SECRET-1").replace("SECRET-9,14", "SECRET-2,14");
    let mut spec = given();
    spec["data"]["holdout"]["source"]["digest"] = json!(digest(held.as_bytes()));
    let bad = both(spec, ROWS, &held).unwrap_err();
    assert_eq!(bad.reason, Reason::InBothFiles);
    let message = "2 patients are in both trial.csv and held.csv; remove them from one, so that nobody is judged on who was trained on";
    assert_eq!(bad.message, message);
}

#[test]
fn each_file_keeps_the_contract_and_is_named() {
    let refused = |rows: &str, held: &str| {
        let mut spec = given();
        spec["data"]["holdout"]["source"]["digest"] = json!(digest(held.as_bytes()));
        let bad = both(spec, rows, held).unwrap_err();
        assert!(!bad.message.contains("SECRET"), "{bad}");
        (bad.reason, bad.message)
    };
    let (reason, message) = refused(ROWS, &HELD.replace("42,0,0,Rome,M\n0", "old,0,0,Rome,M\n0"));
    assert_eq!(reason, Reason::NotANumber);
    assert!(message.starts_with("held.csv, row 3, column 'age': is no number"), "{message}");
    let (reason, message) = refused(&ROWS.replace("70,0", "old,0"), HELD);
    assert_eq!(reason, Reason::NotANumber);
    assert!(message.starts_with("trial.csv, row 6, column 'age': is no number"), "{message}");
    let (reason, message) = refused(ROWS, &HELD.replace("0,SECRET-9,14", "yes,SECRET-9,14"));
    assert_eq!(reason, Reason::LabelValues);
    assert!(message.starts_with("held.csv, row 3, column 'dropout': the label has a third value"), "{message}");
    let (reason, message) = refused(ROWS, &HELD.replace("1,SECRET-8", "0,SECRET-8"));
    assert_eq!(reason, Reason::OneClass);
    assert!(message.contains("held.csv") && message.ends_with("both are needed to judge on"), "{message}");
    let (reason, message) = refused(ROWS, "dropout,patient,day,date,age,lost,called,site,sex\n");
    assert_eq!(reason, Reason::NoRows);
    assert_eq!(message, "held.csv has no row that counts: 0 rows, 0 immature at the cut-off, 0 censored");
    let (reason, message) = refused(ROWS, &HELD.replace(",site", ",place"));
    assert_eq!(reason, Reason::MissingColumn);
    assert!(message.starts_with("held.csv has no column 'site'"), "{message}");
    let bad = both(given(), ROWS, &format!("{HELD}\n")).unwrap_err();
    assert_eq!(bad.reason, Reason::DigestMismatch);
    assert!(bad.message.contains("held.csv") && bad.message.contains("spec.data.holdout.source.digest"), "{bad}");
}

#[test]
fn the_files_given_must_be_those_the_manifest_names() {
    let (rows, named, plain) = (format!("{HEAD}{ROWS}"), manifest(given()), manifest(spec()));
    let alone = Files { training: ("trial.csv", rows.as_bytes()), holdout: None, records: None };
    let bad = read_all(alone, &Contract { manifest: &named, production: None }).unwrap_err();
    assert_eq!(bad.reason, Reason::NoData);
    let both = Files { holdout: Some(("held.csv", HELD.as_bytes())), ..alone };
    let bad = read_all(both, &Contract { manifest: &plain, production: None }).unwrap_err();
    assert_eq!(bad.reason, Reason::BadManifest);
}

#[test]
fn a_holdout_is_a_fraction_or_a_file_with_a_digest() {
    let check = |holdout: Value| {
        let mut spec = given();
        spec["data"]["holdout"] = holdout;
        manifest(spec).check().map_err(|bad| bad.message)
    };
    let source = given()["data"]["holdout"]["source"].clone();
    let mut open = source.clone();
    open["digest"] = Value::Null;
    let mut outside = source.clone();
    outside["uri"] = json!("file:///../held.csv");
    assert_eq!(check(json!({"source": source})), Ok(()));
    assert_eq!(check(json!({"fraction": 0.3})), Ok(()));
    let cases = [
        (json!({}), "spec.data.holdout sets neither fraction nor source"),
        (json!({"fraction": 0.3, "source": source}), "spec.data.holdout sets both fraction and source"),
        (json!({"fraction": 0.0}), "spec.data.holdout.fraction is 0; it must be 0.05 to 0.5"),
        (json!({"source": open}), "spec.data.holdout.source.digest is missing"),
        (json!({"source": outside}), "spec.data.holdout.source.uri must not hold '..'"),
    ];
    for (holdout, message) in cases {
        let found = check(holdout).unwrap_err();
        assert!(found.starts_with(message), "{found}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_parquet_file_is_known_by_its_content_where_it_is_not_read() {
    let manifest = manifest(spec());
    let bad = read("trial.csv", b"PAR1", &Contract { manifest: &manifest, production: None }).unwrap_err();
    assert_eq!(bad.message, "trial.csv is a Parquet file, which is not read here; write it as CSV");
}

//! The data contract and the manifest's: every bad input gives its word and its place, and no patient is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::{Column, Contract, Counts, Table, read, read_features},
};
use serde_json::{Value, json};

fn spec() -> Value {
    json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id", "landmark": "day",
        "features": [
            {"name": "age", "type": "Integer", "min": 18, "max": 99},
            {"name": "weight", "type": "Number", "onMissing": "Impute"},
            {"name": "sex", "type": "Category", "values": ["F", "M"], "onMissing": "Indicate"},
        ],
        "label": {"column": "dropout", "horizon": "28d"},
        "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial"}}},
    })
}

fn dated() -> Value {
    let mut spec = spec();
    spec["index"] = json!("date");
    spec["label"]["censor"] = json!("censored");
    spec["data"]["cutoff"] = json!("2026-06-30");
    spec
}

fn manifest(spec: Value) -> Manifest {
    serde_json::from_value(spec).unwrap()
}

fn table(spec: Value, text: &str) -> Result<Table, BadInput> {
    read("trial.csv", text.as_bytes(), &Contract { manifest: &manifest(spec), production: None })
}

const GOOD: &str = "SECRET-1,14,40,70,F,1\nSECRET-2,14,40,70,M,0\n";

const HEAD: &str = "patient_id,day,age,weight,sex,dropout\n";

fn refused(rows: &str) -> (Reason, String) {
    let bad = table(spec(), &format!("{HEAD}{rows}")).unwrap_err();
    assert!(!bad.message.contains("SECRET"), "{bad}");
    (bad.reason, bad.to_string())
}

#[test]
fn good_rows_are_read_with_mark_blank_lines_quotes_and_windows_line_ends() {
    let text = "\u{feff}patient_id,day,age,weight,sex,dropout\r\n\"P,1\",14,40,70.5,F,1\r\n\r\nP-2,14,41,,,0\r\nP-2,28,41.0,1e2,M,0\r\n";
    let table = table(spec(), text).unwrap();
    assert_eq!(table.rows.patients, ["P,1", "P-2"]);
    assert_eq!(table.rows.patient, [0, 1, 1]);
    assert_eq!((table.rows.landmark, table.rows.landmarks), (vec![0, 0, 1], vec!["14".to_owned(), "28".to_owned()]));
    assert_eq!(table.rows.label, [true, false, false]);
    assert_eq!(table.rows.columns[0], Column::Numbers(vec![40.0, 41.0, 41.0]));
    assert_eq!(table.rows.columns[2], Column::Levels(vec![0, Column::MISSING, 1]));
    assert_eq!(table.counts, Counts { rows: 3, immature: 0, censored: 0, mature: 3, unfit: 0 });
}

#[test]
fn a_bad_row_is_told_with_file_row_and_column() {
    let cases = [
        ("SECRET-3,14,,70,F,0", Reason::MissingValue, ", column 'age': is empty"),
        ("SECRET-3,14,40,70,F", Reason::RaggedRow, ": has 5 cells, the header has 6"),
        ("SECRET-3,14,40,70,F,0,1", Reason::RaggedRow, ": has 7 cells"),
        (" ,14,40,70,F,0", Reason::EmptyPatientId, ", column 'patient_id': the patient's identifier is empty"),
        ("SECRET-2,14,40,70,F,0", Reason::DuplicateRow, ": an earlier row has the same patient and landmark"),
        ("SECRET-3,14,40,70,F,", Reason::MissingLabel, ", column 'dropout': the label is empty"),
    ];
    for (row, reason, place) in cases {
        let (found, message) = refused(&format!("{GOOD}{row}\n"));
        assert_eq!(found, reason, "{row}");
        assert!(message.starts_with(&format!("trial.csv, row 4{place}")), "{row}: {message}");
    }
}

#[test]
fn a_bad_cell_is_told_with_its_place_and_what_is_declared_and_never_shown() {
    let number = "correct it or leave the cell empty for a missing value";
    let cases = [
        ("age", "c4n4ry", Reason::NotANumber, format!("is no number, but the feature is an Integer with min 18 and max 99; {number}")),
        ("age", "2026-03-09", Reason::NotANumber, format!("is no number, but the feature is an Integer with min 18 and max 99; {number}")),
        ("weight", "1e4711", Reason::NotFinite, format!("is no finite number, but the feature is a Number; {number}")),
        ("age", "40.4711", Reason::NotWhole, "has a fraction, but the feature is an Integer with min 18 and max 99; correct it or declare a Number".into()),
        ("age", "4711", Reason::OutOfRange, "is out of bounds, but the feature is an Integer with min 18 and max 99; correct it or declare other bounds".into()),
        ("sex", "c4n4ry", Reason::UnknownCategory, "is not one of the 2 declared values; correct it or declare the value".into()),
        ("dropout", "c4n4ry", Reason::LabelValues, "the label has a third value; it must have two, correct it".into()),
    ];
    for (column, canary, reason, what) in cases {
        let cell = |name: &str, good: &str| if name == column { canary.to_owned() } else { good.to_owned() };
        let row = format!(
            "SECRET-3,14,{},{},{},{}\n",
            cell("age", "40"),
            cell("weight", "70"),
            cell("sex", "F"),
            cell("dropout", "0")
        );
        let (found, message) = refused(&format!("{GOOD}{row}"));
        assert_eq!(found, reason, "{row}");
        assert_eq!(message, format!("trial.csv, row 4, column '{column}': {what}"));
        assert!(!message.contains(canary), "{message}");
    }
}

#[test]
fn a_bad_date_and_a_bad_censor_cell_are_told_with_their_place_and_never_shown() {
    let head = "patient_id,day,date,censored,age,weight,sex,dropout\n";
    let cases = [
        (
            "A,14,03/06/1947,0,40,70,F,1",
            "03/06/1947",
            Reason::BadDate,
            "date': the landmark's date is no date; write it as YYYY-MM-DD",
        ),
        (
            "A,14,2026-06-02,c4n4ry,40,70,F,1",
            "c4n4ry",
            Reason::BadCensor,
            "censored': the censor cell is neither 1 nor 0 nor empty; write 1 or 0",
        ),
    ];
    for (row, canary, reason, what) in cases {
        let bad = table(dated(), &format!("{head}{row}\n")).unwrap_err();
        assert_eq!((bad.reason, bad.message.as_str()), (reason, format!("trial.csv, row 2, column '{what}").as_str()));
        assert!(!bad.message.contains(canary), "{bad}");
    }
}

#[test]
fn the_row_is_that_of_an_editor_with_blank_lines_before_it() {
    let (_, message) = refused("SECRET-1,14,40,70,F,1\r\n\r\n\r\nSECRET-2,14,no,70,M,0\r\n");
    assert!(message.starts_with("trial.csv, row 5, column 'age'"), "{message}");
}

#[test]
fn the_first_problem_is_told_and_the_others_are_counted() {
    let (_, message) = refused("SECRET-1,14,a,70,F,1\nSECRET-2,14,b,70,F,1\nSECRET-3,14,1,c,F,1\n");
    assert!(message.contains("row 2") && message.ends_with("(2 more rows have a problem)"), "{message}");
}

#[test]
fn a_header_is_refused_with_the_name_and_what_may_be_meant() {
    let cases = [
        (
            "patient_id,day,Age,weight,sex,dropout\n",
            Reason::MissingColumn,
            "has no column 'age', needed as a feature; is 'Age' meant?",
        ),
        ("patient_id,day,age,wieght,sex,dropout\n", Reason::MissingColumn, "is 'wieght' meant?"),
        ("patient_id,day,age,weight,sex\n", Reason::MissingColumn, "'dropout', needed as spec.label.column; add it"),
        (
            "subject,day,age,weight,sex,dropout\n",
            Reason::MissingColumn,
            "has no column 'patient_id', needed as the patient's identifier; add it to the file or change the manifest; the file has 6 columns",
        ),
        (
            "patient_id;day;age;weight;sex;dropout\n",
            Reason::MissingColumn,
            "row 1: the header is not separated by commas",
        ),
        ("\"patient_id\"\t\"day\"\t\"age\"\n", Reason::MissingColumn, "separate the columns by commas"),
        (
            "patient_id,day,age,age,weight,sex,dropout\n",
            Reason::DuplicateColumn,
            "row 1: columns 3 and 4 have the same name 'age'; rename or remove one",
        ),
        (
            "patient_id,day,age,arm,weight,arm,sex,dropout\n",
            Reason::DuplicateColumn,
            "row 1: columns 4 and 6 have the same name 'arm'; rename or remove one",
        ),
        ("", Reason::NoRows, "is empty"),
        (HEAD, Reason::NoRows, "no row that counts: 0 rows"),
    ];
    let mut denied = spec();
    denied["deny"] = json!(["arm"]);
    for (text, reason, part) in cases {
        let bad = table(denied.clone(), text).unwrap_err();
        assert_eq!(bad.reason, reason, "{text}");
        assert!(bad.message.starts_with("trial.csv") && bad.message.contains(part), "{bad}");
    }
}

#[test]
fn a_header_shows_no_name_that_may_be_a_cell() {
    let data = "row 1: the first line looks like data, not a header; begin the file with a line that names the 6 needed columns exactly";
    let cases = [
        ("c4n4ry,14,40,40,F,1\n", Reason::MissingColumn, data),
        ("c4n4ry\n", Reason::MissingColumn, data),
        ("c4n4ry;14;40;70;F;1\n", Reason::MissingColumn, data),
        ("patient_id_c4n4ry,days,ages,weights\n", Reason::MissingColumn, data),
        ("patient_id,day,age,weight,sex,c4n4ry\n", Reason::MissingColumn, "no column 'dropout'"),
        ("patient_id,day,age,weight,sex,dropout: c4n4ry\n", Reason::MissingColumn, "the file has 6 columns"),
        ("patient_id,day,age,weight,sex,4dropout c4n4ry\n", Reason::MissingColumn, "the file has 6 columns"),
        (
            "patient_id,day,age,c4n4ry,weight,sex,c4n4ry,dropout\n",
            Reason::DuplicateColumn,
            "row 1: columns 4 and 7 have the same name; rename or remove one",
        ),
    ];
    for (text, reason, part) in cases {
        let bad = table(spec(), &format!("{text}c4n4ry,14,40,70,F,1\n")).unwrap_err();
        assert_eq!(bad.reason, reason, "{text}");
        assert!(bad.message.starts_with("trial.csv") && bad.message.contains(part), "{bad}");
        assert!(!bad.message.contains("c4n4ry"), "{bad}");
    }
    let features = manifest(spec()).features;
    let bad = read_features("trial.csv", b"c4n4ry,40,70,F\n", "patient_id", &features).unwrap_err();
    assert!(bad.message.contains("names the 4 needed columns") && !bad.message.contains("c4n4ry"), "{bad}");
}

#[test]
fn labels_must_be_two_and_one_of_them_positive() {
    let bad = table(spec(), &format!("{HEAD}A,14,40,70,F,0\nB,14,40,70,F,0\n")).unwrap_err();
    assert_eq!(bad.reason, Reason::OneClass);
    let bad = table(spec(), &format!("{HEAD}A,14,40,70,F,c4n4ry\nB,14,40,70,F,yes\n")).unwrap_err();
    let what = "trial.csv, column 'dropout': the label has two values, but none is '1'; set spec.label.positive to the one that means dropout";
    assert_eq!((bad.reason, bad.message.as_str()), (Reason::LabelValues, what));
    let mut words = spec();
    words["label"]["positive"] = json!("yes");
    assert_eq!(table(words, &format!("{HEAD}A,14,40,70,F,no\nB,14,40,70,F,yes\n")).unwrap().rows.label, [false, true]);
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let bytes = [HEAD.as_bytes(), b"A,14,40,70,\xff,1\n"].concat();
    let bad = read("trial.csv", &bytes, &Contract { manifest: &manifest(spec()), production: None }).unwrap_err();
    let what = "trial.csv, row 2, column 'sex': is no UTF-8 text; save the file as UTF-8";
    assert_eq!((bad.reason, bad.message.as_str()), (Reason::NotText, what));
}

#[test]
fn rows_count_only_when_their_label_was_certain_at_the_cut_off_and_they_are_not_censored() {
    let head = "patient_id,day,date,censored,age,weight,sex,dropout\n";
    let rows = "A,14,2026-06-02,0,40,70,F,1\nB,14,2026-06-03,0,40,70,F,1\nC,14,2026-06-30,0,40,70,F,\nD,14,2026-01-01,1,40,70,F,\nE,14,2026-01-01,,40,70,F,0\n";
    let found = table(dated(), &format!("{head}{rows}")).unwrap();
    assert_eq!(found.counts, Counts { rows: 5, immature: 2, censored: 1, mature: 2, unfit: 0 });
    assert_eq!((found.rows.patients, found.rows.place), (vec!["A".to_owned(), "E".to_owned()], vec![0, 4]));
    let mut later = dated();
    later["label"]["maturesAfter"] = json!("56d");
    assert_eq!(table(later, &format!("{head}{rows}A,7,2026-01-01,0,40,70,F,1\n")).unwrap().counts.immature, 3);
}

#[test]
fn a_file_with_another_digest_is_refused() {
    let mut pinned = spec();
    pinned["data"]["training"]["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
    assert_eq!(table(pinned, HEAD).unwrap_err().reason, Reason::DigestMismatch);
}

#[test]
fn production_s_columns_are_read_beside_the_manifest_s_without_its_bounds() {
    let features = manifest(json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id",
        "features": [{"name": "age", "type": "Integer", "max": 39}, {"name": "arm", "type": "Category", "values": ["A"]}],
        "label": {"column": "dropout", "horizon": "28d"},
        "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial"}}},
    }))
    .features;
    let own = manifest(spec());
    let contract = Contract { manifest: &own, production: Some(&features) };
    let text = "patient_id,day,age,weight,sex,dropout,arm\nA,14,40,70,F,1,A\nB,14,41,70,F,0,Z\n";
    let table = read("trial.csv", text.as_bytes(), &contract).unwrap();
    assert_eq!(table.production, [Column::Numbers(vec![40.0, 41.0]), Column::Levels(vec![0, Column::MISSING])]);
    let mut lenient = spec();
    lenient["features"][0]["onMissing"] = json!("Impute");
    let lenient = manifest(lenient);
    let text = "patient_id,day,age,weight,sex,dropout,arm\nA,14,,70,F,1,\nB,14,41,70,F,0,Z\n";
    let contract = Contract { manifest: &lenient, ..contract };
    assert!(read("trial.csv", text.as_bytes(), &contract).is_ok());
    let bad = read("trial.csv", HEAD.as_bytes(), &contract).unwrap_err();
    assert_eq!(bad.reason, Reason::MissingColumn);
    assert!(bad.message.contains("'arm', needed as a feature of the production model; add it"), "{bad}");
}

#[test]
fn a_manifest_is_refused_with_the_path_of_the_field() {
    let cases: [(&str, Value, Reason, &str); 13] = [
        ("/data/training/uri", json!("file:///../etc/x"), Reason::BadManifest, "spec.data.training.uri"),
        ("/deny", json!(["sex"]), Reason::DeniedFeature, "spec.features[2].name 'sex' is in spec.deny"),
        (
            "/label/column",
            json!("sex"),
            Reason::LabelFeature,
            "spec.features[2].name 'sex' is the column of spec.label.column",
        ),
        ("/label/censor", json!("sex"), Reason::LabelFeature, "spec.label.censor"),
        ("/patientId", json!("sex"), Reason::LabelFeature, "spec.patientId"),
        ("/index", json!("date"), Reason::IndexWithoutCutoff, "spec.data.cutoff"),
        ("/data/cutoff", json!("2026-06-30"), Reason::CutoffWithoutIndex, "spec.index"),
        ("/features", json!([]), Reason::BadManifest, "spec.features is empty"),
        ("/features/1/name", json!("age"), Reason::BadManifest, "spec.features[1].name 'age' is there twice"),
        ("/features/2/values", json!([]), Reason::BadManifest, "spec.features[2] 'sex' needs the list of its values"),
        ("/features/0/min", json!(100), Reason::BadManifest, "spec.features[0] 'age' must have min at most max"),
        ("/threshold", json!({"targetRecall": 2.0}), Reason::BadManifest, "spec.threshold.targetRecall is 2"),
        ("/data/holdout", json!({"fraction": 0.9}), Reason::BadManifest, "spec.data.holdout.fraction is 0.9"),
    ];
    assert_eq!(manifest(spec()).check(), Ok(()));
    assert_eq!(manifest(dated()).check(), Ok(()));
    for (pointer, value, reason, part) in cases {
        let mut spec = spec();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = spec.pointer_mut(parent).unwrap();
        match name.parse::<usize>() {
            Ok(at) => parent[at] = value,
            Err(_) => parent[name] = value,
        }
        let bad = manifest(spec).check().unwrap_err();
        assert_eq!(bad.reason, reason, "{pointer}");
        assert!(bad.message.contains(part), "{pointer}: {bad}");
    }
    let mut dates = dated();
    dates["data"]["cutoff"] = json!("30.06.2026");
    assert_eq!(manifest(dates).check().unwrap_err().reason, Reason::BadDate);
}

#[test]
fn the_split_does_not_change_with_the_order_of_rows_or_with_new_patients() {
    let row = |n: u32| format!("P-{n},14,40,70,F,{}\n", n % 2);
    let names = |rows: String, wanted: bool| {
        let rows = table(spec(), &format!("{HEAD}{rows}")).unwrap().rows;
        let (training, holdout) = rows.split("ONC-302", 0.25);
        let mut names = rows.pick(if wanted { &holdout } else { &training }).patients;
        names.sort();
        names
    };
    let forward: String = (0..200).map(row).collect();
    let backward: String = (0..200).rev().map(row).collect();
    let more: String = (0..400).map(row).collect();
    let held = names(forward.clone(), true);
    assert_eq!(held, names(backward, true));
    assert!((30..70).contains(&held.len()));
    let later = names(more, true);
    assert!(held.iter().all(|patient| later.contains(patient)));
    assert!(names(forward, false).iter().all(|patient| !held.contains(patient)));
}

//! Parquet beside CSV: the same table written by pyarrow in many ways is the same table, and a file that cannot be read is
//! refused with a sentence, whatever was done to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{category, folder, manifest, number, skipped, workspace};
use dropout_model::{
    input::{BadInput, Reason},
    manifest::Manifest,
    rows::{Column, Contract, Table, named_columns, read, read_features},
};
use serde_json::{Value, json};
use std::{
    fs,
    panic::{set_hook, take_hook},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The folder that pyarrow wrote; none if it cannot be had here.
fn written() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let write = || {
        let folder = folder("parquet");
        let status = Command::new("sh").arg(workspace().join("trainer/tests/parquet.sh")).arg(&folder).status();
        if status.as_ref().is_ok_and(|status| status.success()) {
            return Some(folder);
        }
        skipped(&format!("pyarrow cannot be had here ({status:?})"));
        assert!(!status.is_ok_and(|status| status.code() == Some(1)), "the script itself failed");
        None
    };
    FOLDER.get_or_init(write).as_deref()
}

fn imputed(mut feature: Value) -> Value {
    feature["onMissing"] = json!("Impute");
    feature
}

fn trial() -> Manifest {
    let numbers = ["big", "small", "weight", "tiny", "single", "price", "is_remote"];
    let mut features = vec![imputed(json!({"name": "age", "type": "Integer", "min": 18}))];
    features.extend(numbers.map(|name| imputed(number(name))));
    features.push(imputed(category("sex", &["F", "M"])));
    manifest(&json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id", "landmark": "day", "index": "date",
        "features": features,
        "label": {"column": "dropout", "horizon": "28d", "censor": "censored"},
        "data": {"cutoff": "2025-12-31", "training": {
            "uri": "file:///trial.parquet", "persistentVolumeClaim": {"claimName": "trial"},
        }},
        "gate": {"slices": [{"column": "site"}], "interventions": {"column": "called"}},
    }))
}

fn small() -> Manifest {
    manifest(&json!({
        "study": {"id": "ONC-302"}, "patientId": "patient_id", "landmark": "day", "index": "date",
        "features": [imputed(number("weight")), imputed(category("sex", &["F", "M"]))],
        "label": {"column": "dropout", "horizon": "28d"},
        "data": {"cutoff": "2025-12-31", "training": {
            "uri": "file:///trial.parquet", "persistentVolumeClaim": {"claimName": "trial"},
        }},
    }))
}

fn table(manifest: &Manifest, bytes: &[u8]) -> Result<Table, BadInput> {
    read("trial.parquet", bytes, &Contract { manifest, production: None })
}

/// All of a table but its digest, as text, since a missing number is equal to nothing.
fn shown(table: Table) -> String {
    format!("{:?}", Table { digest: String::new(), ..table })
}

#[test]
fn a_table_is_the_same_as_csv_and_as_parquet_written_in_any_way() {
    let Some(folder) = written() else { return };
    let manifest = trial();
    let csv = table(&manifest, &fs::read(folder.join("table.csv")).unwrap()).unwrap();
    assert!(csv.counts.immature > 0 && csv.counts.censored > 0 && csv.rows.touched.contains(&true));
    assert_eq!(csv.rows.slices[0].names, ["", "Köln", "Oslo", "a,b"]);
    let digest = csv.digest.clone();
    let csv = shown(csv);
    let mut ways = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let place = entry.unwrap().path();
        let name = place.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("good-") {
            continue;
        }
        let parquet = table(&manifest, &fs::read(&place).unwrap()).unwrap_or_else(|bad| panic!("{name}: {bad}"));
        assert_ne!(parquet.digest, digest);
        assert!(shown(parquet) == csv, "{name} is another table");
        ways += 1;
    }
    assert!(ways >= 19, "{ways}");
}

#[test]
fn what_is_not_read_is_refused_by_name_with_what_to_do() {
    let Some(folder) = written() else { return };
    let codec = |name: &str| {
        format!(
            "trial.parquet, column 'patient_id' is compressed with {name}, which is not read; write the file with compression snappy or none"
        )
    };
    let cases = [
        ("gzip", Reason::BadParquet, codec("GZIP")),
        ("zstd", Reason::BadParquet, codec("ZSTD")),
        ("brotli", Reason::BadParquet, codec("BROTLI")),
        ("lz4", Reason::BadParquet, codec("LZ4")),
        ("delta", Reason::BadParquet, "trial.parquet, column 'patient_id' is encoded as DELTA_BYTE_ARRAY, which is not read; write it with a dictionary or PLAIN".into()),
        ("nested", Reason::BadParquet, "trial.parquet, column 'site' is nested; write it as a column of plain values".into()),
        ("noon", Reason::BadDate, "trial.parquet, row 1 of the table, column 'date': the landmark's date is no date; write it as YYYY-MM-DD".into()),
        ("age", Reason::OutOfRange, "trial.parquet, row 17 of the table, column 'age': is out of bounds".into()),
        ("other", Reason::MissingColumn, "trial.parquet has none of the 16 needed columns; is it the file you mean?".into()),
    ];
    for (name, reason, message) in cases {
        let bytes = fs::read(folder.join(format!("refused-{name}.parquet"))).unwrap();
        let bad = table(&trial(), &bytes).unwrap_err();
        assert_eq!(bad.reason, reason, "{name}: {bad}");
        assert!(bad.message.starts_with(&message), "{name}: {bad}");
    }
    let bad = table(&trial(), &fs::read(folder.join("refused-time.parquet")).unwrap()).unwrap_err();
    assert!(bad.message.contains("column 'age' is of type Time"), "{bad}");
}

#[test]
fn scoring_and_training_rows_read_parquet_too() {
    let Some(folder) = written() else { return };
    let (csv, parquet) =
        (fs::read(folder.join("table.csv")).unwrap(), fs::read(folder.join("good-snappy.parquet")).unwrap());
    let features = trial().features;
    let scored = |bytes: &[u8]| format!("{:?}", read_features("f", bytes, "patient_id", &features).unwrap());
    assert!(scored(&csv) == scored(&parquet), "other rows are scored");
    let cells = |bytes| {
        let records = named_columns("f", bytes, &["dropout", "weight", "patient_id"]).unwrap();
        records
            .map(|record| record.unwrap().1)
            .map(|cells| {
                let cell = |at| std::str::from_utf8(cells.get(at).unwrap()).unwrap().to_owned();
                (cell(0), cell(1).parse::<f64>().ok().map(f64::to_bits), cell(2))
            })
            .collect::<Vec<_>>()
    };
    assert!(cells(&csv) == cells(&parquet), "other training rows are written");
}

/// Counts the panics of the decoder instead of printing them.
fn counted(work: impl FnOnce()) -> usize {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let hook = take_hook();
    set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    set_hook(hook);
    worked.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    PANICS.load(Ordering::Relaxed)
}

#[test]
fn a_file_cut_off_anywhere_or_with_any_byte_changed_is_refused_or_read_and_never_ends_the_program() {
    let Some(folder) = written() else { return };
    let manifest = small();
    let (mut refused, mut tried) = (0, 0);
    let panics = counted(|| {
        for name in ["small", "small-plain"] {
            let whole = fs::read(folder.join(format!("{name}.parquet"))).unwrap();
            table(&manifest, &whole).unwrap();
            for end in 4..whole.len() {
                let bad = table(&manifest, &whole[..end]).unwrap_err();
                assert_eq!(bad.reason, Reason::BadParquet, "{end}");
            }
            for at in 4..whole.len() {
                for mask in [0x01, 0x10, 0x80, 0xff] {
                    let mut bytes = whole.clone();
                    bytes[at] ^= mask;
                    tried += 1;
                    if let Err(bad) = table(&manifest, &bytes) {
                        assert!(!bad.message.contains("P-"), "{bad}");
                        refused += 1;
                    }
                }
            }
        }
    });
    println!("{tried} changed files: {refused} refused, {panics} panics of the decoder were caught");
    assert!(refused > tried / 10 && refused < tried);
}

#[test]
fn integers_are_read_exactly() {
    let Some(folder) = written() else { return };
    let table = table(&trial(), &fs::read(folder.join("good-none.parquet")).unwrap()).unwrap();
    let Column::Numbers(big) = &table.rows.columns[1] else { panic!("no numbers") };
    assert!(big.contains(&9_007_199_254_740_992.0) && big.contains(&-9_007_199_254_740_992.0));
}

//! Records become rows: every rule of a label, and what belongs together.
#![cfg(feature = "records")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use dropout_model::{
    manifest::Manifest,
    record::{
        CONTRACT, Event, Head, Kind, Outcome, Prediction, Side,
        assemble::{Counts, assemble},
        batch,
        table::{Records, Terms},
    },
    rows::{Contract, Day, Files, RecordRows, read_all},
};
use serde_json::{Value, json};

fn manifest(change: impl FnOnce(&mut Value)) -> Manifest {
    let mut spec = json!({
        "study": {"id": "ONC-302", "pseudonymKey": {"secretRef": {"name": "k"}, "id": "k1"}},
        "patientId": "patient_id", "landmark": "day", "index": "date",
        "features": [{"name": "age", "type": "Integer"}, {"name": "day", "type": "Integer", "role": "Time"},
            {"name": "sex", "type": "Category", "values": ["f", "m"], "onMissing": "Impute"}],
        "label": {"column": "dropout", "horizon": "28d"},
        "data": {"training": {"uri": "file:///t.csv", "persistentVolumeClaim": {"claimName": "c"}},
            "cutoff": "2026-06-30", "records": "Append"},
    });
    change(&mut spec);
    serde_json::from_value(spec).unwrap()
}

fn prediction(patient: u8, date: &str) -> Prediction {
    Prediction {
        id: format!("p{patient}-{date}"),
        time: format!("{date}T10:00:00.000Z"),
        patient: format!("{patient:064x}"),
        side: if patient.is_multiple_of(4) { Side::Holdout } else { Side::Training },
        date: date.into(),
        landmark: None,
        features: [("age", json!(40 + patient)), ("day", json!(14)), ("sex", json!("f"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        risk: 0.25,
        version: "v1".into(),
        bundle: "sha256:b".into(),
        is_dropout: false,
        tier: "Low".into(),
    }
}

fn outcome(patient: u8, event: Event, date: &str) -> Outcome {
    Outcome {
        id: format!("{patient}{event:?}{date}"),
        time: "2026-09-01T00:00:00.000Z".into(),
        patient: format!("{patient:064x}"),
        event,
        date: date.into(),
    }
}

fn head(kind: Kind, sequence: u64, dropped: u64) -> Head {
    Head {
        contract: CONTRACT.into(),
        kind,
        study: "ONC-302".into(),
        key: "k1".into(),
        holdout_fraction: 0.25,
        writer: "w1".into(),
        sequence,
        dropped,
        lines: 0,
    }
}

/// An event and its day.
type Told<'a> = (Event, &'a str);

/// The label of one prediction on 1 July with a horizon of 28 days (29 July), cut off on 1 September, and what was counted.
fn told(outcomes: &[Told]) -> (Option<bool>, Counts) {
    let predictions = [prediction(1, "2026-07-01")];
    let outcomes: Vec<Outcome> = outcomes.iter().map(|(event, date)| outcome(1, *event, date)).collect();
    let label = manifest(|_| ()).label;
    let (rows, counts) = assemble(&label, &predictions, &outcomes, Day::read("2026-09-01").unwrap());
    (rows.first().map(|row| row.label), counts)
}

#[test]
fn a_label_is_what_is_known_at_the_horizon_and_never_a_guess() {
    use Event::{Censored, Completed, Dropout, Seen};
    let labels: [(&[Told], Option<bool>); 16] = [
        (&[(Dropout, "2026-07-02")], Some(true)),
        (&[(Dropout, "2026-07-29")], Some(true)),
        (&[(Dropout, "2026-07-30")], Some(false)),
        (&[(Seen, "2026-07-20"), (Dropout, "2026-07-29")], Some(true)),
        (&[(Seen, "2026-07-29")], Some(false)),
        (&[(Seen, "2026-07-28")], None),
        (&[(Completed, "2026-07-29")], Some(false)),
        (&[(Completed, "2026-07-10")], Some(false)),
        (&[(Censored, "2026-07-28")], None),
        (&[(Censored, "2026-07-29")], Some(false)),
        (&[(Seen, "2026-07-29"), (Censored, "2026-08-10")], Some(false)),
        (&[], None),
        (&[(Dropout, "2026-07-01")], None),
        (&[(Completed, "2026-06-30")], None),
        (&[(Dropout, "2026-07-10"), (Completed, "2026-07-29")], None),
        (&[(Dropout, "2026-07-10"), (Seen, "2026-07-11")], None),
    ];
    for (outcomes, label) in labels {
        assert_eq!(told(outcomes).0, label, "{outcomes:?}");
    }
}

#[test]
fn what_is_no_row_is_counted_by_its_reason() {
    use Event::{Censored, Completed, Dropout, Seen};
    assert_eq!(told(&[]).1.unlabelled, 1);
    assert_eq!(told(&[(Censored, "2026-07-28")]).1.censored, 1);
    assert_eq!(told(&[(Dropout, "2026-07-01")]).1.late, 1);
    assert_eq!(told(&[(Dropout, "2026-07-10"), (Dropout, "2026-07-12")]).1.contradictory, 1);
    assert_eq!(told(&[(Dropout, "2026-07-10"), (Completed, "2026-07-10")]).1.contradictory, 1);
    let twice = told(&[(Seen, "2026-07-29"), (Seen, "2026-07-29")]).1;
    assert_eq!((twice.outcomes, twice.labelled), (1, 1));
}

#[test]
fn a_row_is_immature_whatever_its_label_until_its_horizon_is_before_the_cutoff() {
    let label = manifest(|_| ()).label;
    let predictions = [prediction(1, "2026-07-01")];
    let outcomes = [outcome(1, Event::Dropout, "2026-07-02")];
    let at = |cutoff: &str| assemble(&label, &predictions, &outcomes, Day::read(cutoff).unwrap());
    assert_eq!((at("2026-07-28").0.len(), at("2026-07-28").1.immature), (0, 1));
    assert_eq!((at("2026-07-29").0.len(), at("2026-07-29").1.immature), (1, 0));
}

#[test]
fn the_first_prediction_of_a_patient_and_day_counts_in_whatever_order_they_come() {
    let label = manifest(|_| ()).label;
    let later = Prediction { id: "z".into(), time: "2026-07-01T11:00:00.000Z".into(), ..prediction(1, "2026-07-01") };
    let first = prediction(1, "2026-07-01");
    let outcomes = [outcome(1, Event::Seen, "2026-08-30"), outcome(2, Event::Seen, "2026-08-30")];
    for predictions in [[later.clone(), first.clone()], [first.clone(), later.clone()]] {
        let (rows, counts) = assemble(&label, &predictions, &outcomes, Day::read("2026-09-01").unwrap());
        assert_eq!(rows.iter().map(|row| row.prediction).collect::<Vec<_>>(), [&first]);
        assert_eq!((counts.repeated, counts.unknown), (1, 1));
    }
}

#[test]
fn lost_lines_are_what_writers_say_and_gaps_in_their_numbers() {
    let manifest = manifest(|_| ());
    let mut records = Records::default();
    for (sequence, dropped) in [(0, 0), (1, 5), (4, 7)] {
        let bytes = batch::write(&head(Kind::Predictions, sequence, dropped), &[prediction(1, "2026-07-01")]).unwrap();
        records.add(&manifest, &format!("records/{sequence}"), &bytes).unwrap();
    }
    assert_eq!(records.lost, 7 + 2);
}

#[test]
fn batches_of_another_trial_key_or_split_are_refused_by_their_name() {
    let manifest = manifest(|_| ());
    let refused = |change: fn(&mut Head)| {
        let mut other = head(Kind::Predictions, 0, 0);
        change(&mut other);
        let bytes = batch::write(&other, &[prediction(1, "2026-07-01")]).unwrap();
        Records::default().add(&manifest, "records/2026-07-01/w1-0", &bytes).unwrap_err().message
    };
    for (message, part) in [
        (refused(|head| head.study = "OTHER".into()), "another trial"),
        (refused(|head| head.key = "k0".into()), "another key"),
        (refused(|head| head.holdout_fraction = 0.2), "a holdout of 0.2"),
    ] {
        assert!(message.starts_with("records/2026-07-01/w1-0: ") && message.contains(part), "{message}");
    }
    let spoilt = Records::default().add(&manifest, "records/x", b"not gzip").unwrap_err().message;
    assert!(spoilt.starts_with("records/x: it is damaged"), "{spoilt}");
}

/// A file of 40 patients, and records of others.
fn table(manifest: &Manifest, records: &Records) -> dropout_model::rows::Table {
    let mut file = String::from("patient_id,day,date,age,sex,dropout\n");
    for patient in 0..40 {
        file +=
            &format!("P-{patient},14,2026-01-05,{},m,{}\n", 30 + patient, u8::from(i32::rem_euclid(patient, 3) == 0));
    }
    let terms = Terms { cutoff: Day::read("2026-09-01").unwrap(), positive: "1", negative: "0", others: &[] };
    let made = records.file(manifest, terms);
    let digest = records.digest();
    let records = RecordRows { name: "the records", bytes: &made.bytes, held: &made.held, digest: &digest };
    let files = Files { training: ("t.csv", file.as_bytes()), holdout: None, records: Some(records) };
    read_all(files, &Contract { manifest, production: None }).unwrap()
}

#[test]
fn rows_of_records_count_beside_the_file_on_the_side_that_their_record_says() {
    let manifest = manifest(|_| ());
    let mut unfit = prediction(9, "2026-07-01");
    unfit.features.remove("age");
    let predictions: Vec<Prediction> =
        (1..=8).map(|patient| prediction(patient, "2026-07-01")).chain([unfit]).collect();
    let outcomes: Vec<Outcome> = (1..=9).map(|patient| outcome(patient, Event::Seen, "2026-08-30")).collect();
    let mut records = Records::default();
    records.add(&manifest, "records/0", &batch::write(&head(Kind::Predictions, 0, 0), &predictions).unwrap()).unwrap();
    records.add(&manifest, "outcomes/0", &batch::write(&head(Kind::Outcomes, 0, 0), &outcomes).unwrap()).unwrap();
    let table = table(&manifest, &records);
    assert_eq!((table.records_from, table.rows.len(), table.counts.unfit), (40, 48, 1));
    let (training, holdout) = table.split(&manifest);
    let of_records = |rows: &[usize]| -> Vec<String> {
        rows.iter().filter(|row| **row >= 40).map(|row| table.rows.patient_of(*row)[60..].to_owned()).collect()
    };
    assert_eq!(of_records(&holdout), ["0004", "0008"]);
    assert_eq!(of_records(&training), ["0001", "0002", "0003", "0005", "0006", "0007"]);
    let alone = Records::default();
    let of_file = self::table(&manifest, &alone);
    let (without, held) = of_file.split(&manifest);
    assert_eq!(training.iter().filter(|row| **row < 40).copied().collect::<Vec<_>>(), without);
    assert_eq!(holdout.iter().filter(|row| **row < 40).copied().collect::<Vec<_>>(), held);
    assert_ne!(table.digest, of_file.digest);
}

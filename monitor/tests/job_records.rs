//! The monitor's container on the model's own records: what it says of windows that moved, did not, are too small, broken,
//! lost in part or of somebody else, and what it leaves in the store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod looks;

use dropout_model::{
    monitoring::{MonitorAnswer, PerformanceSource, WindowVerdict},
    record::{Event, Kind, OUTCOMES, PREDICTIONS, Prediction},
};
use looks::*;
use serde_json::{Value, json};

fn verdict(answer: &MonitorAnswer) -> (WindowVerdict, &str) {
    (answer.verdict, answer.reason.as_str())
}

/// A place whose window has so many patients, moved so.
fn with_window(name: &str, count: usize, moved: Moved) -> Place {
    let place = Place::new(name);
    place.keeps(&predictions(2, count, (IN_WINDOW, moved)));
    place
}

const FALLEN: Moved = Moved { adherence: -0.15 };

fn drifted(report: &Value) -> Vec<&str> {
    let columns = report["columns"].as_array().unwrap().iter();
    columns.filter(|column| column["drifted"] == json!(true)).map(|column| column["name"].as_str().unwrap()).collect()
}

#[test]
fn a_window_that_moved_is_drift_and_one_that_did_not_is_none() {
    let place = with_window("moved", 300, FALLEN);
    let answer = place.looks();
    assert_eq!(answer.verdict, WindowVerdict::Drift, "{}", answer.message);
    assert!(answer.message.contains("adherence fell"), "{}", answer.message);
    assert_eq!((answer.patients, answer.window_end.as_deref()), (Some(300), Some("2026-11-20T00:00:00.000Z")));
    let report = place.report(&answer);
    assert_eq!(drifted(&report), ["adherence"]);
    assert_eq!(report["prediction"]["drifted"], json!(true), "the risk rose with it");
    assert_eq!(report["window"]["from"], json!("2026-11-13T00:00:00.000Z"));
    assert!(place.file(&answer, "report.html").contains("adherence"));
    assert!(place.file(&answer, "evidently.json").contains("DatasetDriftMetric"));

    let place = with_window("still", 300, Moved::default());
    let answer = place.looks();
    assert_eq!(verdict(&answer), (WindowVerdict::NoDrift, "NoDrift"), "{}", answer.message);
    assert_eq!((drifted(&place.report(&answer)), answer.share), (vec![], Some(0.0)));
}

#[test]
fn only_what_was_predicted_in_the_window_is_compared() {
    let place = with_window("edges", 300, Moved::default());
    for (at, day) in ["2026-11-12", "2026-11-20"].into_iter().enumerate() {
        place.keeps(&predictions(7 + at as u64, 300, (day, FALLEN)));
    }
    let answer = place.looks();
    assert_eq!((answer.verdict, answer.patients), (WindowVerdict::NoDrift, Some(300)));
}

#[test]
fn too_few_patients_are_neither_drift_nor_none() {
    for (count, moved) in [(0, Moved::default()), (1, FALLEN), (1, Moved::default()), (99, FALLEN)] {
        let place = with_window("few", count, moved);
        let answer = place.looks();
        assert_eq!(verdict(&answer), (WindowVerdict::InsufficientData, "InsufficientData"), "{count}");
        assert!(answer.message.contains(&format!("{count} patients in the window")), "{}", answer.message);
        assert_eq!((answer.patients, answer.share), (Some(count as u64), None), "{count}: nothing is known of a share");
        let report = place.report(&answer);
        // 2.8 standard errors of a difference of means, as far as there are any.
        let shift = report["power"]["meanShift"].as_f64();
        let expected = (count > 0).then(|| 2.8 * (1.0 / count as f64 + 1.0 / 600.0).sqrt());
        assert_eq!(shift.is_some(), expected.is_some());
        assert!(shift.zip(expected).is_none_or(|(shift, expected)| (shift - expected).abs() < 1e-3), "{shift:?}");
    }
}

/// What happens to a prediction, by its number.
type Damage = fn(usize, &mut Prediction);

#[test]
fn broken_columns_break_the_data_by_name() {
    let cases: [(&str, Damage, &str, bool); 8] = [
        ("AllMissing", |_, line| drop(line.features.remove("adherence")), "adherence", true),
        ("AllMissing", |_, line| drop(line.features.insert("adherence".into(), Value::Null)), "adherence", true),
        ("Constant", |_, line| drop(line.features.insert("adherence".into(), json!(0.8))), "adherence", true),
        ("OtherType", |_, line| drop(line.features.insert("adherence".into(), json!("0.8"))), "adherence", true),
        (
            "UnseenCategory",
            |at, line| drop((at % 4 == 0).then(|| line.features.insert("arm".into(), json!("Z")))),
            "arm",
            true,
        ),
        (
            "UnseenCategory",
            |at, line| drop((at < 12).then(|| line.features.insert("arm".into(), json!("Z")))),
            "arm",
            false,
        ),
        ("OutOfRange", |at, line| drop(line.features.insert("age".into(), json!(500 + at))), "age", true),
        (
            "Missingness",
            |at, line| drop((at % 5 == 0).then(|| line.features.insert("age".into(), Value::Null))),
            "age",
            false,
        ),
    ];
    for (at, (kind, damage, column, breaks)) in cases.into_iter().enumerate() {
        let place = Place::new(&format!("broken-{at}"));
        let mut lines = predictions(2, 300, (IN_WINDOW, Moved::default()));
        lines.iter_mut().enumerate().for_each(|(at, line)| damage(at, line));
        place.keeps(&lines);
        let answer = place.looks();
        let is_breach = verdict(&answer) == (WindowVerdict::SchemaBreach, kind);
        assert_eq!(is_breach, breaks, "{kind} {column}: {}", answer.message);
        let report = place.report(&answer);
        let findings = report["schemaFindings"].as_array().unwrap();
        let is_it = |finding: &&Value| finding["kind"] == json!(kind) && finding["column"] == json!(column);
        let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{kind} {column}: {findings:?}"));
        assert_eq!(finding["breaks"], json!(breaks));
        assert_eq!(report["decision"]["advice"] == json!("MendData"), breaks, "{kind}");
    }
}

/// Three hundred patients whose horizon is over, with what became of them.
fn ripe(place: &Place) -> Vec<(f64, bool)> {
    let lines = predictions(3, 300, (RIPE.0, Moved::default()));
    let fates: Vec<(f64, bool)> =
        lines.iter().enumerate().map(|(at, line)| (line.risk, drops_out(3, at, line.risk))).collect();
    let told = |(line, (_, dropout)): (&Prediction, &(f64, bool))| match dropout {
        true => outcome(&line.patient, Event::Dropout, "2026-09-20"),
        false => outcome(&line.patient, Event::Seen, RIPE.1),
    };
    place.told(&lines.iter().zip(&fates).map(told).collect::<Vec<_>>());
    place.keeps(&lines);
    fates
}

fn realised(answer: &MonitorAnswer, metric: &str) -> (f64, u64) {
    let is_it = |measure: &&dropout_model::monitoring::Measure| {
        measure.source == PerformanceSource::Realised && serde_json::to_value(measure.metric).unwrap() == json!(metric)
    };
    let found = answer.performance.iter().find(is_it).unwrap_or_else(|| panic!("{metric}: {:?}", answer.performance));
    assert!(found.low <= found.value && found.value <= found.high, "{found:?}");
    (found.value, found.patients)
}

#[test]
fn performance_is_that_of_the_labels_that_are_certain() {
    let place = with_window("ripe", 300, Moved::default());
    let fates = ripe(&place);
    // What is known early of patients whose horizon is not over is no label yet: it would be dropouts alone.
    let early: Vec<_> = (0..40).map(|at| outcome(&pseudonym(2, at), Event::Dropout, "2026-11-16")).collect();
    place.told(&early);
    let answer = place.looks();
    let count = |is: fn(&(f64, bool)) -> bool| fates.iter().filter(|fate| is(fate)).count() as f64;
    let (hit, dropouts) = (count(|fate| fate.1 && fate.0 >= THRESHOLD), count(|fate| fate.1));
    let alerts = count(|fate| fate.0 >= THRESHOLD);
    let brier = fates.iter().map(|(risk, out)| (risk - f64::from(u8::from(*out))).powi(2)).sum::<f64>() / 300.0;
    let pairs = |left: &(f64, bool)| {
        let wins = |right: &(f64, bool)| {
            if left.0 > right.0 {
                1.0
            } else if left.0 == right.0 {
                0.5
            } else {
                0.0
            }
        };
        fates.iter().filter(|right| !right.1).map(wins).sum::<f64>()
    };
    let auc = fates.iter().filter(|left| left.1).map(pairs).sum::<f64>() / (dropouts * (300.0 - dropouts));
    for (metric, expected) in
        [("recall", hit / dropouts), ("precision", hit / alerts), ("brier", brier), ("roc_auc", auc)]
    {
        let (value, patients) = realised(&answer, metric);
        assert!((value - expected).abs() < 1e-5, "{metric}: {value}, {expected}");
        assert_eq!(patients, 300, "{metric}");
    }
    assert_eq!(answer.new_labelled_patients, Some(300));
    let performance = &place.report(&answer)["performance"];
    assert_eq!((&performance["labelCoverage"], &performance["labelledPatients"]), (&json!(0.5), &json!(300)));
    assert!(answer.performance.iter().any(|measure| measure.source == PerformanceSource::Estimated));
}

#[test]
fn outcomes_of_nobody_sent_twice_or_contradicting_themselves_are_no_labels() {
    let place = with_window("odd", 300, Moved::default());
    ripe(&place);
    let before = place.looks();
    // Ten of nobody; twenty are told again; of ten it is said that they finished, too.
    let mut odd: Vec<_> = (0..10).map(|at| outcome(&pseudonym(77, at), Event::Dropout, "2026-09-20")).collect();
    let lines = predictions(3, 300, (RIPE.0, Moved::default()));
    let fate = |at: usize| drops_out(3, at, lines[at].risk);
    let dropouts: Vec<usize> = (0..300).filter(|at| fate(*at)).collect();
    odd.extend(dropouts[..20].iter().map(|at| outcome(&pseudonym(3, *at), Event::Dropout, "2026-09-20")));
    place.told(&odd);
    let same = place.looks();
    assert_eq!((same.performance, same.new_labelled_patients), (before.performance, Some(300)));
    place.told(
        &dropouts[..10]
            .iter()
            .map(|at| outcome(&pseudonym(3, *at), Event::Completed, "2026-10-10"))
            .collect::<Vec<_>>(),
    );
    let less = place.looks();
    assert_eq!(less.new_labelled_patients, Some(290));
    assert_eq!(realised(&less, "roc_auc").1, 290);
}

#[test]
fn predictions_of_another_bundle_tell_nothing_about_this_one() {
    let place = with_window("other", 300, Moved::default());
    let mut lines = predictions(3, 300, (RIPE.0, Moved::default()));
    lines.iter_mut().for_each(|line| line.bundle = "sha256:of another".into());
    let told = lines.iter().map(|line| outcome(&line.patient, Event::Dropout, "2026-09-20")).collect::<Vec<_>>();
    place.keeps(&lines);
    place.told(&told);
    let answer = place.looks();
    assert!(!answer.performance.iter().any(|measure| measure.source == PerformanceSource::Realised));
    assert_eq!(place.report(&answer)["performance"]["labelCoverage"], json!(0.0));
    assert_eq!(answer.new_labelled_patients, Some(300), "their labels serve a training all the same");
    let mut lines = predictions(4, 300, (IN_WINDOW, Moved::default()));
    lines.iter_mut().for_each(|line| line.bundle = "sha256:of another".into());
    let place = Place::new("other-window");
    place.keeps(&lines);
    let answer = place.looks();
    assert_eq!(answer.verdict, WindowVerdict::SchemaBreach, "no risk of this bundle: {}", answer.message);
}

#[test]
fn what_writers_lost_is_counted() {
    let place = with_window("lost", 300, Moved::default());
    assert_eq!(place.looks().lost, 0);
    let kind = (Kind::Predictions, PREDICTIONS, IN_WINDOW);
    let lines = predictions(5, 2, (IN_WINDOW, Moved::default()));
    place.batch_of(kind, ("writer", 0, 0), &lines[..1]);
    place.batch_of(kind, ("writer", 3, 5), &lines[1..]);
    assert_eq!(place.looks().lost, 7, "five lines, and two batches between the two");
}

#[test]
fn a_batch_that_is_cut_off_is_unknown_and_named() {
    let place = with_window("cut", 300, Moved::default());
    let name = place.keeps(&predictions(6, 1, (IN_WINDOW, Moved::default())));
    let whole = place.store.get(&name).unwrap().unwrap();
    let file = place.root.join("store/trial/onc-302").join(&name);
    for end in 0..whole.len() {
        std::fs::write(&file, &whole[..end]).unwrap();
        let answer = place.looks();
        assert_eq!(verdict(&answer), (WindowVerdict::Unknown, "BadRecords"), "{end}");
        assert!(answer.message.starts_with(&name), "{end}: {}", answer.message);
        assert_eq!((answer.report, answer.share), (None, None));
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(place.looks().patients, Some(301));
}

#[test]
fn a_store_without_the_training_sample_is_unknown() {
    let place = with_window("bare", 300, Moved::default());
    let digest = dropout_model::digest::digest(&bundle().to_bytes().unwrap());
    place.store.remove(&dropout_model::task::reference_file(&digest)).unwrap();
    let answer = place.looks();
    assert_eq!(verdict(&answer), (WindowVerdict::Unknown, "NoReference"), "{}", answer.message);
}

#[test]
fn retention_takes_what_is_older_and_nothing_else() {
    let place = with_window("retention", 300, Moved::default());
    let old = place.keeps(&predictions(8, 3, ("2026-09-20", Moved::default())));
    let kept = place.keeps(&predictions(9, 3, ("2026-09-21", Moved::default())));
    place.looks_at(UNTIL, Some(61));
    assert!(place.store.get(&old).unwrap().is_some(), "kept for 61 days it is of the first day");
    place.looks_at(UNTIL, Some(60));
    assert!(place.store.get(&old).unwrap().is_none());
    assert!(place.store.get(&kept).unwrap().is_some());
    assert_eq!(place.looks().patients, Some(300));
}

#[test]
fn a_patient_who_was_erased_counts_nowhere() {
    let place = with_window("erased", 300, Moved::default());
    ripe(&place);
    for gone in [pseudonym(2, 17), pseudonym(3, 17)] {
        let erased = dropout_monitor::records::erase(&place.store, &gone).unwrap();
        assert!(erased.lines >= 1, "{erased:?}");
        for object in [PREDICTIONS, OUTCOMES].into_iter().flat_map(|folder| place.store.list(folder).unwrap()) {
            let bytes = place.store.get(&object.name).unwrap().unwrap();
            let batch = dropout_model::record::batch::read(&bytes).unwrap();
            assert!(!format!("{:?}", batch.lines).contains(&gone), "{}", object.name);
        }
    }
    let answer = place.looks();
    assert_eq!((answer.patients, answer.new_labelled_patients, answer.lost), (Some(299), Some(299), 0));
}

#[test]
fn earlier_windows_are_the_history_and_a_damaged_one_is_passed_over() {
    let place = Place::new("history");
    let weeks = [("2026-10-30", "2026-11-06"), ("2026-11-06", "2026-11-13"), ("2026-11-15", "2026-11-20")];
    for (at, (day, _)) in weeks.iter().enumerate() {
        place.keeps(&predictions(20 + at as u64, 300, (day, FALLEN)));
    }
    let looks = |day: &str| place.looks_at(&format!("{day}T00:00:00Z"), None);
    let first = looks(weeks[0].1);
    assert_eq!(place.report(&first)["decision"]["advice"], json!("Watch"), "one window is not enough");
    let second = looks(weeks[1].1);
    assert_eq!(place.report(&second)["decision"]["advice"], json!("Retrain"));
    let ends = |answer: &MonitorAnswer| -> Vec<String> {
        let report = place.report(answer);
        let history = report["history"].as_array().unwrap().iter();
        history.map(|past| past["to"].as_str().unwrap()[..10].to_owned()).collect()
    };
    assert_eq!(ends(&looks(weeks[2].1)), ["2026-11-06", "2026-11-13", "2026-11-20"]);

    let file = place.root.join("store/trial/onc-302").join(second.folder.unwrap()).join("report.json");
    std::fs::write(file, "{").unwrap();
    place.keeps(&predictions(30, 1, (IN_WINDOW, FALLEN)));
    assert_eq!(ends(&looks(weeks[2].1)), ["2026-11-06", "2026-11-20"]);
}

#[test]
fn the_same_records_give_the_same_report_byte_for_byte() {
    let looks = |name| {
        let place = with_window(name, 300, FALLEN);
        ripe(&place);
        let (first, again) = (place.looks(), place.looks());
        assert_eq!(first, again, "the second look reads the sample's kept profile");
        let files = ["report.json", "report.html", "evidently.json"].map(|file| place.file(&first, file));
        (first, files)
    };
    assert_eq!(looks("once"), looks("twice"));
}

#[test]
fn no_patient_and_no_rare_category_is_in_what_a_look_leaves() {
    let place = Place::new("private");
    let mut lines = predictions(2, 300, (IN_WINDOW, FALLEN));
    lines[..3].iter_mut().for_each(|line| drop(line.features.insert("arm".into(), json!("canary-arm"))));
    place.keeps(&lines);
    ripe(&place);
    let answer = place.looks();
    let mut all = serde_json::to_string(&answer).unwrap();
    for file in ["report.json", "report.html", "evidently.json"] {
        all += &place.file(&answer, file);
    }
    let ripe = predictions(3, 300, (RIPE.0, Moved::default()));
    for line in lines.iter().chain(&ripe) {
        assert!(!all.contains(&line.patient) && !all.contains(&line.id), "{}", line.id);
        assert!(!all.contains(&line.patient[..12]), "{}", line.id);
    }
    // That there is such a category is said, and not in how many patients.
    let arm =
        place.report(&answer)["columns"].as_array().unwrap().iter().find(|it| it["name"] == json!("arm")).cloned();
    assert_eq!(arm.unwrap()["unseen"], json!({"canary-arm": null}));
    assert!(all.contains("in fewer than 5 rows"));
}

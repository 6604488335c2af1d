//! The monitor's container with a report that somebody else made: what it is about must be said, by annotations or by a file
//! beside it, and whatever is doubtful is Unknown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{
    manifest::Source,
    monitoring::{MonitorAnswer, MonitorTask, ReportOrigin, WindowVerdict},
    task::path,
};
use dropout_monitor::job::Pod;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// A report as Evidently 0.4 writes it, as far as it is needed.
fn evidently(drifted: bool) -> String {
    let count = if drifted { 3 } else { 1 };
    json!({"metrics": [{"metric": "DatasetDriftMetric", "result": {
        "drift_share": 0.5, "number_of_columns": 4, "number_of_drifted_columns": count,
        "share_of_drifted_columns": f64::from(count) / 4.0, "dataset_drift": drifted,
    }}]})
    .to_string()
}

/// A container's file system.
struct Place {
    root: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("job-given-{name}"));
        let _ = fs::remove_dir_all(&root);
        for folder in ["task", "report", "store", "dev"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        Self { root }
    }

    fn hang(&self, name: &str, text: &str) {
        fs::write(self.root.join("report").join(name), text).unwrap();
    }

    /// The answer to a task that reads this.
    fn asks(&self, reads: &Value) -> MonitorAnswer {
        let task = json!({
            "contract": "trialops.dev/monitor/v1alpha1", "namespace": "trial", "name": "onc-302", "policy": "watch",
            "version": "v3", "production": {"digest": "sha256:ab", "threshold": 0.2}, "store": "file:///",
            "manifest": {
                "study": {"id": "ONC-302"}, "patientId": "patient_id", "features": [{"name": "age", "type": "Integer"}],
                "label": {"column": "dropout_28d", "horizon": "28d"},
                "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "c"}}},
            },
            "until": "2026-11-20T00:00:00Z", "windowSeconds": 86_400, "minRows": 100, "rule": "Default", "reads": reads,
        });
        let task: MonitorTask = serde_json::from_value(task).unwrap();
        fs::write(self.root.join("task/task.json"), serde_json::to_vec(&task).unwrap()).unwrap();
        Pod::new(&self.root).run().unwrap();
        let text = fs::read_to_string(self.root.join(path::ANSWER.trim_start_matches('/'))).unwrap();
        MonitorAnswer::read(&text, &task.hash()).unwrap()
    }

    fn at_source(&self) -> MonitorAnswer {
        let source: Source = serde_json::from_value(
            json!({"uri": "file:///latest.json", "persistentVolumeClaim": {"claimName": "reports"}}),
        )
        .unwrap();
        self.asks(&json!({"source": source}))
    }

    fn in_config_map(&self, about: (&str, &str, &str)) -> MonitorAnswer {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let origin = ReportOrigin {
            config_map: "nightly".into(),
            state: "u/1".into(),
            model: some(about.0),
            version: some(about.1),
            window_end: some(about.2),
        };
        self.asks(&json!({"configMap": origin}))
    }
}

const ABOUT: &str = r#"{"model": "onc-302", "version": "v3", "windowEnd": "2026-11-19T00:00:00Z"}"#;

#[test]
fn evidently_s_report_at_a_source_is_about_what_the_file_beside_it_says() {
    let place = Place::new("source");
    let missing = place.at_source();
    assert_eq!((missing.verdict, missing.reason.as_str()), (WindowVerdict::Unknown, "ReportMissing"));
    place.hang("latest.json", &evidently(true));
    let silent = place.at_source();
    assert_eq!((silent.verdict, silent.reason.as_str()), (WindowVerdict::Unknown, "NotAnnotated"));
    assert!(silent.message.ends_with("say model in latest.about.json beside it"), "{}", silent.message);

    place.hang("latest.about.json", ABOUT);
    let drifted = place.at_source();
    assert_eq!(drifted.verdict, WindowVerdict::Drift, "{}", drifted.message);
    assert_eq!(drifted.window_end.as_deref(), Some("2026-11-19T00:00:00Z"));
    assert_eq!(drifted.share, Some(0.75));
    let folder = place.root.join("store/trial/onc-302").join(drifted.folder.unwrap());
    for file in ["report.json", "report.html", "evidently.json"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    place.hang("latest.json", &evidently(false));
    let quiet = place.at_source();
    assert_eq!(quiet.verdict, WindowVerdict::NoDrift);
    assert_ne!(quiet.report, drifted.report);

    for (said, reason) in [
        (r#"{"model": "onc-302", "version": "v3"}"#, "NotAnnotated"),
        (r#"{"model": "onc-302", "version": "v3", "windowEnd": "yesterday"}"#, "NotAnnotated"),
        (r#"{"model": "onc-302", "version": "v3", "window_end": "2026-11-19T00:00:00Z"}"#, "NotAnnotated"),
        ("{", "NotAnnotated"),
        (&ABOUT.replace("v3", "v2"), "OtherVersion"),
        (&ABOUT.replace("onc-302", "onc-303"), "OtherModel"),
        (&ABOUT.replace("2026", "2027"), "Future"),
    ] {
        place.hang("latest.about.json", said);
        let answer = place.at_source();
        assert_eq!((answer.verdict, answer.reason.as_str()), (WindowVerdict::Unknown, reason), "{said}");
        assert_eq!((answer.report, answer.window_end), (None, None), "{said}");
    }
}

#[test]
fn a_report_in_a_config_map_is_about_what_its_annotations_say() {
    let place = Place::new("config-map");
    let good = ("onc-302", "v3", "2026-11-19T00:00:00Z");
    assert_eq!(place.in_config_map(good).reason, "NoReport");
    place.hang("report.json", &evidently(true));
    fs::create_dir_all(place.root.join("report/..2026_11_20")).unwrap();
    let drifted = place.in_config_map(good);
    assert_eq!(drifted.verdict, WindowVerdict::Drift, "{}", drifted.message);
    for (about, reason) in [
        (("", "v3", good.2), "NotAnnotated"),
        (("onc-302", "", good.2), "NotAnnotated"),
        (("onc-302", "v3", ""), "NotAnnotated"),
        (("onc-302", "v3", "2026-11-19"), "NotAnnotated"),
        (("onc-301", "v3", good.2), "OtherModel"),
        (("onc-302", "v4", good.2), "OtherVersion"),
        (("onc-302", "v3", "2026-11-20T00:06:00Z"), "Future"),
    ] {
        let answer = place.in_config_map(about);
        assert_eq!((answer.verdict, answer.reason.as_str()), (WindowVerdict::Unknown, reason), "{about:?}");
    }
    place.hang("second.json", "{}");
    let two = place.in_config_map(good);
    assert_eq!((two.verdict, two.reason.as_str()), (WindowVerdict::Unknown, "NoReport"));
    assert!(two.message.contains("2 entries"), "{}", two.message);
}

#[test]
fn a_report_cut_off_at_any_byte_is_unknown_and_never_quiet() {
    let place = Place::new("cut");
    let whole = evidently(false);
    for end in 0..whole.len() {
        place.hang("report.json", &whole[..end]);
        let answer = place.in_config_map(("onc-302", "v3", "2026-11-19T00:00:00Z"));
        assert_eq!((answer.verdict, answer.reason.as_str()), (WindowVerdict::Unknown, "ReportNotUnderstood"), "{end}");
    }
}

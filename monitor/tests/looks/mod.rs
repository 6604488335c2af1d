//! A container of the monitor with a store: a served bundle, its training sample, and records of made-up patients.

use dropout_model::{
    bundle::{Bundle, Calibration, Cell, Golden, Logistic, Model, OperatingPoint, SCHEMA, Scorer, Term, parts},
    digest::digest,
    manifest::Feature,
    monitoring::{MonitorAnswer, MonitorTask},
    random::Stream,
    record::{CONTRACT, Event, Head, Kind, OUTCOMES, Outcome, PREDICTIONS, Prediction, Side, batch},
    task::{bundle_file, path, reference_file},
};
use dropout_monitor::job::Pod;
use dropout_store::Store;
use serde::Serialize;
use serde_json::{Value, json};
use std::{cell::Cell as Counter, collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

/// End of the window, which is a week long.
pub const UNTIL: &str = "2026-11-20T00:00:00Z";
/// A day in the window.
pub const IN_WINDOW: &str = "2026-11-15";
/// A day whose horizon is over, with the day of its end.
pub const RIPE: (&str, &str) = ("2026-09-10", "2026-10-08");
/// The threshold that is served.
pub const THRESHOLD: f64 = 0.2;

/// The container.
pub struct Place {
    pub root: PathBuf,
    pub store: Store,
    sequence: Counter<u64>,
}

/// How patients differ from those of the training sample.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    /// Added to the adherence, which has a standard deviation of 0.12.
    pub adherence: f64,
}

fn features() -> Vec<Feature> {
    serde_json::from_value(json!([
        {"name": "age", "type": "Number", "min": 18.0, "max": 100.0},
        {"name": "adherence", "type": "Number", "min": 0.0, "max": 1.5},
        {"name": "arm", "type": "Category", "values": ["A", "B"]},
    ]))
    .unwrap()
}

/// The served bundle: adherence weighs most.
pub fn bundle() -> Bundle {
    let features = features();
    let weight = |name: &str| if name == "adherence" { -0.9 } else { 0.1 };
    let scale = |name: &str| if name == "age" { (55.0, 12.0) } else { (0.8, 0.12) };
    let term = |name: &str, part| Term {
        feature: name.into(),
        part,
        mean: scale(name).0,
        scale: scale(name).1,
        coefficient: weight(name),
        standard_error: None,
    };
    let terms = features.iter().flat_map(|one| parts(one).into_iter().map(|part| term(&one.name, part))).collect();
    let logistic = Logistic { intercept: -1.3, terms, imputed: BTreeMap::new() };
    let scorer = Scorer::of(&features, &Model::Logistic(logistic.clone()), Calibration::IDENTITY).unwrap();
    let rows = (0..3).map(|at| cells(&patient(9, at, Moved::default())));
    let point = |threshold, recall, alert_rate| OperatingPoint { threshold, recall, alert_rate };
    Bundle {
        schema: SCHEMA.into(),
        code: "test".into(),
        study: "ONC-302".into(),
        label: "dropout_28d".into(),
        horizon_seconds: 28 * 86_400,
        golden: rows.map(|cells| Golden { risk: scorer.risk(&cells), cells }).collect(),
        features,
        model: Model::Logistic(logistic),
        calibration: Calibration::IDENTITY,
        thresholds: vec![point(0.1, 1.0, 0.9), point(0.2, 0.8, 0.4), point(0.5, 0.6, 0.2)],
        reference: vec![0.0, 0.5, 1.0],
        calibration_reason: None,
        choice: None,
        cutoff: Some("2026-08-31".into()),
        data_digest: digest(b"rows"),
        seed: 0,
        holdout_fraction: 0.25,
    }
}

/// Features of a made-up patient.
pub fn patient(seed: u64, at: usize, moved: Moved) -> BTreeMap<String, Value> {
    let stream = Stream::new(seed);
    let unit = |nth: u64| stream.unit(8 * at as u64 + nth);
    let bell = |nth: u64| (unit(nth) + unit(nth + 1) + unit(nth + 2) - 1.5) * 2.0;
    let adherence = (0.8 + 0.12 * bell(3) + moved.adherence).max(0.0);
    [
        ("age".to_owned(), json!((55.0 + 12.0 * bell(0)).round().clamp(18.0, 100.0))),
        ("adherence".to_owned(), json!((adherence * 1e4).round() / 1e4)),
        ("arm".to_owned(), json!(if unit(6) < 0.5 { "A" } else { "B" })),
    ]
    .into()
}

fn cells(features: &BTreeMap<String, Value>) -> Vec<Cell> {
    let cell = |name: &str| match features[name].as_str() {
        Some(text) => Cell::Category(text.to_owned()),
        None => features[name].as_f64().map_or(Cell::Missing, Cell::Number),
    };
    ["age", "adherence", "arm"].map(cell).to_vec()
}

/// Whether a made-up patient of that risk drops out.
pub fn drops_out(seed: u64, at: usize, risk: f64) -> bool {
    Stream::new(seed).unit(8 * at as u64 + 7) < risk
}

/// Pseudonym of a made-up patient.
pub fn pseudonym(seed: u64, at: usize) -> String {
    digest(format!("patient {seed} {at}").as_bytes())[7..].to_owned()
}

/// Predictions for so many patients on a day.
pub fn predictions(seed: u64, count: usize, (day, moved): (&str, Moved)) -> Vec<Prediction> {
    let bundle = bundle();
    let own = digest(&bundle.to_bytes().unwrap());
    let scorer = Scorer::of(&bundle.features, &bundle.model, bundle.calibration).unwrap();
    let one = |at: usize| {
        let features = patient(seed, at, moved);
        let risk = scorer.risk(&cells(&features));
        Prediction {
            id: format!("prediction-{seed}-{at}"),
            time: format!("{day}T08:{:02}:{:02}.000Z", at / 60 % 60, at % 60),
            patient: pseudonym(seed, at),
            side: Side::Training,
            date: day.into(),
            landmark: None,
            features,
            risk,
            version: "v3".into(),
            bundle: own.clone(),
            is_dropout: risk >= THRESHOLD,
            tier: "low".into(),
        }
    };
    (0..count).map(one).collect()
}

/// What became of a patient.
pub fn outcome(patient: &str, event: Event, date: &str) -> Outcome {
    let id = digest(format!("{patient} {event:?} {date}").as_bytes());
    Outcome { id, time: format!("{date}T12:00:00.000Z"), patient: patient.into(), event, date: date.into() }
}

impl Place {
    /// A store with the bundle and its training sample of 600 patients.
    pub fn new(name: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("job-records-{name}"));
        let _ = fs::remove_dir_all(&root);
        for folder in ["task", "report", "store", "dev"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let store = Store::at(&root.join("store/trial/onc-302"));
        let bytes = bundle().to_bytes().unwrap();
        store.create(&bundle_file(&digest(&bytes)), &bytes).unwrap();
        store.create(&reference_file(&digest(&bytes)), sample(600).as_bytes()).unwrap();
        Self { root, store, sequence: Counter::new(0) }
    }

    /// Keeps a batch of predictions of one day.
    pub fn keeps(&self, lines: &[Prediction]) -> String {
        let day = lines.first().map_or(IN_WINDOW, |line| &line.date).to_owned();
        self.batch((Kind::Predictions, PREDICTIONS), &day, lines)
    }

    /// Keeps a batch of outcomes.
    pub fn told(&self, lines: &[Outcome]) -> String {
        self.batch((Kind::Outcomes, OUTCOMES), "2026-10-20", lines)
    }

    fn batch<T: Serialize>(&self, (kind, folder): (Kind, &str), day: &str, lines: &[T]) -> String {
        let at = self.sequence.replace(self.sequence.get() + 1);
        self.batch_of((kind, folder, day), (&format!("w{at}"), 0, 0), lines)
    }

    /// Keeps a batch of a writer: its name, the batch's number and the lines lost before.
    pub fn batch_of<T: Serialize>(
        &self,
        (kind, folder, day): (Kind, &str, &str),
        (writer, sequence, dropped): (&str, u64, u64),
        lines: &[T],
    ) -> String {
        let head = Head {
            contract: CONTRACT.into(),
            kind,
            study: "ONC-302".into(),
            key: "2026-01".into(),
            holdout_fraction: 0.25,
            writer: writer.into(),
            sequence,
            dropped,
            lines: 0,
        };
        let name = format!("{folder}/{day}/{writer}-{sequence}.ndjson.gz");
        self.store.create(&name, &batch::write(&head, lines).unwrap()).unwrap();
        name
    }

    /// The answer to a look at the week up to [`UNTIL`].
    pub fn looks(&self) -> MonitorAnswer {
        self.looks_at(UNTIL, None)
    }

    /// The answer to a look at the week up to a time, with a retention in days.
    pub fn looks_at(&self, until: &str, retention_days: Option<u64>) -> MonitorAnswer {
        let digest = digest(&bundle().to_bytes().unwrap());
        let task = json!({
            "contract": "trialops.dev/monitor/v1alpha1", "namespace": "trial", "name": "onc-302", "policy": "watch",
            "version": "v3", "production": {"digest": digest, "threshold": THRESHOLD}, "store": "file:///",
            "manifest": {
                "study": {"id": "ONC-302"}, "patientId": "patient_id", "features": features(),
                "label": {"column": "dropout_28d", "horizon": "28d"}, "index": "visit_date",
                "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "c"}}},
            },
            "until": until, "windowSeconds": 7 * 86_400, "minRows": 100, "rule": "Default", "reads": "predictions",
            "retentionSeconds": retention_days.map(|days| days * 86_400),
        });
        let task: MonitorTask = serde_json::from_value(task).unwrap();
        fs::write(self.root.join("task/task.json"), serde_json::to_vec(&task).unwrap()).unwrap();
        Pod::new(&self.root).run().unwrap();
        let text = fs::read_to_string(self.root.join(path::ANSWER.trim_start_matches('/'))).unwrap();
        MonitorAnswer::read(&text, &task.hash()).unwrap()
    }

    /// A file of the report that an answer names.
    pub fn file(&self, answer: &MonitorAnswer, name: &str) -> String {
        let folder = answer.folder.as_ref().expect("the look left a report");
        String::from_utf8(self.store.get(&format!("{folder}/{name}")).unwrap().unwrap()).unwrap()
    }

    /// The report that an answer names.
    pub fn report(&self, answer: &MonitorAnswer) -> Value {
        serde_json::from_str(&self.file(answer, "report.json")).unwrap()
    }
}

/// The training sample, as a training keeps it.
fn sample(patients: usize) -> String {
    let mut text = "@patient,@landmark,@risk,@label,age,adherence,arm\n".to_owned();
    for (at, line) in predictions(1, patients, (RIPE.0, Moved::default())).iter().enumerate() {
        let label = u8::from(drops_out(1, at, line.risk));
        let [age, adherence, arm] = ["age", "adherence", "arm"].map(|name| &line.features[name]);
        let arm = arm.as_str().unwrap();
        writeln!(text, "{},,{},{label},{age},{adherence},{arm}", at + 1, line.risk).unwrap();
    }
    text
}

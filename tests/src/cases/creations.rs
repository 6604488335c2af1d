//! Manifests that are created. Every rule has cases on both sides of it.

use super::{
    Case, Edit, Refusal, everything::everything, evidence::evidence, holdout::holdouts, learning::learning, nothing,
    place::places, records::records, set, take,
};
use serde_json::{Value, json};

const NAME: &str = "metadata.name: at most 40 lower-case letters, digits and dashes, beginning with a letter";
const DENIED: &str = "features: a denied column is listed as a feature; take it out of features";
const SPECIAL: &str = "features: the label, censor or patientId column is listed as a feature; take it out";
const CUTOFF: &str =
    "index and data.cutoff belong together: set both (rows mature by date) or none (every label is final)";
const SAME_FEATURE: &str = "features: two features have the same name";
const VALUES: &str =
    "features: values (at least two) belong to type Category only, min and max to the other types only";
const BOUNDS: &str = "features: min is above max";
const ONE_OPEN_TIER: &str = "tiers: at most one tier may leave out from (it starts at the threshold)";
const TIER_ORDER: &str = "tiers: out of order; list them by rising from";
const FIRST_TIER: &str = "tiers: two or more are needed, and the first starts at 0";
const SAME_TIER: &str = "tiers: two tiers have the same name";
const THRESHOLD: &str = "threshold: set exactly one of value, targetRecall and maxAlertRate";
const SAME_FLOOR: &str = "gate.floors: two floors have the same metric";

/// All creations.
pub fn creations() -> Vec<Case> {
    let of_models = [whole(), names(), columns(), features(), tiers(), judging()].concat();
    [of_models, learning(), records(), evidence(), holdouts(), places(), by_schema(), by_schema_of_pods()].concat()
}

pub(super) fn good(name: &'static str, edit: Edit) -> Case {
    Case { name, edit, refusal: None }
}

pub(super) fn bad(name: &'static str, message: &'static str, edit: Edit) -> Case {
    Case { name, edit, refusal: Some(Refusal::Rule(message)) }
}

pub(super) fn no(name: &'static str, field: &'static str, edit: Edit) -> Case {
    Case { name, edit, refusal: Some(Refusal::Schema(field)) }
}

fn whole() -> Vec<Case> {
    vec![
        good("the quickstart as it is", nothing),
        good("nothing but what is required", |model| {
            for field in ["landmark", "index", "deny", "gate", "rollout"] {
                take(model, &format!("/spec/{field}"));
            }
            take(model, "/spec/data/cutoff");
            take(model, "/spec/store/singleNode");
            take(model, "/spec/serving/replicas");
        }),
        good("every field", everything),
    ]
}

fn names() -> Vec<Case> {
    vec![
        good("a name of 40 characters", |model| set(model, "/metadata/name", json!("a".repeat(40)))),
        good("a name of one letter", |model| set(model, "/metadata/name", json!("a"))),
        bad("a name of 41 characters", NAME, |model| set(model, "/metadata/name", json!("a".repeat(41)))),
        bad("a name that begins with a digit", NAME, |model| set(model, "/metadata/name", json!("302-onc"))),
        bad("a name with a dot", NAME, |model| set(model, "/metadata/name", json!("onc.302"))),
    ]
}

fn columns() -> Vec<Case> {
    vec![
        good("a denied column that is no feature", |model| set(model, "/spec/deny", json!(["arm"]))),
        bad("a denied column that is a feature", DENIED, |model| set(model, "/spec/deny", json!(["arm", "age"]))),
        good("a landmark that is a feature", |model| set(model, "/spec/landmark", json!("age"))),
        bad("the label as a feature", SPECIAL, |model| set(model, "/spec/label/column", json!("age"))),
        bad("the patient's identifier as a feature", SPECIAL, |model| set(model, "/spec/patientId", json!("age"))),
        bad("the censor column as a feature", SPECIAL, |model| set(model, "/spec/label/censor", json!("age"))),
        good("a censor column that is no feature", |model| set(model, "/spec/label/censor", json!("lost"))),
        good("neither index nor cutoff", |model| {
            take(model, "/spec/index");
            take(model, "/spec/data/cutoff");
        }),
        bad("an index without a cutoff", CUTOFF, |model| take(model, "/spec/data/cutoff")),
        bad("a cutoff without an index", CUTOFF, |model| take(model, "/spec/index")),
    ]
}

fn features() -> Vec<Case> {
    vec![
        bad("two features of one name", SAME_FEATURE, |model| {
            set(model, "/spec/features/-", json!({"name": "age", "type": "Number"}));
        }),
        good("a Category of two values", |model| {
            set(model, "/spec/features/-", json!({"name": "region", "type": "Category", "values": ["a", "b"]}));
        }),
        bad("a Category without values", VALUES, |model| {
            set(model, "/spec/features/-", json!({"name": "region", "type": "Category"}));
        }),
        bad("a Category of one value", VALUES, |model| {
            set(model, "/spec/features/-", json!({"name": "region", "type": "Category", "values": ["a"]}));
        }),
        bad("a Category with a bound", VALUES, |model| {
            let region = json!({"name": "region", "type": "Category", "values": ["a", "b"], "max": 1});
            set(model, "/spec/features/-", region);
        }),
        bad("a Number with values", VALUES, |model| {
            set(model, "/spec/features/-", json!({"name": "weight", "type": "Number", "values": ["a", "b"]}));
        }),
        good("a Number with an empty list of values", |model| {
            set(model, "/spec/features/-", json!({"name": "weight", "type": "Number", "values": []}));
        }),
        good("bounds that are equal", |model| set(model, "/spec/features/0/max", json!(18))),
        bad("bounds the wrong way round", BOUNDS, |model| set(model, "/spec/features/0/max", json!(17.5))),
    ]
}

fn tiers() -> Vec<Case> {
    vec![
        good("two tiers", |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0.0}, {"name": "High", "from": 0.5}]));
        }),
        good("a tier at the threshold in the middle", |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0}, {"name": "Mid"}, {"name": "High", "from": 0.65}]));
        }),
        good("a tier at the threshold at the end", |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0}, {"name": "High"}]));
        }),
        good("an empty list of tiers", |model| set(model, "/spec/tiers", json!([]))),
        bad("two tiers at the threshold", ONE_OPEN_TIER, |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0}, {"name": "Mid"}, {"name": "High"}]));
        }),
        bad("tiers out of order", TIER_ORDER, |model| {
            let tiers =
                json!([{"name": "Low", "from": 0}, {"name": "High", "from": 0.6}, {"name": "Mid", "from": 0.5}]);
            set_tiers(model, tiers);
        }),
        bad("tiers out of order around the one at the threshold", TIER_ORDER, |model| {
            let tiers = json!([
                {"name": "Low", "from": 0}, {"name": "High", "from": 0.6}, {"name": "Top"}, {"name": "Mid", "from": 0.5},
            ]);
            set_tiers(model, tiers);
        }),
        bad("a single tier", FIRST_TIER, |model| set_tiers(model, json!([{"name": "Low", "from": 0}]))),
        bad("a first tier above 0", FIRST_TIER, |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0.1}, {"name": "High", "from": 0.5}]));
        }),
        bad("a first tier at the threshold", FIRST_TIER, |model| {
            set_tiers(model, json!([{"name": "Low"}, {"name": "High", "from": 0.5}]));
        }),
        bad("two tiers of one name", SAME_TIER, |model| {
            set_tiers(model, json!([{"name": "Low", "from": 0}, {"name": "Low", "from": 0.5}]));
        }),
    ]
}

/// Sets tiers, each with an intervention.
fn set_tiers(model: &mut Value, mut tiers: Value) {
    for tier in tiers.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        tier.insert("intervention".into(), json!("NurseCall"));
    }
    set(model, "/spec/tiers", tiers);
}

fn judging() -> Vec<Case> {
    vec![
        good("a fixed threshold", |model| set(model, "/spec/threshold", json!({"value": 0.3}))),
        good("a threshold for a recall", |model| set(model, "/spec/threshold", json!({"targetRecall": 0.9}))),
        good("a threshold for an alert rate", |model| set(model, "/spec/threshold", json!({"maxAlertRate": 0.2}))),
        bad("a threshold that says nothing", THRESHOLD, |model| set(model, "/spec/threshold", json!({}))),
        bad("a threshold that says two things", THRESHOLD, |model| {
            set(model, "/spec/threshold", json!({"value": 0.3, "targetRecall": 0.9}));
        }),
        bad("a threshold that says three things", THRESHOLD, |model| {
            set(model, "/spec/threshold", json!({"value": 0.3, "targetRecall": 0.9, "maxAlertRate": 0.2}));
        }),
        good("a gate without floors", |model| take(model, "/spec/gate/floors")),
        good("two floors of two metrics", |model| {
            set(model, "/spec/gate/floors/-", json!({"metric": "brier", "value": 0.2}));
        }),
        bad("two floors of one metric", SAME_FLOOR, |model| {
            set(model, "/spec/gate/floors/-", json!({"metric": "roc_auc", "value": 0.2}));
        }),
    ]
}

fn by_schema() -> Vec<Case> {
    vec![
        no("no study", "spec.study", |model| take(model, "/spec/study")),
        no("no keys of clients", "spec.serving.apiKeys", |model| take(model, "/spec/serving/apiKeys")),
        no("an empty column", "spec.patientId", |model| set(model, "/spec/patientId", json!(""))),
        no("a column of 65 characters", "spec.landmark", |model| set(model, "/spec/landmark", json!("a".repeat(65)))),
        no("no features", "spec.features", |model| set(model, "/spec/features", json!([]))),
        no("257 features", "spec.features", |model| {
            let feature = |number: i32| json!({"name": format!("f{number}"), "type": "Number"});
            set(model, "/spec/features", (0..257).map(feature).collect());
        }),
        no("an unknown type of feature", "spec.features[0].type", |model| {
            set(model, "/spec/features/0/type", json!("Text"));
        }),
        no("a feature's name with a space", "spec.features[0].name", |model| {
            set(model, "/spec/features/0/name", json!("age in years"));
        }),
        no("a bound that is no number", "spec.features[0].min", |model| {
            set(model, "/spec/features/0/min", json!("18"))
        }),
        no("65 denied columns", "spec.deny", |model| {
            set(model, "/spec/deny", (0..65).map(|number| json!(format!("d{number}"))).collect());
        }),
        no("a horizon without a unit", "spec.label.horizon", |model| set(model, "/spec/label/horizon", json!("28"))),
        no("a horizon in weeks", "spec.label.horizon", |model| set(model, "/spec/label/horizon", json!("4w"))),
        no("a cutoff that is no date", "spec.data.cutoff", |model| set(model, "/spec/data/cutoff", json!("June 2026"))),
        no("a holdout of all patients", "spec.data.holdout.fraction", |model| {
            set(model, "/spec/data/holdout", json!({"fraction": 1.0}));
        }),
        no("data on a web page", "spec.data.training.uri", |model| {
            set(model, "/spec/data/training/uri", json!("https://example.org/trial.csv"));
        }),
        no("a digest of another kind", "spec.data.training.digest", |model| {
            set(model, "/spec/data/training/digest", json!("md5:00"));
        }),
        no("an unknown metric", "spec.gate.primary.metric", |model| {
            set(model, "/spec/gate/primary/metric", json!("accuracy"));
        }),
        no("a negative margin", "spec.gate.primary.margin", |model| {
            set(model, "/spec/gate/primary/margin", json!(-0.1))
        }),
        no("a confidence of a half", "spec.gate.confidence.level", |model| {
            set(model, "/spec/gate/confidence", json!({"level": 0.5}));
        }),
        no("a threshold above 1", "spec.threshold.value", |model| set(model, "/spec/threshold", json!({"value": 1.5}))),
        no("nine tiers", "spec.tiers", |model| {
            let tier = |number: i32| json!({"name": format!("t{number}"), "from": f64::from(number) / 10.0, "intervention": "SMS"});
            set(model, "/spec/tiers", (0..9).map(tier).collect());
        }),
        no("eleven retries", "spec.training.retries", |model| set(model, "/spec/training", json!({"retries": 11}))),
        no("a negative seed", "spec.training.seed", |model| set(model, "/spec/training", json!({"seed": -1}))),
        no("no serving pods", "spec.serving.replicas", |model| set(model, "/spec/serving/replicas", json!(0))),
        no("an unknown way to roll back", "spec.rollout.automaticRollback", |model| {
            set(model, "/spec/rollout", json!({"automaticRollback": "Sometimes"}));
        }),
        no("a store that is a whole claim", "spec.store.uri", |model| set(model, "/spec/store/uri", json!("file:///"))),
    ]
}

fn by_schema_of_pods() -> Vec<Case> {
    vec![
        no("an unknown effect of a taint", "spec.serving.pod.tolerations[0].effect", |model| {
            set(model, "/spec/serving/pod", json!({"tolerations": [{"effect": "Never"}]}));
        }),
        no("an environment variable that begins with a digit", "spec.training.pod.env[0].name", |model| {
            set(model, "/spec/training", json!({"pod": {"env": [{"name": "1A", "value": ""}]}}));
        }),
        no("33 labels of pods", "spec.serving.pod.labels", |model| {
            let labels: serde_json::Map<String, Value> =
                (0..33).map(|number| (format!("l{number}"), json!("x"))).collect();
            set(model, "/spec/serving/pod", json!({"labels": labels}));
        }),
        no("a label of pods of 64 characters", "spec.serving.pod.labels", |model| {
            set(model, "/spec/serving/pod", json!({"labels": {"team": "a".repeat(64)}}));
        }),
        no("a memory limit that is no quantity", "spec.serving.pod.resources.limits.memory", |model| {
            set(model, "/spec/serving/pod", json!({"resources": {"limits": {"memory": true}}}));
        }),
    ]
}

//! Manifests with a holdout of either kind, and with both and neither.

use super::{Case, Edit, Refusal, set};
use serde_json::{Value, json};

const ONE: &str = "data.holdout: set exactly one of fraction and source";
const DIGEST: &str = "data.holdout.source: digest is needed, so that the holdout is one known file";

/// All creations that differ in the holdout.
pub fn holdouts() -> Vec<Case> {
    vec![
        good("a holdout by fraction", |model| set(model, "/spec/data/holdout", json!({"fraction": 0.5}))),
        good("a holdout in a file", |model| set(model, "/spec/data/holdout", json!({"source": source(true)}))),
        bad("a holdout by fraction and in a file", Refusal::Rule(ONE), |model| {
            set(model, "/spec/data/holdout", json!({"fraction": 0.3, "source": source(true)}));
        }),
        bad("a holdout that says nothing", Refusal::Rule(ONE), |model| set(model, "/spec/data/holdout", json!({}))),
        bad("a holdout in a file without a digest", Refusal::Rule(DIGEST), |model| {
            set(model, "/spec/data/holdout", json!({"source": source(false)}));
        }),
        bad("a holdout on a web page", Refusal::Schema("spec.data.holdout.source.uri"), |model| {
            set(model, "/spec/data/holdout", json!({"source": source(true)}));
            set(model, "/spec/data/holdout/source/uri", json!("https://example.org/holdout.csv"));
        }),
    ]
}

fn source(has_digest: bool) -> Value {
    let mut source = json!({"uri": "file:///holdout.parquet", "persistentVolumeClaim": {"claimName": "holdout"}});
    if has_digest {
        source["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
    }
    source
}

fn good(name: &'static str, edit: Edit) -> Case {
    Case { name, edit, refusal: None }
}

fn bad(name: &'static str, refusal: Refusal, edit: Edit) -> Case {
    Case { name, edit, refusal: Some(refusal) }
}

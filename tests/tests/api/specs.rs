//! The model that tests begin with: that of the quickstart, with short times.

use super::world::root;
use serde_json::{Value, json};

/// Name of the model in every namespace.
pub const MODEL: &str = "onc-302";

/// The quickstart's model in a namespace, with a soak of one second.
pub fn model(namespace: &str) -> Value {
    let path = root().join("examples/quickstart/model.yaml");
    let mut model: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    model["metadata"] = json!({"name": MODEL, "namespace": namespace});
    with(&model, json!({"rollout": {"soak": "1s"}, "training": {"retries": 1}}))
}

/// The same model with another part of its spec.
pub fn with(model: &Value, part: Value) -> Value {
    let mut changed = model.clone();
    merge(&mut changed["spec"], part);
    changed
}

fn merge(into: &mut Value, part: Value) {
    match (into, part) {
        (Value::Object(into), Value::Object(part)) => {
            for (key, value) in part {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, part) => *into = part,
    }
}

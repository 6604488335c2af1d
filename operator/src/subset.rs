//! Whether an object already is what we would write: every field of ours has our value; fields of others are theirs.

use serde_json::Value;

/// Whether `found` holds everything of `wanted`, quantities compared by amount.
pub fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| found.get(key).map_or_else(|| is_nothing(value), |there| holds(there, value))),
        (Value::Array(found), Value::Array(wanted)) => holds_all(found, wanted),
        (Value::String(found), Value::String(wanted)) => found == wanted || is_same_quantity(found, wanted),
        (found, wanted) => found == wanted,
    }
}

/// Keys by which server-side apply tells the items of a list apart.
const KEYS: [&str; 5] = ["mountPath", "containerPort", "port", "uid", "name"];

/// Whether a list holds the wanted items: by key where items have one, so that items of others do not count; else the
/// lists must be the same.
fn holds_all(found: &[Value], wanted: &[Value]) -> bool {
    let Some(key) =
        KEYS.into_iter().find(|key| wanted.iter().all(|item| item.get(key).is_some()) && !wanted.is_empty())
    else {
        return found.len() == wanted.len() && found.iter().zip(wanted).all(|(there, value)| holds(there, value));
    };
    wanted.iter().all(|item| found.iter().any(|there| there.get(key) == item.get(key) && holds(there, item)))
}

/// A value that the API server drops.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_same_quantity(a: &str, b: &str) -> bool {
    match (quantity(a), quantity(b)) {
        (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs()),
        _ => false,
    }
}

/// The amount of a Kubernetes quantity such as `500m`, `0.5` or `1Gi`.
fn quantity(text: &str) -> Option<f64> {
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    if let Some(exponent) = text.get(at..).filter(|rest| rest.starts_with(['e', 'E']) && rest.len() > 1) {
        return format!("{}{exponent}", &text[..at]).parse().ok();
    }
    let (digits, suffix) = text.split_at(at);
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|amount| amount * factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_of_the_server_and_fields_of_others_do_not_count() {
        let found = json!({"spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"}, "list": [{"a": 1, "b": 2}]}});
        assert!(holds(&found, &json!({"spec": {"replicas": 2, "list": [{"a": 1}], "none": {}}})));
        assert!(!holds(&found, &json!({"spec": {"replicas": 3}})));
        assert!(!holds(&found, &json!({"spec": {"list": []}})));
        assert!(!holds(&found, &json!({"spec": {"missing": 1}})));
    }

    #[test]
    fn items_of_others_in_a_keyed_list_do_not_count() {
        let found = json!([{"name": "mesh"}, {"name": "inference", "image": "i", "env": [{"name": "X"}]}]);
        assert!(holds(&found, &json!([{"name": "inference", "image": "i", "env": [{"name": "X", "value": ""}]}])));
        assert!(!holds(&found, &json!([{"name": "inference", "image": "j"}])));
        assert!(!holds(&found, &json!([{"name": "other"}])));
        assert!(!holds(&json!(["a", "b"]), &json!(["a"])));
    }

    #[test]
    fn quantities_are_compared_by_amount() {
        assert!(holds(&json!("500m"), &json!("0.5")));
        assert!(holds(&json!("1Gi"), &json!("1024Mi")));
        assert!(!holds(&json!("1G"), &json!("1Gi")));
        assert!(holds(&json!("1k"), &json!("1e3")));
        assert!(holds(&json!("1E"), &json!("1E")));
        assert!(!holds(&json!("abc"), &json!("abd")));
    }
}

//! The shape of the CRDs' schemas: structural, bounded and described. It tries no manifest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_crds::{DropoutModel, RetrainPolicy};
use kube::CustomResourceExt;
use serde_json::{Map, Value};

/// A part of the schema with its path.
struct Node<'a> {
    path: String,
    fields: &'a Map<String, Value>,
    is_required: bool,
    is_item: bool,
}

impl Node<'_> {
    fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    fn is_of_type(&self, name: &str) -> bool {
        self.fields.get("type").is_some_and(|kind| kind == name)
    }

    fn is_true(&self, key: &str) -> bool {
        self.fields.get(key).is_some_and(|value| *value == true)
    }

    fn description(&self) -> &str {
        self.fields.get("description").and_then(Value::as_str).unwrap_or_default()
    }
}

#[test]
fn every_part_has_a_type() {
    keep_all(schemas(), |node| {
        node.has("type")
            || node.is_true("x-kubernetes-int-or-string")
            || node.is_true("x-kubernetes-preserve-unknown-fields")
    });
}

#[test]
fn no_part_refers_to_another_or_is_one_of_several() {
    let forbidden = ["$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf", "not", "prefixItems", "const"];
    keep_all(schemas(), |node| forbidden.iter().all(|key| !node.has(key)));
}

#[test]
fn every_list_has_one_schema_for_all_its_items() {
    keep_all(schemas(), |node| !node.is_of_type("array") || node.fields.get("items").is_some_and(Value::is_object));
}

#[test]
fn every_format_is_known_to_the_api_server() {
    let known = ["int32", "int64", "float", "double", "date-time"];
    keep_all(schemas(), |node| {
        node.fields.get("format").is_none_or(|format| known.contains(&format.as_str().unwrap_or_default()))
    });
}

#[test]
fn the_server_fills_in_no_default() {
    keep_all(schemas(), |node| !node.has("default"));
}

#[test]
fn no_field_is_a_bool_but_suspend() {
    keep_all(specs(), |node| !node.is_of_type("boolean") || node.path == "spec.suspend");
}

#[test]
fn everything_a_user_writes_has_a_bound() {
    keep_all(specs(), |node| match node.fields.get("type").and_then(Value::as_str) {
        Some("array") => node.has("maxItems"),
        Some("string") => node.has("maxLength") || node.has("enum"),
        Some("integer") => node.has("minimum") && node.has("maximum"),
        Some("object") => !node.has("additionalProperties") || node.has("maxProperties"),
        _ => true,
    });
}

#[test]
fn every_list_and_map_of_the_status_has_a_bound() {
    keep_all(statuses(), |node| match node.fields.get("type").and_then(Value::as_str) {
        Some("array") => node.has("maxItems"),
        Some("object") => !node.has("additionalProperties") || node.has("maxProperties"),
        _ => true,
    });
}

#[test]
fn every_field_is_described() {
    keep_all(schemas(), |node| node.is_item || !node.description().is_empty());
}

// An optional enum says it at its type; see `schema.rs`.
#[test]
fn every_optional_value_says_what_it_means_to_leave_it_out() {
    let has_parts = |node: &Node<'_>| node.has("properties");
    keep_all(specs(), |node| node.is_required || node.is_item || has_parts(node) || is_explained(node.description()));
}

/// The words for a default, or for a field that is needed or not by a rule.
fn is_explained(description: &str) -> bool {
    ["Left out", "Needed when", "required for one", "threshold"].iter().any(|words| description.contains(words))
}

#[test]
fn conditions_are_a_map_by_type() {
    for status in statuses() {
        let conditions = status.pointer("/properties/conditions").unwrap();
        assert_eq!(conditions["x-kubernetes-list-type"], "map");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], serde_json::json!(["type"]));
    }
}

// As a map by name, a hand edit would block the list that Git says; as a set, so would its order.
#[test]
fn lists_of_how_to_learn_judge_and_watch_are_replaced_as_a_whole() {
    for list in ["triggers", "blackouts"] {
        assert_eq!(specs()[1]["properties"][list]["x-kubernetes-list-type"], "atomic", "{list}");
    }
    for path in ["/features", "/deny", "/tiers", "/training/properties/algorithms"]
        .into_iter()
        .map(str::to_owned)
        .chain(["guardrails", "slices", "floors"].map(|list| format!("/gate/properties/{list}")))
    {
        let spec = &specs()[0];
        let list = spec.pointer(&format!("/properties{path}")).unwrap();
        assert_eq!(list["x-kubernetes-list-type"], "atomic", "{path}");
    }
}

#[test]
fn the_status_is_a_part_that_only_the_operator_writes() {
    for crd in crds() {
        assert_eq!(crd.pointer("/spec/versions/0/subresources"), Some(&serde_json::json!({"status": {}})));
        assert_eq!(crd.pointer("/spec/scope"), Some(&serde_json::json!("Namespaced")));
    }
}

/// Asserts something of every part of every schema.
fn keep_all(schemas: [Value; 2], is_kept: impl Fn(&Node<'_>) -> bool) {
    schemas.iter().for_each(|schema| keep(schema, &is_kept));
}

/// Asserts something of every part.
fn keep(schema: &Value, is_kept: impl Fn(&Node<'_>) -> bool) {
    let path = if schema["properties"].get("spec").is_some() { "" } else { "spec" };
    let mut nodes = Vec::new();
    walk(
        Node { path: path.to_owned(), fields: schema.as_object().unwrap(), is_required: true, is_item: false },
        &mut nodes,
    );
    assert!(nodes.len() > 10);
    let faults: Vec<String> = nodes.into_iter().filter(|node| !is_kept(node)).map(|node| node.path).collect();
    assert!(faults.is_empty(), "broken by:\n{}", faults.join("\n"));
}

fn walk<'a>(node: Node<'a>, nodes: &mut Vec<Node<'a>>) {
    let fields = node.fields;
    let required = fields.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (name, child) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let is_required = required.iter().any(|required| required == name);
        let path = format!("{}.{name}", node.path).trim_start_matches('.').to_owned();
        walk(Node { path, fields: child.as_object().unwrap(), is_required, is_item: false }, nodes);
    }
    for (key, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(child) = fields.get(key).and_then(Value::as_object) {
            let path = format!("{}{mark}", node.path);
            walk(Node { path, fields: child, is_required: true, is_item: true }, nodes);
        }
    }
    nodes.push(node);
}

/// The two kinds: models, then policies.
fn crds() -> [Value; 2] {
    [DropoutModel::crd(), RetrainPolicy::crd()].map(|crd| serde_json::to_value(crd).unwrap())
}

fn schemas() -> [Value; 2] {
    crds().map(|crd| crd.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap().clone())
}

fn specs() -> [Value; 2] {
    schemas().map(|schema| schema["properties"]["spec"].clone())
}

fn statuses() -> [Value; 2] {
    schemas().map(|schema| schema["properties"]["status"].clone())
}

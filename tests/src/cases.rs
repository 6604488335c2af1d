//! Manifests that the API must accept or refuse, each one edit away from `examples/quickstart/model.yaml`, and policies.
//! The rules are
//! tried on them without a cluster (`unit_rules.rs`) and with one.

mod creations;
mod everything;
mod evidence;
mod holdout;
mod learning;
mod place;
mod policies;
mod records;
mod updates;

use serde_json::{Value, json};

pub use creations::creations;
pub use policies::{edited_policy, policy_creations, policy_updates};
pub use updates::updates;

/// The manifest that every case edits.
const QUICKSTART: &str = include_str!("../../examples/quickstart/model.yaml");

/// An edit of a manifest.
pub type Edit = fn(&mut Value);

/// A manifest that is created.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What is tried, as a sentence.
    pub name: &'static str,
    /// What is changed in the quickstart's manifest.
    pub edit: Edit,
    /// Why it is refused; none if it is accepted.
    pub refusal: Option<Refusal>,
}

/// A manifest that takes the place of another one.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// What is tried, as a sentence.
    pub name: &'static str,
    /// What the stored manifest differs in from the quickstart's.
    pub old: Edit,
    /// What is changed in the stored manifest.
    pub new: Edit,
    /// Why it is refused; none if it is accepted.
    pub refusal: Option<Refusal>,
}

/// Why a manifest is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By a CEL rule, with this message.
    Rule(&'static str),
    /// By the schema alone; the answer names this field.
    Schema(&'static str),
}

impl Refusal {
    /// What the API server's answer must contain.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Rule(text) | Self::Schema(text) => text,
        }
    }
}

/// The quickstart's manifest.
///
/// # Errors
/// If the example is no YAML.
pub fn quickstart() -> Result<Value, serde_saphyr::Error> {
    serde_saphyr::from_str(QUICKSTART)
}

/// The quickstart's manifest after an edit.
///
/// # Errors
/// If the example is no YAML.
pub fn edited(edit: Edit) -> Result<Value, serde_saphyr::Error> {
    let mut model = quickstart()?;
    edit(&mut model);
    Ok(model)
}

/// Sets a field by its JSON pointer. The parent is made if it is missing; `-` at the end appends to a list.
fn set(model: &mut Value, pointer: &str, value: Value) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    if model.pointer(parent).is_none() {
        set(model, parent, json!({}));
    }
    match model.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.insert(key.to_owned(), value)),
        Some(Value::Array(items)) if key == "-" => items.push(value),
        Some(Value::Array(items)) => {
            if let Some(item) = key.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                *item = value;
            }
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

/// Takes a field away.
fn take(model: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(fields)) = model.pointer_mut(parent) {
        fields.remove(key);
    }
}

/// Leaves the manifest as it is.
fn nothing(_: &mut Value) {}

//! The body of a request as it was sent: one JSON object, known fields, each once. It never keeps the patient's id and
//! never repeats a value.

use crate::{
    problem::{FieldProblem, Problem},
    row::{Form, PATIENT_ID},
};
use axum::http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// Longest patient id, in characters.
const MAX_ID: usize = 128;

/// Most fields that one refusal names, so that an answer stays small whatever was sent.
const MAX_PROBLEMS: usize = 32;

/// Reads a body for a form. The draft may hold problems.
pub fn read(form: &Form, body: &[u8]) -> Result<Draft, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let mut draft = form.deserialize(&mut deserializer).map_err(|error| refusal(&error))?;
    deserializer.end().map_err(|error| refusal(&error))?;
    if !draft.has_patient {
        draft.refuse(PATIENT_ID, "is required");
    }
    Ok(draft)
}

/// Position only: serde_json's own words may hold a part of the body.
fn refusal(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        let problem = "must be a JSON object".into();
        return Problem::fields(vec![FieldProblem { field: String::new(), problem }]);
    }
    let place = format!("The body is no JSON: line {}, column {}.", error.line(), error.column());
    Problem::new(StatusCode::BAD_REQUEST, place)
}

/// What has been read of a body so far.
pub struct Draft {
    /// What was given for each feature, in the order of the form.
    pub given: Vec<Option<Given>>,
    /// What is wrong with it.
    pub problems: Vec<FieldProblem>,
    has_patient: bool,
}

impl Draft {
    /// Adds a problem, unless there are enough of them.
    pub fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let field = field.chars().take(64).collect();
            self.problems.push(FieldProblem { field, problem: problem.into() });
        }
    }

    fn name_patient(&mut self, given: &Given) {
        let is_accepted = matches!(given, Given::Text(id) if (1..=MAX_ID).contains(&id.chars().count()));
        if std::mem::replace(&mut self.has_patient, true) {
            self.refuse(PATIENT_ID, "is given twice");
        } else if *given == Given::Nothing {
            self.refuse(PATIENT_ID, "is required");
        } else if !is_accepted {
            self.refuse(PATIENT_ID, format!("must be a text of 1 to {MAX_ID} characters"));
        }
    }
}

/// A value as it was sent.
#[derive(Debug, PartialEq)]
pub enum Given {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Null.
    Nothing,
    /// A boolean, a list or an object: no field accepts one.
    Other,
}

/// A key of the body, looked up without keeping it, unless no field has that name.
enum Place {
    Patient,
    Feature(usize),
    Ignored,
    Unknown(String),
}

struct PlaceSeed<'a>(&'a Form);

impl<'de> DeserializeSeed<'de> for PlaceSeed<'_> {
    type Value = Place;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Place, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for PlaceSeed<'_> {
    type Value = Place;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Place, E> {
        if name == PATIENT_ID {
            return Ok(Place::Patient);
        }
        Ok(match self.0.place(name) {
            Some(at) => Place::Feature(at),
            None if self.0.ignores(name) => Place::Ignored,
            None => Place::Unknown(name.to_owned()),
        })
    }
}

impl<'de> DeserializeSeed<'de> for &Form {
    type Value = Draft;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Draft, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Form {
    type Value = Draft;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let given = self.features().iter().map(|_| None).collect();
        let mut draft = Draft { given, problems: Vec::new(), has_patient: false };
        while let Some(place) = map.next_key_seed(PlaceSeed(self))? {
            let value: Given = map.next_value()?;
            match place {
                Place::Patient => draft.name_patient(&value),
                Place::Ignored => {}
                Place::Unknown(name) => draft.refuse(&name, "is no field of this model"),
                Place::Feature(at) => {
                    let (slot, feature) = (draft.given.get_mut(at), self.features().get(at));
                    let is_twice = slot.is_some_and(|slot| slot.replace(value).is_some());
                    if let Some(feature) = feature.filter(|_| is_twice) {
                        draft.refuse(&feature.name, "is given twice");
                    }
                }
            }
        }
        Ok(draft)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Given, E> {
        Ok(Given::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }
}

//! The body of a request as it was sent: one JSON object, known fields, each once. It never repeats a value.

use crate::{
    problem::{Fault, FieldProblem, Problem},
    row::{Form, PATIENT_ID},
};
use axum::http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// Longest patient id, in characters.
pub const MAX_ID: usize = 128;

/// What a patient id must be.
pub const ID: &str = "must be a text of 1 to 128 characters";

/// What is wrong with a field that is there twice.
const TWICE: &str = "is given twice";

/// Most fields that one refusal names, so that an answer stays small whatever was sent.
pub const MAX_PROBLEMS: usize = 32;

/// Reads a body for a form. The draft may hold problems.
pub fn read(form: &Form, body: &[u8]) -> Result<Draft, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let mut draft = form.deserialize(&mut deserializer).map_err(|error| refusal(&error))?;
    deserializer.end().map_err(|error| refusal(&error))?;
    if draft.patient.is_none() {
        draft.refuse(PATIENT_ID, Fault::Missing, "is required");
    }
    Ok(draft)
}

/// Whether a text can be a patient's identifier.
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.chars().count())
}

/// Position only: serde_json's own words may hold a part of the body.
pub fn refusal(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        return Problem::fields(vec![FieldProblem::new("", "must be a JSON object")]);
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
    /// The patient's identifier; empty if it was refused.
    pub patient: Option<String>,
    /// What was given for the landmark's date.
    pub date: Option<Given>,
    /// What was given for the landmark day.
    pub landmark: Option<Given>,
}

impl Draft {
    /// Adds a problem, unless there are enough of them.
    pub fn refuse(&mut self, field: &str, fault: Fault, problem: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let field = field.chars().take(64).collect();
            self.problems.push(FieldProblem { field, problem: problem.into(), fault });
        }
    }

    fn name_patient(&mut self, given: Given) {
        let (id, problem) = match given {
            Given::Text(id) if is_id(&id) => (id, None),
            Given::Nothing => (String::new(), Some((Fault::Missing, "is required"))),
            Given::Text(_) | Given::Number(_) | Given::Other => (String::new(), Some((Fault::Form, ID))),
        };
        let problem = if self.patient.replace(id).is_some() { Some((Fault::Twice, TWICE)) } else { problem };
        if let Some((fault, problem)) = problem {
            self.refuse(PATIENT_ID, fault, problem);
        }
    }

    /// Takes a value for a field of the form, and refuses a second one.
    fn take(&mut self, form: &Form, place: Place, value: Given) {
        let (slot, name) = match place {
            Place::Patient => return self.name_patient(value),
            Place::Ignored => return,
            Place::Unknown(name) => return self.refuse(&name, Fault::Unknown, "is no field of this model"),
            Place::Date => (Some(&mut self.date), form.date_field()),
            Place::Landmark => (Some(&mut self.landmark), form.landmark_field()),
            Place::Feature(at) => {
                (self.given.get_mut(at), form.features().get(at).map(|feature| feature.name.as_str()))
            }
        };
        if slot.is_some_and(|slot| slot.replace(value).is_some()) {
            self.refuse(name.unwrap_or_default(), Fault::Twice, TWICE);
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
    Date,
    Landmark,
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
            None if self.0.date_field() == Some(name) => Place::Date,
            None if self.0.landmark_field() == Some(name) => Place::Landmark,
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
        let mut draft = Draft { given, problems: Vec::new(), patient: None, date: None, landmark: None };
        while let Some(place) = map.next_key_seed(PlaceSeed(self))? {
            draft.take(self, place, map.next_value()?);
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

//! A value with the place where it lies, so that what is wrong with it can be told without repeating it.

use super::unreadable::Unreadable;
use serde_json::{Map, Value};

/// Characters of a name at most.
const MAX_NAME: usize = 256;

/// A value of a file and its place.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    value: &'a Value,
    place: String,
}

impl<'a> Placed<'a> {
    /// The whole file.
    pub const fn root(value: &'a Value) -> Self {
        Self { value, place: String::new() }
    }

    /// What is wrong here.
    pub fn wrong(&self, wrong: &'static str) -> Unreadable {
        let place = if self.place.is_empty() { "the file".to_owned() } else { self.place.clone() };
        Unreadable::Wrong { place, wrong }
    }

    /// Whether it is null: absent, or no number.
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// Whether it is a list or an object.
    pub fn is_container(&self) -> bool {
        self.value.is_array() || self.value.is_object()
    }

    /// A field that may be there; `key` is one of Evidently's own.
    pub fn optional(&self, key: &str) -> Result<Option<Self>, Unreadable> {
        Ok(self.object()?.get(key).map(|value| self.below(value, key)))
    }

    /// A field that must be there.
    pub fn needed(&self, key: &str) -> Result<Self, Unreadable> {
        match self.optional(key)? {
            Some(found) => Ok(found),
            None => Err(self.below(self.value, key).wrong("is missing")),
        }
    }

    /// A field by a path of keys; none as soon as one of them is not there or lies in no object.
    pub fn sought(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |at, key| at.value.get(key).map(|value| at.below(value, key)))
    }

    /// Items of a list.
    pub fn list(&self) -> Result<Vec<Self>, Unreadable> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("must be a list"))?;
        let item = |(at, value)| Self { value, place: format!("{}[{at}]", self.place) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Entries of an object in the order of their keys; the keys are the file's, so the place has a number instead.
    pub fn entries(&self) -> Result<Vec<(&'a str, Self)>, Unreadable> {
        let mut found: Vec<(&String, &Value)> = self.object()?.iter().collect();
        found.sort_by_key(|(key, _)| *key);
        let entry = |(at, (key, value)): (usize, (&'a String, &'a Value))| {
            (key.as_str(), Self { value, place: format!("{}[{at}]", self.place) })
        };
        Ok(found.into_iter().enumerate().map(entry).collect())
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str, Unreadable> {
        self.value.as_str().ok_or_else(|| self.wrong("must be a text"))
    }

    /// A name: a text of at most 256 characters.
    pub fn name(&self) -> Result<&'a str, Unreadable> {
        self.fits(self.text()?)
    }

    /// The same text, if it is short enough for a name.
    pub fn fits(&self, name: &'a str) -> Result<&'a str, Unreadable> {
        if name.chars().count() > MAX_NAME {
            return Err(self.wrong("has a name of more than 256 characters"));
        }
        Ok(name)
    }

    /// A number; none if it is null or was NaN.
    pub fn number(&self) -> Result<Option<f64>, Unreadable> {
        if self.is_null() {
            return Ok(None);
        }
        self.value.as_f64().map(Some).ok_or_else(|| self.wrong("must be a number"))
    }

    /// A share; none if it is null or was NaN.
    pub fn share(&self) -> Result<Option<f64>, Unreadable> {
        match self.number()? {
            Some(share) if !(0.0..=1.0).contains(&share) => Err(self.wrong("must be a share, 0 to 1")),
            share => Ok(share),
        }
    }

    /// A count, written as an integer or as Python's float; none if it is null or was NaN.
    pub fn count(&self) -> Result<Option<u64>, Unreadable> {
        match self.number()? {
            Some(count) if count.fract() != 0.0 || !(0.0..=1e9).contains(&count) => {
                Err(self.wrong("must be a whole number, 0 to 1e9"))
            }
            count => Ok(count.map(|count| count as u64)),
        }
    }

    /// True or false; none if it is null.
    pub fn flag(&self) -> Result<Option<bool>, Unreadable> {
        if self.is_null() {
            return Ok(None);
        }
        self.value.as_bool().map(Some).ok_or_else(|| self.wrong("must be true or false"))
    }

    fn object(&self) -> Result<&'a Map<String, Value>, Unreadable> {
        self.value.as_object().ok_or_else(|| self.wrong("must be an object"))
    }

    fn below(&self, value: &'a Value, key: &str) -> Self {
        let dot = if self.place.is_empty() { "" } else { "." };
        Self { value, place: format!("{}{dot}{key}", self.place) }
    }
}

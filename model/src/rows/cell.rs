//! One cell of a feature: text in, number or level out, or the word for what is wrong. It never guesses, and never shows
//! the text.

use super::Column;
use crate::{
    input::Reason,
    manifest::{Feature, FeatureType, OnMissing},
};

/// A checked cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number; NaN is a missing value.
    Number(f64),
    /// A position in the feature's values.
    Level(u16),
}

/// How strictly cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everything the feature says.
    All,
    /// Only what scoring needs: bounds are not enforced, an unknown category and a missing value count as none.
    Scoring,
}

/// Reads a cell; the error is the reason and the end of a sentence that begins with the place.
pub fn read(feature: &Feature, text: &str, rule: Rule) -> Result<Value, (Reason, String)> {
    let text = text.trim();
    if text.is_empty() {
        return missing(feature, rule);
    }
    match feature.kind {
        FeatureType::Number | FeatureType::Integer => number(feature, text, rule).map(Value::Number),
        FeatureType::Category => level(feature, text, rule).map(Value::Level),
    }
}

fn missing(feature: &Feature, rule: Rule) -> Result<Value, (Reason, String)> {
    if rule == Rule::All && feature.when_missing() == OnMissing::Refuse {
        let what =
            "is empty, but the feature refuses missing values; fill it in or set onMissing to Impute or Indicate";
        return Err((Reason::MissingValue, what.to_owned()));
    }
    Ok(match feature.kind {
        FeatureType::Number | FeatureType::Integer => Value::Number(f64::NAN),
        FeatureType::Category => Value::Level(Column::MISSING),
    })
}

fn number(feature: &Feature, text: &str, rule: Rule) -> Result<f64, (Reason, String)> {
    let refused = |reason, what: &str, remedy: &str| {
        Err((reason, format!("{what}, but the feature is {}; correct it or {remedy}", declared(feature))))
    };
    let Ok(number) = text.parse::<f64>() else {
        return refused(Reason::NotANumber, "is no number", "leave the cell empty for a missing value");
    };
    if !number.is_finite() {
        return refused(Reason::NotFinite, "is no finite number", "leave the cell empty for a missing value");
    }
    if rule == Rule::Scoring {
        return Ok(number);
    }
    if feature.kind == FeatureType::Integer && number.fract() != 0.0 {
        return refused(Reason::NotWhole, "has a fraction", "declare a Number");
    }
    if feature.min.is_some_and(|min| number < min) || feature.max.is_some_and(|max| number > max) {
        return refused(Reason::OutOfRange, "is out of bounds", "declare other bounds");
    }
    Ok(number)
}

/// What the feature declares, such as `an Integer with min 18 and max 99`.
fn declared(feature: &Feature) -> String {
    let kind = match feature.kind {
        FeatureType::Number => "a Number",
        FeatureType::Integer => "an Integer",
        FeatureType::Category => "a Category",
    };
    match (feature.min, feature.max) {
        (None, None) => kind.to_owned(),
        (Some(min), None) => format!("{kind} with min {min}"),
        (None, Some(max)) => format!("{kind} with max {max}"),
        (Some(min), Some(max)) => format!("{kind} with min {min} and max {max}"),
    }
}

fn level(feature: &Feature, text: &str, rule: Rule) -> Result<u16, (Reason, String)> {
    match feature.values.iter().position(|value| value == text) {
        Some(at) => Ok(at as u16),
        None if rule == Rule::Scoring => Ok(Column::MISSING),
        None => {
            let what =
                format!("is not one of the {} declared values; correct it or declare the value", feature.values.len());
            Err((Reason::UnknownCategory, what))
        }
    }
}

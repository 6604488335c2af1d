//! One cell of a feature: text in, number or level out, or the word for what is wrong. It never guesses.

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
    let shown: String = text.chars().take(32).collect();
    let Ok(number) = text.parse::<f64>() else {
        let what = format!("is '{shown}', which is no number; leave the cell empty for a missing value");
        return Err((Reason::NotANumber, what));
    };
    if !number.is_finite() {
        return Err((Reason::NotFinite, format!("is '{shown}', which is no finite number")));
    }
    if rule == Rule::Scoring {
        return Ok(number);
    }
    if feature.kind == FeatureType::Integer && number.fract() != 0.0 {
        let what = format!("is '{shown}', but the feature is an Integer; correct it or declare a Number");
        return Err((Reason::NotWhole, what));
    }
    if feature.min.is_some_and(|min| number < min) || feature.max.is_some_and(|max| number > max) {
        let bound = |bound: Option<f64>| bound.map_or("any".to_owned(), |bound| bound.to_string());
        let (min, max) = (bound(feature.min), bound(feature.max));
        return Err((Reason::OutOfRange, format!("is '{shown}', outside min {min} and max {max}")));
    }
    Ok(number)
}

fn level(feature: &Feature, text: &str, rule: Rule) -> Result<u16, (Reason, String)> {
    match feature.values.iter().position(|value| value == text) {
        Some(at) => Ok(at as u16),
        None if rule == Rule::Scoring => Ok(Column::MISSING),
        None => {
            let shown: String = text.chars().take(32).collect();
            let known: Vec<&str> = feature.values.iter().take(6).map(String::as_str).collect();
            let what =
                format!("is '{shown}', which is not among its values ({}); correct it or add it", known.join(", "));
            Err((Reason::UnknownCategory, what))
        }
    }
}

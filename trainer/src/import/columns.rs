//! Whether the columns of a foreign model are features of the manifest. It never shows a column's name by itself: whoever
//! named it has seen patients.

use dropout_model::{
    input::{BadInput, Reason},
    manifest::{Feature, FeatureType},
    rows::header::near,
};

/// A column that no feature makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its position among the model's columns, from 1; none if the model names no column at all.
    pub column: Option<usize>,
    /// Its name.
    pub name: String,
    /// What is wrong and what to do; it holds names of the manifest only.
    pub what: String,
}

impl Unknown {
    /// The sentence for people who have the model: it names the column.
    pub fn named(&self) -> BadInput {
        let name: String = self.name.chars().take(64).collect();
        self.told(&if self.column.is_some() { format!(" '{name}'") } else { String::new() })
    }

    /// The sentence for everybody else.
    pub fn refused(&self) -> BadInput {
        self.told("")
    }

    fn told(&self, name: &str) -> BadInput {
        let place = self.column.map_or("the model".to_owned(), |at| format!("column {at} of the model{name}"));
        BadInput::new(Reason::ForeignModel, format!("{place} {}", self.what))
    }
}

/// The first column that is no number's feature by its name and no declared level of a category as `feature=value`. A
/// feature or a level that the model does not use is no fault.
pub fn unknown(features: &[Feature], columns: &[String]) -> Option<Unknown> {
    if columns.is_empty() {
        let what =
            "names no column; train it on a data frame or give it feature_names, so that nobody has to guess the order";
        return Some(Unknown { column: None, name: String::new(), what: what.to_owned() });
    }
    let names = names(features);
    columns.iter().enumerate().find_map(|(at, name)| {
        let what = if columns.iter().take(at).any(|earlier| earlier == name) {
            "is there twice; leave one out".to_owned()
        } else if names.contains(name) {
            return None;
        } else {
            advice(features, &names, name)
        };
        Some(Unknown { column: Some(at + 1), name: name.clone(), what })
    })
}

/// The features that no column is made from.
pub fn unused<'f>(features: &'f [Feature], columns: &[String]) -> Vec<&'f str> {
    let is_used = |feature: &&Feature| {
        let names = names(std::slice::from_ref(*feature));
        columns.iter().any(|column| names.contains(column))
    };
    features.iter().filter(|feature| !is_used(feature)).map(|feature| feature.name.as_str()).collect()
}

/// The names that columns may have.
fn names(features: &[Feature]) -> Vec<String> {
    let of = |feature: &Feature| match feature.kind {
        FeatureType::Number | FeatureType::Integer => vec![feature.name.clone()],
        FeatureType::Category => feature.values.iter().map(|value| format!("{}={value}", feature.name)).collect(),
    };
    features.iter().flat_map(of).collect()
}

fn advice(features: &[Feature], names: &[String], name: &str) -> String {
    let is_category = |feature: &&Feature| feature.kind == FeatureType::Category && feature.name == name;
    if let Some(feature) = features.iter().find(is_category) {
        let level = feature.values.first().map_or("value", String::as_str);
        return format!(
            "is the Category '{0}' as one number; make a column of 0 and 1 for each value, such as '{0}={level}'",
            feature.name
        );
    }
    match near(name, names.iter().map(String::as_str)).as_slice() {
        [] => "is no feature of the manifest; add it to spec.features (a derived column is computed by the caller) or train without it".to_owned(),
        near => format!("is no feature of the manifest; is {} meant?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn features() -> Vec<Feature> {
        let features = json!([
            {"name": "age", "type": "Integer"},
            {"name": "visits_missed", "type": "Integer"},
            {"name": "sex", "type": "Category", "values": ["F", "M"]},
        ]);
        serde_json::from_value(features).unwrap()
    }

    fn told(columns: &[&str]) -> Option<(String, String)> {
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        unknown(&features(), &columns).map(|unknown| (unknown.named().message, unknown.refused().message))
    }

    #[test]
    fn features_and_levels_are_known_and_need_not_all_be_used() {
        assert_eq!(told(&["age", "visits_missed", "sex=F", "sex=M"]), None);
        assert_eq!(told(&["sex=M", "age"]), None);
        assert_eq!(unused(&features(), &["sex=M".to_owned(), "age".to_owned()]), ["visits_missed"]);
    }

    #[test]
    fn an_unknown_column_is_told_with_its_place_and_what_is_near() {
        let cases = [
            (&["age", "visitsmissed"][..], "column 2 of the model", "is 'visits_missed' meant?"),
            (&["sex"], "column 1 of the model", "is the Category 'sex' as one number"),
            (&["age", "sex=m"], "column 2 of the model", "is 'sex=F' or 'sex=M' meant?"),
            (&["bmi"], "column 1 of the model", "add it to spec.features (a derived column is computed by the caller)"),
            (&["age", "age"], "column 2 of the model", "is there twice"),
            (&[], "the model", "names no column"),
        ];
        for (columns, place, what) in cases {
            let (named, hidden) = told(columns).unwrap();
            assert!(hidden.starts_with(place) && hidden.contains(what), "{hidden}");
            if let Some(name) = columns.last() {
                assert!(named.starts_with(&format!("{place} '{name}'")) && named.contains(what), "{named}");
            }
        }
        assert!(!told(&["P-00042"]).unwrap().1.contains("42"));
    }
}

//! The line of a prediction: a `dropout_model::record::Prediction` as JSON, written from what is there without a copy of
//! it. It never holds a patient's identifier.

use super::Kept;
use dropout_model::{
    bundle::Cell,
    manifest::{Feature, FeatureType},
    record::Side,
};
use serde::{Serialize, Serializer};

/// Below this, 2^53, a whole number is what it seems; a larger one stays as it was read.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'a> {
    id: &'a str,
    time: &'a str,
    patient: String,
    side: Side,
    date: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    landmark: Option<&'a str>,
    #[serde(serialize_with = "features")]
    features: &'a Kept,
    risk: f64,
    version: &'a str,
    bundle: &'a str,
    is_dropout: bool,
    tier: &'a str,
}

impl<'a> Line<'a> {
    /// The line of a prediction whose time is this text.
    pub fn new(kept: &'a Kept, time: &'a str) -> Self {
        let decision = kept.version.decide(kept.risk);
        Self {
            id: &kept.id,
            time,
            patient: kept.patient.pseudonym.text(),
            side: kept.patient.side,
            date: kept.date.as_deref().or_else(|| time.get(..10)).unwrap_or_default(),
            landmark: kept.landmark.as_deref(),
            features: kept,
            risk: kept.risk,
            version: kept.version.name(),
            bundle: kept.version.digest(),
            is_dropout: decision.is_dropout,
            tier: decision.tier,
        }
    }
}

fn features<S: Serializer>(kept: &Kept, out: S) -> Result<S::Ok, S::Error> {
    let features = kept.version.form().features().iter().zip(&kept.cells);
    out.collect_map(features.map(|(feature, cell)| (&feature.name, Given { feature, cell })))
}

/// A cell as it was given; a whole number of an Integer feature has no point.
struct Given<'a> {
    feature: &'a Feature,
    cell: &'a Cell,
}

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.cell {
            Cell::Missing => out.serialize_unit(),
            Cell::Category(text) => out.serialize_str(text),
            Cell::Number(number) if self.feature.kind == FeatureType::Integer && number.abs() < EXACT => {
                out.serialize_i64(*number as i64)
            }
            Cell::Number(number) => out.serialize_f64(*number),
        }
    }
}

//! Recorded predictions as a frame: features, risk, patient and landmark day. A value of another type than the feature's counts
//! as text.

use crate::frame::{ColumnSpec, Frame, MISSING, Names, Values};
use crate::report::ColumnKind;
use dropout_model::record::Prediction;
use serde_json::Value;

/// The frame of predictions of a bundle; `landmark` names the landmark day's column. The risk of a prediction by another
/// bundle is not known.
pub fn frame(predictions: &[&Prediction], schema: &[ColumnSpec], (bundle, landmark): (&str, Option<&str>)) -> Frame {
    let (mut patients, mut landmarks) = (Names::default(), Names::default());
    let day = |prediction: &Prediction| {
        let feature = landmark.and_then(|name| prediction.features.get(name)).and_then(text);
        feature.or_else(|| prediction.landmark.clone()).unwrap_or_default()
    };
    Frame {
        sources: vec!["records".to_owned()],
        rows: predictions.len(),
        columns: schema.iter().map(|spec| (spec.name.clone(), column(predictions, spec))).collect(),
        patient: predictions.iter().map(|prediction| patients.number(&prediction.patient)).collect(),
        landmark: match landmark {
            Some(_) => predictions.iter().map(|prediction| landmarks.number(&day(prediction))).collect(),
            None => Vec::new(),
        },
        landmarks: landmarks.finished(),
        risk: predictions
            .iter()
            .map(|prediction| if prediction.bundle == bundle { prediction.risk } else { f64::NAN })
            .collect(),
        ..Frame::default()
    }
}

fn column(predictions: &[&Prediction], spec: &ColumnSpec) -> Values {
    let cells = predictions.iter().map(|prediction| prediction.features.get(&spec.name).unwrap_or(&Value::Null));
    if spec.kind == ColumnKind::Num {
        let mut texts = 0;
        let numbers = cells.map(|cell| {
            let number = cell.as_f64().filter(|number| number.is_finite());
            texts += u64::from(number.is_none() && !cell.is_null());
            number.unwrap_or(f64::NAN)
        });
        let numbers = numbers.collect();
        return Values::Numbers { numbers, texts };
    }
    let mut names = Names::default();
    let codes = cells.map(|cell| text(cell).map_or(MISSING, |text| names.number(&text))).collect();
    Values::Categories { names: names.finished(), codes }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
    }
}

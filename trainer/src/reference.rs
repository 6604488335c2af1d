//! The reference of a bundle: the rows it was trained on, with risks from models that never saw the row's patient. Patients
//! are numbers in it, so that it tells who belongs together and not who it is.

use dropout_model::{
    bundle::Cell,
    manifest::Manifest,
    rows::{Rows, cells},
};
use std::fmt::Write as _;

/// Column of the patient's number, from 1 in the order of the rows.
pub const PATIENT: &str = "@patient";
/// Column of the landmark day; empty if rows have none.
pub const LANDMARK: &str = "@landmark";
/// Column of the out-of-fold risk, 0 to 1; empty if it is not known.
pub const RISK: &str = "@risk";
/// Column of the label: 1 for a dropout within the horizon, else 0.
pub const LABEL: &str = "@label";

/// The reference as CSV, a line a training row: the four columns above, then the features in the order of the manifest. No
/// feature can have one of the four names, since a name begins with a letter or an underscore.
pub fn sample(manifest: &Manifest, training: &Rows, out_of_fold: Option<&[f64]>) -> String {
    let mut text = [PATIENT, LANDMARK, RISK, LABEL].join(",");
    for feature in &manifest.features {
        let _ = write!(text, ",{}", feature.name);
    }
    text.push('\n');
    for row in 0..training.len() {
        let number = |numbers: &[u32]| numbers.get(row).copied().unwrap_or_default();
        let landmark = training.landmarks.get(number(&training.landmark) as usize).map_or("", String::as_str);
        let _ = write!(text, "{},{},", number(&training.patient) + 1, quoted(landmark));
        if let Some(risk) = out_of_fold.and_then(|risks| risks.get(row)).filter(|risk| risk.is_finite()) {
            let _ = write!(text, "{risk}");
        }
        let _ = write!(text, ",{}", u8::from(training.label.get(row) == Some(&true)));
        for cell in cells(&manifest.features, &training.columns, row) {
            text.push(',');
            match cell {
                Cell::Number(number) => drop(write!(text, "{number}")),
                Cell::Category(level) => text.push_str(&quoted(&level)),
                Cell::Missing => {}
            }
        }
        text.push('\n');
    }
    text
}

/// A cell that may hold commas or quotes.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dropout_model::rows::Column;

    #[test]
    fn patients_are_numbers_and_missing_values_are_empty() {
        let manifest: Manifest = serde_json::from_value(serde_json::json!({
            "study": {"id": "S"}, "patientId": "id", "landmark": "day",
            "features": [{"name": "age", "type": "Number"}, {"name": "site", "type": "Category", "values": ["a,b", "c"]}],
            "label": {"column": "dropout", "horizon": "28d"},
            "data": {"training": {"uri": "file:///t.csv", "persistentVolumeClaim": {"claimName": "c"}}},
        }))
        .unwrap();
        let rows = Rows {
            patients: vec!["P-7".into(), "P-9".into()],
            patient: vec![0, 1, 0],
            landmark: vec![0, 0, 1],
            landmarks: vec!["14".into(), "28".into()],
            columns: vec![Column::Numbers(vec![61.5, f64::NAN, 62.0]), Column::Levels(vec![0, 1, Column::MISSING])],
            label: vec![true, false, false],
            ..Rows::default()
        };
        let text = sample(&manifest, &rows, Some(&[0.25, f64::NAN, 0.5]));
        assert_eq!(
            text,
            "@patient,@landmark,@risk,@label,age,site\n1,14,0.25,1,61.5,\"a,b\"\n2,14,,0,,c\n1,28,0.5,0,62,\n"
        );
    }
}

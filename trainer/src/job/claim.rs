//! What a trainer claims about its own model: one JSON object of metric names and numbers. It stands in the report beside
//! what was measured and decides nothing. A name that is no metric is counted, never repeated.

use crate::report::{Claim, Claimed, Report};
use dropout_model::{
    input::{BadInput, Reason},
    manifest::Metric,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 << 10;

/// The claims of a trainer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    metrics: Vec<(Metric, f64)>,
    unknown: usize,
}

/// Reads claims; `name` is shown in messages.
pub fn read(name: &str, bytes: &[u8]) -> Result<Claims, BadInput> {
    let bad = |what: String| BadInput::new(Reason::ForeignModel, format!("{name} {what}"));
    let claims: BTreeMap<String, Value> = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        bad(format!("is no JSON object of metric names and numbers, {place}; NaN and Infinity are no JSON"))
    })?;
    if claims.is_empty() {
        return Err(bad("claims nothing; write a metric and its number, or leave the file out".to_owned()));
    }
    let mut read = Claims::default();
    for (at, (metric, value)) in claims.into_iter().enumerate() {
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
            let place = at + 1;
            return Err(bad(format!("holds a claim that is no finite number, number {place} in the order of names")));
        };
        match serde_json::from_value(Value::String(metric)) {
            Ok(metric) => read.metrics.push((metric, number)),
            Err(_) => read.unknown += 1,
        }
    }
    Ok(read)
}

impl Claims {
    /// The claims beside what a report measured.
    pub fn beside(&self, report: &Report) -> Claimed {
        let claim = |(metric, claimed): &(Metric, f64)| {
            let measured = report.metrics.iter().find(|found| found.metric == *metric).map(|found| found.candidate);
            Claim { metric: *metric, claimed: *claimed, measured: measured.filter(|value| value.is_finite()) }
        };
        Claimed { metrics: self.metrics.iter().map(claim).collect(), unknown: self.unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_metrics_are_read_and_others_counted() {
        let claims = read("c.json", br#"{"roc_auc": 0.71, "brier": 1, "P-00042": 0.5}"#).unwrap();
        assert_eq!(claims, Claims { metrics: vec![(Metric::Brier, 1.0), (Metric::RocAuc, 0.71)], unknown: 1 });
    }

    #[test]
    fn claims_that_are_none_are_refused_without_a_word_of_them() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "c.json is no JSON object of metric names and numbers, line 1 column 0"),
            (b"{}", "c.json claims nothing"),
            (b"[0.7]", "c.json is no JSON object"),
            (br#"{"roc_auc": NaN}"#, "c.json is no JSON object"),
            (br#"{"roc_auc": 1e999}"#, "c.json is no JSON object"),
            (br#"{"roc_auc": "P-00042"}"#, "c.json holds a claim that is no finite number, number 1 in"),
            (br#"{"brier": 0.2, "roc_auc": null}"#, "c.json holds a claim that is no finite number, number 2 in"),
        ];
        for (bytes, part) in cases {
            let bad = read("c.json", bytes).unwrap_err();
            assert_eq!(bad.reason, Reason::ForeignModel);
            assert!(bad.message.starts_with(part) && !bad.message.contains("42"), "{bad}");
        }
    }
}

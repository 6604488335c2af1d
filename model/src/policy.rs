//! The policy: what is done at which risk. It is no part of a bundle, so an edit of it rolls pods and trains nothing.

use crate::{
    digest::json_digest,
    manifest::{Target, Tier},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A resolved threshold and the tiers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Decision threshold on risk: a row is a predicted dropout if its risk is at least this.
    pub threshold: f64,
    /// Tiers in the order of the manifest.
    pub tiers: Vec<Tier>,
}

/// What a risk means under a policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// Whether the patient is predicted to drop out.
    pub is_dropout: bool,
    /// The tier.
    pub tier: &'a str,
    /// What is done for the tier.
    pub intervention: &'a str,
}

impl Policy {
    /// A policy from a threshold and a manifest's tiers; none means the default three.
    pub fn new(threshold: f64, tiers: &[Tier]) -> Self {
        let tiers = if tiers.is_empty() { Tier::defaults() } else { tiers.to_vec() };
        Self { threshold, tiers }
    }

    /// Identity of the policy.
    pub fn hash(&self) -> String {
        json_digest(self)
    }

    /// The decision at a risk: the last tier in order that starts at or below it. A predicted dropout is never in the
    /// lowest tier.
    pub fn decide(&self, risk: f64) -> Decision<'_> {
        let is_dropout = risk >= self.threshold;
        let reached = |tier: &Tier| risk >= tier.from.unwrap_or(self.threshold);
        let at = self.tiers.iter().rposition(reached).unwrap_or(0);
        let at = if is_dropout && at == 0 && self.tiers.len() > 1 { 1 } else { at };
        let (tier, intervention) =
            self.tiers.get(at).map_or(("", ""), |tier| (tier.name.as_str(), tier.intervention.as_str()));
        Decision { is_dropout, tier, intervention }
    }
}

/// The threshold that a target means for a bundle: the largest that reaches a recall, or the smallest that keeps an
/// alert rate, out of fold. `points` are in rising order of threshold.
pub fn resolve(target: Target, points: &[crate::bundle::OperatingPoint]) -> f64 {
    match target {
        Target::Value(value) => value,
        Target::Recall(recall) => {
            points.iter().rev().find(|point| point.recall >= recall).map_or(0.0, |point| point.threshold)
        }
        Target::AlertRate(rate) => {
            points.iter().find(|point| point.alert_rate <= rate).map_or(1.0, |point| point.threshold)
        }
    }
}

/// What an inference service serves: which bundle, as which version, under which policy. The file it is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    /// Name of the version, such as `v3`.
    pub model_version: String,
    /// Path of the bundle's file, or its uri in a bucket.
    pub bundle: String,
    /// Digest that the file must have.
    pub bundle_digest: String,
    /// The policy.
    pub policy: Policy,
    /// Names that a request may hold besides the bundle's features, and that are ignored: the features of the version
    /// in the making, so that clients can send them before it is served, and the landmark's date and day, which count
    /// where records are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
    /// Most rows that a client may have predicted in a second; none means any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_per_second: Option<u32>,
    /// What is kept of predictions and outcomes; none means nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsSetting>,
    /// Metrics by name, on patients held out from training, when the version was judged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// Folder with the certificate of the port for predictions, [`TLS`]; none means plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Origins whose pages may call from a browser; never `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<String>,
}

/// Folder in which a serving pod finds its certificate, read only: the mounted Secret's `tls.crt` and `tls.key`.
pub const TLS: &str = "/tls";

/// Folder in which a serving pod finds the pseudonym key, read only: the mounted Secret.
pub const PSEUDONYM: &str = "/pseudonym";

/// Where and how an inference service keeps records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordsSetting {
    /// URI of the store: `file:///` and a path below `mount`, or `s3://`.
    pub store: String,
    /// Folder of this machine that `file:///` means, such as `/store`.
    pub mount: String,
    /// The model's folder in the store, `<namespace>/<model>`; batches go to `records` and `outcomes` in it.
    pub folder: String,
    /// Longest time until a record is written, in seconds.
    pub every_seconds: u64,
    /// Identifier of the trial; it seeds the split.
    pub study: String,
    /// File with the pseudonym key, at least 32 bytes; the Secret's entry `key` in [`PSEUDONYM`].
    pub key_file: String,
    /// What the key is called in records.
    pub key_id: String,
    /// Share of patients held out by their hash, 0 to 1; 0 if the holdout is given as a file.
    pub holdout_fraction: f64,
    /// Field of a request with the landmark's date, if rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Field of a request with the landmark day, if rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmark: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::OperatingPoint;

    #[test]
    fn a_predicted_dropout_is_never_in_the_lowest_tier() {
        let tiers = [
            Tier { name: "Low".into(), from: Some(0.0), intervention: "SMS".into() },
            Tier { name: "High".into(), from: Some(0.9), intervention: "OnSiteVisit".into() },
        ];
        let policy = Policy::new(0.3, &tiers);
        assert_eq!(policy.decide(0.29), Decision { is_dropout: false, tier: "Low", intervention: "SMS" });
        assert_eq!(policy.decide(0.3), Decision { is_dropout: true, tier: "High", intervention: "OnSiteVisit" });
    }

    #[test]
    fn default_tiers_start_at_zero_at_the_threshold_and_at_0_65() {
        let policy = Policy::new(0.2, &[]);
        let tiers = [0.0, 0.19, 0.2, 0.64, 0.65, 1.0].map(|risk| policy.decide(risk).tier);
        assert_eq!(tiers, ["Low", "Low", "Medium", "Medium", "Critical", "Critical"]);
    }

    #[test]
    fn targets_resolve_to_the_largest_threshold_for_recall_and_the_smallest_for_an_alert_rate() {
        let point = |threshold, recall, alert_rate| OperatingPoint { threshold, recall, alert_rate };
        let points = [point(0.1, 1.0, 0.9), point(0.2, 0.8, 0.5), point(0.3, 0.79, 0.2)];
        assert_eq!(resolve(Target::Recall(0.8), &points), 0.2);
        assert_eq!(resolve(Target::AlertRate(0.5), &points), 0.2);
        assert_eq!(resolve(Target::AlertRate(0.1), &points), 1.0);
        assert_eq!(resolve(Target::Value(0.4), &points), 0.4);
    }
}

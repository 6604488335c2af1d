//! One loaded version: a checked bundle made ready for scoring, with its name, digest and policy. Later steps may load
//! two of them. It never reads a file.

use crate::{
    answer::{AtThreshold, Card, Origin, Prediction},
    reasons::reasons,
    row::{Form, LandmarkFields, Row},
};
use dropout_model::{
    bundle::{Bundle, BundleError, Model, Scorer},
    digest::digest,
    manifest::{Algorithm, Target},
    policy::{Decision, Policy, resolve},
};

use std::collections::BTreeMap;

/// What a version is called and what is done with its risks.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Name of the version, such as `v3`.
    pub name: String,
    /// Digest that the bundle must have, if one is asked for.
    pub digest: Option<String>,
    /// The policy.
    pub policy: Decisions,
    /// Names that a request may hold beside the features; they are ignored.
    pub accepts: Vec<String>,
    /// Fields that a request may hold beside the features, and that are kept in records.
    pub landmark: LandmarkFields,
    /// Metrics by name, on patients held out from training, when the version was judged.
    pub metrics: BTreeMap<String, f64>,
}

/// Where the policy of a version comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Decisions {
    /// Given as a whole.
    Given(Policy),
    /// The default tiers with a threshold resolved from the bundle's own operating points.
    Resolved(Target),
}

/// A version that is ready for scoring.
#[derive(Debug)]
pub struct Version {
    name: String,
    digest: String,
    policy: Policy,
    policy_hash: String,
    study: String,
    holdout_fraction: f64,
    label: String,
    horizon_seconds: u64,
    metrics: BTreeMap<String, f64>,
    origin: Origin,
    form: Form,
    scorer: Scorer,
}

impl Version {
    /// Reads and checks a bundle: digest, schema, numbers and golden rows.
    pub fn read(bytes: &[u8], terms: Terms) -> Result<Self, BundleError> {
        let bundle = Bundle::read(bytes, terms.digest.as_deref())?;
        let form = Form::new(&bundle.features, &terms.accepts).map_err(BundleError::Unusable)?;
        let form = form.with_landmark(terms.landmark);
        let scorer = Scorer::new(&bundle)?;
        let policy = match terms.policy {
            Decisions::Given(policy) => policy,
            Decisions::Resolved(target) => Policy::new(resolve(target, &bundle.thresholds), &[]),
        };
        Ok(Self {
            name: terms.name,
            digest: digest(bytes),
            policy_hash: policy.hash(),
            metrics: terms.metrics,
            origin: origin(&bundle, &policy),
            policy,
            study: bundle.study,
            holdout_fraction: bundle.holdout_fraction,
            label: bundle.label,
            horizon_seconds: bundle.horizon_seconds,
            form,
            scorer,
        })
    }

    /// Name of the version.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Digest of the bundle.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Names of the policy's tiers.
    pub fn tiers(&self) -> impl Iterator<Item = &str> {
        self.policy.tiers.iter().map(|tier| tier.name.as_str())
    }

    /// Identity of the policy.
    pub fn policy_hash(&self) -> &str {
        &self.policy_hash
    }

    /// Identifier of the trial that the bundle was trained on.
    pub fn study(&self) -> &str {
        &self.study
    }

    /// Share of patients that were held out when the bundle was trained.
    pub fn holdout_fraction(&self) -> f64 {
        self.holdout_fraction
    }

    /// What a request must hold.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The prediction for a row, or nothing if its numbers are too large for a risk to be computed.
    /// With the reasons that weigh most, as many as `explain` says, if it says so.
    pub fn predict(&self, row: &Row, prediction_id: String, explain: Option<usize>) -> Option<Prediction<'_>> {
        let risk = self.scorer.risk(&row.cells);
        let decision = self.policy.decide(risk);
        risk.is_finite().then(|| Prediction {
            dropout_prediction: u8::from(decision.is_dropout),
            probability: risk,
            risk_level: decision.tier,
            intervention: decision.intervention,
            model_version: &self.name,
            bundle_digest: &self.digest,
            policy_hash: &self.policy_hash,
            prediction_id,
            imputed: self.form.names(&row.imputed),
            reasons: explain
                .map(|most| reasons(self.form.features(), &row.cells, &self.scorer.contributions(&row.cells), most)),
        })
    }

    /// What is decided at a risk.
    pub fn decide(&self, risk: f64) -> Decision<'_> {
        self.policy.decide(risk)
    }

    /// What the version is, as `GET /v1/model` says it.
    pub fn card(&self) -> Card<'_> {
        Card {
            model_version: &self.name,
            bundle_digest: &self.digest,
            policy_hash: &self.policy_hash,
            study: &self.study,
            label: &self.label,
            horizon_seconds: self.horizon_seconds,
            metrics: &self.metrics,
            card: &self.origin,
            features: self.form.features(),
            index: self.form.date_field(),
            landmark: self.form.landmark_field(),
            policy: &self.policy,
        }
    }
}

/// Where a model comes from, as its bundle says.
fn origin(bundle: &Bundle, policy: &Policy) -> Origin {
    let algorithm = match bundle.model {
        Model::Logistic(_) => Algorithm::Logistic,
        Model::Trees(_) => Algorithm::GradientBoosting,
    };
    // Between two points the nearer one above flags no more than the threshold does.
    let point = bundle.thresholds.iter().find(|point| point.threshold >= policy.threshold);
    Origin {
        algorithm: algorithm.name().into(),
        code: bundle.code.clone(),
        data_digest: bundle.data_digest.clone(),
        cutoff: bundle.cutoff.clone(),
        holdout_fraction: bundle.holdout_fraction,
        choice: bundle.choice.as_ref().map(|choice| choice.message.clone()),
        calibration: bundle.calibration_reason.clone(),
        out_of_fold: point.map(|point| AtThreshold {
            threshold: point.threshold,
            recall: point.recall,
            alert_rate: point.alert_rate,
        }),
    }
}

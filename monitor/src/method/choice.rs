//! Evidently's names, defaults and limits for its methods. It computes no score.

use super::{
    Method, Sample, Unscorable,
    labels::{distinct, paired},
};

/// Values of the reference up to which Evidently tests; above, it measures distances.
const MOST_TESTED: u64 = 1000;
/// Different values up to which numbers are treated as categories.
const FEW_VALUES: usize = 5;

/// Every method, with its short name and the name in reports.
const NAMES: [(Method, &str, &str); 18] = [
    (Method::Ks, "ks", "K-S p_value"),
    (Method::Wasserstein, "wasserstein", "Wasserstein distance (normed)"),
    (Method::Psi, "psi", "PSI"),
    (Method::KlDiv, "kl_div", "Kullback-Leibler divergence"),
    (Method::JensenShannon, "jensenshannon", "Jensen-Shannon distance"),
    (Method::Hellinger, "hellinger", "Hellinger distance"),
    (Method::ChiSquare, "chisquare", "chi-square p_value"),
    (Method::Z, "z", "Z-test p_value"),
    (Method::Anderson, "anderson", "Anderson-Darling"),
    (Method::CramerVonMises, "cramer_von_mises", "Cramer-von Mises"),
    (Method::Es, "es", "Epps-Singleton"),
    (Method::MannWhitney, "mannw", "Mann-Whitney U-rank test"),
    (Method::TTest, "t_test", "t_test"),
    (Method::Ed, "ed", "Energy-distance"),
    (Method::GTest, "g_test", "g_test"),
    (Method::FisherExact, "fisher_exact", "Fisher's Exact test"),
    (Method::Tvd, "TVD", "Total-Variation-Distance"),
    (Method::EmpiricalMmd, "empirical_mmd", "empirical_mmd"),
];

/// How a score is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtMost,
    Below,
    AtLeast,
    Above,
}

impl Method {
    /// All methods.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(method, _, _)| *method)
    }

    /// Evidently's name in its code and in reports whose user chose the method.
    pub fn short_name(self) -> &'static str {
        NAMES.iter().find(|(method, _, _)| *method == self).map_or("", |(_, short, _)| short)
    }

    /// Evidently's name in reports.
    pub fn display_name(self) -> &'static str {
        NAMES.iter().find(|(method, _, _)| *method == self).map_or("", |(_, _, display)| display)
    }

    /// The method of a short name or a name in reports, Evidently 0.4 to 0.7; none if it is not one of Evidently's own.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, short, display)| *short == name || *display == name).map(|(method, _, _)| *method)
    }

    /// Whether the score is a p-value; else a distance.
    pub fn is_p_value(self) -> bool {
        matches!(side(self), Side::AtMost | Side::Below)
    }
}

/// The method that Evidently 0.7 takes by default, by the reference's size and the different values of both sides; the
/// size of the window plays no part.
pub fn default_method(reference: &Sample, window: &Sample) -> Result<Method, Unscorable> {
    let (different, is_number) = match (reference, window) {
        (Sample::Numbers(a), Sample::Numbers(b)) => (distinct(a, b, FEW_VALUES + 1), true),
        (Sample::Labels(a), Sample::Labels(b)) => (paired(a, b).len(), false),
        (Sample::Numbers(_), Sample::Labels(_)) | (Sample::Labels(_), Sample::Numbers(_)) => Err(Unscorable::Types)?,
    };
    let is_number = is_number && different > FEW_VALUES;
    Ok(match (reference.len() <= MOST_TESTED, is_number) {
        (true, true) => Method::Ks,
        (true, false) if different > 2 => Method::ChiSquare,
        (true, false) => Method::Z,
        (false, true) => Method::Wasserstein,
        (false, false) => Method::JensenShannon,
    })
}

/// Evidently's limit for a method, if the user gives none.
pub fn default_threshold(method: Method) -> f64 {
    match method {
        Method::Ks | Method::ChiSquare | Method::Z | Method::Es | Method::MannWhitney | Method::TTest => 0.05,
        Method::Wasserstein | Method::Psi | Method::KlDiv | Method::JensenShannon | Method::Hellinger => 0.1,
        Method::Anderson | Method::CramerVonMises | Method::Ed | Method::GTest => 0.1,
        Method::FisherExact | Method::Tvd | Method::EmpiricalMmd => 0.1,
    }
}

/// Whether a score counts as drift by Evidently's rule; NaN never does.
pub fn is_drifted(method: Method, score: f64, threshold: f64) -> bool {
    match side(method) {
        Side::AtMost => score <= threshold,
        Side::Below => score < threshold,
        Side::AtLeast => score >= threshold,
        Side::Above => score > threshold,
    }
}

fn side(method: Method) -> Side {
    match method {
        Method::Ks | Method::CramerVonMises => Side::AtMost,
        Method::Wasserstein | Method::Psi | Method::KlDiv | Method::JensenShannon | Method::Hellinger => Side::AtLeast,
        Method::Ed => Side::Above,
        Method::ChiSquare | Method::Z | Method::Anderson | Method::Es | Method::MannWhitney => Side::Below,
        Method::TTest | Method::GTest | Method::FisherExact | Method::Tvd | Method::EmpiricalMmd => Side::Below,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_the_method_that_serde_writes_by_its_short_name() {
        for (known, short, display) in NAMES {
            assert_eq!((Method::from_name(short), Method::from_name(display)), (Some(known), Some(known)), "{short}");
            assert_eq!(serde_json::to_value(known).unwrap(), short);
        }
        for other in ["", "custom function 'mine'", "KS", "ks ", "abs_text_content_drift"] {
            assert_eq!(Method::from_name(other), None, "{other}");
        }
    }

    #[test]
    fn the_limit_itself_is_drift_for_some_methods_only() {
        let at = |method| is_drifted(method, 0.05, 0.05);
        assert!(at(Method::Ks) && at(Method::CramerVonMises) && at(Method::Psi));
        assert!(!at(Method::ChiSquare) && !at(Method::Ed) && !at(Method::TTest));
        assert!(is_drifted(Method::Tvd, 0.0, 0.1) && is_drifted(Method::Hellinger, 1.0, 0.1));
    }
}

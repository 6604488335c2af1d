//! Evidently's names of its methods, and on which side of the limit each of them means drift. It computes nothing.

use crate::method::Method;

/// Where a score must lie for drift. The sign of equality differs by method in Evidently's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Score at most the limit.
    AtMost,
    /// Score below the limit.
    Below,
    /// Score at least the limit.
    AtLeast,
    /// Score above the limit.
    Above,
}

impl Bad {
    /// Whether a score means drift.
    pub fn is_drift(self, score: f64, limit: f64) -> bool {
        match self {
            Self::AtMost => score <= limit,
            Self::Below => score < limit,
            Self::AtLeast => score >= limit,
            Self::Above => score > limit,
        }
    }
}

/// Method, short name (written by 0.7 if a person chose the method) and display name (written otherwise).
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

/// The method of a name, short or for display; none for `""`, for a person's own function and for tests of texts.
pub fn method(name: &str) -> Option<Method> {
    NAMES.iter().find(|(_, short, display)| name == *short || name == *display).map(|(method, ..)| *method)
}

/// The side of the limit on which the scores of a method mean drift.
pub const fn bad(method: Method) -> Bad {
    match method {
        Method::Ks | Method::CramerVonMises => Bad::AtMost,
        Method::Wasserstein | Method::Psi | Method::KlDiv | Method::JensenShannon | Method::Hellinger => Bad::AtLeast,
        Method::Ed => Bad::Above,
        Method::ChiSquare
        | Method::Z
        | Method::Anderson
        | Method::Es
        | Method::MannWhitney
        | Method::TTest
        | Method::GTest
        | Method::FisherExact
        | Method::Tvd
        | Method::EmpiricalMmd => Bad::Below,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_the_method_that_serde_writes_by_its_short_name() {
        for (known, short, display) in NAMES {
            assert_eq!((method(short), method(display)), (Some(known), Some(known)), "{short}");
            assert_eq!(serde_json::to_value(known).unwrap(), short);
        }
        for other in ["", "custom function 'mine'", "KS", "ks ", "abs_text_content_drift"] {
            assert_eq!(method(other), None, "{other}");
        }
    }

    #[test]
    fn the_limit_itself_is_drift_for_some_methods_only() {
        let at = |method| bad(method).is_drift(0.05, 0.05);
        assert!(at(Method::Ks) && at(Method::CramerVonMises) && at(Method::Psi));
        assert!(!at(Method::ChiSquare) && !at(Method::Ed) && !at(Method::TTest));
        assert!(bad(Method::Tvd).is_drift(0.0, 0.1) && bad(Method::Hellinger).is_drift(1.0, 0.1));
    }
}

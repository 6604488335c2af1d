//! Two samples of one column, and the numbers that say how far apart they are. It judges nothing by itself.

use serde::{Deserialize, Serialize};

/// A way to compare two samples of a column, by Evidently's short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Two-sample Kolmogorov-Smirnov test.
    Ks,
    /// Wasserstein distance over the reference's standard deviation.
    Wasserstein,
    /// Population stability index.
    Psi,
    /// Kullback-Leibler divergence, in nats.
    KlDiv,
    /// Jensen-Shannon distance, natural logarithm.
    #[serde(rename = "jensenshannon")]
    JensenShannon,
    /// Hellinger distance.
    Hellinger,
    /// Pearson's chi-square; Evidently's goodness of fit takes the reference as exact.
    #[serde(rename = "chisquare")]
    ChiSquare,
    /// Two proportions.
    Z,
    /// k-sample Anderson-Darling.
    Anderson,
    /// Two-sample Cramer-von Mises.
    CramerVonMises,
    /// Epps-Singleton.
    Es,
    /// Mann-Whitney, one-sided.
    #[serde(rename = "mannw")]
    MannWhitney,
    /// Student's t, equal variances.
    TTest,
    /// Energy distance.
    Ed,
    /// G test.
    GTest,
    /// Fisher's exact test.
    FisherExact,
    /// Total variation distance by permutation.
    #[serde(rename = "TVD")]
    Tvd,
    /// Maximum mean discrepancy by permutation.
    EmpiricalMmd,
}

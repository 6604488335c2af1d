//! Two samples of one column, and the numbers that say how far apart they are. It judges nothing by itself.

mod bins;
mod categories;
mod choice;
mod homogeneity;
mod ks;
mod labels;
mod means;
mod numbers;
mod permutation;
mod rank;
mod special;
mod spectrum;

use serde::{Deserialize, Serialize};

pub use bins::jensen_shannon;
pub use choice::{default_method, default_threshold, is_drifted};
pub use homogeneity::{Homogeneity, homogeneity, total_variation, two_proportions};
pub use ks::{Ks, Sweep, ks, sweep, wasserstein};
pub use labels::Labels;
pub use numbers::Numbers;

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

/// One side of a comparison, without missing values.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Numbers.
    Numbers(Numbers),
    /// Categories.
    Labels(Labels),
}

impl Sample {
    /// How many values there are.
    pub fn len(&self) -> u64 {
        match self {
            Self::Numbers(numbers) => numbers.len() as u64,
            Self::Labels(labels) => labels.total(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a method has no number for two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscorable {
    /// A side has no values.
    #[error("one side has no values")]
    Empty,
    /// One side holds numbers, the other categories.
    #[error("one side holds numbers and the other categories: give both the same type")]
    Types,
    /// The method is for numbers.
    #[error("the method compares numbers and the column holds categories: choose another method for it")]
    NeedsNumbers,
    /// The method is for categories.
    #[error("the method compares categories and the column holds numbers: choose another method for it")]
    NeedsCategories,
    /// The method is for equally many values.
    #[error("the method needs equally many values on both sides: choose another method for the column")]
    NeedsEqualSizes,
    /// The method is for two categories.
    #[error("the method needs at most two categories: choose another method for the column")]
    NeedsTwoCategories,
    /// The values do not vary enough.
    #[error("the values vary too little for the method")]
    Constant,
    /// The formula has no value, such as 0 / 0.
    #[error("the method's formula has no value for these samples")]
    Undefined,
    /// The range of the values is beyond what a number holds.
    #[error("the values are too far apart to be binned")]
    TooWide,
    /// The method would take too long.
    #[error(
        "the method draws or compares every value many times and there are too many: choose another method for the column"
    )]
    TooMany,
}

/// The score of a method, as Evidently 0.7 computes it: a p-value or a distance, see [`is_drifted`]. An error where
/// Evidently raises one or gives NaN.
pub fn score(method: Method, reference: &Sample, window: &Sample) -> Result<f64, Unscorable> {
    if reference.is_empty() || window.is_empty() {
        return Err(Unscorable::Empty);
    }
    let score = match method {
        Method::Ks => numbers(reference, window).map(|(a, b)| ks(a, b).p),
        Method::Wasserstein => numbers(reference, window).map(|(a, b)| wasserstein(a, b)),
        Method::Psi => bins::psi(reference, window),
        Method::KlDiv => bins::kl_div(reference, window),
        Method::JensenShannon => bins::binned_jensen_shannon(reference, window),
        Method::Hellinger => bins::hellinger(reference, window),
        Method::ChiSquare => categories::counts(reference, window).map(|counts| categories::chi_square(&counts)),
        Method::Z => categories::counts(reference, window).map(|counts| categories::z(&counts)),
        Method::GTest => labelled(reference, window).and_then(|counts| categories::g_test(&counts)),
        Method::FisherExact => labelled(reference, window).and_then(|counts| categories::fisher_exact(&counts)),
        Method::Anderson => runs(reference, window).and_then(|counts| rank::anderson(&counts)),
        Method::CramerVonMises => runs(reference, window).and_then(|counts| rank::cramer_von_mises(&counts)),
        Method::MannWhitney => runs(reference, window).map(|counts| rank::mann_whitney(&counts)),
        Method::Es => numbers(reference, window).and_then(|(a, b)| spectrum::epps_singleton(a, b)),
        Method::TTest => numbers(reference, window).map(|(a, b)| means::t_test(a, b)),
        Method::Ed => numbers(reference, window).map(|(a, b)| sweep(a, b).energy()),
        Method::Tvd => labelled(reference, window).and_then(|counts| permutation::total_variation(&counts)),
        Method::EmpiricalMmd => numbers(reference, window).and_then(|(a, b)| permutation::mean_discrepancy(a, b)),
    }?;
    if score.is_nan() { Err(Unscorable::Undefined) } else { Ok(score) }
}

fn numbers<'a>(reference: &'a Sample, window: &'a Sample) -> Result<(&'a Numbers, &'a Numbers), Unscorable> {
    match (reference, window) {
        (Sample::Numbers(reference), Sample::Numbers(window)) => Ok((reference, window)),
        (Sample::Labels(_), Sample::Labels(_)) => Err(Unscorable::NeedsNumbers),
        (Sample::Numbers(_), Sample::Labels(_)) | (Sample::Labels(_), Sample::Numbers(_)) => Err(Unscorable::Types),
    }
}

/// Counts of each different number, rising.
fn runs(reference: &Sample, window: &Sample) -> Result<Vec<[u64; 2]>, Unscorable> {
    numbers(reference, window).map(|(reference, window)| labels::paired_numbers(reference, window))
}

/// Counts of each category; of categories only, as Evidently asks for.
fn labelled(reference: &Sample, window: &Sample) -> Result<Vec<[u64; 2]>, Unscorable> {
    if matches!((reference, window), (Sample::Numbers(_), Sample::Numbers(_))) {
        return Err(Unscorable::NeedsCategories);
    }
    categories::counts(reference, window)
}

//! Student's t test of two means with equal variances. It knows nothing of the shape of the columns.

use super::{Numbers, special::student_tails};

/// Two-sided p-value with n + m - 2 degrees of freedom; NaN if neither side varies and the means agree.
pub(super) fn t_test(reference: &Numbers, window: &Numbers) -> f64 {
    let (n, m) = (reference.len() as f64, window.len() as f64);
    let freedom = n + m - 2.0;
    let variance = (reference.squares() + window.squares()) / freedom;
    let t = (reference.mean() - window.mean()) / libm::sqrt(variance * (1.0 / n + 1.0 / m));
    student_tails(t, freedom)
}

//! How long a fit of a million rows takes. Not run by default: a shared machine's time is no fact.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::random::Stream;
use dropout_trainer::logistic::{FitError, FittedLogistic, LogisticParams, dataset};
use linfa::traits::Fit;
use ndarray::Array2;
use std::time::Instant;

#[test]
#[ignore = "measures time; run it alone, in release"]
fn a_million_rows_of_ten_columns_are_fitted_within_a_second() {
    let stream = Stream::new(1);
    let at = |row: usize, column: usize| stream.unit((row * 16 + column) as u64) * 3.4 - 1.7;
    let matrix = Array2::from_shape_fn((1_000_000, 10), |(row, column)| at(row, column));
    let labels: Vec<bool> = (0..1_000_000).map(|row| at(row, 12) * 2.0 + 1.2 < at(row, 0) + 0.5 * at(row, 1)).collect();
    let records = dataset(matrix, &labels);
    let start = Instant::now();
    let fitted: Result<FittedLogistic, FitError> = LogisticParams::default().fit(&records);
    let (steps, took) = (fitted.unwrap().steps, start.elapsed());
    println!("1,000,000 x 10: {steps} steps in {took:?}");
    assert!(took.as_secs_f64() < 1.0, "{took:?}");
}

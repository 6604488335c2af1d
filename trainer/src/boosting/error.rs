//! Why there are no trees, said so that the reader can mend it. No value of a row is ever part of a message.

/// Why there are no trees.
#[derive(Debug, thiserror::Error)]
pub enum BoostingError {
    /// A parameter cannot be used.
    #[error("the {name} is {value}; it must be {wanted}")]
    Range {
        /// The parameter.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        wanted: &'static str,
    },
    /// There is only one label, or no row. Rows that weigh nothing do not count.
    #[error("both labels are needed, but {positives} of {rows} rows are positive")]
    OneClass {
        /// Rows with a positive label.
        positives: usize,
        /// All rows.
        rows: usize,
    },
    /// There is no column, or the names or the monotone columns are not as many as the columns.
    #[error("there are {columns} columns, but {named} are named; name each column once, and have at least one")]
    Columns {
        /// Columns of the rows.
        columns: usize,
        /// Columns that the parameters speak of.
        named: usize,
    },
    /// Rows, labels and weights are not equally many.
    #[error(
        "there are {rows} rows, {labels} labels and {weights} weights; give each row a label, and all or none a weight"
    )]
    Lengths {
        /// Rows.
        rows: usize,
        /// Labels.
        labels: usize,
        /// Weights, 0 if there are none.
        weights: usize,
    },
    /// A number is infinite, or too large for 32 bits.
    #[error("column {column} has a value that is infinite or above 3.4e38; correct it, or leave it out as missing")]
    Infinite {
        /// The column.
        column: String,
    },
    /// A weight cannot be used.
    #[error("the weight of row {row}, counted from 1, is {weight}; it must be zero or a positive finite number")]
    Weight {
        /// The row, counted from 1.
        row: usize,
        /// Its weight.
        weight: f64,
    },
    /// The watched rows do not fit.
    #[error("{rows} watched rows of {columns} columns with {labels} labels do not fit rows of {wanted} columns")]
    Watched {
        /// Watched rows.
        rows: usize,
        /// Their columns.
        columns: usize,
        /// Their labels.
        labels: usize,
        /// Columns of the rows that are learned from.
        wanted: usize,
    },
    /// There are more rows than can be counted in 32 bits.
    #[error("there are {0} rows; at most 4294967295 can be learned from")]
    TooManyRows(usize),
    /// linfa says no.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}

/// Both labels must have a weight, and every weight must be one. No weights: every row weighs 1.
pub(super) fn check_labels(labels: &[bool], weights: &[f64]) -> Result<(), BoostingError> {
    if let Some(at) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
        let weight = weights.get(at).copied().unwrap_or_default();
        return Err(BoostingError::Weight { row: at + 1, weight });
    }
    let counts = |row: &usize| weights.get(*row).is_none_or(|weight| *weight > 0.0);
    let counted = labels.iter().enumerate().filter(|(row, _)| counts(row)).map(|(_, label)| *label);
    let (positives, rows) = counted.fold((0, 0), |(positives, rows), label| (positives + usize::from(label), rows + 1));
    if positives == 0 || positives == rows { Err(BoostingError::OneClass { positives, rows }) } else { Ok(()) }
}

/// Watched rows must have a row, a label each, and the columns of the others.
pub(super) fn check_watched(
    ((rows, columns), labels): ((usize, usize), usize),
    wanted: usize,
) -> Result<(), BoostingError> {
    if rows == 0 || labels != rows || columns != wanted {
        return Err(BoostingError::Watched { rows, columns, labels, wanted });
    }
    Ok(())
}

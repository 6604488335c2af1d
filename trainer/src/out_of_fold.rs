//! The file of out-of-fold risks: a header `risk` and a number a line, in the order of the training rows. It names no
//! patient.

use std::fmt::Write as _;

/// The text of the file.
pub fn text(risks: &[f64]) -> String {
    let mut text = "risk\n".to_owned();
    for risk in risks {
        let _ = writeln!(text, "{risk}");
    }
    text
}

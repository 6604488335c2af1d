//! Out-of-fold risks as a file: a header `risk` and a number a line, in the order of the training rows. A foreign trainer may
//! have written anything: a number that is none, or that is plainly not out of fold, is refused.

use dropout_model::input::{BadInput, Reason};
use std::fmt::Write as _;

/// Largest file that is read, in bytes: 25 for each of two million rows.
pub const MAX_BYTES: u64 = 64 << 20;

/// The text of the file.
pub fn text(risks: &[f64]) -> String {
    let mut text = "risk\n".to_owned();
    for risk in risks {
        let _ = writeln!(text, "{risk}");
    }
    text
}

/// Largest difference at which a risk counts as the model's own: what an f32 of XGBoost loses.
const SAME: f64 = 1e-6;

/// Reads the risks of a file; `name` is shown in messages.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<f64>, BadInput> {
    let bad = |what: String| BadInput::new(Reason::ForeignModel, format!("{name}{what}"));
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(bad(" is no UTF-8 text".to_owned())) };
    let mut lines = text.lines().map(str::trim);
    if lines.next() != Some("risk") {
        return Err(bad(", row 1: the header must be the one word risk".to_owned()));
    }
    let number = |(at, line): (usize, &str)| {
        risk(line.as_bytes()).ok_or_else(|| bad(format!(", row {}: must hold one number, a risk from 0 to 1", at + 2)))
    };
    let risks: Vec<f64> = lines.enumerate().map(number).collect::<Result<_, _>>()?;
    match risks.is_empty() {
        true => Err(bad(" holds no risk; write one for each training row, or leave the file out".to_owned())),
        false => Ok(risks),
    }
}

fn risk(cell: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(cell).ok()?.parse().ok()?;
    (0.0..=1.0).contains(&number).then_some(number)
}

/// Refuses risks of other rows, and the model's own risks under a false name. `own` are the model's risks of the rows;
/// empty if it has nothing to have learned with.
pub fn check(risks: &[f64], rows: usize, own: &[f64]) -> Result<(), BadInput> {
    let bad = |what: String| Err(BadInput::new(Reason::ForeignModel, what));
    if risks.len() != rows {
        return bad(format!(
            "there are {} out-of-fold risks but {rows} training rows; write one for each row of rows.csv, in its order",
            risks.len()
        ));
    }
    if let Some(at) = risks.iter().position(|risk| !(0.0..=1.0).contains(risk)) {
        return bad(format!("out-of-fold risk {} is no number from 0 to 1", at + 1));
    }
    let is_own = |(risk, own): (&f64, &f64)| (risk - own).abs() <= SAME;
    if !own.is_empty() && risks.iter().zip(own).all(is_own) {
        return bad("the out-of-fold risks are the model's own risks of the rows it learned from; score each patient with a model that never saw the patient, or leave the file out".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_are_read_in_order() {
        assert_eq!(read("o.csv", b"risk\n0.25\n1\n 3e-3 \n").unwrap(), [0.25, 1.0, 0.003]);
        assert_eq!(read("o.csv", b"\xEF\xBB\xBFrisk\r\n0\r\n").unwrap(), [0.0]);
    }

    #[test]
    fn risks_survive_being_written_and_read() {
        let risks = [0.1 + 0.2, 1e-17, 1.0, 0.0];
        assert_eq!(read("o.csv", text(&risks).as_bytes()).unwrap(), risks);
    }

    #[test]
    fn every_fault_is_told_with_its_row() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "o.csv, row 1: the header"),
            (b"risk\n", "o.csv holds no risk"),
            (b"0.5\n0.4\n", "o.csv, row 1: the header must be the one word risk"),
            (b"patient_id,risk\nP-1,0.5\n", "o.csv, row 1: the header"),
            (b"risk\n0.5\nNaN\n", "o.csv, row 3: must hold one number, a risk from 0 to 1"),
            (b"risk\ninf\n", "o.csv, row 2"),
            (b"risk\n1.5\n", "o.csv, row 2"),
            (b"risk\nP-00042\n", "o.csv, row 2"),
            (b"risk\n0.1,0.2\n", "o.csv, row 2"),
        ];
        for (bytes, part) in cases {
            let bad = read("o.csv", bytes).unwrap_err();
            assert_eq!(bad.reason, Reason::ForeignModel);
            assert!(bad.message.starts_with(part) && !bad.message.contains("42"), "{bad}");
        }
    }

    #[test]
    fn risks_of_other_rows_and_the_models_own_are_refused() {
        let told = |risks: &[f64], own: &[f64]| check(risks, 2, own).unwrap_err().message;
        assert!(told(&[0.1], &[]).starts_with("there are 1 out-of-fold risks but 2 training rows"));
        assert_eq!(told(&[0.1, f64::NAN], &[]), "out-of-fold risk 2 is no number from 0 to 1");
        assert!(told(&[0.5, 0.7 + 1e-8], &[0.5, 0.7]).starts_with("the out-of-fold risks are the model's own"));
        assert_eq!(check(&[0.5, 0.6], 2, &[0.5, 0.7]), Ok(()));
    }
}

//! Out-of-fold risks as a file: a header `risk` and a number a line, in the order of the training rows. A foreign trainer
//! may have written anything; it says nothing about whether the risks are honest.

use dropout_model::input::{BadInput, Reason};
use std::fmt::Write as _;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 << 20;

/// The text of the file.
pub fn text(risks: &[f64]) -> String {
    let mut text = "risk\n".to_owned();
    for risk in risks {
        let _ = writeln!(text, "{risk}");
    }
    text
}

/// Reads the risks; the error names the line.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<f64>, BadInput> {
    let bad = |line: usize, what: &str| {
        BadInput::new(Reason::ForeignModel, format!("{name}, line {line}: {what}; correct the trainer"))
    };
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(bad(1, "the file is no UTF-8 text")) };
    let mut lines = text.lines().map(str::trim);
    if lines.next() != Some("risk") {
        return Err(bad(1, "the header must be the one word 'risk'"));
    }
    let risk = |(at, line): (usize, &str)| match line.parse::<f64>() {
        Ok(risk) if (0.0..=1.0).contains(&risk) => Ok(risk),
        Ok(_) | Err(_) => Err(bad(at + 2, "this is no number from 0 to 1")),
    };
    lines.enumerate().map(risk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_are_read_with_either_line_end() {
        assert_eq!(read("out_of_fold.csv", b"risk\r\n0.25\r\n1e-3\r\n").unwrap(), [0.25, 1e-3]);
        assert_eq!(read("out_of_fold.csv", b"risk\n0\n1").unwrap(), [0.0, 1.0]);
        assert!(read("out_of_fold.csv", b"risk\n").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_risk_is_refused_with_its_line_and_never_repeated() {
        let bad: [(&[u8], &str); 7] = [
            (b"", "line 1"),
            (b"0.2\n0.3\n", "line 1"),
            (b"risk\n0.2\n\n0.3\n", "line 3"),
            (b"risk\n0.2\nc4n4ry\n", "line 3"),
            (b"risk\n1.01\n", "line 2"),
            (b"risk\nNaN\n", "line 2"),
            (b"risk\n\xff\n", "line 1"),
        ];
        for (bytes, line) in bad {
            let error = read("out_of_fold.csv", bytes).unwrap_err();
            assert!(error.message.contains(line), "{}", error.message);
            assert!(!error.message.contains("c4n4ry"));
            assert_eq!(error.reason, Reason::ForeignModel);
        }
    }
}

//! Which patients are held out, and which fold a patient is in: functions of the patient's identifier alone, so that the
//! answer never changes when rows come, go or move.

use sha2::{Digest as _, Sha256};

/// Folds of the out-of-fold predictions.
pub const FOLDS: u64 = 5;

/// Whether a patient is held out: the first 8 bytes of SHA-256(study, 0, "holdout/v1", 0, patient), read as a fraction
/// of 2^64, are below `fraction`.
pub fn is_holdout(study: &str, patient: &str, fraction: f64) -> bool {
    (first_bytes(&[study, "holdout/v1", patient]) as f64) / 18_446_744_073_709_551_616.0 < fraction
}

/// The fold of a patient, 0 to [`FOLDS`] - 1, from another domain of the hash than the holdout.
pub fn fold(study: &str, seed: i64, patient: &str) -> u64 {
    let bits = first_bytes(&[study, "fold/v1", &seed.to_string(), patient]);
    ((u128::from(bits) * u128::from(FOLDS)) >> 64) as u64
}

fn first_bytes(parts: &[&str]) -> u64 {
    let digest = Sha256::digest(parts.join("\0").as_bytes());
    digest.iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_is_the_hash_that_the_design_names() {
        let digest = Sha256::digest(b"ONC-302\0holdout/v1\0P-1");
        let bytes: [u8; 8] = digest[..8].try_into().unwrap();
        let share = u64::from_be_bytes(bytes) as f64 / 2_f64.powi(64);
        assert!(is_holdout("ONC-302", "P-1", share + 1e-9));
        assert!(!is_holdout("ONC-302", "P-1", share - 1e-9));
    }

    #[test]
    fn a_quarter_is_held_out_and_folds_are_even_on_both_sides() {
        let mut held = 0;
        let mut folds = [0_u32; 5];
        for n in 0..20_000 {
            let patient = format!("P-{n}");
            held += u32::from(is_holdout("ONC-302", &patient, 0.25));
            folds[fold("ONC-302", 1, &patient) as usize] += 1;
        }
        assert!((4_800..5_200).contains(&held), "{held}");
        assert!(folds.iter().all(|n| (3_800..4_200).contains(n)), "{folds:?}");
    }

    #[test]
    fn a_larger_fraction_holds_out_the_same_patients_and_more() {
        for n in 0..1_000 {
            let patient = format!("P-{n}");
            assert!(!is_holdout("S", &patient, 0.2) || is_holdout("S", &patient, 0.3));
        }
    }
}

//! A bundle that was cut off or changed at any byte is never served.
#![allow(clippy::unwrap_used)]

mod common;

use common::{bytes, policy};
use dropout_inference::{
    row::LandmarkFields,
    version::{Decisions, Terms, Version},
};
use dropout_model::{
    bundle::{Cell, Logistic, Model},
    digest::digest,
};

fn read(bytes: &[u8], digest: Option<String>) -> Option<Version> {
    let (policy, landmark) = (Decisions::Given(policy()), LandmarkFields::default());
    let terms = Terms { name: "v3".into(), digest, policy, accepts: Vec::new(), landmark, metrics: Default::default() };
    Version::read(bytes, terms).ok()
}

#[test]
fn a_bundle_is_refused_at_whatever_byte_it_is_cut_off_or_changed() {
    let bytes = bytes();
    let right = digest(&bytes);
    assert!(read(&bytes, Some(right.clone())).is_some());
    for at in 0..bytes.len() {
        assert!(read(&bytes[..at], Some(right.clone())).is_none(), "cut off at {at}");
        let is_whole = bytes[at..].iter().all(u8::is_ascii_whitespace);
        assert!(read(&bytes[..at], None).is_none() || is_whole, "cut off at {at}, without a digest");
        for bit in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            assert!(read(&changed, Some(right.clone())).is_none(), "changed at {at}");
        }
    }
}

/// Alone, without a digest, a changed bundle is served only if it scores its own golden rows.
#[test]
fn without_a_digest_a_changed_number_of_the_model_is_found_by_the_golden_rows() {
    let changed = |change: fn(&mut Logistic)| {
        let mut bundle = common::bundle();
        let Model::Logistic(logistic) = &mut bundle.model else { unreachable!() };
        change(logistic);
        read(&bundle.to_bytes().unwrap(), None)
    };
    assert!(changed(|_| ()).is_some());
    assert!(changed(|logistic| logistic.intercept += 1e-6).is_none());
    assert!(changed(|logistic| logistic.terms[0].coefficient += 1e-6).is_none());
    assert!(changed(|logistic| logistic.terms[1].mean += 1e-6).is_none());
    assert!(changed(|logistic| logistic.imputed.values_mut().for_each(|cell| *cell = Cell::Number(2.0))).is_none());
}

//! Files that were damaged or made to do harm: an error or a sound ensemble, never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Numbers, ensemble, row, ubj};
use dropout_model::trees::{self, Ensemble};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, any, prop_oneof, proptest},
    sample::{Index, select},
    strategy::Strategy,
};
use serde_json::{Value, json};

/// A file as JSON and as UBJ.
fn files(seed: u64) -> [Vec<u8>; 2] {
    let document = serde_json::to_value(ensemble(seed, 4, 4)).unwrap();
    [document.to_string().into_bytes(), ubj(&document)]
}

/// What was read can be scored, explained and written, whatever it was read from.
fn assert_is_sound(ensemble: &Ensemble) {
    ensemble.check().unwrap();
    let row = row(&mut Numbers(1), ensemble.columns.len());
    assert!(ensemble.logit(&row).is_finite());
    let (by_column, expected) = ensemble.contributions(&row);
    assert!(expected.is_finite() && by_column.iter().all(|logits| logits.is_finite()));
    let text = serde_json::to_vec(ensemble).unwrap();
    assert_eq!(&trees::read(&text).unwrap(), ensemble);
}

/// Reads, and bounds how much an error says.
fn read(bytes: &[u8]) {
    match trees::read(bytes) {
        Ok(ensemble) => assert_is_sound(&ensemble),
        Err(error) => assert!(error.to_string().chars().count() < 300, "{error}"),
    }
}

/// Numbers that a reader may stumble over.
fn hostile() -> impl Strategy<Value = Value> {
    let whole = select(vec![-1, -2, 0, 1, 2, 3, 5, 255, 65_535, 1 << 31, i64::from(i32::MAX), i64::MAX, i64::MIN]);
    let real = select(vec![f64::MAX, f64::MIN, 1e39, -1e39, 3.4e38, 1e-45, -0.0, 0.5]);
    let text = select(vec!["", "-1", "2", "NaN", "inf", "1e999", "9223372036854775808", "[", "[]"]);
    prop_oneof![
        whole.prop_map(Value::from),
        real.prop_map(Value::from),
        text.prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[[[[[1.5]]]]]]]])),
    ]
}

/// Pointers to every value of a document.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => (0..).zip(items).for_each(|(key, item)| pointers(item, &format!("{at}/{key}"), all)),
        Value::Object(entries) => entries.iter().for_each(|(key, item)| pointers(item, &format!("{at}/{key}"), all)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn changed_bytes_are_an_error_or_sound(
        seed in 0_u64..20,
        changes in vec((any::<Index>(), prop_oneof![any::<u8>(), select(b"[{$#}]LldDSUTFZi0123456789-.,eE\"".to_vec())]), 1..6),
    ) {
        for mut bytes in files(seed) {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            read(&bytes);
        }
    }

    #[test]
    fn bytes_taken_out_or_doubled_are_an_error_or_sound(seed in 0_u64..20, from in any::<Index>(), to in any::<Index>()) {
        for bytes in files(seed) {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            read(&[&bytes[..from.min(to)], &bytes[from.max(to)..]].concat());
            read(&[&bytes[..from.max(to)], &bytes[from.min(to)..]].concat());
        }
    }

    #[test]
    fn hostile_values_are_an_error_or_sound(seed in 0_u64..20, changes in vec((any::<Index>(), hostile()), 1..4)) {
        let mut document = serde_json::to_value(ensemble(seed, 4, 4)).unwrap();
        for (at, value) in changes {
            let mut all = Vec::new();
            pointers(&document, "", &mut all);
            *document.pointer_mut(at.get::<String>(&all)).unwrap() = value;
        }
        read(document.to_string().as_bytes());
        read(&ubj(&document));
    }

    #[test]
    fn any_bytes_are_an_error_or_sound(bytes in vec(any::<u8>(), 0..300)) {
        read(&bytes);
        read(&[b"{L\0\0\0\0\0\0\0\x07learner", &bytes[..]].concat());
    }
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for bytes in files(3) {
        trees::read(&bytes).unwrap();
        for end in 0..bytes.len() {
            assert!(trees::read(&bytes[..end]).is_err(), "cut at byte {end}");
        }
    }
}

//! Memory that reading takes: bounded by the bytes of the file, whatever they claim. One test, since a process is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{leaf, split, stump};
use dropout_model::trees::{self, Ensemble, Tree};
use std::fs;

#[test]
fn memory_is_bounded_by_the_file() {
    if peak().is_none() {
        return common::skipped("this system has no /proc/self/status");
    }
    reading_takes_a_small_multiple_of_the_file();
    counts_that_are_claimed_set_no_memory_aside();
}

/// A complete tree of 65,535 nodes, 5 times.
fn reading_takes_a_small_multiple_of_the_file() {
    let splits = (0..32_767).map(|at| split(0, 0.5, 2 * at + 1));
    let nodes: Vec<_> = splits.chain((0..32_768).map(|_| leaf(0.5, 1.0))).collect();
    let big = Ensemble { trees: vec![Tree { nodes }; 5], ..stump() };
    let json = serde_json::to_vec(&big).unwrap();
    let before = peak().unwrap();
    let read = trees::read(&json).unwrap();
    let grown = peak().unwrap() - before;
    assert_eq!(read, big);
    assert!(grown <= 4 * json.len(), "{grown} bytes were set aside for a file of {}", json.len());
}

/// The largest size that this process has had, in bytes; what is set aside counts even if it is never touched.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

fn counts_that_are_claimed_set_no_memory_aside() {
    let key = |key: &str| [&b"L"[..], &(key.len() as i64).to_be_bytes(), key.as_bytes()].concat();
    let open = |keys: &[&str]| keys.iter().flat_map(|one| [b"{".to_vec(), key(one)].concat()).collect::<Vec<u8>>();
    let before = peak().unwrap();
    let names = open(&["learner", "feature_names"]);
    let trees = open(&["learner", "gradient_booster", "model", "trees"]);
    let tree = [&trees[..], b"[", &open(&["split_conditions"])].concat();
    for count in [i64::MAX, i64::MIN, -1, 1 << 40, 1 << 31] {
        for place in [&names, &trees, &tree, &open(&["learner", "unknown"])] {
            for kind in ["[#", "[$d#", "[$l#", "[$U#", "[$Z#", "[$T#", "[$[#", "[${#", "{#", "S", "H"] {
                let bytes = [place, kind.as_bytes(), b"L", &count.to_be_bytes(), &[b'i'; 64]].concat();
                trees::read(&bytes).unwrap_err();
            }
        }
    }
    for opening in ["[", "{i\x01a", "[[$d#i\x01"] {
        trees::read(&[names.clone(), opening.repeat(1 << 20).into_bytes()].concat()).unwrap_err();
        trees::read(format!("{{\"learner\":{{\"x\":{}", opening.repeat(1 << 20)).as_bytes()).unwrap_err();
    }
    let grown = peak().unwrap() - before;
    assert!(grown < 160 << 20, "{grown} bytes were set aside for files of less than 8 million bytes");
}

//! The page of a drift report: what it says first, that it is well-formed, small and alone, that hostile names stay text, and
//! that small cells are never told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{bare, category, number, report, wide};
use dropout_monitor::{
    page::{MOST_BYTES, fit, html, json},
    report::*,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
    process::Command,
};

#[test]
fn dump() {
    let report = fit(wide(50));
    let page = html(&report);
    println!("50: json {} page {}", json(&report).len(), page.len());
    fs::write("/tmp/page50.html", &page).unwrap();
    let report = fit(wide(10));
    let page = html(&report);
    println!("10: json {} page {}", json(&report).len(), page.len());
    fs::write("/tmp/page10.html", &page).unwrap();
    let raw = wide(50);
    println!("raw 50: json {} page {}", json(&raw).len(), html(&raw).len());
}

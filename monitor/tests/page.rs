//! The page of a drift report: what it says first, that it is well-formed, small and alone, that hostile names stay text, and
//! that small cells are never told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{bare, category, number, report, wide};
use dropout_monitor::{
    method::Method,
    page::{MOST_BYTES, fit, html, json},
    report::*,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
    process::Command,
};

/// Where a page is compared with the one that was read in review.
fn is_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == golden, "{} is another page now; UPDATE_GOLDEN=1 writes it anew", path.display());
}

/// The page without what it embeds, and the embedded JSON.
fn parted(page: &str) -> (String, &str) {
    let (before, rest) = page.split_once("<script type=\"application/json\" id=\"report\">").expect("no JSON");
    let (json, after) = rest.split_once("</script>").unwrap();
    (format!("{before}{after}"), json)
}

/// Whether every element is closed by its own end; the text between the tags.
fn closed(page: &str) -> String {
    let (mut open, mut text): (Vec<&str>, String) = (Vec::new(), String::new());
    let (before, after) = page.split_once("<style>").unwrap();
    let unstyled = format!("{before}{}", after.split_once("</style>").unwrap().1);
    let mut rest = unstyled.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let (inside, after) = tag.split_once('>').unwrap();
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
        rest = after;
        let name = inside.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if inside.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "…{}", text.chars().rev().take(80).collect::<String>());
        } else if name != "meta" && !inside.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
    text + rest
}

/// A tag without the values of its attributes.
fn unquoted(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

const POLICY: &str =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">";

/// What holds for every page: well-formed, alone, sealed, without a number that is none or has too many digits. Its text.
fn is_sound(page: &str) -> String {
    let (shown, embedded) = parted(page);
    assert!(!embedded.contains('<'), "{embedded}");
    serde_json::from_str::<serde_json::Value>(embedded).unwrap();
    let text = closed(&shown);
    assert_eq!(page.matches(POLICY).count(), 1);
    assert!(page.find(POLICY) < page.find("<style>"));
    let tags: Vec<String> = shown.split('<').skip(1).map(|tag| unquoted(tag.split('>').next().unwrap())).collect();
    for forbidden in ["script", "link", "img", "iframe", "object", "base", "form", "use"] {
        assert!(tags.iter().all(|tag| tag.split([' ', '/']).next() != Some(forbidden)), "{forbidden}");
    }
    for forbidden in [" on", " src=", " href=", " style=", " srcset="] {
        assert!(tags.iter().all(|tag| !tag.contains(forbidden)), "{forbidden}");
    }
    let linked = shown.matches("url(").count() - shown.matches("url(#").count();
    assert_eq!(linked + shown.matches("@import").count(), 0);
    for forbidden in ["NaN", "inf "] {
        assert!(!shown.contains(forbidden), "{forbidden}");
    }
    let digits = text.split(|letter: char| !letter.is_ascii_digit() && letter != '.').map(str::len).max();
    assert!(digits < Some(13), "{:?}", text.split_whitespace().find(|word| word.len() >= 13 && word.starts_with('0')));
    let ids: Vec<&str> = shown.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice: {ids:?}");
    let named = shown.split("aria-labelledby=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split(' '));
    named.for_each(|name| assert!(ids.contains(&name), "nothing is called {name}"));
    text
}

fn embedded(page: &str) -> DriftReport {
    serde_json::from_str(parted(page).1).unwrap()
}

/// A report with one drifted number and one category with a cell of too few patients.
fn watched() -> DriftReport {
    let mut fell = number("adherence", (0.83, 0.19), -0.37);
    fell.importance = Some(0.31);
    let mut report = report(vec![fell, category("arm", &["A", "B", "C"], 0.03)], (Verdict::Drift, Advice::Watch));
    report.decision.rules = vec!["share".into()];
    report.decision.reasons = vec!["adherence fell: median 0.83 → 0.76, 0.37 sd, adjusted p < 0.001.".into()];
    report.history = common::history(&report.columns, 4);
    for past in &mut report.history {
        past.verdict = Verdict::NoDrift;
        past.columns.values_mut().for_each(|one| *one = (0.05, false));
    }
    report.performance = Some(common::performance());
    report
}

/// A report that was read from Evidently: scores and verdicts, nothing else.
fn foreign() -> DriftReport {
    let score = |name: &str, (score, drifted): (f64, bool)| ColumnReport {
        drifted: Some(drifted),
        evidently: Some(EvidentlyScore {
            method: None,
            display: "my own distance".into(),
            score: Some(score),
            threshold: None,
            drifted: Some(drifted),
        }),
        ..ColumnReport::new(name, ColumnKind::Unknown)
    };
    let columns =
        vec![score("age", (0.412_345_678_901_234, true)), score("sex", (0.02, false)), score("site", (0.01, false))];
    let mut report = report(columns, (Verdict::NoDrift, Advice::Nothing));
    report.model = None;
    report.engine = Engine { name: "evidently".into(), version: None, rule: Rule::Evidently };
    (report.reference, report.window) = (Side::default(), Side::default());
    report.dataset.limit = Some(0.5);
    report
}

fn broken() -> DriftReport {
    let mut report = report(Vec::new(), (Verdict::SchemaBreach, Advice::MendData));
    report.decision.rules = vec!["schema".into()];
    report.schema_findings = vec![SchemaFinding {
        kind: SchemaKind::MissingColumn,
        column: "adherence".into(),
        message: "the reference has this column, the window does not".into(),
        breaks: true,
    }];
    report
}

#[test]
fn three_small_pages_are_golden() {
    for (name, report) in [("watch.html", watched()), ("evidently.html", foreign()), ("broken.html", broken())] {
        let report = fit(report);
        let page = html(&report);
        is_sound(&page);
        assert_eq!(page, html(&report));
        assert_eq!(embedded(&page), report);
        is_golden(name, &page);
    }
}

#[test]
fn the_advice_is_the_first_heading_and_says_what_to_do() {
    let all = [
        (Verdict::Drift, Advice::Retrain, "Retraining recommended"),
        (Verdict::Drift, Advice::Watch, "Watch"),
        (Verdict::SchemaBreach, Advice::MendData, "Mend the data first"),
        (Verdict::NoDrift, Advice::Nothing, "No action"),
        (Verdict::InsufficientData, Advice::WaitForData, "Not enough data"),
        (Verdict::Unknown, Advice::WaitForData, "Report not understood"),
    ];
    for (verdict, advice, heading) in all {
        let mut report = watched();
        report.decision = Decision { verdict, advice, ..report.decision };
        let page = html(&report);
        is_sound(&page);
        let first = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
        assert!(first.ends_with(&format!(" {heading}")), "{first}");
        assert_eq!(page.matches("<h1>").count(), 1);
    }
}

#[test]
fn sections_stand_in_the_order_in_which_people_ask() {
    let page = html(&fit(wide(12)));
    let text = is_sound(&page);
    let parts = [
        "Retraining recommended",
        "Rule that fired: the risk score itself moved",
        "The risk score moved: 0.41 sd",
        "onc-302 v3",
        "1\u{202f}500 patients, 6\u{202f}000 rows",
        "2026-02-01 to 2026-03-01",
        "dropout-monitor 0.1.0",
        "predicted risk of dropout",
        "0.73 (0.69 to 0.77)",
        "Labels are known for 37 %",
        "covariate shift",
        "whole windows",
        "adherence_last_month",
        "54 [46.4 to 61.6]",
        "48.4 [40.8 to 55.9]",
        "n 303, 2.9 % missing",
        "gap 20 points",
        "barge (&lt; 5), video (14)",
        "2 categories with few patients were pooled",
        "2 categories are not in the reference",
        "0.17 standard deviations",
        "2 of the last 3 windows",
    ];
    let mut rest = text.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{part} is not there, or too early")).1;
    }
    assert!(text.contains("&lt; 0.001") && !text.contains("0.034567"));
}

#[test]
fn a_page_of_50_features_stays_below_200_kb_and_draws_them_all() {
    let report = fit(wide(50));
    let page = html(&report);
    println!("{} bytes at 50 features, {} of them JSON", page.len(), json(&report).len());
    is_sound(&page);
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert_eq!(page.matches("<svg class=\"plot\"").count(), 50);
    assert_eq!(page.matches("<details").count(), 51);
    assert_eq!(embedded(&page), report);
}

#[test]
fn what_there_is_no_room_for_is_left_out_from_the_end_and_said() {
    let mut report = wide(50);
    for (nth, column) in report.columns.iter_mut().enumerate() {
        column.notes = vec!["a remark of some length that an engine may well write about a feature".into()];
        column.shape = number("x", (1e4 / 7.0, 1.0 / 3.0), 0.01 * nth as f64).shape;
    }
    let page = html(&fit(report));
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    let drawn = page.matches("<svg class=\"plot\"").count();
    println!("{} bytes, {drawn} of 50 drawn", page.len());
    assert!((10..50).contains(&drawn), "{drawn} drawn");
    assert!(is_sound(&page).contains(&format!("{} features are not drawn here", 50 - drawn)));
    let (before, after) = page.split_at(page.rfind("<svg class=\"plot\"").unwrap());
    assert_eq!(before.matches("<details").count() - 1, drawn, "a feature that matters more is not drawn");
    assert!(after.contains("<details"));
}

#[test]
fn a_report_too_large_to_draw_is_told_in_words() {
    let mut large = wide(256);
    for (nth, column) in large.columns.iter_mut().enumerate() {
        column.name = format!("{}{nth:03}", "診".repeat(61));
    }
    for report in [fit(large.clone()), large] {
        let page = html(&report);
        println!("{} bytes at 256 features, {} of them JSON", page.len(), json(&report).len());
        assert!(is_sound(&page).contains("are not drawn here"));
        assert!(page.len() < json(&report).len() + 3 * MOST_BYTES, "{} bytes", page.len());
        assert_eq!(embedded(&page), report);
    }
}

#[test]
fn fitting_touches_shapes_and_past_effects_only() {
    let report = wide(50);
    let mut fitted = fit(report.clone());
    assert_eq!(fit(fitted.clone()), fitted, "a fitted report is changed by fitting");
    for (column, original) in fitted.columns.iter().zip(&report.columns) {
        let (Some(Shape::Numbers(now)), Some(Shape::Numbers(before))) = (&column.shape, &original.shape) else {
            continue;
        };
        let sum = |side: &[f64]| side.iter().sum::<f64>();
        assert!((sum(&now.bins.window) - sum(&before.bins.window)).abs() < 0.02);
        assert_eq!(now.bins.window.len() + 1, now.edges.len());
        assert!(now.ecdf.at.contains(&now.ecdf.gap_at.unwrap()), "the widest gap is not among the points");
        assert_eq!(now.ecdf.at.len(), now.ecdf.reference.len());
    }
    let shapes = |report: &DriftReport| report.columns.iter().map(|column| column.shape.clone()).collect::<Vec<_>>();
    for (column, shape) in fitted.columns.iter_mut().zip(shapes(&report)) {
        column.shape = shape;
    }
    fitted.history.clone_from(&report.history);
    fitted.prediction.clone_from(&report.prediction);
    assert_eq!(fitted, report);
}

const HOSTILE: [&str; 4] = [
    "</script><script>alert(1)</script>",
    "\"onmouseover=alert(1) x=\"",
    "<!--<script>",
    "]]></style><img src=x onerror=alert(2)>\u{1}\n&amp;",
];

#[test]
fn whatever_names_and_sentences_say_they_stay_text() {
    for hostile in HOSTILE {
        let text = || hostile.to_owned();
        let mut report = wide(6);
        for column in &mut report.columns {
            column.name = text();
            column.notes = vec![text()];
            column.unseen = [(text(), Some(9))].into();
            if let Some(Shape::Categories(all)) = &mut column.shape {
                all.iter_mut().for_each(|one| one.name = text());
            }
            if let Some(score) = &mut column.evidently {
                (score.method, score.display) = (None, text());
            }
            if let Some(test) = &mut column.test {
                (test.name, test.p_method) = (text(), text());
            }
            column.effect.iter_mut().for_each(|effect| effect.metric = text());
        }
        report.model = Some(ModelName { name: text(), version: Some(text()), bundle: Some(text()) });
        report.engine = Engine { name: text(), version: Some(text()), rule: Rule::Default };
        let side = Side {
            sources: vec![text(); 4],
            digest: Some(text()),
            from: Some(text()),
            to: Some(text()),
            ..Side::default()
        };
        (report.reference, report.window) = (side.clone(), side);
        (report.decision.rules, report.decision.reasons) = (vec![text(); 9], vec![text(); 9]);
        report.schema_findings.iter_mut().for_each(|finding| (finding.column, finding.message) = (text(), text()));
        for past in &mut report.history {
            (past.to, past.columns) = (Some(text()), [(text(), (0.2, true))].into());
        }
        let performance = report.performance.as_mut().unwrap();
        performance.assumption = Some(text());
        performance.estimated.iter_mut().chain(&mut performance.realised).for_each(|one| one.metric = text());
        let page = html(&report);
        is_sound(&page);
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(embedded(&page), report);
    }
}

#[test]
fn absurd_numbers_and_shapes_that_do_not_hold_together_are_no_harm() {
    let absurd = [1e300, -1e300, -0.0, 5e-324, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for number in absurd {
        let mut report = wide(6);
        let all = |numbers: &mut Vec<f64>| numbers.iter_mut().step_by(3).for_each(|one| *one = number);
        for column in report.columns.iter_mut().chain(&mut report.prediction) {
            column.importance = Some(number);
            column.effect.iter_mut().for_each(|effect| (effect.value, effect.threshold) = (number, number));
            column
                .test
                .iter_mut()
                .for_each(|test| (test.p, test.p_adjusted, test.statistic) = (number, Some(number), Some(number)));
            column.evidently.iter_mut().for_each(|score| (score.score, score.threshold) = (Some(number), Some(number)));
            let share = Pair { reference: number, window: number };
            column.missing = Some(Missing { share, p: number, drifted: true });
            match &mut column.shape {
                Some(Shape::Numbers(shape)) => {
                    let NumberShape { quartiles, edges, bins, outside, ecdf } = shape;
                    quartiles.window = [number; 3];
                    outside.window = [number; 2];
                    ecdf.gap_at = Some(number);
                    [edges, &mut bins.window, &mut ecdf.at, &mut ecdf.window].into_iter().for_each(all);
                }
                Some(Shape::Categories(shares)) => shares.iter_mut().for_each(|one| one.share.window = Some(number)),
                None => {}
            }
        }
        report.power = Some(Power { mean_shift: number, share_change: number });
        report.dataset.weighted_share = Some(number);
        let performance = report.performance.as_mut().unwrap();
        performance.label_coverage = Some(number);
        performance.estimated.iter_mut().for_each(|one| (one.value, one.low, one.high) = (number, number, number));
        report.history.iter_mut().flat_map(|past| past.columns.values_mut()).for_each(|(effect, _)| *effect = number);
        is_sound(&html(&report));
        is_sound(&html(&fit(report)));
    }
    let mut uneven = wide(6);
    for column in uneven.columns.iter_mut().chain(&mut uneven.prediction) {
        match &mut column.shape {
            Some(Shape::Numbers(shape)) => {
                shape.bins.window.truncate(7);
                shape.ecdf.at.truncate(3);
            }
            Some(Shape::Categories(all)) => all.clear(),
            None => {}
        }
    }
    is_sound(&html(&uneven));
    is_sound(&html(&fit(uneven.clone())));
    for column in uneven.columns.iter_mut().chain(&mut uneven.prediction) {
        if let Some(Shape::Numbers(shape)) = &mut column.shape {
            (shape.edges, shape.ecdf) = (Vec::new(), Ecdf::default());
        }
    }
    is_sound(&html(&fit(uneven)));
}

#[test]
fn what_is_not_known_has_no_column_and_no_section() {
    let page = html(&foreign());
    let text = is_sound(&page);
    for absent in ["adjusted p", "importance", "Prediction", "The last windows", "n 0", "missing", " sd"] {
        assert!(!text.contains(absent), "{absent}");
    }
    assert!(text.contains("my own distance") && text.contains("0.412") && text.contains("version not known"));
    let said = is_sound(&html(&broken()));
    let why = "adherence: column missing: the reference has this column";
    assert!(said.find(why).unwrap() < said.find("Features").unwrap(), "broken columns are no reason");
    let mut empty = report(Vec::new(), (Verdict::Unknown, Advice::WaitForData));
    empty.model = None;
    assert!(is_sound(&html(&empty)).contains("No feature was compared."));
    let mut few = report(vec![bare("age", ColumnKind::Num)], (Verdict::InsufficientData, Advice::WaitForData));
    few.power = Some(Power { mean_shift: 0.51, share_change: 0.26 });
    let text = is_sound(&html(&few));
    assert!(text.contains("○ not judged"));
    // How little could be seen is said at once, before anything else is shown.
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not there"));
    assert!(at("0.51 standard deviations") < at("Features") && at("26 percentage points") < at("Features"));
}

#[test]
fn a_score_that_is_a_p_value_reads_as_one() {
    let mut columns = vec![number("age", (54.0, 9.0), 0.3), number("weight", (71.0, 9.0), 0.3)];
    let names = [(Some(Method::Ks), "K-S p_value"), (None, "my own p_value")];
    for (column, (method, display)) in columns.iter_mut().zip(names) {
        let score = column.evidently.as_mut().unwrap();
        (score.method, score.display, score.score) = (method, display.into(), Some(3.1e-14));
    }
    let text = is_sound(&html(&report(columns, (Verdict::Drift, Advice::Watch))));
    assert!(text.contains("&lt; 0.001 ▲ K-S p-value") && text.contains("&lt; 0.001 ▲ my own p_value"), "{text}");
    assert!(!text.contains("10⁻¹⁴"));
}

#[test]
fn a_cell_of_fewer_than_five_patients_is_never_told() {
    // Counts and shares that no engine should write are not told either.
    let level = |name: &str, count: Option<u64>, share: Option<f64>| CategoryShape {
        name: name.into(),
        count: Pair { reference: Some(700), window: count },
        share: Pair { reference: Some(0.5), window: share },
    };
    let mut column = category("arm", &["A", "B"], 0.0);
    let levels = vec![level("A", Some(3), Some(0.031_4)), level("B", None, None), level("C", None, Some(0.027_1))];
    column.shape = Some(Shape::Categories(levels));
    column.unseen = BTreeMap::from([("barge".into(), None), ("raft".into(), Some(2)), ("kite".into(), Some(5))]);
    let mut outside = number("age", (54.0, 9.0), 0.3);
    if let Some(Shape::Numbers(shape)) = &mut outside.shape {
        shape.outside.window = [3.0 / 303.0, 9.0 / 303.0];
    }
    let mut report = report(vec![column, outside], (Verdict::Drift, Advice::Watch));
    report.performance = Some(Performance { labelled_patients: Some(4), ..Performance::default() });
    let text = is_sound(&html(&report));
    assert_eq!(text.matches("50 % → &lt; 5 patients").count(), 3);
    assert!(text.contains("barge (&lt; 5), kite (5), raft (&lt; 5)"), "{text}");
    assert!(text.contains("◂ 1.2 % → &lt; 5 patients") && text.contains("→ 3.0 % ▸"));
    assert!(text.contains("Labels are known for &lt; 5 patients."));
    for told in ["3.1 %", "2.7 %", "raft (2)", "1.0 % →"] {
        assert!(!text.contains(told), "{told}");
    }
    let drawn = html(&report);
    let window = drawn.split("class=\"bar win\"").count() - 1;
    assert_eq!(window, 0, "a bar tells a suppressed share");
}

#[test]
fn squares_tell_one_breach_from_drift_that_lasts_and_from_no_comparison() {
    let mut report = report(vec![number("x", (0.0, 1.0), 0.4)], (Verdict::Drift, Advice::Watch));
    let past = |month: u32, columns: &[(&str, (f64, bool))]| PastWindow {
        to: Some(format!("2025-{month:02}-01")),
        verdict: Verdict::NoDrift,
        columns: columns.iter().map(|(name, one)| ((*name).to_owned(), *one)).collect(),
    };
    report.history = vec![past(1, &[("x", (0.3, true))]), past(2, &[]), past(3, &[("x", (0.02, false))])];
    let squares = |page: &str, class: &str| {
        let drawing = page.split("<svg class=\"windows\"").nth(1).unwrap().split("</svg>").next().unwrap().to_owned();
        let path = drawing
            .split(&format!("class=\"{class}\" d=\""))
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned());
        path.unwrap_or_default()
    };
    let page = html(&report);
    assert_eq!(
        ["calm", "breach", "lasting"].map(|class| squares(&page, class)),
        ["M275 53h9", "M251 53h9M287 53h9", ""]
    );
    report.history.push(past(4, &[("x", (0.3, true))]));
    let page = html(&report);
    assert_eq!(
        ["calm", "breach", "lasting"].map(|class| squares(&page, class)),
        ["M275 53h9", "M251 53h9M287 53h9", "M299 53h9"]
    );
    // A history whose last window is this one is not counted twice.
    report.history.push(PastWindow { to: report.window.to.clone(), ..past(5, &[("x", (0.4, true))]) });
    assert_eq!(squares(&html(&report), "lasting"), "M299 53h9");
    assert!(is_sound(&html(&report)).contains("windows, the oldest left"));
}

/// A headless Chromium; none, and a loud line, if there is none.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let answers = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|found| found.status.success());
    let found = names.into_iter().find(answers);
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium on the path; install one to see pages as people see them");
    }
    found
}

#[test]
fn a_real_browser_keeps_the_page_as_it_is_and_prints_it() {
    let Some(browser) = browser() else { return };
    let folder = env::temp_dir().join(format!("dropout-monitor-page-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut report = wide(12);
    report.columns[0].name = HOSTILE[0].into();
    let page = html(&fit(report));
    fs::write(folder.join("drift.html"), &page).unwrap();
    let browsed = |options: &[&str]| {
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]).args(options);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        let output = command.arg(format!("file://{}", folder.join("drift.html").display())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let shown = String::from_utf8(browsed(&["--dump-dom"])).unwrap();
    let count = |page: &str, tag: &str| page.matches(tag).count();
    for tag in ["<svg", "<script", "<path", "<details", "<tr", "<text", "</section>"] {
        assert_eq!(count(&shown, tag), count(&page, tag), "{tag}");
    }
    let print = format!("--print-to-pdf={}", folder.join("drift.pdf").display());
    browsed(&["--no-pdf-header-footer", &print]);
    let pdf = fs::read(folder.join("drift.pdf")).unwrap();
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    println!("{browser}: {} bytes of PDF, {pages} pages", pdf.len());
    fs::remove_dir_all(&folder).unwrap();
    assert!(pdf.starts_with(b"%PDF") && (2..=8).contains(&pages), "{pages} pages");
}

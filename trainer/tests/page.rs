//! The page and the card of a judged candidate: what they say, that they are well-formed and small, that hostile names stay
//! text, and that a real browser shows and prints the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    category,
    cluster::{Cluster, STORE, task},
    folder, four, manifest, number, seven, simulated, skipped,
};
use dropout_model::{
    bundle::{Bundle, Choice, Model, Part, Tried},
    digest::digest,
    manifest::{Algorithm, Manifest, Metric},
    policy::resolve,
    random::Stream,
    rows::{Contract, read},
    task::{Served, Verdict, card_file, page_file},
    trees::{Ensemble, Trees},
};
use dropout_trainer::{
    Contest,
    card::Card,
    evaluate,
    evaluation::training_rows,
    page::{SliceRow, View, html},
    report::Report,
    simulate::{self, Scenario},
    train,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A page is smaller than this.
const MOST_BYTES: usize = 200_000;

/// A judged candidate with all that pages are written from.
struct Judged {
    manifest: Manifest,
    bundle: Bundle,
    report: Report,
}

fn trained(manifest: &Manifest, bytes: &[u8]) -> Bundle {
    let table = read("trial.csv", bytes, &Contract { manifest, production: None }).unwrap();
    train(manifest, &training_rows(manifest, &table), &table.digest).unwrap().bundle
}

fn judged(spec: &Value, bytes: &[u8], production: Option<&Value>) -> Judged {
    let manifest = manifest(spec);
    let bundle = trained(&manifest, bytes);
    let production = production.map(|spec| trained(&common::manifest(spec), bytes));
    let identity = |bundle: &Bundle| digest(&bundle.to_bytes().unwrap());
    let served = production.as_ref().map(|bundle| Served {
        digest: identity(bundle),
        threshold: resolve(manifest.threshold.target(), &bundle.thresholds),
    });
    let features = production.as_ref().map(|bundle| bundle.features.as_slice());
    let table = read("trial.csv", bytes, &Contract { manifest: &manifest, production: features }).unwrap();
    let contest = Contest {
        manifest: &manifest,
        table: &table,
        candidate: (&bundle, &identity(&bundle)),
        production: production.as_ref().zip(served.as_ref()),
        out_of_fold: None,
        looked: None,
    };
    let report = evaluate(&contest).unwrap();
    Judged { manifest, bundle, report }
}

fn trial(patients: u32) -> Vec<u8> {
    simulate::csv(&simulate::trial(patients, 7, Scenario::Stable)).into_bytes()
}

/// A second model that is better than the first.
fn better() -> Judged {
    judged(&simulated(seven()), &trial(2_000), Some(&simulated(four())))
}

fn slices() -> Vec<SliceRow> {
    let row = |column: &str, group: &str, (patients, positive): (usize, usize)| SliceRow {
        column: column.into(),
        group: group.into(),
        metric: Metric::RocAuc,
        patients: Some(patients),
        positive_patients: Some(positive),
        candidate: Some(0.75),
        production: Some(0.70),
        difference: Some(0.05),
        low: Some(-0.01),
        high: Some(0.11),
        verdict: Some(Verdict::Passed),
    };
    vec![row("sex", "F", (212, 80)), row("sex", "M", (230, 90)), row("site", "S-12", (4, 2)), row("site", "", (31, 3))]
}

fn view(judged: &Judged) -> View<'_> {
    View::new(&judged.report, &judged.bundle, &judged.manifest.gate).with_slices(slices())
}

/// Compares a text with its golden file.
fn is_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == golden, "{} is another page now; UPDATE_GOLDEN=1 writes it anew", path.display());
}

/// Whether every element is closed by its own end; the text between the tags.
fn closed(page: &str) -> String {
    let (mut open, mut text): (Vec<&str>, String) = (Vec::new(), String::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (inside, after) = tag.split_once('>').unwrap();
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
        rest = after;
        let name = inside.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "…{}", &text[text.len().saturating_sub(80)..]),
            None if name == "meta" => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
    text + rest
}

/// A tag without the values of its attributes.
fn unquoted(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

/// What holds for every page: well-formed, alone, small, without a number that is none.
fn is_sound(page: &str) -> String {
    let text = closed(page);
    for forbidden in ["<script", "http:", "https:", "url(", "@import", "src=", "href=", " on", "NaN", "inf "] {
        let found = match forbidden {
            // The clip paths of charts are the only links, and lead to the page itself.
            "url(" => page.matches("url(").count() - page.matches("url(#").count(),
            // An attribute that runs a script; words may begin with 'on'.
            " on" => page.split('<').filter(|tag| unquoted(tag.split('>').next().unwrap()).contains(" on")).count(),
            other => page.matches(other).count(),
        };
        assert_eq!(found, 0, "{forbidden}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice: {ids:?}");
    for name in page.split("aria-labelledby=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split(' ')) {
        assert!(ids.contains(&name), "nothing is called {name}");
    }
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    text
}

#[test]
fn page_and_card_of_a_better_model_are_golden_and_the_same_again() {
    let judged = better();
    let (page, card) = (html(&view(&judged)), Card::of(&view(&judged)));
    is_golden("better.html", &page);
    is_golden("better.card.md", &card.markdown());
    assert_eq!(html(&view(&better())), page);
    let text = is_sound(&page);
    println!("{} bytes of HTML, {} of Markdown", page.len(), card.markdown().len());
    let says = [
        "Passed: the candidate is better than the model that is served.",
        "Of 100 patients looked at on a landmark day,",
        "The model that is served calls",
        "ROC curve",
        "Calibration slope",
        "Net benefit",
        "calls per dropout",
        "Odds ratios with 95 % intervals.",
        "guardrail/brier",
        judged.report.candidate.digest.as_str(),
    ];
    for part in says {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("P-0") && !card.markdown().contains("P-0"), "a patient is named");
    let json: Value = serde_json::from_slice(&card.to_bytes().unwrap()).unwrap();
    let headings = ["modelDetails", "intendedUse", "data", "metrics", "threshold", "calibration", "slices", "limits"];
    assert!(headings.iter().all(|heading| !json[heading].is_null()), "{json}");
    assert_eq!(json["slices"][2]["candidate"], Value::Null);
}

#[test]
fn every_outcome_has_a_page_that_says_so_first() {
    let bytes = trial(2_000);
    let first = judged(&simulated(four()), &bytes, None);
    let worse = judged(&simulated(four()), &bytes, Some(&simulated(seven())));
    let same = judged(&simulated(four()), &bytes, Some(&simulated(four())));
    let few = judged(&simulated(four()), &trial(200), None);
    let pages = [
        (&first, "Passed: this first model may be served."),
        (&worse, "Refused: the model that is served stays."),
        (&same, "Unchanged: the candidate is the model that is served already."),
        (&few, "Undecided: the evidence is not enough for a first model."),
    ];
    for (judged, verdict) in pages {
        let page = html(&View::new(&judged.report, &judged.bundle, &judged.manifest.gate));
        assert!(is_sound(&page).contains(verdict), "{verdict}");
        assert!(page.contains(&format!("<h1>{verdict}</h1>")));
        let card = Card::of(&View::new(&judged.report, &judged.bundle, &judged.manifest.gate)).markdown();
        assert!(card.contains("No groups of patients were compared") && !card.contains("NaN"), "{card}");
    }
}

const HOSTILE: &str = "</td><script>alert(1)</script><img src=x onerror=alert(2)> | `x` [a](b) **b** \u{1}\n# h";

/// A report in which every text that users or foreign trainers write is hostile.
fn hostile() -> Judged {
    let mut judged = better();
    judged.report.study = HOSTILE.into();
    judged.report.message = HOSTILE.into();
    judged.report.reason = HOSTILE.into();
    judged.report.candidate.code = HOSTILE.into();
    judged.report.candidate.data_digest = HOSTILE.into();
    judged.report.candidate.calibration_reason = HOSTILE.into();
    judged.report.candidate.threshold_target = HOSTILE.into();
    for check in &mut judged.report.checks {
        (check.name, check.message) = (HOSTILE.into(), HOSTILE.into());
    }
    for cut in &mut judged.report.curves.tiers {
        (cut.tier, cut.intervention) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
    }
    judged.bundle.label = HOSTILE.into();
    judged.bundle.cutoff = Some(HOSTILE.into());
    for feature in &mut judged.bundle.features {
        feature.name = HOSTILE.into();
        feature.values = vec![HOSTILE.into()];
    }
    if let Model::Logistic(model) = &mut judged.bundle.model {
        for term in &mut model.terms {
            (term.feature, term.part) = (HOSTILE.into(), Part::Is(HOSTILE.into()));
        }
    }
    judged.bundle.choice = Some(choice(HOSTILE));
    judged
}

fn choice(message: &str) -> Choice {
    let tried =
        |algorithm| Tried { algorithm, roc_auc: 0.85, roc_auc_within_landmark: Some(0.84), log_loss: 0.2, brier: 0.05 };
    Choice {
        repeats: 5,
        tried: vec![tried(Algorithm::Logistic), tried(Algorithm::GradientBoosting)],
        difference: 0.002,
        low: -0.004,
        high: 0.008,
        level: 0.95,
        message: message.into(),
    }
}

#[test]
fn whatever_names_and_sentences_say_they_stay_text() {
    let judged = hostile();
    let slices = slices().into_iter().map(|row| SliceRow { column: HOSTILE.into(), group: HOSTILE.into(), ..row });
    let view = View::new(&judged.report, &judged.bundle, &judged.manifest.gate)
        .with_slices(slices.collect())
        .with_importances(&[(HOSTILE.into(), 0.3)]);
    let page = html(&view);
    assert!(closed(&page).contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{1}'));
    let card = Card::of(&view).markdown();
    assert!(
        !card.contains('<')
            && !card.contains('\u{1}')
            && !card.replace("\\]", "").contains("](b)")
            && !card.contains("\n# h")
    );
    assert_eq!(card.lines().filter(|line| line.starts_with("# ")).count(), 1);
}

/// A trial with 46 more features: 36 numbers and 10 categories of 3 values.
fn wide_trial() -> (Value, Vec<u8>) {
    let stream = Stream::new(11);
    let level = |row: u64, column: u64| ["a", "b", "c"][stream.below(row * 64 + column, 3) as usize].to_owned();
    let cell = |row: u64, column: u64| match column {
        0..36 => format!("{:.3}", stream.unit(row * 64 + column)),
        _ => level(row, column),
    };
    let bytes = String::from_utf8(trial(2_000)).unwrap();
    let mut lines = bytes.lines();
    let names: Vec<String> = (0..46).map(|column| format!("a_feature_with_a_long_name_{column:02}")).collect();
    let head = format!("{},{}", lines.next().unwrap(), names.join(","));
    let row = |(row, line): (usize, &str)| {
        let cells: Vec<String> = (0..46).map(|column| cell(row as u64, column)).collect();
        format!("{line},{}", cells.join(","))
    };
    let rows: Vec<String> = std::iter::once(head).chain(lines.enumerate().map(row)).collect();
    let mut features = four();
    features.extend(names[..36].iter().map(|name| number(name)));
    features.extend(names[36..].iter().map(|name| category(name, &["a", "b", "c"])));
    (simulated(features), rows.join("\n").into_bytes())
}

#[test]
fn a_page_of_50_features_and_all_sections_stays_below_200_kb() {
    let (spec, bytes) = wide_trial();
    let mut judged = judged(&spec, &bytes, Some(&simulated(four())));
    assert_eq!(judged.bundle.features.len(), 50);
    judged.bundle.choice = Some(choice("The simpler one: the challenger's interval holds zero."));
    let slices = (0..16).flat_map(|_| slices()).collect();
    let page = html(&View::new(&judged.report, &judged.bundle, &judged.manifest.gate).with_slices(slices));
    println!("{} bytes at 50 features", page.len());
    is_sound(&page);
    // What is learned of more features is cut, so no bundle makes a page too large.
    if let Model::Logistic(model) = &mut judged.bundle.model {
        model.terms = (0..300).flat_map(|_| model.terms.clone()).collect();
    }
    is_sound(&html(&view(&judged)));
}

#[test]
fn a_forest_of_trees_shows_contributions() {
    let mut judged = better();
    judged.bundle.model = Model::Trees(Trees {
        xgboost: Ensemble { base_score: 0.1, columns: Vec::new(), trees: Vec::new(), positive_weight: None },
        imputed: BTreeMap::new(),
    });
    assert!(
        is_sound(&html(&view(&judged).with_importances(&[])))
            .contains("The trainer gave no contributions of features.")
    );
    let shown = html(&view(&judged).with_importances(&[("age".into(), 0.1), ("visits".into(), 0.3)]));
    let text = is_sound(&shown);
    assert!(text.find("visits0.30075 %").unwrap() < text.find("age0.10025 %").unwrap(), "{text}");
}

#[test]
fn a_job_keeps_page_and_card_beside_the_report() {
    let cluster = Cluster::new("page-job");
    let task = task(1, &simulated(four()), None);
    let answer = cluster.answered(&task);
    let report = answer.evidence.unwrap().report;
    let kept = |file: String| cluster.read(&format!("{STORE}/{file}"));
    let (page, card) = (kept(page_file(&report)), kept(card_file(&report)));
    is_sound(std::str::from_utf8(&page).unwrap());
    assert!(card.starts_with(b"# Model card: dropout in ONC-302"));
    // Another task that comes to the same report keeps the same bytes.
    let again = cluster.answered(&common::cluster::task(2, &simulated(four()), None));
    assert_eq!(again.evidence.unwrap().report, report);
    assert_eq!((kept(page_file(&report)), kept(card_file(&report))), (page, card));
}

/// A headless Chromium; none, and a loud line, if there is none.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let answers = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|found| found.status.success());
    let found = names.into_iter().find(answers);
    if found.is_none() {
        skipped("no Chromium on the path; install one to see pages as people see them");
    }
    found
}

fn browsed(browser: &str, folder: &Path, options: &[&str]) -> Vec<u8> {
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]).args(options);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    let output = command.arg(format!("file://{}", folder.join("report.html").display())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_real_browser_shows_the_verdict_and_prints_the_page() {
    let Some(browser) = browser() else { return };
    let folder = folder("browser");
    fs::write(folder.join("report.html"), html(&view(&better()))).unwrap();
    let shown = String::from_utf8(browsed(browser, &folder, &["--dump-dom"])).unwrap();
    let verdict = "<h1>Passed: the candidate is better than the model that is served.</h1>";
    assert!(shown.contains(verdict), "{}", &shown[..shown.len().min(400)]);
    assert_eq!(shown.matches("<svg").count(), html(&view(&better())).matches("<svg").count());
    let printed = folder.join("report.pdf");
    let print = format!("--print-to-pdf={}", printed.display());
    browsed(browser, &folder, &["--no-pdf-header-footer", &print]);
    let pdf = fs::read(printed).unwrap();
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    println!("{browser}: {} bytes of PDF, {pages} pages", pdf.len());
    assert!(pdf.starts_with(b"%PDF") && (2..=12).contains(&pages), "{pages} pages");
}

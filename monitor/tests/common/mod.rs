//! A small seeded maker of drift reports, so that tests of pages need no engine.
#![allow(dead_code)]

use dropout_model::random::Stream;
use dropout_monitor::{method::Method, report::*};
use std::collections::BTreeMap;

const REFERENCE: u64 = 1_500;
const WINDOW: u64 = 312;

fn normal_share(z: f64) -> f64 {
    1.0 / (1.0 + (-1.702 * z).exp())
}

/// A column of numbers that moved by `shift` of its own standard deviations.
pub fn number(name: &str, (middle, spread): (f64, f64), shift: f64) -> ColumnReport {
    let edge = |nth: usize| -2.6 + 5.2 * nth as f64 / 40.0;
    let bins =
        |shift: f64| (0..40).map(move |nth| normal_share(edge(nth + 1) - shift) - normal_share(edge(nth) - shift));
    let ends = |shift: f64| [normal_share(-2.6 - shift), 1.0 - normal_share(2.6 - shift)];
    let quartiles = |shift: f64| [-0.67, 0.0, 0.67].map(|z| middle + spread * (z + shift));
    let at = |nth: usize| -2.6 + 5.2 * nth as f64 / 99.0;
    let function = |shift: f64| (0..100).map(move |nth| normal_share(at(nth) - shift)).collect::<Vec<_>>();
    let shape = NumberShape {
        quartiles: Pair { reference: quartiles(0.0), window: quartiles(shift) },
        edges: (0..=40).map(|nth| middle + spread * edge(nth)).collect(),
        bins: Pair { reference: bins(0.0).collect(), window: bins(shift).collect() },
        outside: Pair { reference: ends(0.0), window: ends(shift) },
        ecdf: Ecdf {
            at: (0..100).map(|nth| middle + spread * at(nth)).collect(),
            reference: function(0.0),
            window: function(shift),
            gap_at: Some(middle + spread * at(50)),
        },
    };
    let drifted = shift.abs() >= 0.2;
    ColumnReport {
        test: Some(test("ks", shift.abs() / 2.7)),
        effect: Some(Effect { metric: "wasserstein_norm".into(), value: shift.abs(), threshold: 0.1 }),
        evidently: Some(evidently((Method::Wasserstein, "Wasserstein distance (normed)"), shift.abs())),
        direction: drifted.then_some(if shift > 0.0 { Direction::Up } else { Direction::Down }),
        drifted: Some(drifted),
        shape: Some(Shape::Numbers(shape)),
        ..bare(name, ColumnKind::Num)
    }
}

fn test(name: &str, gap: f64) -> Test {
    let p = (-2.0 * gap * gap * (REFERENCE * WINDOW) as f64 / (REFERENCE + WINDOW) as f64).exp();
    Test { name: name.into(), statistic: Some(gap), p, p_adjusted: Some((p * 1.7).min(1.0)), p_method: "exact".into() }
}

fn evidently((method, display): (Method, &str), score: f64) -> EvidentlyScore {
    let (threshold, drifted) = (Some(0.1), Some(score >= 0.1));
    EvidentlyScore { method: Some(method), display: display.into(), score: Some(score), threshold, drifted }
}

/// A column of which nothing is known but its name and sizes.
pub fn bare(name: &str, kind: ColumnKind) -> ColumnReport {
    ColumnReport {
        n: Some(Pair { reference: REFERENCE - 18, window: WINDOW - 9 }),
        missing: Some(Missing {
            share: Pair { reference: 0.012, window: 9.0 / WINDOW as f64 },
            p: 0.034_567_812_3,
            drifted: false,
        }),
        ..ColumnReport::new(name, kind)
    }
}

/// A column of categories, with the share of the first raised by `shift`; the last has too few patients to be told.
pub fn category(name: &str, levels: &[&str], shift: f64) -> ColumnReport {
    let rest = levels.len() as f64 - 1.0;
    let share = |nth: usize, shift: f64| if nth == 0 { 0.3 + shift } else { (0.7 - shift) / rest };
    let one = |(nth, level): (usize, &&str)| {
        let (before, now) = (share(nth, 0.0), share(nth, shift));
        let is_told = nth + 1 < levels.len();
        let count = |share: f64, n: u64| (share * n as f64).round() as u64;
        CategoryShape {
            name: (*level).into(),
            count: Pair { reference: Some(count(before, REFERENCE)), window: is_told.then(|| count(now, WINDOW)) },
            share: Pair { reference: Some(before), window: is_told.then_some(now) },
        }
    };
    ColumnReport {
        test: Some(test("chi2_homogeneity", shift.abs())),
        effect: Some(Effect { metric: "max(jensenshannon,tvd)".into(), value: shift.abs(), threshold: 0.1 }),
        evidently: Some(evidently((Method::JensenShannon, "Jensen-Shannon distance"), shift.abs())),
        drifted: Some(shift.abs() >= 0.12),
        shape: Some(Shape::Categories(levels.iter().enumerate().map(one).collect())),
        ..bare(name, ColumnKind::Cat)
    }
}

fn side(rows: u64, (from, to): (&str, &str), source: &str) -> Side {
    Side {
        sources: vec![source.into()],
        digest: Some(dropout_model::digest::digest(source.as_bytes())),
        rows: Some(rows * 4),
        compared: Some(rows),
        from: Some(from.into()),
        to: Some(to.into()),
    }
}

/// A report on columns; the caller says what it means.
pub fn report(columns: Vec<ColumnReport>, (verdict, advice): (Verdict, Advice)) -> DriftReport {
    let drifted = columns.iter().filter(|column| column.drifted == Some(true)).count() as u64;
    let count = columns.len() as u64;
    DriftReport {
        api_version: API_VERSION.into(),
        kind: KIND.into(),
        model: Some(ModelName {
            name: "onc-302".into(),
            version: Some("v3".into()),
            bundle: Some(dropout_model::digest::digest(b"bundle")),
        }),
        engine: Engine { name: "dropout-monitor".into(), version: Some("0.1.0".into()), rule: Rule::Default },
        reference: side(REFERENCE, ("2024-01-01T00:00:00Z", "2025-06-30T00:00:00Z"), "training.parquet"),
        window: side(WINDOW, ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"), "records"),
        decision: Decision { verdict, advice, rules: Vec::new(), reasons: Vec::new() },
        dataset: Dataset {
            columns: count,
            drifted,
            share: (count > 0).then(|| drifted as f64 / count as f64),
            weighted_share: None,
            limit: Some(0.3),
        },
        columns,
        prediction: None,
        schema_findings: Vec::new(),
        performance: None,
        power: None,
        history: Vec::new(),
        settings: Settings::default(),
    }
}

/// The risk score, raised by `shift` standard deviations.
pub fn risk(shift: f64) -> ColumnReport {
    let mut column = number("risk", (0.22, 0.08), shift);
    if let Some(Shape::Numbers(shape)) = &mut column.shape {
        shape.edges.iter_mut().chain(&mut shape.ecdf.at).for_each(|edge| *edge = edge.max(0.0) + 0.001);
        shape.edges.dedup();
        let bins = shape.edges.len() - 1;
        let cut = |side: &mut Vec<f64>| drop(side.drain(..side.len() - bins));
        cut(&mut shape.bins.reference);
        cut(&mut shape.bins.window);
    }
    column
}

fn estimate(metric: &str, value: f64, (reference, alert): (f64, Option<bool>)) -> Estimate {
    let (low, high) = (value - 0.041, value + 0.041);
    Estimate { metric: metric.into(), value, low, high, reference: Some(reference), alert }
}

/// Performance of a window with labels for a third of its rows.
pub fn performance() -> Performance {
    Performance {
        estimated: vec![estimate("roc_auc", 0.731, (0.792, Some(true))), estimate("recall", 0.64, (0.71, Some(false)))],
        realised: vec![estimate("roc_auc", 0.724, (0.792, None)), estimate("brier", 0.121, (0.104, None))],
        label_coverage: Some(0.37),
        labelled_patients: Some(115),
        assumption: Some(
            "only the inputs moved, not what they mean (covariate shift); a change of meaning cannot be seen without labels."
                .into(),
        ),
    }
}

/// Earlier windows in which a drifted column began to drift at its own time.
pub fn history(columns: &[ColumnReport], windows: usize) -> Vec<PastWindow> {
    let stream = Stream::new(5);
    let of = |window: usize, (nth, column): (usize, &ColumnReport)| {
        let effect = column.effect.as_ref()?.value;
        let begins = windows.saturating_sub(2 + nth % 5);
        let is_late = window >= begins && column.drifted == Some(true);
        let noise = 0.08 * stream.unit((window * 512 + nth) as u64);
        let value = if is_late { effect * (0.7 + 3.0 * noise) } else { noise };
        Some((column.name.clone(), (value, is_late)))
    };
    let past = |window: usize| PastWindow {
        to: Some(format!("2025-{:02}-01T00:00:00Z", 1 + window % 12)),
        verdict: match window {
            3 => Verdict::InsufficientData,
            window if window + 2 >= windows => Verdict::Drift,
            _ => Verdict::NoDrift,
        },
        columns: match window {
            3 => BTreeMap::new(),
            window => columns.iter().enumerate().filter_map(|column| of(window, column)).collect(),
        },
    };
    (0..windows).map(past).collect()
}

/// A report on `count` features, three of five numbers, worst first, with everything a report can have.
pub fn wide(count: usize) -> DriftReport {
    let stream = Stream::new(11);
    let levels = ["remote visit", "at the site", "at home", "telephone", "pharmacy", "unplanned"];
    let mut columns: Vec<ColumnReport> = (0..count)
        .map(|nth| {
            let shift = if nth < 6 { 0.5 - 0.04 * nth as f64 } else { 0.11 * stream.unit(nth as u64) };
            let shift = if nth.is_multiple_of(2) { -shift } else { shift };
            let name = format!("a_feature_of_visits_{nth:02}");
            let mut column = match nth % 5 {
                1 | 3 => category(&name, &levels[..2 + nth % 4], shift.abs()),
                _ => number(&name, (54.0 + nth as f64, 11.3), shift),
            };
            column.importance = Some(2.0 / (count as f64 * (1.0 + nth as f64 / 10.0)));
            column
        })
        .collect();
    if let Some(first) = columns.first_mut() {
        first.name = "adherence_last_month".into();
    }
    if let Some(second) = columns.get_mut(1) {
        second.unseen = [("video".to_owned(), Some(14)), ("barge".to_owned(), None)].into();
        second.notes = vec!["2 categories with few patients were pooled".into()];
    }
    let mut report = report(columns, (Verdict::Drift, Advice::Retrain));
    report.decision.rules = vec!["prediction".into(), "weightedShare".into()];
    report.decision.reasons = vec![
        "The risk score moved: 0.41 sd, adjusted p < 0.001.".into(),
        "adherence_last_month fell: median 54 → 48.4, 0.50 sd, adjusted p < 0.001; importance rank 1.".into(),
        "a_feature_of_visits_01 changed: remote visit 30 % → 76 %, adjusted p < 0.001; importance rank 2.".into(),
    ];
    report.dataset.weighted_share = Some(0.41);
    report.prediction = Some(risk(0.41));
    report.performance = Some(performance());
    report.power = Some(Power { mean_shift: 0.174, share_change: 0.087 });
    report.history = history(&report.columns, 11);
    report.schema_findings = vec![SchemaFinding {
        kind: SchemaKind::UnseenCategory,
        column: "a_feature_of_visits_01".into(),
        message: "2 categories are not in the reference, in 17 of 312 rows.".into(),
        breaks: false,
    }];
    report
}

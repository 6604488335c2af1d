//! What is wrong with columns, what could not have been seen, and every limit that was applied. It holds no finding of a test.

use super::{
    number::{near, plain, share, whole},
    words,
};
use crate::report::{DriftReport, Rule};
use dropout_model::page::{Html, Table, Text, section};

/// What is wrong with the columns themselves; empty if nothing is.
pub fn schema(report: &DriftReport) -> Html {
    if report.schema_findings.is_empty() {
        return Html::new();
    }
    let columns = [("what", Text::Words), ("finding", Text::Words)];
    let mut table =
        Table::new("What is wrong with the columns themselves; these are no statistics.", "column", &columns);
    for finding in &report.schema_findings {
        let what = Html::tag("b", &format!("■ {}", words::schema(finding.kind))).inside("span", "failed");
        table = table.row(vec![Html::of(&finding.column), what, Html::of(&finding.message)]);
    }
    section("schema", "Findings on columns", table.html())
}

/// What could not have been seen, and the limits.
pub fn section_of(report: &DriftReport) -> Html {
    let seen = Html::tag("p", &power(report));
    let fact = |(name, value): (&str, String)| Html::tag("dt", name).and(Html::tag("dd", &value));
    let limits = Html::element("dl", &[], limits(report).into_iter().map(fact).collect());
    let assumptions = Html::element("ul", &[], assumptions(report).iter().map(|text| Html::tag("li", text)).collect());
    section("settings", "What could be seen, and by which limits", seen.and(limits).and(assumptions))
}

/// The minimum detectable effect in words.
pub fn power(report: &DriftReport) -> String {
    let Some(power) = report.power else {
        return "How small a change could have been seen is not known for this report.".to_owned();
    };
    let patients = report.window.compared.map_or_else(|| "this size".to_owned(), |n| format!("{} patients", whole(n)));
    let shift = format!("a mean that shifts by {} standard deviations", near(power.mean_shift));
    let points = plain((power.share_change * 100.0).round());
    format!(
        "A window of {patients} shows, four times in five, {shift} or a share of one half that changes by {points} percentage points. Smaller changes are often missed: no drift does not mean no change."
    )
}

fn limits(report: &DriftReport) -> Vec<(&'static str, String)> {
    let settings = &report.settings;
    if report.engine.rule == Rule::Evidently {
        let limit = report
            .dataset
            .limit
            .map(|limit| ("Drift of the data set", format!("{} of the columns or more", share(limit))));
        return [("Rule", words::engine_rule(Rule::Evidently).to_owned())].into_iter().chain(limit).collect();
    }
    vec![
        ("Evidence", format!("p, adjusted over all features (Benjamini and Hochberg), at most {}", near(settings.q))),
        (
            "Relevance",
            format!(
                "effect of at least {}: numbers, Wasserstein distance in standard deviations of the reference; categories, the larger of Jensen-Shannon distance and total variation",
                near(settings.effect)
            ),
        ),
        ("Persistence", format!("{} of the last {} windows", settings.persistence, settings.of)),
        (
            "Drift of the data set",
            format!("{} of the features, weighted by importance where that is known", share(settings.drift_share)),
        ),
        ("Missing values", "p at most 0.01 and at least 5 percentage points".to_owned()),
        (
            "Enough data",
            format!("{} patients and {} values of a feature", whole(settings.min_rows), whole(settings.min_values)),
        ),
    ]
}

fn assumptions(report: &DriftReport) -> Vec<String> {
    let ours = [
        "One row a patient where patients are known; rows of one patient would count one change many times.",
        "Features that advance with the trial by themselves are compared within landmark days and never count as drift alone.",
    ];
    let ours: &[&str] = if report.engine.rule == Rule::Default { &ours } else { &[] };
    let all = [
        "Cells of fewer than 5 patients are told as “< 5”.",
        "The same report as JSON is embedded in this file, in the element “report”.",
    ];
    ours.iter().chain(&all).map(|text| (*text).to_owned()).collect()
}

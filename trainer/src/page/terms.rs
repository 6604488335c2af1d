//! What the model is made of: the choice of its algorithm, odds ratios of a logistic model, contributions in trees.

use super::{View, words};
use crate::odds::{Odds, Ratio, ratios};
use dropout_model::{
    bundle::Model,
    page::{
        Forest, Html, Ink, Line, Table, Text, Unit, figure,
        number::{NONE, decimal, percent, signed},
        section as made,
    },
};

/// Most lines of a plot, and most rows of a table; all terms stand in the bundle.
const PLOTTED: usize = 12;
const LISTED: usize = 80;

/// Why this algorithm was taken.
pub fn choice(view: &View<'_>) -> Html {
    let Some(choice) = &view.bundle.choice else { return Html::new() };
    let caption = format!(
        "Means over {} repeats of cross-validation grouped by patient, on training patients only.",
        choice.repeats
    );
    let columns = ["ROC AUC", "within a landmark day", "log loss", "Brier score"].map(|name| (name, Text::Numbers));
    let mut table = Table::new(&caption, "algorithm", &columns);
    for tried in &choice.tried {
        let within = tried.roc_auc_within_landmark.map_or_else(|| NONE.to_owned(), |area| decimal(area, 3));
        let numbers = [decimal(tried.roc_auc, 3), within, decimal(tried.log_loss, 3), decimal(tried.brier, 3)];
        let cells = std::iter::once(tried.algorithm.name().to_owned()).chain(numbers);
        table = table.row(cells.map(|cell| Html::of(&cell)).collect());
    }
    let difference = format!(
        "Difference in ROC AUC, the challenger less the simpler one: {} ({} interval {} to {}).",
        signed(choice.difference, 3),
        percent(choice.level, 0),
        signed(choice.low, 3),
        signed(choice.high, 3)
    );
    made(
        "choice",
        "Why this algorithm",
        Html::tag("p", &choice.message).and(table.html()).and(Html::tag("p", &difference)),
    )
}

/// What moves the risk.
pub fn section(view: &View<'_>) -> Html {
    let odds = ratios(view.bundle);
    let inner = match (&view.bundle.model, odds.is_empty(), view.importances.is_empty()) {
        (Model::Logistic(_), false, _) => logistic(&odds),
        (_, _, false) => importances(&view.importances),
        (Model::Logistic(_), true, true) => coefficients(view),
        (Model::Trees(_), _, true) => Html::tag("p", "The trainer gave no contributions of features."),
    };
    made("terms", "What moves the risk", inner)
}

fn logistic(odds: &[Odds]) -> Html {
    let words = "An odds ratio above 1 goes with more dropouts, all other features equal. It describes this trial’s patients; it does not say that changing the feature would change who leaves.";
    let caution = "Ratios are those of the penalised fit before calibration. Intervals are by patient, since rows of one patient resemble each other.";
    let note = format!("{caution} Strongest {} of {} terms.", odds.len().min(PLOTTED), odds.len());
    let plot = figure(forest(odds).svg(), &note);
    Html::tag("p", words).and(plot).and(table(odds))
}

fn forest(odds: &[Odds]) -> Forest {
    let line = |odds: &Odds| {
        let Ratio { ratio, low, high } = odds.per_deviation;
        Line {
            name: words::term(&odds.feature, &odds.part),
            text: written(odds.per_deviation),
            value: ratio,
            interval: Some((low, high)),
            bar: None,
            ink: Ink::Guide,
        }
    };
    Forest {
        id: "odds",
        title: "Odds ratios".into(),
        description: "Odds ratios for one standard deviation more, the strongest first; the table has all numbers."
            .into(),
        label: "odds ratio for one standard deviation more".into(),
        unit: Unit::Ratio,
        neutral: Some(1.0),
        lines: odds.iter().take(PLOTTED).map(line).collect(),
    }
}

/// A ratio and the ends of its interval with as many decimals as tell it from 1.
fn numbers(ratio: Ratio) -> [String; 3] {
    let all = [ratio.ratio, ratio.low, ratio.high];
    let farthest = all.iter().map(|number| (number - 1.0).abs()).fold(0.0, f64::max);
    let decimals = [(0.02, 4), (0.1, 3), (10.0, 2), (100.0, 1)].into_iter().find(|(most, _)| farthest < *most);
    let write =
        |number: f64| if number > 1e4 { "> 10000".to_owned() } else { decimal(number, decimals.map_or(0, |d| d.1)) };
    all.map(write)
}

fn written(ratio: Ratio) -> String {
    let [ratio, low, high] = numbers(ratio);
    format!("{ratio} ({low} to {high})")
}

fn table(odds: &[Odds]) -> Html {
    let more = odds.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" {more} weaker terms stand in the bundle.") } else { String::new() };
    let columns = [("for one unit", Text::Numbers), ("for one standard deviation", Text::Numbers)];
    let mut table = Table::new(&format!("Odds ratios with 95 % intervals.{rest}"), "term", &columns);
    for odds in odds.iter().take(LISTED) {
        let cell = |ratio: Ratio| {
            let [ratio, low, high] = numbers(ratio);
            Html::of(&ratio).and(Html::tag("small", &format!("{low} to {high}")))
        };
        let name = Html::of(&words::term(&odds.feature, &odds.part));
        table = table.row(vec![name, cell(odds.per_unit), cell(odds.per_deviation)]);
    }
    table.html()
}

/// The terms of a model without standard errors.
fn coefficients(view: &View<'_>) -> Html {
    let mut terms = view.report.candidate.terms.clone();
    terms.sort_by(|a, b| b.coefficient.abs().total_cmp(&a.coefficient.abs()));
    let caption = "Log odds for one standard deviation more, the strongest first; the bundle has no standard errors, so there are no intervals.";
    let mut table = Table::new(caption, "term", &[("log odds", Text::Numbers)]);
    for term in terms.iter().take(LISTED) {
        let name = Html::of(&words::term(&term.feature, &term.part));
        table = table.row(vec![name, Html::of(&signed(term.coefficient, 3))]);
    }
    table.html()
}

/// Mean absolute contributions, the largest first.
fn importances(importances: &[(String, f64)]) -> Html {
    let all: f64 = importances.iter().map(|(_, weight)| weight).sum();
    let caption = "Mean absolute contribution of a feature to the logit of a risk, the largest first. It says how much a feature moves risks, not in which direction, and not why patients leave.";
    let columns = [("mean contribution, logits", Text::Numbers), ("share of all", Text::Numbers)];
    let mut table = Table::new(caption, "feature", &columns);
    for (feature, weight) in importances.iter().take(LISTED) {
        let cells = [feature.clone(), decimal(*weight, 3), percent(weight / all, 0)];
        table = table.row(cells.map(|cell| Html::of(&cell)).to_vec());
    }
    table.html()
}

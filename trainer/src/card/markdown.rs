//! A card as Markdown: headings and tables that every viewer shows. Names that came from users are escaped.

use super::Card;
use crate::{
    page::{SliceRow, words},
    report::{MetricReport, Side},
};
use dropout_model::{
    manifest::{Feature, OnMissing},
    metric::bootstrap::Interval,
    page::number::{NONE, count, decimal, percent, range, signed},
};
use std::fmt::Write as _;

/// The card as text.
pub(super) fn written(card: &Card) -> String {
    let parts = [
        format!("# Model card: dropout in {}\n", plain(&card.model_details.study)),
        details(card),
        intended(card),
        rows(card),
        metrics(card),
        threshold(card),
        calibration(card),
        slices(card),
        choice(card),
        odds(card),
        importances(card),
        list("Limits and cautions", &card.limits),
        provenance(card),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Text that no Markdown viewer takes for markup.
fn plain(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// Text in the type of code; only letters that cannot end it.
fn code(text: &str) -> String {
    let safe: String = text.chars().filter(|letter| letter.is_alphanumeric() || ":-./".contains(*letter)).collect();
    format!("`{safe}`")
}

/// A table; the first column holds words, the others numbers. Its cells are Markdown already.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let names: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let rule: Vec<String> = (0..head.len()).map(|at| if at == 0 { ":--".into() } else { "--:".into() }).collect();
    let rows: String = rows.into_iter().map(|cells| line(&cells)).collect();
    format!("{}{}{rows}", line(&names), line(&rule))
}

fn list(heading: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("- {}\n", plain(line))).collect();
    format!("## {heading}\n\n{lines}")
}

fn details(card: &Card) -> String {
    let details = &card.model_details;
    let features = details.features.iter().map(|feature| {
        let missing = match feature.when_missing() {
            OnMissing::Refuse => "refused",
            OnMissing::Impute => "imputed",
            OnMissing::Indicate => "imputed and indicated",
        };
        vec![plain(&feature.name), format!("{:?}", feature.kind), accepted(feature), missing.to_owned()]
    });
    format!(
        "## Model details\n\n- Bundle: {}\n- Kind: {}\n- Predicts: {} within {} days of a landmark\n- Trained by: {}\n\n{}",
        code(&card.provenance.bundle),
        details.kind,
        plain(&details.label),
        details.horizon_seconds.div_ceil(86_400),
        plain(&card.provenance.code),
        table(&["feature", "type", "accepted", "missing"], features)
    )
}

fn accepted(feature: &Feature) -> String {
    let number = |number: Option<f64>| number.map_or_else(|| NONE.to_owned(), |number| number.to_string());
    match (feature.values.len(), feature.min.is_some() || feature.max.is_some()) {
        (0, false) => "any".to_owned(),
        (0, true) => format!("{} to {}", number(feature.min), number(feature.max)),
        (1..=8, _) => feature.values.iter().map(|value| plain(value)).collect::<Vec<_>>().join(", "),
        (more, _) => format!("{more} values"),
    }
}

fn intended(card: &Card) -> String {
    let scope: String = card.intended_use.out_of_scope.iter().map(|line| format!("- {}\n", plain(line))).collect();
    let Card { intended_use: used, .. } = card;
    format!("## Intended use\n\n{}\n\n{}\n\nNot for:\n\n{scope}", plain(&used.purpose), plain(&used.users))
}

fn rows(card: &Card) -> String {
    let rows = &card.data.rows;
    let counts = rows.counts;
    let side = |name: &str, Side { patients, positive_patients, rows, positive_rows }: Side| {
        let numbers = [patients, positive_patients, rows, positive_rows].map(count);
        std::iter::once(name.to_owned()).chain(numbers).collect()
    };
    format!(
        "## Data\n\nData cut-off: {}. Of {} rows, {} were not certain at the cut-off, {} were censored before the horizon, {} count. {} of patients are held out, for ever.\n\n{}",
        card.data.cutoff.as_deref().map_or_else(|| "none".to_owned(), plain),
        count(counts.rows),
        count(counts.immature),
        count(counts.censored),
        count(counts.mature),
        percent(rows.holdout_fraction, 0),
        table(
            &["side", "patients", "dropped out", "rows", "labelled dropout"],
            [side("training", rows.training), side("holdout", rows.holdout)]
        )
    )
}

fn metrics(card: &Card) -> String {
    let found = &card.metrics;
    let has_production = found.all.iter().any(|metric| metric.production.is_some());
    let cell = |value: Option<f64>, interval: Option<Interval>| {
        let number = value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 3));
        interval.map_or_else(|| number.clone(), |_| format!("{number} ({})", range(interval, |n| decimal(n, 3))))
    };
    let row = |metric: &MetricReport| {
        let name = words::metric(metric.metric, has_production);
        let name = if metric.metric == found.primary { format!("**{name}**") } else { name.to_owned() };
        let difference = metric.difference.map_or_else(|| NONE.to_owned(), |value| signed(value, 3));
        let interval = metric.difference_interval.map(|_| range(metric.difference_interval, |n| signed(n, 3)));
        let difference = interval.map_or_else(|| difference.clone(), |interval| format!("{difference} ({interval})"));
        vec![
            name,
            cell(Some(metric.candidate), metric.candidate_interval),
            cell(metric.production, metric.production_interval),
            difference,
        ]
    };
    let rules = found.checks.iter().map(|check| {
        format!("- {}: {}. {}\n", plain(&check.name), words::judged(check.verdict).1, plain(&check.message))
    });
    format!(
        "## Metrics\n\n{:?}: {}.\n\n{}\nIntervals: {}, {} resamples of patients. The metric in bold decides.\n\nRules of the gate:\n\n{}",
        found.outcome,
        plain(&found.message),
        table(&["metric", "candidate", "production", "difference"], found.all.iter().map(row)),
        percent(found.bootstrap.level, 0),
        count(found.bootstrap.resamples),
        rules.collect::<String>()
    )
}

fn threshold(card: &Card) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| NONE.to_owned(), |share| percent(share, 1));
    let rows = card.threshold.tiers.iter().map(|cut| {
        let name = cut.tier.as_deref().map_or_else(|| "(threshold)".to_owned(), plain);
        let calls = cut.flagged.and_then(|flagged| flagged.needed_to_call);
        vec![
            if cut.is_threshold { format!("**{name}**") } else { name },
            percent(cut.from, 1),
            cut.intervention.as_deref().map_or_else(|| NONE.to_owned(), plain),
            share(cut.patients),
            share(cut.flagged.map(|flagged| flagged.recall)),
            share(cut.flagged.and_then(|flagged| flagged.precision)),
            share(cut.flagged.map(|flagged| flagged.alert_rate)),
            calls.map_or_else(|| NONE.to_owned(), |calls| decimal(calls, 1)),
        ]
    });
    format!(
        "## Threshold and tiers\n\nDecision threshold {} ({}). {} of the judged rows are dropouts.\n\n{}",
        percent(card.threshold.value, 2),
        plain(&card.threshold.target),
        percent(card.threshold.dropout_share, 1),
        table(
            &["tier", "from risk", "done", "patients", "recall", "precision", "alert rate", "calls per dropout"],
            rows
        )
    )
}

fn calibration(card: &Card) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 2));
    let measured = card.calibration.measured.as_ref().map_or_else(
        || "It could not be measured: too few patients held out.".to_owned(),
        |found| {
            format!(
                "Measured on patients held out: slope {} (1 is perfect), intercept {} (0 is perfect), expected calibration error {}.",
                number(found.slope),
                number(found.intercept),
                percent(found.ece10, 1)
            )
        },
    );
    format!("## Calibration\n\n{}.\n\n{measured}\n", capital(&plain(&card.calibration.reason)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn slices(card: &Card) -> String {
    if card.slices.is_empty() {
        return String::new();
    }
    let number = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| decimal(value, 3));
    let row = |row: &SliceRow| {
        let interval = row.low.zip(row.high).map(|(low, high)| format!("{} to {}", signed(low, 3), signed(high, 3)));
        let group = if row.group.is_empty() { "(no value)".to_owned() } else { plain(&row.group) };
        let [patients, positive] = words::sizes(row);
        let verdict = row.patients.map_or("too few", |_| words::told(row.verdict).1);
        vec![
            format!("{}: {group}", plain(&row.column)),
            patients,
            positive,
            number(row.candidate),
            number(row.production),
            interval.unwrap_or_else(|| NONE.to_owned()),
            verdict.to_owned(),
        ]
    };
    let head = ["group", "patients", "dropped out", "candidate", "production", "interval of the difference", "verdict"];
    format!("## Groups of patients\n\n{}", table(&head, card.slices.iter().map(row)))
}

fn choice(card: &Card) -> String {
    let Some(choice) = &card.choice else { return String::new() };
    let rows = choice.tried.iter().map(|tried| {
        let within = tried.roc_auc_within_landmark.map_or_else(|| NONE.to_owned(), |area| decimal(area, 3));
        let numbers = [decimal(tried.roc_auc, 3), within, decimal(tried.log_loss, 3), decimal(tried.brier, 3)];
        std::iter::once(tried.algorithm.name().to_owned()).chain(numbers).collect()
    });
    let head = ["algorithm", "ROC AUC", "within a landmark day", "log loss", "Brier score"];
    format!("## Choice of the algorithm\n\n{}\n\n{}", plain(&choice.message), table(&head, rows))
}

fn odds(card: &Card) -> String {
    if card.odds_ratios.is_empty() {
        return String::new();
    }
    let rows = card.odds_ratios.iter().map(|odds| {
        let cell = |ratio: crate::odds::Ratio| {
            format!("{} ({} to {})", decimal(ratio.ratio, 3), decimal(ratio.low, 3), decimal(ratio.high, 3))
        };
        vec![plain(&words::term(&odds.feature, &odds.part)), cell(odds.per_unit), cell(odds.per_deviation)]
    });
    let head = ["term", "odds ratio for one unit", "for one standard deviation"];
    format!("## Odds ratios\n\nWith 95 % intervals, before calibration.\n\n{}", table(&head, rows))
}

fn importances(card: &Card) -> String {
    if card.importances.is_empty() {
        return String::new();
    }
    let rows = card.importances.iter().map(|(name, weight)| vec![plain(name), decimal(*weight, 3)]);
    format!("## Contributions\n\n{}", table(&["feature", "mean absolute contribution, logits"], rows))
}

fn provenance(card: &Card) -> String {
    let made = &card.provenance;
    let mut text = String::from("## Provenance\n\n");
    let _ = writeln!(text, "- Trained on: {}\n- Judged on: {}", code(&made.trained_on), code(&made.judged_on));
    let _ = writeln!(text, "- Trained by: {}, seed {}", plain(&made.code), made.seed);
    if let Some(production) = &made.production {
        let threshold = percent(production.threshold, 2);
        let _ = writeln!(text, "- Compared with: {} at {threshold}", code(&production.digest));
    }
    text
}

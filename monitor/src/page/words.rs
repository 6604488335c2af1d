//! What a report says in words: advice, verdicts, rules, methods. It holds no number.

use crate::{
    method::Method,
    report::{Advice, ColumnKind, ColumnReport, Decision, Direction, EvidentlyScore, Rule, SchemaKind, Verdict},
};

/// How something looks and reads: class of the style, glyph, words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Class of the style.
    pub class: &'static str,
    /// What tells it apart without colour.
    pub glyph: &'static str,
    /// What it says.
    pub words: &'static str,
}

const fn sign(class: &'static str, glyph: &'static str, words: &'static str) -> Sign {
    Sign { class, glyph, words }
}

/// What to do, in a few words.
pub fn advice(decision: &Decision) -> Sign {
    if decision.verdict == Verdict::Unknown {
        return sign("open", "?", "Report not understood");
    }
    match decision.advice {
        Advice::Retrain => sign("failed", "■", "Retraining recommended"),
        Advice::Watch => sign("open", "▲", "Watch"),
        Advice::MendData => sign("failed", "■", "Mend the data first"),
        Advice::Nothing => sign("passed", "●", "No action"),
        Advice::WaitForData => sign("open", "○", "Not enough data"),
    }
}

/// What the advice means for those who read it.
pub fn meaning(decision: &Decision) -> &'static str {
    if decision.verdict == Verdict::Unknown {
        return "Nothing is concluded: this is neither drift nor no drift. Look at the report that was read and at what wrote it.";
    }
    match decision.advice {
        Advice::Retrain => {
            "Drift has lasted. A new model should be trained; the gate then judges it against the one that is served."
        }
        Advice::Watch => "Drift in this window, but not in enough windows yet. Nothing has to be retrained now.",
        Advice::MendData => {
            "Columns are broken. A model trained on them would learn the fault, so nothing should be retrained before they are mended."
        }
        Advice::Nothing => "No more moved than the limits allow. The model may go on as it is.",
        Advice::WaitForData => "Too few values to judge. This is neither drift nor no drift.",
    }
}

/// What one window says.
pub fn verdict(verdict: Verdict) -> Sign {
    match verdict {
        Verdict::Drift => sign("failed", "▲", "drift"),
        Verdict::NoDrift => sign("passed", "·", "no drift"),
        Verdict::InsufficientData => sign("open", "○", "not enough data"),
        Verdict::SchemaBreach => sign("failed", "■", "broken columns"),
        Verdict::Unknown => sign("open", "?", "not understood"),
    }
}

/// What a rule that fired says; a rule of another engine by its own name.
pub fn rule(name: &str) -> &str {
    match name {
        "performance" => "the model does worse",
        "calibration" => "risks are no longer true on average",
        "prediction" => "the risk score itself moved",
        "weightedShare" => "features that matter moved (share weighted by importance)",
        "share" => "many features moved (plain share)",
        "schema" => "columns are broken",
        other => other,
    }
}

/// What is said of a column.
pub fn column(column: &ColumnReport) -> Sign {
    let is_missing_more = column.missing.is_some_and(|missing| missing.drifted);
    match (column.drifted, is_missing_more) {
        (Some(true), _) => match column.direction {
            Some(Direction::Up) => sign("moved", "▲", "drifted up"),
            Some(Direction::Down) => sign("moved", "▼", "drifted down"),
            None => sign("moved", "◆", "drifted"),
        },
        (_, true) => sign("moved", "◇", "missing differs"),
        (Some(false), _) if column.is_time => sign("calm", "·", "time, told only"),
        (Some(false), _) => sign("calm", "·", "no drift"),
        (None, _) => sign("calm", "○", "not judged"),
    }
}

/// A column's type.
pub fn kind(column: &ColumnReport) -> &'static str {
    match (column.kind, column.is_time) {
        (_, true) => "time",
        (ColumnKind::Num, _) => "number",
        (ColumnKind::Cat, _) => "category",
        (ColumnKind::Unknown, _) => "",
    }
}

/// A test of the default rule; one of another engine by its own name.
pub fn test(name: &str) -> &str {
    match name {
        "ks" => "Kolmogorov-Smirnov",
        "chi2_homogeneity" => "chi-square homogeneity",
        "fisher_exact" => "Fisher exact",
        "constant" => "constant, no test",
        other => other,
    }
}

/// Evidently's method in few words.
pub fn method(score: &EvidentlyScore) -> &str {
    let Some(method) = score.method else { return &score.display };
    match method {
        Method::Ks => "K-S p-value",
        Method::Wasserstein => "Wasserstein",
        Method::Psi => "PSI",
        Method::KlDiv => "Kullback-Leibler",
        Method::JensenShannon => "Jensen-Shannon",
        Method::Hellinger => "Hellinger",
        Method::ChiSquare => "chi-square p-value",
        Method::Z => "Z-test p-value",
        Method::Anderson => "Anderson-Darling p-value",
        Method::CramerVonMises => "Cramer-von Mises p-value",
        Method::Es => "Epps-Singleton p-value",
        Method::MannWhitney => "Mann-Whitney p-value",
        Method::TTest => "t-test p-value",
        Method::Ed => "energy distance",
        Method::GTest => "G-test p-value",
        Method::FisherExact => "Fisher p-value",
        Method::Tvd => "TVD p-value",
        Method::EmpiricalMmd => "MMD p-value",
    }
}

/// Whether Evidently's score is a p-value, so that a small one means drift.
pub fn is_p_value(score: &EvidentlyScore) -> bool {
    let name = method(score);
    name.ends_with("p-value") || name.ends_with("p_value")
}

/// What is wrong with a column.
pub fn schema(kind: SchemaKind) -> &'static str {
    match kind {
        SchemaKind::MissingColumn => "column missing",
        SchemaKind::NewColumn => "new column",
        SchemaKind::AllMissing => "all values missing",
        SchemaKind::Missingness => "more values missing",
        SchemaKind::OtherType => "another type",
        SchemaKind::UnseenCategory => "unseen category",
        SchemaKind::OutOfRange => "out of range",
        SchemaKind::Constant => "constant",
    }
}

/// The rule that decides.
pub fn engine_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Default => "evidence, relevance and persistence",
        Rule::Evidently => "Evidently’s tests, limits and share of columns",
    }
}

/// A metric's name for people; an unknown one as it is.
pub fn metric(name: &str) -> &str {
    match name {
        "roc_auc" => "ROC AUC",
        "recall" => "Recall",
        "precision" => "Precision",
        "specificity" => "Specificity",
        "accuracy" => "Accuracy",
        "f1" => "F1",
        "brier" => "Brier score",
        "alert_rate" => "Alert rate",
        "pr_auc" => "Average precision",
        "log_loss" => "Log loss, nats",
        "calibration_in_the_large" => "Calibration in the large, logits",
        other => other,
    }
}

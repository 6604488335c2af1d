//! XGBoost's own file, and what is said when it cannot be served: in full to people who have the file, without a text of
//! the file to everybody else.

use dropout_model::{
    input::{BadInput, Reason},
    trees::TreesError,
};

/// The boosters and objectives of XGBoost that people take for what is served.
const KNOWN: [&str; 16] = [
    "dart",
    "gblinear",
    "binary:hinge",
    "binary:logitraw",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:logistic",
    "reg:squarederror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
];

/// The sentence for people who have the file.
pub fn told(name: &str, error: &TreesError) -> BadInput {
    BadInput::new(Reason::ForeignModel, format!("{name}: {error}"))
}

/// The sentence for everybody else: whoever wrote the file has seen patients, so only words of XGBoost itself are shown.
pub fn refused(name: &str, error: &TreesError) -> BadInput {
    let known = |text: &str| KNOWN.into_iter().find(|known| *known == text).unwrap_or("another").to_owned();
    let shown = match error {
        TreesError::Booster(text) => TreesError::Booster(known(text)),
        TreesError::Objective(text) => TreesError::Objective(known(text)),
        TreesError::Columns { names, .. } => TreesError::Columns { names: *names, said: "another number".into() },
        TreesError::Count { trees, .. } => TreesError::Count { trees: *trees, said: "another number".into() },
        TreesError::TooLarge(_)
        | TreesError::Format
        | TreesError::Json { .. }
        | TreesError::Ubj { .. }
        | TreesError::Absent(_)
        | TreesError::Outputs(_)
        | TreesError::Categorical
        | TreesError::Unnamed
        | TreesError::Name(_)
        | TreesError::Stopped { .. }
        | TreesError::Bound(_)
        | TreesError::BaseScore
        | TreesError::PositiveWeight
        | TreesError::Tree { .. }
        | TreesError::Node { .. } => error.clone(),
    };
    told(name, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_xgboost_is_shown_and_no_other_text_of_the_file() {
        assert!(refused("m", &TreesError::Booster("dart".into())).message.contains("the booster is 'dart'"));
        for error in [
            TreesError::Booster("P-00042".into()),
            TreesError::Objective("P-00042".into()),
            TreesError::Columns { names: 1, said: "P-00042".into() },
            TreesError::Count { trees: 1, said: "P-00042".into() },
        ] {
            assert!(told("m", &error).message.contains("42"));
            assert!(!refused("m", &error).message.contains("42"), "{error}");
        }
    }
}

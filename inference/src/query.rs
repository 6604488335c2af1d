//! The query of a request: one parameter, on one path. A key has no place in it, and nothing of it is repeated.

use crate::problem::{FieldProblem, Problem};
use axum::http::Uri;

/// Most reasons that are given.
pub const MAX_REASONS: usize = 50;

/// How many reasons are asked for by `?explain=N`; none without it.
pub fn explain(uri: &Uri) -> Result<Option<usize>, Problem> {
    let mut asked = None;
    for parameter in uri.query().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
        let Some(number) = parameter.strip_prefix("explain=") else { return Err(unknown()) };
        let is_short = number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|number| is_short && (1..=MAX_REASONS).contains(number));
        if asked
            .replace(number.ok_or_else(|| refused(&format!("must be a whole number from 1 to {MAX_REASONS}")))?)
            .is_some()
        {
            return Err(refused("is given twice"));
        }
    }
    Ok(asked)
}

/// Refuses a query on a path that takes none.
pub fn none(uri: &Uri) -> Result<(), Problem> {
    if uri.query().is_none_or(str::is_empty) { Ok(()) } else { Err(unknown()) }
}

fn refused(problem: &str) -> Problem {
    Problem::fields(vec![FieldProblem::new("?explain", problem)])
}

fn unknown() -> Problem {
    let problem = "has a parameter that this path does not take";
    Problem::fields(vec![FieldProblem::new("?", problem)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Option<usize>, Problem> {
        explain(&format!("/predict{query}").parse().unwrap())
    }

    #[test]
    fn a_number_from_1_to_50_is_taken_once() {
        for (query, number) in
            [("", None), ("?", None), ("?explain=3", Some(3)), ("?explain=50", Some(50)), ("?&explain=01", Some(1))]
        {
            assert_eq!(asked(query), Ok(number), "{query}");
        }
        for query in [
            "?explain",
            "?explain=",
            "?explain=0",
            "?explain=51",
            "?explain=-1",
            "?explain=3&explain=3",
            "?explain=1e1",
            "?x-api-key=k",
        ] {
            assert!(asked(query).is_err(), "{query}");
        }
    }
}

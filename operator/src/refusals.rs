//! What the API server refused lately, by model: a fact for the next plans, so that people see it where they look. After
//! a minute it is forgotten, and the write is tried again.

use crate::error::Error;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a refusal is told before the write is tried again.
const LASTS: Duration = Duration::from_secs(60);

/// The last refusal of each model's Job, by uid of the model.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<String, (String, Instant)>>);

impl Refusals {
    /// Notes what became of a write: a refusal that trying again at once would not change, or its end.
    pub fn note(&self, uid: &str, written: Result<&(), &Error>) {
        match written.err().and_then(sentence) {
            Some(sentence) => self.all().insert(uid.to_owned(), (sentence, Instant::now())),
            None => self.all().remove(uid),
        };
    }

    /// The refusal that is to be told now.
    pub fn recent(&self, uid: &str) -> Option<String> {
        let all = self.all();
        let (sentence, _) = all.get(uid).filter(|(_, since)| since.elapsed() < LASTS)?;
        Some(sentence.clone())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, (String, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sentence(error: &Error) -> Option<String> {
    match error {
        Error::Taken(sentence) => Some(sentence.clone()),
        Error::Api { source, .. } => refused(source),
        Error::Deadline { .. } | Error::Conflict { .. } | Error::Malformed(..) | Error::Render(..) => None,
    }
}

fn refused(error: &kube::Error) -> Option<String> {
    let kube::Error::Api(status) = error else { return None };
    let is_refusal = [400, 403, 413, 422].contains(&status.code);
    is_refusal
        .then(|| format!("the API server refuses the Job: {}", status.message.chars().take(200).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_until_a_write_succeeds() {
        let refusals = Refusals::default();
        refusals.note("uid", Err(&Error::Taken("in the way".into())));
        assert_eq!(refusals.recent("uid").as_deref(), Some("in the way"));
        assert_eq!(refusals.recent("other"), None);
        refusals.note("uid", Ok(&()));
        assert_eq!(refusals.recent("uid"), None);
    }

    #[test]
    fn what_will_pass_by_itself_is_no_refusal() {
        let refusals = Refusals::default();
        refusals.note("uid", Err(&Error::Deadline { what: "create a Job".into(), seconds: 10 }));
        assert_eq!(refusals.recent("uid"), None);
    }
}

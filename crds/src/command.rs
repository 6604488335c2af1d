//! Commands: annotations of the form `trialops.dev/<command>: <argument>@<RFC 3339 time>`. It only reads them.

use std::collections::BTreeMap;

/// Prefix of every annotation and label of ours.
pub const PREFIX: &str = "trialops.dev/";

/// What a person can ask for beside the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandName {
    /// `retrain`: train once more with the spec as it is.
    Retrain,
    /// `rollback-to`: serve the previous version again.
    RollbackTo,
    /// `release-quarantine`: let a quarantined bundle be served again.
    ReleaseQuarantine,
}

impl CommandName {
    /// All commands.
    pub const ALL: [Self; 3] = [Self::Retrain, Self::RollbackTo, Self::ReleaseQuarantine];

    /// The annotation's name behind the prefix, and the key in `status.handled`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::RollbackTo => "rollback-to",
            Self::ReleaseQuarantine => "release-quarantine",
        }
    }
}

/// A command that is present on a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which.
    pub name: CommandName,
    /// What is in front of the last `@`, such as `v2` or `now`.
    pub argument: String,
    /// The whole value: a new value is a new command.
    pub token: String,
}

/// A command whose value cannot be read: without an argument, or without `@` and a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Which.
    pub name: CommandName,
    /// The whole value. It may be anything, so it is never repeated to people.
    pub token: String,
}

/// The commands in a model's annotations that can be read.
pub fn commands(annotations: &BTreeMap<String, String>) -> Vec<Command> {
    read(annotations).filter_map(Result::ok).collect()
}

/// The commands in a model's annotations that cannot be read.
pub fn malformed(annotations: &BTreeMap<String, String>) -> Vec<Malformed> {
    read(annotations).filter_map(Result::err).collect()
}

fn read(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = Result<Command, Malformed>> {
    let read = |name: CommandName| {
        let token = annotations.get(&format!("{PREFIX}{}", name.name()))?;
        Some(command(name, token).ok_or_else(|| Malformed { name, token: token.clone() }))
    };
    CommandName::ALL.into_iter().filter_map(read)
}

fn command(name: CommandName, token: &str) -> Option<Command> {
    let (argument, time) = token.rsplit_once('@').filter(|(argument, _)| !argument.is_empty())?;
    time.parse::<jiff::Timestamp>().ok()?;
    Some(Command { name, argument: argument.to_owned(), token: token.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_needs_an_argument_and_a_time() {
        let of = |value: &str| BTreeMap::from([("trialops.dev/rollback-to".to_owned(), value.to_owned())]);
        let token = "v2@2026-11-20T09:00:00Z";
        let command = Command { name: CommandName::RollbackTo, argument: "v2".into(), token: token.into() };
        assert_eq!(commands(&of(token)), [command]);
        assert_eq!(malformed(&of(token)), []);
        for token in ["v2", "v2@yesterday", "@2026-11-20T09:00:00Z", ""] {
            assert_eq!(commands(&of(token)), []);
            assert_eq!(malformed(&of(token)), [Malformed { name: CommandName::RollbackTo, token: token.into() }]);
        }
    }
}

//! Commands of a person: rolling back and releasing from quarantine. Retraining is a trigger.

use crate::{Observed, next::Next, rollout, sentence};
use dropout_crds::{
    Reason,
    command::{Command, CommandName, Malformed},
    status::Release,
};
use dropout_model::digest::json_digest;
use std::collections::BTreeMap;

/// Longest token that is kept as it is; of a longer one its digest is kept.
const MAX_TOKEN: usize = 120;

/// Carries out one command that was not handled yet, or says that one cannot be read; also while suspended.
pub fn obey(next: &mut Next<'_>) -> bool {
    if let Some(malformed) = unread(next) {
        next.status.handled.insert(malformed.name.name().to_owned(), kept(&malformed.token));
        refuse(next, sentence::malformed(malformed.name));
        return true;
    }
    if let Some(command) = wanted(next, CommandName::RollbackTo) {
        done(next, command);
        roll_back(next, command);
        return true;
    }
    if let Some(command) = wanted(next, CommandName::ReleaseQuarantine) {
        done(next, command);
        release(next, command);
        return true;
    }
    false
}

/// The command of that name, if it is present and was not handled.
pub fn wanted<'a>(next: &Next<'a>, name: CommandName) -> Option<&'a Command> {
    let command = next.observed.commands.iter().find(|command| command.name == name)?;
    let is_new = next.status.handled.get(name.name()) != Some(&token(command));
    is_new.then_some(command)
}

/// Puts a command down as handled.
pub fn done(next: &mut Next<'_>, command: &Command) {
    next.status.handled.insert(command.name.name().to_owned(), token(command));
}

/// A command that cannot be read, unless that was said of this value before.
fn unread<'a>(next: &Next<'a>) -> Option<&'a Malformed> {
    let is_new =
        |malformed: &&Malformed| next.status.handled.get(malformed.name.name()) != Some(&kept(&malformed.token));
    next.observed.malformed.iter().find(is_new)
}

/// All commands that are present, with what is kept of each.
pub fn present(observed: &Observed) -> BTreeMap<String, String> {
    let read = observed.commands.iter().map(|command| (command.name.name().to_owned(), token(command)));
    let unread = observed.malformed.iter();
    read.chain(unread.map(|malformed| (malformed.name.name().to_owned(), kept(&malformed.token)))).collect()
}

/// What is kept of a command to know it again.
pub fn token(command: &Command) -> String {
    kept(&command.token)
}

fn kept(token: &str) -> String {
    if token.len() <= MAX_TOKEN { token.to_owned() } else { json_digest(&token) }
}

fn roll_back(next: &mut Next<'_>, command: &Command) {
    let argument = command.argument.as_str();
    let is_named = |release: &Option<Release>, word: &str| {
        release.as_ref().is_some_and(|release| argument == word || argument == release.name)
    };
    let is_on_its_way = next.status.candidate.as_ref().is_some_and(|candidate| candidate.release.is_some());
    if is_on_its_way && is_named(&next.status.production, "production") {
        return give_up(next);
    }
    if is_named(&next.status.previous, "previous") {
        return swap(next);
    }
    refuse(
        next,
        format!(
            "rollback-to {argument}: there is no such version to go back to; name the previous version or, while one rolls out, production"
        ),
    );
}

/// Gives up the candidate that comes into service.
fn give_up(next: &mut Next<'_>) {
    let Some(release) = next.status.candidate.take().and_then(|candidate| candidate.release) else { return };
    rollout::quarantine(next, &release);
    rollout::mark_rolled_back(next, release.version);
    let message =
        format!("rollback-to: {} was given up and quarantined by command; {} is served", release.name, served(next));
    next.tell(Reason::RolledBack, message);
}

/// Lets the previous version be production again. A candidate on its way was judged against the version that leaves, so
/// it is given up.
fn swap(next: &mut Next<'_>) {
    let digest = next.status.previous.as_ref().map(|release| release.digest.clone()).unwrap_or_default();
    if next.is_quarantined(&digest) {
        return refuse(
            next,
            "rollback-to: the bundle of the previous version is quarantined; release it first".to_owned(),
        );
    }
    next.status.candidate.take_if(|candidate| candidate.release.is_some());
    let since = next.time();
    let back = next.status.previous.take().map(|release| Release { since: Some(since), ..release });
    let gone = std::mem::replace(&mut next.status.production, back);
    if let Some(release) = gone {
        rollout::quarantine(next, &release);
        rollout::mark_rolled_back(next, release.version);
        let message = format!(
            "rollback-to: {} was rolled back and quarantined by command; {} is production",
            release.name,
            served(next)
        );
        next.tell(Reason::RolledBack, message);
    }
}

/// Takes bundles out of quarantine: one by name or digest, or all.
fn release(next: &mut Next<'_>, command: &Command) {
    let argument = command.argument.as_str();
    let before = next.status.quarantined.len();
    next.status.quarantined.retain(|bundle| argument != "all" && argument != bundle.name && argument != bundle.digest);
    match before - next.status.quarantined.len() {
        0 => refuse(next, format!("release-quarantine {argument}: no such bundle is quarantined")),
        released => next.tell(
            Reason::CommandDone,
            format!("release-quarantine {argument}: {released} released; the command retrain lets it be judged again"),
        ),
    }
}

fn refuse(next: &mut Next<'_>, message: String) {
    next.tell(Reason::CommandRefused, message);
}

fn served(next: &Next<'_>) -> String {
    next.status.production.as_ref().map_or_else(|| "nothing".to_owned(), |release| release.name.clone())
}

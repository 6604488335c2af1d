//! The conditions that kstatus reads: is the production version served, is something converging, is a human needed.

use crate::{
    claim, conditions,
    conditions::Said,
    freeze,
    intents::served,
    next::Next,
    observed::{RunPhase, ServingFact, ServingFault},
    rollout, sentence,
    task::current_run,
    threshold,
};
use dropout_crds::{
    Reason,
    status::{Candidate, JudgedOutcome, Release, Stage},
};

/// Whether the desired production version is served.
pub fn ready(next: &Next<'_>) -> Said {
    let Some(production) = &next.status.production else {
        return (Some(false), Reason::NoModel, no_model(next));
    };
    let deployed = match &next.observed.serving {
        ServingFact::Foreign(owner) => return (Some(false), Reason::NameConflict, sentence::foreign_deployment(owner)),
        ServingFact::Absent => {
            return (
                Some(false),
                Reason::Unavailable,
                format!("the Deployment of {} is not there yet", production.name),
            );
        }
        ServingFact::Ours(deployed) => deployed,
    };
    if deployed.available < 1 {
        return (Some(false), Reason::Unavailable, unavailable(next, production));
    }
    let is_rolling = served(&next.status) != Some(production);
    let has_earlier_pods = deployed.available > deployed.updated_available;
    if is_rolling || rollout::is_placed(deployed, production) || has_earlier_pods {
        return (Some(true), Reason::Serving, format!("{} serves", production.name));
    }
    (
        Some(false),
        Reason::Converging,
        format!("{} is production, but pods still serve {}", production.name, deployed.version),
    )
}

fn no_model(next: &Next<'_>) -> String {
    let what = match &next.status.candidate {
        Some(candidate) if candidate.release.is_some() => format!("{} comes into service", candidate.name),
        Some(candidate) if candidate.stage == Stage::Queued => conditions::waiting(next, candidate),
        Some(candidate) => sentence::making(candidate, &next.observed.spec),
        None => match freeze::frozen(next) {
            Some((_, why)) => why,
            None => next.status.judged.as_ref().map(|judged| judged.message.clone()).unwrap_or_default(),
        },
    };
    format!("no version is production yet: {what}")
}

fn unavailable(next: &Next<'_>, production: &Release) -> String {
    let pods = sentence::pods(next.observed, production);
    match rollout::fault(next.observed, production) {
        Some(ServingFault::Candidate(why) | ServingFault::Environment(why)) => {
            format!("{}: {pods}: {why}", production.name)
        }
        None => format!("{}: {pods}", production.name),
    }
}

/// Whether pods are converging or the first model is pending. What waits for a human is not.
pub fn reconciling(next: &Next<'_>) -> Said {
    if let (_, reason, _) = stalled(next)
        && reason != Reason::NoError
    {
        return (Some(false), reason, "it waits for a human: see Stalled".to_owned());
    }
    let Some(release) = served(&next.status) else { return first_model(next) };
    let is_rolling = next
        .status
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.release.is_some() && candidate.stage == Stage::RollingOut);
    if is_rolling {
        return (Some(true), Reason::RollingOut, format!("{} comes into service", release.name));
    }
    if is_settled(next, release) {
        return (Some(false), Reason::UpToDate, format!("all pods serve {}", release.name));
    }
    let reason = if next.status.updating.is_some() { Reason::ImageUpdated } else { Reason::Converging };
    (Some(true), reason, unavailable(next, release))
}

fn first_model(next: &Next<'_>) -> Said {
    let (message, frozen) = (no_model(next), freeze::frozen(next));
    match &next.status.candidate {
        _ if frozen.is_some() => (Some(false), frozen.map_or(Reason::Suspended, |(reason, _)| reason), message),
        Some(_) => (Some(true), Reason::NoModel, message),
        None => (Some(false), Reason::NoModel, message),
    }
}

/// Whether production is served by all pods, as it is decided now.
pub fn is_settled(next: &Next<'_>, production: &Release) -> bool {
    is_applied(next, production) && rollout::is_complete(next.observed, production)
}

/// Whether the Deployment took production's image and threshold as they are decided now, by its record.
fn is_applied(next: &Next<'_>, release: &Release) -> bool {
    let record = next.observed.deployed().and_then(|deployed| deployed.record.as_ref());
    let recorded =
        record.and_then(|record| record.production.as_ref()).filter(|recorded| recorded.digest == release.digest);
    recorded.is_none_or(|recorded| {
        recorded.image == release.image && recorded.threshold.to_bits() == release.threshold.to_bits()
    })
}

/// Whether a human is needed.
pub fn stalled(next: &Next<'_>) -> Said {
    let because = conflict(next)
        .or_else(|| candidate_stalled(next))
        .or_else(|| judged_stalled(next))
        .or_else(|| unresolved_stalled(next));
    match because {
        Some((reason, sentence)) => (Some(true), reason, sentence),
        None => (Some(false), Reason::NoError, "no human is needed".to_owned()),
    }
}

type Because = Option<(Reason, String)>;

fn conflict(next: &Next<'_>) -> Because {
    match &next.observed.serving {
        ServingFact::Foreign(owner) if served(&next.status).is_some() => {
            Some((Reason::NameConflict, sentence::foreign_deployment(owner)))
        }
        ServingFact::Foreign(_) | ServingFact::Absent | ServingFact::Ours(_) => None,
    }
}

fn candidate_stalled(next: &Next<'_>) -> Because {
    let candidate = next.status.candidate.as_ref()?;
    match candidate.stage {
        Stage::Queued if candidate.release.is_some() => None,
        Stage::Queued => claim::missing(next),
        Stage::Training => training_stalled(next, candidate),
        Stage::RollingOut => overdue(next, candidate),
        Stage::Held => Some((Reason::Held, conditions::held(next, candidate))),
    }
}

fn training_stalled(next: &Next<'_>, candidate: &Candidate) -> Because {
    let run = if candidate.retry_at.is_some() { None } else { current_run(next.observed, &next.status) };
    match run.map(|run| &run.phase) {
        None => claim::missing(next),
        Some(RunPhase::Foreign(owner)) => Some((Reason::NameConflict, sentence::foreign_run(owner))),
        Some(
            RunPhase::Pending(_)
            | RunPhase::Running { .. }
            | RunPhase::Finished(_)
            | RunPhase::AnswerGone
            | RunPhase::Failed(_),
        ) => None,
    }
}

/// A first model past its deadline: there is nothing to go back to, so it waits for its pods and says so.
fn overdue(next: &Next<'_>, candidate: &Candidate) -> Because {
    let is_overdue = candidate.available_since.is_none() && next.now >= rollout::deadline(next.observed, candidate);
    (is_overdue && next.status.production.is_none())
        .then(|| (Reason::Unavailable, format!("{}: {}", candidate.name, sentence::overdue(next.observed))))
}

fn judged_stalled(next: &Next<'_>) -> Because {
    let judged = next.status.judged.as_ref().filter(|_| next.status.candidate.is_none())?;
    let has_model = next.status.production.is_some();
    let reason = match judged.outcome {
        JudgedOutcome::BadInput => Reason::BadInput,
        JudgedOutcome::TrainingFailed => Reason::TrainingFailed,
        JudgedOutcome::Failed if !has_model => Reason::GateFailed,
        JudgedOutcome::Inconclusive if !has_model => Reason::GateInconclusive,
        JudgedOutcome::RolledBack if !has_model => Reason::RolledBack,
        JudgedOutcome::Unchanged if !has_model => Reason::NoModel,
        JudgedOutcome::Passed
        | JudgedOutcome::Failed
        | JudgedOutcome::Inconclusive
        | JudgedOutcome::RolledBack
        | JudgedOutcome::Unchanged => return None,
    };
    Some((reason, judged.message.clone()))
}

/// Production serves a threshold that the spec no longer asks for, and its evaluation ended without another.
fn unresolved_stalled(next: &Next<'_>) -> Because {
    let left = threshold::unresolved(next).filter(|_| next.status.candidate.is_none())?;
    let reason = match left.outcome {
        JudgedOutcome::BadInput => Reason::BadInput,
        JudgedOutcome::TrainingFailed => Reason::TrainingFailed,
        JudgedOutcome::Inconclusive => Reason::GateInconclusive,
        JudgedOutcome::Failed | JudgedOutcome::Passed | JudgedOutcome::RolledBack | JudgedOutcome::Unchanged => {
            Reason::GateFailed
        }
    };
    Some((reason, sentence::unresolved(left)))
}

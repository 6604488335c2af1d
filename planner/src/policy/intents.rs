//! What is to be done for a policy, as it follows from the state. Each intent is repeated until it is observed.

use super::{
    next::Next,
    observed::{ModelFact, MonitorPhase, MonitorRunFact},
    plan::PolicyIntent,
    task,
};
use dropout_crds::retrain_policy::MonitorRun;

/// The intents of a state.
pub fn intents(next: &Next<'_>) -> Vec<PolicyIntent> {
    look(next).into_iter().chain(prune(next)).collect()
}

fn run<'a>(next: &'a Next<'_>) -> Option<&'a MonitorRun> {
    next.status.monitor.as_ref()?.run.as_ref()
}

/// The look that runs, as long as its Job is not there and no other still runs.
fn look(next: &Next<'_>) -> Option<PolicyIntent> {
    let run = run(next)?;
    let is_there = next.observed.runs.iter().any(|fact| fact.task == run.task || is_unfinished(fact));
    let ModelFact::Present(model) = &next.observed.model else { return None };
    let production = model.status.as_ref()?.production.as_ref()?;
    (!is_there).then(|| PolicyIntent::Look(Box::new(task::task(next.observed, model, production, run.until.0))))
}

/// Jobs that were answered or given up; one that failed stays for its log until it is made again.
fn prune(next: &Next<'_>) -> Option<PolicyIntent> {
    let current = run(next).map(|run| run.task.as_str());
    let waits = current.is_none() && !next.is_in_the_way && next.refused.is_none();
    let is_kept = |fact: &&MonitorRunFact| match fact.phase {
        MonitorPhase::Foreign(_) => true,
        MonitorPhase::Failed(_) => waits || current == Some(&fact.task),
        MonitorPhase::Pending(_) | MonitorPhase::Running | MonitorPhase::Finished(_) | MonitorPhase::AnswerGone => {
            current == Some(&fact.task)
        }
    };
    let names: Vec<String> =
        next.observed.runs.iter().filter(|fact| !is_kept(fact)).map(|fact| fact.name.clone()).collect();
    (!names.is_empty()).then_some(PolicyIntent::Prune(names))
}

fn is_unfinished(fact: &MonitorRunFact) -> bool {
    match fact.phase {
        MonitorPhase::Pending(_) | MonitorPhase::Running => true,
        MonitorPhase::Finished(_) | MonitorPhase::AnswerGone | MonitorPhase::Failed(_) | MonitorPhase::Foreign(_) => {
            false
        }
    }
}

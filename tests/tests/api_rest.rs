//! At rest the operator writes nothing but its Lease; at no time does it touch a Secret or the spec of a model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;

use api::{POLICY, Request, Trial, inconclusive, is, policy, requests, shared_operator, world};
use dropout_crds::ConditionType::{GatePassed, Stalled};
use serde_json::json;
use std::{env, thread, time::Duration};

/// Seconds at rest, unless `DROPOUT_REST_SECONDS` says otherwise.
const SECONDS: u64 = 120;

fn all_requests() -> Vec<Request> {
    requests(world(), |_| true).collect()
}

fn is_write_to_more_than_the_lease(request: &Request) -> bool {
    request.is_write() && request.resource != "leases"
}

/// One model that is served and has a policy, one that needs a human, and one whose first candidate was inconclusive.
fn models_at_rest() -> [Trial; 3] {
    let served = Trial::new("served");
    served.promote_first();
    served.apply_policy(&policy(POLICY, json!({"triggers": [{"name": "yearly", "schedule": {"cron": "0 0 1 1 *"}}]})));
    served.policy_until(POLICY, "the policy to be seen", |policy| policy.status.is_some());
    let stalled = Trial::without_claim("stalled");
    stalled.apply(&stalled.spec());
    stalled.until("the missing claim", |model| is(model, Stalled, "True", "ClaimNotFound"));
    let undecided = Trial::new("undecided");
    undecided.apply(&undecided.spec());
    undecided.answer(&undecided.training("v1"), |task| inconclusive(task, "v1"));
    undecided.until("the verdict", |model| is(model, GatePassed, "False", "GateInconclusive"));
    let trials = [served, stalled, undecided];
    trials.iter().for_each(Trial::rests);
    trials
}

#[test]
fn three_models_at_rest_cost_no_write_but_the_lease() {
    shared_operator();
    let trials = models_at_rest();
    let before = all_requests();
    let seconds = env::var("DROPOUT_REST_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    thread::sleep(Duration::from_secs(seconds));
    let after = all_requests();
    let written: Vec<&Request> =
        after[before.len()..].iter().filter(|request| is_write_to_more_than_the_lease(request)).collect();
    assert!(written.is_empty(), "{written:#?}");
    let renewals =
        after[before.len()..].iter().filter(|request| request.resource == "leases" && request.is_write()).count();
    assert!(renewals as u64 >= seconds / 4, "the Lease was renewed {renewals} times in {seconds} s");
    assert!(shared_operator().is_running());
    eprintln!("{} requests in {seconds} s at rest, {renewals} of them renewals", after.len() - before.len());

    let secrets: Vec<&Request> = after.iter().filter(|request| request.resource == "secrets").collect();
    assert!(secrets.is_empty(), "{secrets:#?}");
    let is_spec = |request: &&Request| {
        request.is_write()
            && ["dropoutmodels", "retrainpolicies"].contains(&request.resource.as_str())
            && request.subresource != "status"
    };
    let specs: Vec<&Request> = after.iter().filter(is_spec).collect();
    assert!(specs.is_empty(), "{specs:#?}");
    let forbidden: Vec<&Request> = after.iter().filter(|request| request.code == 403).collect();
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    drop(trials);
}

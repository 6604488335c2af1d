//! Leader election by a Lease: compare and swap on resourceVersion, expiry by our own clock since the last change seen.
//! It fences nothing outside the API: every write of ours is safe to repeat.

use crate::{
    call,
    error::{Error, Result},
    settings::{LeaseTimes, Settings},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, api::PostParams};
use std::time::{Duration, Instant};

/// What to do about a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is none: make it.
    Create,
    /// It is free or expired: take it.
    Take,
    /// It is ours: renew it.
    Renew,
    /// Another holds it.
    Wait,
}

/// What to do about a Lease that has not changed for a time. Pure.
pub fn decide(lease: Option<&LeaseSpec>, identity: &str, unchanged_for: Duration) -> Decision {
    let Some(lease) = lease else { return Decision::Create };
    let duration = Duration::from_secs(u64::try_from(lease.lease_duration_seconds.unwrap_or(0)).unwrap_or(0));
    match lease.holder_identity.as_deref() {
        None | Some("") => Decision::Take,
        Some(holder) if holder == identity => Decision::Renew,
        Some(_) if unchanged_for > duration => Decision::Take,
        Some(_) => Decision::Wait,
    }
}

/// A candidate for the Lease.
pub struct Elector {
    api: Api<Lease>,
    name: String,
    identity: String,
    times: LeaseTimes,
    seen: Option<(String, Instant)>,
}

impl Elector {
    /// A candidate with the settings' name and identity.
    pub fn new(client: Client, settings: &Settings) -> Self {
        Self {
            api: Api::namespaced(client, &settings.lease_namespace),
            name: settings.lease.clone(),
            identity: settings.identity.clone(),
            times: settings.lease_times,
            seen: None,
        }
    }

    /// Waits until the Lease is ours. `reached` is called when another is seen to hold it: all is well, too.
    pub async fn acquire(&mut self, reached: impl Fn()) {
        loop {
            match self.attempt().await {
                Ok(true) => return,
                Ok(false) => reached(),
                Err(error) => tracing::warn!(%error, "cannot take the lease yet"),
            }
            tokio::time::sleep(self.times.pause).await;
        }
    }

    /// Renews the Lease until it is lost: taken by another, or not renewed within the deadline.
    pub async fn keep(&mut self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < self.times.deadline {
            tokio::time::sleep(self.times.pause).await;
            let left = self.times.deadline.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.attempt()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "cannot renew the lease"),
                Err(_) => return,
            }
        }
    }

    /// Gives the Lease back, so that another need not wait.
    pub async fn release(&mut self) -> Result<()> {
        let Some(mut lease) = call::once("read the lease", self.api.get_opt(&self.name)).await? else { return Ok(()) };
        let ours = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()) == Some(self.identity.as_str());
        if !ours {
            return Ok(());
        }
        lease.spec = Some(LeaseSpec { holder_identity: None, ..lease.spec.unwrap_or_default() });
        let parameters = PostParams::default();
        call::once("release the lease", self.api.replace(&self.name, &parameters, &lease)).await.map(drop)
    }

    /// One look and at most one write; whether the Lease is ours afterwards.
    async fn attempt(&mut self) -> Result<bool> {
        let lease = call::once("read the lease", self.api.get_opt(&self.name)).await?;
        let unchanged_for = self.unchanged_for(lease.as_ref());
        let decision = decide(lease.as_ref().and_then(|lease| lease.spec.as_ref()), &self.identity, unchanged_for);
        let written = match (decision, lease) {
            (Decision::Wait, _) => return Ok(false),
            (_, None) => self.create().await,
            (decision, Some(lease)) => self.write(lease, decision).await,
        };
        match written {
            Ok(()) => Ok(true),
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn unchanged_for(&mut self, lease: Option<&Lease>) -> Duration {
        let version = lease.and_then(|lease| lease.metadata.resource_version.clone()).unwrap_or_default();
        match &self.seen {
            Some((seen, since)) if *seen == version => since.elapsed(),
            Some(_) | None => {
                self.seen = Some((version, Instant::now()));
                Duration::ZERO
            }
        }
    }

    async fn create(&self) -> Result<()> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(self.spec(None, Decision::Create)) };
        call::once("create the lease", self.api.create(&PostParams::default(), &lease)).await.map(drop)
    }

    async fn write(&self, mut lease: Lease, decision: Decision) -> Result<()> {
        lease.spec = Some(self.spec(lease.spec.as_ref(), decision));
        call::once("write the lease", self.api.replace(&self.name, &PostParams::default(), &lease)).await.map(drop)
    }

    fn spec(&self, old: Option<&LeaseSpec>, decision: Decision) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let transitions = old.and_then(|old| old.lease_transitions).unwrap_or(0);
        let acquired = old.and_then(|old| old.acquire_time.clone());
        let is_renewal = decision == Decision::Renew;
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.times.duration.as_secs()).ok(),
            acquire_time: if is_renewal { acquired } else { Some(now.clone()) },
            renew_time: Some(now),
            lease_transitions: Some(if is_renewal { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str) -> LeaseSpec {
        LeaseSpec { holder_identity: Some(holder.into()), lease_duration_seconds: Some(15), ..LeaseSpec::default() }
    }

    #[test]
    fn a_lease_is_taken_only_when_it_is_free_or_has_not_changed_for_its_duration() {
        let after = Duration::from_secs;
        assert_eq!(decide(None, "a", after(0)), Decision::Create);
        assert_eq!(decide(Some(&held_by("")), "a", after(0)), Decision::Take);
        assert_eq!(decide(Some(&held_by("a")), "a", after(99)), Decision::Renew);
        assert_eq!(decide(Some(&held_by("b")), "a", after(15)), Decision::Wait);
        assert_eq!(decide(Some(&held_by("b")), "a", after(16)), Decision::Take);
    }
}

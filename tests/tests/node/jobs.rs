//! The Jobs of a trial and what they leave in its store.

use super::{Node, scene::Scene};
use serde_json::Value;
use std::{fs, path::PathBuf};

impl Scene<'_> {
    /// What the Jobs of a version were created for, by the audit of the API server, which also knows those that are gone.
    pub fn created(&self, version: &str) -> Vec<String> {
        let audit = audit(self.trial.node);
        let start = format!("{}-{version}-", self.trial.name);
        let work = |line: &str| {
            let event: Value = serde_json::from_str(line).ok()?;
            let object = &event["objectRef"];
            let is_job =
                event["verb"] == "create" && object["resource"] == "jobs" && event["stage"] == "ResponseComplete";
            let is_ours =
                object["namespace"] == self.trial.namespace.as_str() && event["responseStatus"]["code"] == 201;
            let name = object["name"].as_str().filter(|_| is_job && is_ours)?;
            name.strip_prefix(&start)?.split('-').next().map(str::to_owned)
        };
        let mut works: Vec<String> = audit.lines().skip(self.audited).filter_map(work).collect();
        works.sort();
        works
    }

    /// The Jobs of a version.
    pub fn jobs(&self, version: &str) -> Vec<Value> {
        let jobs = self.get("jobs");
        let is_of = |job: &&Value| job["metadata"]["labels"]["trialops.dev/version"] == version;
        jobs["items"].as_array().into_iter().flatten().filter(is_of).cloned().collect()
    }

    pub fn has_run(&self, version: &str, work: &str) -> bool {
        self.jobs(version).iter().any(|job| job["metadata"]["labels"]["trialops.dev/work"] == work)
    }

    /// How many Jobs of a version ended well.
    pub fn completed(&self, version: &str) -> usize {
        self.jobs(version).iter().filter(|job| job["status"]["succeeded"] == 1).count()
    }

    /// Waits until a pod of the version's Job runs; its name.
    pub fn running(&self, version: &str) -> String {
        let pod = || {
            let is_of = |pod: &Value| {
                pod["metadata"]["labels"]["trialops.dev/version"] == version && {
                    let inits = pod["status"]["initContainerStatuses"].as_array();
                    inits.is_some_and(|all| all.iter().any(|one| one["state"]["running"].is_object()))
                }
            };
            self.pods("job").into_iter().find(is_of)
        };
        self.wait("a pod of the training runs", |_| pod().is_some());
        pod().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).expect("still running")
    }

    /// The newest sentence of the history.
    pub fn newest_entry(&self, model: &Value) -> String {
        let entry = model["status"]["history"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        format!("{}: {}", entry["reason"].as_str().unwrap_or_default(), entry["message"].as_str().unwrap_or_default())
    }

    /// Bundles in the store.
    pub fn bundles(&self) -> Vec<PathBuf> {
        let folder = self.trial.folder.join("store").join(&self.trial.namespace).join(&self.trial.name).join("bundles");
        fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect()
    }

    /// Posts an object to a path of the API.
    pub fn post(&self, path: &str, object: &Value) {
        let file = self.trial.node.cluster.dir().join("posted.json");
        fs::write(&file, object.to_string()).unwrap();
        self.trial.node.kubectl(&["create", "--raw", path, "-f", file.to_str().unwrap()]);
    }
}

/// What the API server was asked for.
pub fn audit(node: &Node) -> String {
    fs::read_to_string(node.cluster.dir().join("audit.log")).unwrap()
}

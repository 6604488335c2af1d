//! What holds of everything that is rendered, whatever the model: Pod Security, what a trainer sees, lengths of names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{
    frame, identity, launch,
    policy::{monitor_task, origin, policy_identity, report_source, watching},
    quickstart, release, serve, settings, spec, with_a_bundle, with_buckets, with_every_pod_field, with_records,
};
use dropout_crds::{DropoutModelSpec, status::CandidateWork};
use dropout_model::{manifest::Tier, monitoring::Reads, policy::Serving, task::Task};
use dropout_operator::{
    labels,
    render::{
        monitor::{self, MonitorFrame},
        serving::{ServingObjects, serving},
        training::{job, name, task_config},
    },
    subset::holds,
};
use dropout_planner::observed::Identity;
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, Container, PodSpec, Service},
};
use serde_json::{Value, json};

const WORKS: [CandidateWork; 3] = [CandidateWork::Train, CandidateWork::Evaluate, CandidateWork::Read];

#[test]
fn every_pod_passes_pod_security_restricted() {
    for pod in manifests().iter().flat_map(pods) {
        let security = pod.security_context.clone().unwrap();
        assert_eq!(security.run_as_non_root, Some(true));
        assert!(security.run_as_user.is_none_or(|user| user != 0));
        assert_eq!(security.seccomp_profile.unwrap().type_, "RuntimeDefault");
        assert_eq!(pod.automount_service_account_token, Some(false));
        let shares = [pod.host_network, pod.host_pid, pod.host_ipc, pod.share_process_namespace];
        assert_eq!(shares, [None; 4]);
        let allowed = |volume: &k8s_openapi::api::core::v1::Volume| {
            volume.config_map.is_some()
                || volume.secret.is_some()
                || volume.empty_dir.is_some()
                || volume.persistent_volume_claim.is_some()
        };
        assert!(pod.volumes.as_deref().unwrap_or_default().iter().all(allowed));
        containers(&pod).into_iter().for_each(is_restricted);
    }
}

fn is_restricted(container: &Container) {
    let security = container.security_context.clone().unwrap();
    assert_eq!(security.allow_privilege_escalation, Some(false), "{}", container.name);
    assert_eq!(security.read_only_root_filesystem, Some(true), "{}", container.name);
    assert_eq!(security.privileged, None, "{}", container.name);
    let capabilities = security.capabilities.unwrap();
    assert_eq!((capabilities.drop.unwrap(), capabilities.add), (vec!["ALL".to_owned()], None), "{}", container.name);
    let limits = container.resources.clone().unwrap().limits.unwrap();
    assert!(limits.contains_key("memory"), "{}", container.name);
}

#[test]
fn the_trainer_sees_training_rows_and_nothing_else() {
    for manifest in [quickstart(), with_every_pod_field()] {
        let job = training(&manifest, CandidateWork::Train);
        let pod = job.spec.unwrap().template.spec.unwrap();
        let train = containers(&pod).into_iter().find(|container| container.name == "train").unwrap().clone();
        let seen: Vec<&str> = mounts(&train).map(|(volume, _)| volume).collect();
        assert_eq!(seen, ["input", "output"]);
        for volume in pod.volumes.unwrap().iter().filter(|volume| seen.contains(&volume.name.as_str())) {
            assert!(volume.empty_dir.is_some(), "{}", volume.name);
        }
    }
}

#[test]
fn no_pod_of_a_job_mounts_a_secret_unless_its_files_are_in_buckets() {
    for manifest in manifests() {
        for work in WORKS {
            let pod = training(&manifest, work).spec.unwrap().template.spec.unwrap();
            assert!(pod.volumes.unwrap().iter().all(|volume| volume.secret.is_none()));
        }
        for job in looks(&manifest) {
            let pod = job.spec.unwrap().template.spec.unwrap();
            assert!(pod.volumes.unwrap().iter().all(|volume| volume.secret.is_none()));
        }
    }
}

#[test]
fn only_the_last_container_of_a_job_writes_the_store_and_nothing_writes_the_data() {
    for manifest in manifests() {
        let pod = training(&manifest, CandidateWork::Train).spec.unwrap().template.spec.unwrap();
        let writers = |path: &str| -> Vec<String> {
            let writes = |container: &&Container| {
                container
                    .volume_mounts
                    .iter()
                    .flatten()
                    .any(|mount| mount.mount_path == path && mount.read_only != Some(true))
            };
            containers(&pod).into_iter().filter(writes).map(|container| container.name.clone()).collect()
        };
        assert_eq!(writers("/store"), ["evaluate"]);
        assert_eq!(writers("/data"), Vec::<String>::new());
        assert_eq!(writers("/task"), Vec::<String>::new());
        assert_eq!(writers("/holdout"), Vec::<String>::new());
        assert_eq!(writers("/scratch/in"), ["prepare"]);
        let has_trainer = containers(&pod).iter().any(|container| container.name == "train");
        assert_eq!(writers("/scratch/out"), if has_trainer { vec!["train"] } else { Vec::new() });
        assert_eq!(writers("/model"), Vec::<String>::new());
    }
}

#[test]
fn the_claim_of_a_given_holdout_is_mounted_by_our_containers_and_by_no_trainer() {
    let mounting = |manifest: &Value| -> Vec<String> {
        let pod = training(manifest, CandidateWork::Train).spec.unwrap().template.spec.unwrap();
        let has = |container: &&Container| mounts(container).any(|(_, path)| path == "/holdout");
        containers(&pod).into_iter().filter(has).map(|container| container.name.clone()).collect()
    };
    assert_eq!(mounting(&with_given_holdout("held")), ["prepare", "evaluate"]);
    assert_eq!(mounting(&quickstart()), Vec::<String>::new());
}

#[test]
fn serving_pods_mount_everything_read_only_but_the_store_if_records_are_kept() {
    for manifest in manifests().into_iter().filter(|manifest| *manifest != with_records()) {
        let pod = deployment(&manifest).spec.unwrap().template.spec.unwrap();
        let mounts = containers(&pod).into_iter().flat_map(|container| container.volume_mounts.clone().unwrap());
        assert!(mounts.into_iter().all(|mount| mount.read_only == Some(true)));
    }
}

#[test]
fn a_serving_pod_that_keeps_records_writes_the_store_and_reads_the_pseudonym_key() {
    let pod = deployment(&with_records()).spec.unwrap().template.spec.unwrap();
    let mounts: Vec<(String, bool)> = containers(&pod)
        .into_iter()
        .flat_map(|container| container.volume_mounts.clone().unwrap())
        .map(|mount| (mount.mount_path, mount.read_only == Some(true)))
        .collect();
    let wanted = [("/config", true), ("/keys", true), ("/store", false), ("/pseudonym", true)];
    assert_eq!(mounts, wanted.map(|(path, is_read_only)| (path.to_owned(), is_read_only)));
    let secrets = pod.volumes.unwrap().into_iter().filter_map(|volume| volume.secret?.secret_name);
    assert_eq!(secrets.collect::<Vec<_>>(), ["onc-302-keys", "onc-302-pseudonym"]);
}

#[test]
fn the_serving_file_says_where_and_how_records_are_kept_only_if_they_are() {
    let serving = |manifest: &Value| -> Serving {
        serde_json::from_str(serving_objects(manifest).config["data"]["serving.json"].as_str().unwrap()).unwrap()
    };
    assert_eq!(serving(&quickstart()).records, None);
    let records = serving(&with_records()).records.unwrap();
    assert_eq!((records.mount.as_str(), records.folder.as_str()), ("/store", "trial-onc-302/onc-302"));
    assert_eq!((records.every_seconds, records.study.as_str(), records.key_id.as_str()), (5, "ONC-302", "2026-01"));
    assert_eq!((records.key_file.as_str(), records.holdout_fraction), ("/pseudonym/key", 0.25));
    assert_eq!((records.index.as_deref(), records.landmark.as_deref()), (Some("visit_date"), Some("day_in_trial")));
}

#[test]
fn a_request_may_hold_the_fields_of_the_landmark_whether_or_not_records_are_kept() {
    let accepts = |manifest: &Value| -> Vec<String> {
        let text = serving_objects(manifest).config["data"]["serving.json"].as_str().unwrap().to_owned();
        serde_json::from_str::<Serving>(&text).unwrap().accepts
    };
    let features = ["age", "days_in_trial", "visits_completed", "adverse_events"];
    // The landmark day of the quickstart is a feature.
    assert_eq!(accepts(&quickstart()), [&features[..], &["landmark_date"]].concat());
    assert_eq!(accepts(&with_records()), [&features[..], &["visit_date", "day_in_trial"]].concat());
    let mut without = quickstart();
    let spec = without["spec"].as_object_mut().unwrap();
    spec.remove("index");
    spec.remove("landmark");
    assert_eq!(accepts(&without), features);
}

#[test]
fn whoever_prepares_rows_reads_the_store_only_if_records_count_and_never_writes_it() {
    let of = |manifest: &Value| {
        let pod = training(manifest, CandidateWork::Train).spec.unwrap().template.spec.unwrap();
        let prepare = pod.init_containers.unwrap().into_iter().find(|container| container.name == "prepare").unwrap();
        let store = prepare.volume_mounts.unwrap().into_iter().find(|mount| mount.mount_path == "/store");
        store.map(|mount| mount.read_only == Some(true))
    };
    assert_eq!((of(&quickstart()), of(&with_records())), (None, Some(true)));
}

#[test]
fn a_monitor_reads_what_its_task_names_and_writes_the_store_only() {
    let mounts = |reads: Reads| -> Vec<(String, bool)> {
        let pod = look(&quickstart(), reads).spec.unwrap().template.spec.unwrap();
        let mounts = containers(&pod).into_iter().flat_map(|container| container.volume_mounts.clone().unwrap());
        mounts.map(|mount| (mount.mount_path, mount.read_only == Some(true))).collect()
    };
    let wanted =
        |last: &str| [("/task", true), ("/store", false), (last, true)].map(|(path, is)| (path.to_owned(), is));
    assert_eq!(mounts(Reads::Predictions), wanted("/data"));
    assert_eq!(mounts(Reads::ConfigMap(origin())), wanted("/report"));
    assert_eq!(mounts(Reads::Source(report_source())), wanted("/report"));
}

#[test]
fn a_monitor_belongs_to_its_policy_and_carries_its_task() {
    let task = monitor_task(&quickstart(), Reads::Predictions);
    let job = look(&quickstart(), Reads::Predictions);
    let owner = &job.metadata.owner_references.as_ref().unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("RetrainPolicy", "onc-302-drift"));
    assert_eq!(job.metadata.annotations.as_ref().unwrap()[labels::TASK], task.hash());
    let labels = job.metadata.labels.as_ref().unwrap();
    let of = |key: &str| labels[key].as_str();
    assert_eq!((of(labels::MODEL), of(labels::POLICY), of(labels::COMPONENT)), ("onc-302", "onc-302-drift", "monitor"));
    let spec = job.spec.unwrap();
    assert_eq!((spec.backoff_limit, spec.active_deadline_seconds), (Some(0), Some(600)));
    let container = spec.template.spec.unwrap().containers.remove(0);
    assert_eq!((container.image, container.args), (Some(settings().monitor_image), Some(vec!["job".to_owned()])));
    assert_eq!(container.resources.unwrap().limits.unwrap()["memory"].0, "1Gi");
}

#[test]
fn every_mount_has_its_volume_and_every_volume_its_mount() {
    for pod in manifests().iter().flat_map(pods) {
        let mounted: std::collections::BTreeSet<&str> =
            containers(&pod).into_iter().flat_map(|container| mounts(container).map(|(volume, _)| volume)).collect();
        let volumes: std::collections::BTreeSet<&str> =
            pod.volumes.iter().flatten().map(|volume| volume.name.as_str()).collect();
        assert!(mounted.is_subset(&volumes), "{mounted:?} of {volumes:?}");
        assert_eq!(pod.volumes.iter().flatten().count(), volumes.len(), "two volumes of one name");
    }
}

#[test]
fn names_and_labels_fit_for_the_longest_name_and_the_highest_version() {
    let identity = Identity { name: "a".repeat(40), namespace: "n".repeat(63), ..identity() };
    let (spec, settings) = (spec(&quickstart()), settings());
    let frame = frame(&identity, &spec, &settings);
    let serve = serve(&spec, dropout_crds::status::Release { name: format!("v{}", u32::MAX), ..release(u32::MAX - 1) });
    let ServingObjects { config, service, deployment } = serving(frame, &serve).unwrap();
    let mut objects = vec![config, service, deployment];
    for work in WORKS {
        let launch = dropout_planner::plan::Launch { attempt: 11, ..launch(&spec, u32::MAX, work) };
        objects.extend([job(frame, &launch), task_config(frame, &launch).unwrap()]);
    }
    let policy = Identity { name: "p".repeat(40), ..policy_identity() };
    let watching = watching();
    let frame = MonitorFrame { policy: &policy, spec: &watching, model: &spec, settings: &settings };
    let task = dropout_model::monitoring::MonitorTask {
        name: "a".repeat(40),
        ..monitor_task(&quickstart(), Reads::Predictions)
    };
    objects.extend([monitor::job(frame, &task), monitor::task_config(frame, &task).unwrap()]);
    for object in objects {
        let name = object["metadata"]["name"].as_str().unwrap();
        assert!(name.len() <= 63, "{name} has {} characters", name.len());
        assert!(is_label(name), "{name}");
        each_label(&object, &mut |key, value| assert!(value.len() <= 63 && is_label(value), "{key}: {value}"));
    }
}

#[test]
fn two_models_two_versions_two_works_and_two_attempts_have_jobs_of_two_names() {
    let one = labels::job_name("onc-302", "uid-1", (3, "Train", 1));
    assert_eq!(one, labels::job_name("onc-302", "uid-1", (3, "Train", 1)));
    for other in [("uid-2", 3, "Train", 1), ("uid-1", 4, "Train", 1), ("uid-1", 3, "Read", 1), ("uid-1", 3, "Train", 2)]
    {
        let (uid, version, work, attempt) = other;
        assert_ne!(labels::job_name("onc-302", uid, (version, work, attempt)), one);
    }
}

#[test]
fn everything_rendered_is_read_by_the_types_of_kubernetes_without_a_loss() {
    for manifest in manifests() {
        for work in WORKS {
            let (spec, launch) = intent(&manifest, work);
            let (identity, settings) = (identity(), settings());
            let frame = frame(&identity, &spec, &settings);
            is_read::<Job>(&job(frame, &launch));
            is_read::<ConfigMap>(&task_config(frame, &launch).unwrap());
        }
        let ServingObjects { config, service, deployment } = serving_objects(&manifest);
        is_read::<ConfigMap>(&config);
        is_read::<Service>(&service);
        is_read::<Deployment>(&deployment);
    }
}

fn is_read<K: serde::Serialize + serde::de::DeserializeOwned>(object: &Value) {
    let read: K = common::of(object.clone());
    let written = serde_json::to_value(&read).unwrap();
    assert!(holds(&written, object), "{object:#}\nis read as\n{written:#}");
}

#[test]
fn the_task_in_the_config_map_is_the_one_that_the_job_names() {
    for work in WORKS {
        let (spec, launch) = intent(&quickstart(), work);
        let (identity, settings) = (identity(), settings());
        let frame = frame(&identity, &spec, &settings);
        let config = task_config(frame, &launch).unwrap();
        let task: Task = serde_json::from_str(config["data"]["task.json"].as_str().unwrap()).unwrap();
        assert_eq!(task, launch.task);
        assert_eq!(config["metadata"]["name"], json!(name(frame, &launch)));
        assert_eq!(job(frame, &launch)["metadata"]["annotations"][labels::TASK], json!(launch.answers));
    }
}

#[test]
fn a_change_of_the_policy_is_a_change_of_the_template_and_a_change_of_the_replicas_is_none() {
    let hash = |serve: &dropout_planner::plan::Serve, spec: &DropoutModelSpec| {
        let (identity, settings) = (identity(), settings());
        let objects = serving(frame(&identity, spec, &settings), serve).unwrap();
        objects.deployment["metadata"]["annotations"][labels::TEMPLATE].clone()
    };
    let spec = spec(&quickstart());
    let before = serve(&spec, release(3));
    let mut tiers = before.clone();
    tiers.policy.tiers = vec![
        Tier { name: "Low".into(), from: Some(0.0), intervention: "SMS".into() },
        Tier { name: "High".into(), from: None, intervention: "OnSiteVisit".into() },
    ];
    let mut image = before.clone();
    image.release.image = "registry.example/dropout-inference:2".into();
    let more = dropout_planner::plan::Serve { replicas: 5, ..before.clone() };
    assert_ne!(hash(&before, &spec), hash(&tiers, &spec));
    assert_ne!(hash(&before, &spec), hash(&image, &spec));
    assert_eq!(hash(&before, &spec), hash(&more, &spec));
}

#[test]
fn what_the_operator_sets_wins_over_what_the_user_sets() {
    let deployment = deployment(&with_every_pod_field());
    let labels = deployment.spec.unwrap().template.metadata.unwrap().labels.unwrap();
    assert_eq!(labels[labels::MODEL], "onc-302");
    assert_eq!(labels["team"], "biostatistics");
}

#[test]
fn a_trainer_of_ones_own_takes_the_place_of_train_only() {
    let pod = training(&with_every_pod_field(), CandidateWork::Train).spec.unwrap().template.spec.unwrap();
    let images: Vec<(String, Option<String>, bool)> = containers(&pod)
        .into_iter()
        .map(|container| (container.name.clone(), container.image.clone(), container.args.is_some()))
        .collect();
    let ours = Some(settings().trainer_image);
    assert_eq!(
        images,
        [
            ("prepare".to_owned(), ours.clone(), true),
            ("train".to_owned(), Some("registry.example/own-trainer:7".to_owned()), false),
            ("evaluate".to_owned(), ours, true),
        ]
    );
}

#[test]
fn a_model_that_was_trained_elsewhere_has_no_trainer_and_its_bundle_is_seen_where_it_is_judged() {
    let pod = |work| training(&with_a_bundle(), work).spec.unwrap().template.spec.unwrap();
    let names = |pod: &PodSpec| containers(pod).iter().map(|container| container.name.clone()).collect::<Vec<_>>();
    let seen = |pod: &PodSpec| -> Vec<(String, Option<String>, Option<bool>)> {
        let claim = |volume: &str| {
            let volume = pod.volumes.iter().flatten().find(|each| each.name == volume).unwrap();
            volume.persistent_volume_claim.clone().map(|claim| claim.claim_name)
        };
        let mounts = containers(pod).into_iter().flat_map(|container| {
            container.volume_mounts.iter().flatten().map(|mount| (container.name.clone(), mount.clone()))
        });
        let bundles = mounts.filter(|(_, mount)| mount.mount_path == "/model");
        bundles.map(|(name, mount)| (name, claim(&mount.name), mount.read_only)).collect()
    };
    let train = pod(CandidateWork::Train);
    assert_eq!(names(&train), ["prepare", "evaluate"]);
    assert_eq!(seen(&train), [("evaluate".to_owned(), Some("models".to_owned()), Some(true))]);
    for work in [CandidateWork::Evaluate, CandidateWork::Read] {
        assert_eq!((names(&pod(work)), seen(&pod(work))), (vec!["evaluate".to_owned()], vec![]));
    }
}

#[test]
fn a_bundle_on_the_claim_of_data_and_store_is_one_volume() {
    let mut manifest = with_a_bundle();
    manifest["spec"]["training"]["source"]["bundle"]["persistentVolumeClaim"]["claimName"] = json!("onc-302");
    let pod = training(&manifest, CandidateWork::Train).spec.unwrap().template.spec.unwrap();
    let claims = pod.volumes.unwrap().into_iter().filter_map(|volume| volume.persistent_volume_claim);
    assert_eq!(
        claims.map(|claim| (claim.claim_name, claim.read_only)).collect::<Vec<_>>(),
        [("onc-302".to_owned(), None)]
    );
}

#[test]
fn keys_of_buckets_are_seen_where_the_files_are_read_and_no_claim_is_mounted() {
    let seen = |manifest: &Value, work| -> Vec<(String, String, String)> {
        let pod = training(manifest, work).spec.unwrap().template.spec.unwrap();
        assert!(pod.volumes.iter().flatten().all(|volume| volume.persistent_volume_claim.is_none()));
        keys_seen(&pod)
    };
    let row = |container: &str, path: &str, secret: &str| (container.to_owned(), path.to_owned(), secret.to_owned());
    let (data, holdout, store) = ("/credentials/data", "/credentials/holdout", "/credentials/store");
    let of_evaluate = [
        row("evaluate", data, "data-keys"),
        row("evaluate", holdout, "data-keys"),
        row("evaluate", store, "store-keys"),
    ];
    let of_prepare = [row("prepare", data, "data-keys"), row("prepare", holdout, "data-keys")];
    let of_bundle = row("evaluate", "/credentials/model", "model-keys");
    let imported =
        [&[of_evaluate[0].clone(), of_evaluate[1].clone(), of_bundle], &of_evaluate[2..], &of_prepare].concat();
    assert_eq!(seen(&with_buckets(), CandidateWork::Train), imported);
    assert_eq!(seen(&with_buckets(), CandidateWork::Evaluate), of_evaluate);
    let mut trained = with_buckets();
    trained["spec"].as_object_mut().unwrap().remove("training");
    // Prepare and evaluate; the container between them, `train`, sees no keys.
    assert_eq!(seen(&trained, CandidateWork::Train), [of_evaluate.as_slice(), &of_prepare].concat());
    let objects = serving_objects(&with_buckets());
    let pod = deployment(&with_buckets()).spec.unwrap().template.spec.unwrap();
    assert!(pod.volumes.iter().flatten().all(|volume| volume.persistent_volume_claim.is_none()));
    assert_eq!(keys_seen(&pod), [row("inference", store, "store-keys"), row("inference", "/keys", "onc-302-keys")]);
    let serving: Value = serde_json::from_str(objects.config["data"]["serving.json"].as_str().unwrap()).unwrap();
    let bundle = serving["bundle"].as_str().unwrap();
    assert!(bundle.starts_with("s3://trials/store/trial-onc-302/onc-302/bundles/sha256-"), "{bundle}");
}

#[test]
fn a_monitor_sees_the_keys_of_the_buckets_that_it_reads_and_writes() {
    let seen = |reads: Reads| keys_seen(&look(&with_buckets(), reads).spec.unwrap().template.spec.unwrap());
    let row = |path: &str, secret: &str| ("monitor".to_owned(), path.to_owned(), secret.to_owned());
    let store = row("/credentials/store", "store-keys");
    assert_eq!(seen(Reads::ConfigMap(origin())), std::slice::from_ref(&store));
    assert_eq!(seen(Reads::Predictions), [row("/credentials/data", "data-keys"), store.clone()]);
    let report = common::of(json!({"uri": "s3://reports/latest.json", "secretRef": {"name": "report-keys"}}));
    assert_eq!(seen(Reads::Source(report)), [row("/credentials/report", "report-keys"), store]);
}

/// Which container sees which Secret where.
fn keys_seen(pod: &PodSpec) -> Vec<(String, String, String)> {
    let secret = |volume: &str| {
        let volume = pod.volumes.iter().flatten().find(|each| each.name == volume).unwrap();
        volume.secret.clone().and_then(|secret| secret.secret_name)
    };
    let mut found = Vec::new();
    for container in containers(pod) {
        for mount in container.volume_mounts.iter().flatten() {
            if let Some(secret) = secret(&mount.name) {
                assert_eq!(mount.read_only, Some(true));
                found.push((container.name.clone(), mount.mount_path.clone(), secret));
            }
        }
    }
    found.sort();
    found
}

fn manifests() -> [Value; 6] {
    [
        quickstart(),
        with_every_pod_field(),
        with_a_bundle(),
        with_given_holdout("held"),
        with_given_holdout("onc-302"),
        with_records(),
    ]
}

/// The Job of a look at a model.
fn look(manifest: &Value, reads: Reads) -> Job {
    let (policy, spec) = (policy_identity(), spec(manifest));
    let (watching, settings) = (watching(), settings());
    let frame = MonitorFrame { policy: &policy, spec: &watching, model: &spec, settings: &settings };
    common::of(monitor::job(frame, &monitor_task(manifest, reads)))
}

/// Looks of all kinds at a model.
fn looks(manifest: &Value) -> impl Iterator<Item = Job> {
    let reads = [Reads::Predictions, Reads::ConfigMap(origin()), Reads::Source(report_source())];
    reads.into_iter().map(|reads| look(manifest, reads))
}

/// A model whose holdout is given as a file on a claim.
fn with_given_holdout(claim: &str) -> Value {
    let mut manifest = quickstart();
    manifest["spec"]["data"]["holdout"] = serde_json::json!({"source": {
        "uri": "file:///held.csv", "persistentVolumeClaim": {"claimName": claim},
        "digest": format!("sha256:{}", "0".repeat(64)),
    }});
    manifest
}

fn intent(manifest: &Value, work: CandidateWork) -> (DropoutModelSpec, dropout_planner::plan::Launch) {
    let spec = spec(manifest);
    let launch = launch(&spec, 3, work);
    (spec, launch)
}

fn training(manifest: &Value, work: CandidateWork) -> Job {
    let (spec, launch) = intent(manifest, work);
    let (identity, settings) = (identity(), settings());
    common::of(job(frame(&identity, &spec, &settings), &launch))
}

fn serving_objects(manifest: &Value) -> ServingObjects {
    let (identity, spec, settings) = (identity(), spec(manifest), settings());
    serving(frame(&identity, &spec, &settings), &serve(&spec, release(3))).unwrap()
}

fn deployment(manifest: &Value) -> Deployment {
    common::of(serving_objects(manifest).deployment)
}

fn pods(manifest: &Value) -> Vec<PodSpec> {
    let jobs = WORKS.into_iter().map(|work| training(manifest, work).spec.unwrap().template.spec.unwrap());
    let looks = looks(manifest).map(|job| job.spec.unwrap().template.spec.unwrap());
    jobs.chain(looks).chain([deployment(manifest).spec.unwrap().template.spec.unwrap()]).collect()
}

fn containers(pod: &PodSpec) -> Vec<&Container> {
    pod.init_containers.iter().flatten().chain(&pod.containers).collect()
}

fn mounts(container: &Container) -> impl Iterator<Item = (&str, &str)> {
    container.volume_mounts.iter().flatten().map(|mount| (mount.name.as_str(), mount.mount_path.as_str()))
}

/// Whether a text may be a label's value and the name of a Service, a Job or a ConfigMap.
fn is_label(text: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.chars().all(is_inside) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.ends_with('-')
}

fn each_label(value: &Value, see: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields {
                if ["labels", "matchLabels", "selector"].contains(&key.as_str()) {
                    for (name, text) in child.as_object().into_iter().flatten() {
                        if let Some(text) = text.as_str() {
                            see(name, text);
                        }
                    }
                }
                each_label(child, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_label(item, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

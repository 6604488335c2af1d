//! Faults on a real node: each is said in one sentence, and production keeps answering.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod node;

use node::{
    facts::all_restricted,
    node as real_node,
    scene::{MORE, Scene, Wanted, features},
};
use serde_json::{Value, json};

#[test]
fn bad_data_is_named_by_file_row_and_column_and_production_keeps_answering() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "data");
    let says = |fault: &str, words: &[&str]| {
        scene.says(fault, &Wanted { kind: "DataAccepted", status: "False", reason: "BadInput", words });
    };

    scene.train_on("missing.csv", |table| table.without_column("visits_completed"));
    says("a missing column", &["missing.csv", "'visits_completed'", "add it to the file"]);
    scene.train_on("text.csv", |table| table.with_cell(17, "age", "forty"));
    says("text in a number column", &["text.csv", "row 17", "'age'", "is no number", "leave the cell empty"]);
    scene.train_on("one.csv", |table| table.with_column("dropout_28d", "0"));
    says("a label with one class", &["one.csv", "'dropout_28d'", "one label", "both are needed"]);
    scene.train_on("few.csv", |table| table.with_dropouts(6));
    says("few dropouts", &["training patients dropped out", "10 are needed", "wait for more"]);
    scene.train(|spec| spec["data"]["training"]["uri"] = json!("file:///nowhere.csv"));
    says("a file that does not exist", &["nowhere.csv is not there", "check the path"]);

    scene.train(|spec| spec["data"]["training"]["persistentVolumeClaim"]["claimName"] = json!("nowhere"));
    for (kind, status) in [("DataAccepted", "False"), ("Stalled", "True")] {
        let words = &["PersistentVolumeClaim nowhere", "training data", "create it"];
        scene.says("a claim that does not exist", &Wanted { kind, status, reason: "ClaimNotFound", words });
    }
    assert_eq!(scene.pods("job").len(), 0, "a Job was started without its claim");

    refusals(&scene);
    scene.restore();
    scene.clear();
}

/// What `kubectl apply` refuses changes nothing.
fn refusals(scene: &Scene<'_>) {
    let before = scene.trial.now()["metadata"]["generation"].clone();
    let refused = |what: &str, words: &[&str], edit: &dyn Fn(&mut Value)| {
        let refusal = scene.trial.node.try_apply(&scene.model(edit)).expect_err(what);
        println!("REFUSED {what}\n      {}", refusal.trim());
        assert!(words.iter().all(|word| refusal.contains(word)), "{what}: {refusal}");
    };
    refused("a denied column as a feature", &["a denied column is listed as a feature", "take it out"], &|spec| {
        spec["features"] = features(&["true_risk"]);
    });
    refused("tiers out of order", &["tiers: out of order", "rising from"], &|spec| {
        spec["tiers"] = json!([
            {"name": "Low", "from": 0.0, "intervention": "SMS"},
            {"name": "High", "from": 0.7, "intervention": "OnSiteVisit"},
            {"name": "Medium", "from": 0.4, "intervention": "NurseCall"},
        ]);
    });
    refused("a threshold above 1", &["spec.threshold.value", "less than or equal to 1"], &|spec| {
        spec["threshold"] = json!({"value": 1.2});
    });
    assert_eq!(scene.trial.now()["metadata"]["generation"], before);
    scene.answers("v1");
}

#[test]
fn training_that_breaks_is_explained_and_production_keeps_answering() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "training");
    let says = |fault: &str, reason: &str, words: &[&str]| {
        scene.says(fault, &Wanted { kind: "Trained", status: "False", reason, words });
    };

    scene.train_foreign("eat", |spec| spec["training"]["pod"]["resources"] = json!({"limits": {"memory": "32Mi"}}));
    says(
        "killed for want of memory",
        "TrainingFailed",
        &["container train", "want of memory", "spec.training.pod.resources.limits.memory"],
    );
    scene.train_foreign("sleep", |spec| spec["training"]["activeDeadline"] = json!("5s"));
    says("past its deadline", "TrainingFailed", &["spec.training.activeDeadline (5s)", "raise it"]);
    scene.train_foreign("code 7", |_| {});
    says("ended with a code of its own", "TrainingFailed", &["container train", "code 7", "see its log"]);
    scene.train_foreign("nothing", |_| {});
    says("left no bundle", "BadInput", &["the trainer left no bundle", "bundle.json"]);
    scene.train_foreign("no bundle", |_| {});
    says("left a broken bundle", "BadInput", &["the candidate is no model to serve"]);
    scene.train_foreign("broken answer", |_| {});
    says("answered broken JSON", "BadInput", &["container train", "code 2", "its log"]);
    scene.train_foreign("foreign answer", |_| {});
    says("answered to another task", "BadInput", &["container train", "code 2", "its log"]);

    scene.train_foreign("nothing", |spec| spec["training"]["image"] = json!("localhost/dropout-tests/absent:9"));
    let waits = |fault: &str, words: &[&str]| {
        scene.says(fault, &Wanted { kind: "Trained", status: "Unknown", reason: "Pending", words });
    };
    waits(
        "an image that cannot be pulled",
        &["container train", "localhost/dropout-tests/absent:9", "ErrImageNeverPull"],
    );
    scene.train(|spec| spec["training"]["pod"] = json!({"resources": {"requests": {"memory": "1Ti"}}}));
    waits("a pod that no node can take", &["no node takes the pod", "Insufficient memory"]);
    refused_pod(&scene);
    taken_job(&scene);
    scene.restore();
    scene.clear();
}

/// A quota that leaves no room for the Job's pod; it starts by itself once the quota is gone.
fn refused_pod(scene: &Scene<'_>) {
    scene.trial.node.apply(&json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "two", "namespace": scene.trial.namespace},
        "spec": {"hard": {"pods": "2"}},
    }));
    scene.wait("the quota counts", |_| scene.get("resourcequota/two")["status"]["used"]["pods"].is_string());
    scene.train(|_| {});
    let words = &["its pod waits", "exceeded quota: two", "limited: pods=2"];
    scene.says("a pod refused by quota", &Wanted { kind: "Trained", status: "Unknown", reason: "Pending", words });
    scene.kubectl(&["delete", "resourcequota", "two"]);
    scene.wait("the training ends without the quota", |model| {
        node::is_idle(model) && node::condition(model, "Trained")["status"] == "True"
    });
}

/// Somebody else's Job has the name that ours needs.
fn taken_job(scene: &Scene<'_>) {
    let model = scene.trial.now();
    let version = model["status"]["nextVersion"].as_u64().unwrap();
    let step = (model["metadata"]["uid"].as_str().unwrap(), "Train", u32::try_from(version).unwrap(), 1_u32);
    let hash = dropout_model::digest::json_digest(&step);
    let name = format!("{}-v{version}-train-{}", scene.trial.name, dropout_model::digest::short(&hash, 8));
    scene.trial.node.apply(&json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": scene.trial.namespace},
        "spec": {"suspend": true, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "theirs", "image": "theirs:1"}]}}},
    }));
    scene.train(|_| {});
    let words = &[name.as_str(), "not ours", "rename it"];
    for (kind, status) in [("Trained", "False"), ("Stalled", "True")] {
        scene.says("a Job of that name of somebody else", &Wanted { kind, status, reason: "NameConflict", words });
    }
    assert_eq!(scene.get(&format!("job/{name}"))["spec"]["suspend"], true, "their Job was touched");
    scene.kubectl(&["delete", "job", &name]);
}

#[test]
fn a_deployment_of_somebody_else_is_not_touched() {
    let Some(node) = real_node() else { return };
    let scene = Scene::new(node, "names");
    let theirs = |name: &str| {
        let labels = json!({"app": "theirs"});
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": scene.trial.namespace},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{"name": "theirs", "image": "theirs:1"}]}}},
        })
    };
    node.apply(&theirs("names"));
    scene.apply(|_| {});
    let conflict =
        scene.wait("the conflict is said", |model| node::condition(model, "Stalled")["reason"] == "NameConflict");
    let message = node::condition(&conflict, "Stalled")["message"].as_str().unwrap();
    println!("FAULT a Deployment of that name of somebody else\n      Stalled=True NameConflict: {message}");
    assert!(["Deployment names", "not ours", "rename"].iter().all(|word| message.contains(word)), "{message}");
    assert_eq!(scene.get("deployment/names")["spec"]["template"]["metadata"]["labels"], json!({"app": "theirs"}));
    scene.kubectl(&["delete", "deployment", "names"]);
    // Somebody else's Deployment is looked at once a minute; an event of the model brings the look forward.
    scene.kubectl(&["label", "dropoutmodel", "names", "looked-at=again"]);
    scene.wait("v1 is served once the name is free", |model| {
        node::production(model) == "v1" && node::scene::is_true(model, "Ready")
    });
    scene.clear();
}

#[test]
fn environment_that_keeps_pods_from_service_holds_a_candidate_until_it_lets_go() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "rollout");
    let held = |fault: &str, words: &[&str]| {
        scene.says(fault, &Wanted { kind: "RolledOut", status: "False", reason: "Held", words });
        let model = scene.says(fault, &Wanted { kind: "Stalled", status: "True", reason: "Held", words });
        assert_eq!(model["status"]["quarantined"].as_array().map_or(0, Vec::len), 0, "a held bundle was quarantined");
    };

    // Room for two serving pods (50m each) and a training's pod, not for a third serving pod.
    let with_missed = |spec: &mut Value| {
        spec["features"] = features(&MORE[..1]);
        spec["training"]["pod"] = json!({"resources": {"requests": {"cpu": "10m"}}});
    };
    node.apply(&json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "cpu", "namespace": scene.trial.namespace},
        "spec": {"hard": {"requests.cpu": "120m"}},
    }));
    scene.apply(with_missed);
    held("a serving pod refused by quota", &["v2 is held", "exceeded quota: cpu", "limited: requests.cpu=120m"]);
    scene.kubectl(&["delete", "resourcequota", "cpu"]);
    scene.wait("v2 goes on by itself", |model| node::production(model) == "v2" && node::is_idle(model));

    let without_keys = |spec: &mut Value| {
        spec["features"] = features(&MORE[..2]);
        spec["serving"]["apiKeys"]["secretRef"]["name"] = json!("later");
    };
    scene.apply(without_keys);
    held("a missing Secret of API keys", &["v3 is held", "secret \"later\" not found"]);
    node.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "later", "namespace": scene.trial.namespace},
        "stringData": {"test": node::KEY},
    }));
    scene.wait("v3 goes on by itself", |model| node::production(model) == "v3" && node::is_idle(model));
    scene.trial.wait_for_pods(2);
    scene.answers("v3");

    spoilt_candidate(&scene, &without_keys);
    spoilt_production(&scene);
    scene.clear();
}

/// A candidate whose bundle changes between judgement and rollout: the model is suspended meanwhile.
fn spoilt_candidate(scene: &Scene<'_>, as_v3: &dyn Fn(&mut Value)) {
    let all = |spec: &mut Value| {
        as_v3(spec);
        spec["features"] = features(&MORE);
    };
    scene.apply(|spec| {
        all(spec);
        spec["training"]["pod"] = slowly();
    });
    scene.wait("v4 is being trained", |model| {
        model["status"]["candidate"]["name"] == "v4" && scene.has_run("v4", "Train")
    });
    let before = scene.bundles();
    scene.apply(|spec| {
        all(spec);
        spec["training"]["pod"] = slowly();
        spec["suspend"] = json!(true);
    });
    scene.wait("v4 has passed", |model| {
        let judged = &model["status"]["judged"];
        (&judged["version"], &judged["outcome"]) == (&json!(4), &json!("Passed"))
    });
    let new: Vec<_> = scene.bundles().into_iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(new.len(), 1, "one new bundle in the store");
    append(&new[0]);
    scene.apply(all);
    let words = &["v4 was rolled back", "refused the bundle", "v3 serves"];
    let model = scene.says(
        "a candidate's bundle changed after the judgement",
        &Wanted { kind: "RolledOut", status: "False", reason: "RolledBack", words },
    );
    assert_eq!((node::production(&model), &model["status"]["quarantined"][0]["name"]), ("v3", &json!("v4")));
    scene.trial.wait_for_pods(2);
}

/// Production's own bundle changes under a pod that must load it again.
fn spoilt_production(scene: &Scene<'_>) {
    let digest = scene.trial.now()["status"]["production"]["digest"].as_str().unwrap().replace("sha256:", "sha256-");
    let bundle = scene.bundles().into_iter().find(|path| path.to_string_lossy().contains(&digest)).unwrap();
    let whole = std::fs::read(&bundle).unwrap();
    append(&bundle);
    let pod = scene.pods("serving")[0]["metadata"]["name"].as_str().unwrap().to_owned();
    scene.kubectl(&["delete", "pod", &pod, "--wait=false"]);
    let words = &["1 of 2 pods are available", "refused the bundle"];
    let wanted = Wanted { kind: "Reconciling", status: "True", reason: "Converging", words };
    let model = scene.says("production's bundle changed in the store", &wanted);
    assert_eq!(node::production(&model), "v3");
    std::fs::write(&bundle, whole).unwrap();
    scene.wait("all pods serve again", |model| node::condition(model, "Reconciling")["status"] == "False");
    scene.answers("v3");
}

fn append(bundle: &std::path::Path) {
    let mut bytes = std::fs::read(bundle).unwrap();
    bytes.push(b'\n');
    std::fs::write(bundle, bytes).unwrap();
}

/// So little CPU that a training takes some seconds.
fn slowly() -> Value {
    json!({"resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": "60m", "memory": "256Mi"}}})
}

#[test]
fn pods_and_models_that_vanish_cost_no_second_training() {
    let Some(node) = real_node() else { return };
    let scene = Scene::served(node, "vanish");
    let slow = |spec: &mut Value| spec["training"]["pod"] = slowly();
    scene.apply(slow);

    scene.retrain();
    let pod = scene.running("v2");
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": scene.trial.namespace}});
    scene.post(&format!("/api/v1/namespaces/{}/pods/{pod}/eviction", scene.trial.namespace), &eviction);
    let evicted = scene.wait("v2 is judged after the eviction", |model| {
        model["status"]["judged"]["version"] == 2 && node::is_idle(model)
    });
    println!("FAULT evicted while it trained\n      {}", scene.newest_entry(&evicted));
    assert_eq!(
        (&evicted["status"]["judged"]["outcome"], &evicted["status"]["lastFailure"]),
        (&json!("Unchanged"), &Value::Null)
    );
    scene.answers("v1");

    scene.retrain();
    let pod = scene.running("v3");
    scene.kubectl(&["delete", "pod", &pod, "--grace-period=0", "--force"]);
    let model = scene.wait("v3 is judged or failed with a reason", |model| {
        model["status"]["judged"]["version"] == 3 && node::is_idle(model)
    });
    println!("FAULT pod deleted while it trained\n      {}", scene.newest_entry(&model));
    scene.answers("v1");

    scene.retrain();
    scene.wait("v4 has a Job", |_| scene.has_run("v4", "Train"));
    node.without_operator(|| {
        scene.wait("the Job of v4 is complete", |_| scene.completed("v4") == 1);
        for pod in scene.pods("job") {
            scene.kubectl(&["delete", "pod", pod["metadata"]["name"].as_str().unwrap()]);
        }
    });
    let model = scene.wait("v4 is judged", |model| model["status"]["judged"]["version"] == 4 && node::is_idle(model));
    let history = model["status"]["history"].as_array().unwrap();
    let lost = history.iter().find(|entry| entry["reason"] == "AnswerLost").expect("the answer was lost");
    println!("FAULT the answer's pod is gone\n      {}\n      {}", lost["message"], scene.newest_entry(&model));
    assert_eq!(model["status"]["judged"]["outcome"], "Unchanged");
    let started = scene.created("v4");
    assert_eq!(started, ["read", "train"], "one training and one reading");
    scene.answers("v1");

    all_restricted(&scene);
    scene.retrain();
    scene.running("v5");
    let start = std::time::Instant::now();
    scene.kubectl(&["delete", "dropoutmodel", &scene.trial.name]);
    scene.wait("nothing of the model is left", |_| {
        let left = scene.get("jobs,pods,configmaps,deployments,replicasets,services");
        let is_ours = |object: &&Value| object["metadata"]["labels"]["trialops.dev/model"].is_string();
        left["items"].as_array().unwrap().iter().filter(is_ours).count() == 0
    });
    println!("FAULT deleted while it trained: nothing is left after {:.1} s", start.elapsed().as_secs_f64());
    scene.clear();
}

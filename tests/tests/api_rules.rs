//! The CRDs, the examples and the policy of commands, answered by a real apiserver. No operator runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;

use api::{MODEL, Trial, eventually, root, world};
use dropout_crds::{DropoutModel, DropoutModelStatus, RetrainPolicy, status::Entry};
use dropout_tests::cases::{
    Case, Refusal, Update, creations, edited, edited_policy, policy_creations, policy_updates, updates,
};
use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::Time};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

const USER: &str = "test-user";

/// What the server answers to a manifest that is applied: the stored object, or its sentence.
fn answer(client: &Client, model: &Value, is_tried_only: bool) -> Result<Value, String> {
    let (name, namespace) = (text(model, "/metadata/name"), text(model, "/metadata/namespace"));
    let api = objects(client, model, &namespace);
    let parameters = PatchParams { dry_run: is_tried_only, ..PatchParams::apply(USER).validation_strict() };
    match world().block_on(api.patch(&name, &parameters, &Patch::Apply(model))) {
        Ok(stored) => Ok(serde_json::to_value(stored).unwrap()),
        Err(kube::Error::Api(status)) => Err(status.message.clone()),
        Err(error) => panic!("{error}"),
    }
}

/// Models as JSON: the types would read 18 as 18.0.
fn models(client: &Client, namespace: &str) -> Api<DynamicObject> {
    objects(client, &json!({"kind": "DropoutModel"}), namespace)
}

/// Objects of the kind of this one, as JSON.
fn objects(client: &Client, object: &Value, namespace: &str) -> Api<DynamicObject> {
    let resource = match object["kind"].as_str() {
        Some("RetrainPolicy") => ApiResource::erase::<RetrainPolicy>(&()),
        _ => ApiResource::erase::<DropoutModel>(&()),
    };
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// What is created of each kind, and what it then is.
fn all_creations() -> impl Iterator<Item = (Case, Value)> {
    let models = creations().into_iter().map(|case| (case, edited(case.edit).unwrap()));
    models.chain(policy_creations().into_iter().map(|case| (case, edited_policy(case.edit))))
}

/// What is updated of each kind, and what it was before.
fn all_updates() -> impl Iterator<Item = (Update, Value)> {
    let models = updates().into_iter().map(|update| (update, edited(update.old).unwrap()));
    models.chain(policy_updates().into_iter().map(|update| (update, edited_policy(update.old))))
}

fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether the answer is as wanted; if not, what is wrong.
fn mismatch(answer: &Result<Value, String>, wanted: (&Value, Option<Refusal>)) -> Option<String> {
    match (answer, wanted) {
        (Ok(stored), (model, None)) if is_same(&stored["spec"], &model["spec"]) => None,
        (Ok(stored), (model, None)) => Some(format!("it is stored as {} instead of {}", stored["spec"], model["spec"])),
        (Ok(_), (_, Some(refusal))) => Some(format!("it is accepted; wanted: {}", refusal.text())),
        (Err(sentence), (_, Some(refusal))) if sentence.contains(refusal.text()) => None,
        (Err(sentence), (_, Some(refusal))) => Some(format!("it is refused: {sentence}; wanted: {}", refusal.text())),
        (Err(sentence), (_, None)) => Some(format!("it is refused: {sentence}")),
    }
}

/// Whether two values are the same, 0 and 0.0 too.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|there| is_same(value, there)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

/// Makes sure that there is a namespace.
fn create_namespace(name: &str) {
    let object = json!({"metadata": {"name": name}});
    let api: Api<Namespace> = Api::all(world().client.clone());
    match world().block_on(api.create(&PostParams::default(), &serde_json::from_value(object).unwrap())) {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.is_already_exists() => {}
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn crds_are_accepted_without_a_warning() {
    for kind in ["dropoutmodels", "retrainpolicies"] {
        let path = root().join(format!("crds/{kind}.yaml"));
        let mut command = world().cluster.kubectl_command();
        let output = command.args(["apply", "--server-side", "--force-conflicts", "-f"]).arg(path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success());
    }
}

#[test]
fn every_creation_is_answered_as_the_cases_say() {
    let namespace = "creations";
    create_namespace(namespace);
    let cases: Vec<(Case, Value)> = all_creations().collect();
    let wrong: Vec<String> = cases
        .iter()
        .cloned()
        .filter_map(|(case, mut model)| {
            model["metadata"]["namespace"] = json!(namespace);
            let wrong = mismatch(&answer(&world().client, &model, true), (&model, case.refusal))?;
            Some(format!("{}: {wrong}", case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_update_is_answered_as_the_cases_say() {
    let namespace = "updates";
    create_namespace(namespace);
    let mut wrong = Vec::new();
    for (update, mut old) in all_updates() {
        old["metadata"]["namespace"] = json!(namespace);
        let mut new = old.clone();
        (update.new)(&mut new);
        answer(&world().client, &old, false).unwrap();
        let mismatch = mismatch(&answer(&world().client, &new, true), (&new, update.refusal));
        wrong.extend(mismatch.map(|wrong| format!("{}: {wrong}", update.name)));
        let api = objects(&world().client, &old, namespace);
        world().block_on(api.delete(&text(&old, "/metadata/name"), &DeleteParams::default())).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_are_stored_as_written_and_unchanged_by_a_second_apply() {
    let files = example_files(&root().join("examples"));
    assert!(!files.is_empty());
    for file in files {
        let written: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let (name, namespace) = (text(&written, "/metadata/name"), text(&written, "/metadata/namespace"));
        create_namespace(&namespace);
        let apply = || world().cluster.kubectl(&["apply", "-f", &file.display().to_string()]).unwrap();
        assert!(apply().contains("created"), "{}", file.display());
        let api = models(&world().client, &namespace);
        let stored = serde_json::to_value(world().block_on(api.get(&name)).unwrap()).unwrap();
        assert!(is_same(&stored["spec"], &written["spec"]), "{}: {}", file.display(), stored["spec"]);
        assert!(apply().contains("unchanged"), "{}", file.display());
        world().block_on(api.delete(&name, &DeleteParams::default())).unwrap();
    }
}

/// The files of the examples that hold one DropoutModel.
fn example_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { example_files(&path) } else { vec![path] });
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    files
        .filter(is_yaml)
        .filter(|path| fs::read_to_string(path).unwrap().lines().any(|line| line == "kind: DropoutModel"))
        .collect()
}

#[test]
fn status_is_a_subresource_that_a_write_of_the_spec_leaves_alone_and_the_other_way_round() {
    let trial = Trial::without_claim("subresource");
    let stored = trial.apply(&trial.spec());
    let entry =
        Entry { time: Time("2026-11-20T09:00:00Z".parse().unwrap()), reason: "Tested".into(), message: "by us".into() };
    let status = DropoutModelStatus { next_version: Some(4), history: vec![entry], ..DropoutModelStatus::default() };
    let mut both = stored.clone();
    both.status = Some(status.clone());
    both.spec.suspend = Some(true);
    let api = trial.api::<DropoutModel>();
    trial.world.block_on(api.replace_status(MODEL, &PostParams::default(), &both)).unwrap();
    let model = trial.model();
    assert_eq!((model.spec.suspend, model.status.as_ref()), (None, Some(&status)));
    assert_eq!(model.metadata.generation, stored.metadata.generation);

    let mut other = model.clone();
    other.status = None;
    other.spec.suspend = Some(true);
    trial.world.block_on(api.replace(MODEL, &PostParams::default(), &other)).unwrap();
    let model = trial.model();
    assert_eq!((model.spec.suspend, model.status.as_ref()), (Some(true), Some(&status)));
    assert_eq!(model.metadata.generation, stored.metadata.generation.map(|generation| generation + 1));
}

/// Commands with the verb that each asks for.
const COMMANDS: [(&str, &str, &str); 3] = [
    ("retrain", "retrain", "now@2026-11-20T09:00:00Z"),
    ("rollback-to", "rollback", "v2@2026-11-20T09:00:00+01:00"),
    ("release-quarantine", "release", "all@2026-11-20T09:00:00.5Z"),
];

/// A user who may do these things to models.
fn user(name: &str, verbs: &[&str]) -> Client {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [{"apiGroups": ["trialops.dev"], "resources": ["dropoutmodels"], "verbs": verbs}],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [role, binding]});
    let (is_done, text) = world().kubectl_with_input(&["apply", "-f", "-"], &list.to_string());
    assert!(is_done, "{text}");
    world().client_as(name)
}

fn with_command(trial: &Trial, command: &str, value: &str) -> Value {
    let mut model = trial.spec();
    model["metadata"]["annotations"] = json!({format!("trialops.dev/{command}"): value});
    model
}

#[test]
fn malformed_command_is_refused_whoever_gives_it() {
    let trial = Trial::without_claim("malformed");
    let wanted = "a command is ARGUMENT@TIME, such as now@2026-11-20T09:00:00Z";
    // A new policy is in force only after a moment.
    eventually("the policy", || match answer(&trial.world.client, &with_command(&trial, "retrain", "now"), true) {
        Err(sentence) if sentence.contains(wanted) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    for (command, _, value) in COMMANDS {
        for bad in ["", "now", "@2026-11-20T09:00:00Z", "v2@yesterday", "v2@2026-11-20", "a b@2026-11-20T09:00:00Z"] {
            let sentence = answer(&trial.world.client, &with_command(&trial, command, bad), true).unwrap_err();
            assert!(sentence.contains(wanted), "{command} {bad}: {sentence}");
        }
        answer(&trial.world.client, &with_command(&trial, command, value), true).unwrap();
    }
}

#[test]
fn command_needs_its_own_verb_and_an_edit_of_the_spec_does_not() {
    let trial = Trial::without_claim("verbs");
    let edit = ["get", "create", "update", "patch"];
    let editor = user("editor", &edit);
    eventually("the policy", || {
        match answer(&editor, &with_command(&trial, "retrain", "now@2026-11-20T09:00:00Z"), true) {
            Err(sentence) if sentence.contains("needs the verb retrain on dropoutmodels") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    answer(&editor, &trial.spec(), false).unwrap();
    for (command, verb, value) in COMMANDS {
        let model = with_command(&trial, command, value);
        let sentence = answer(&editor, &model, true).unwrap_err();
        assert!(
            sentence.contains(&format!("the command {command} needs the verb {verb} on dropoutmodels")),
            "{sentence}"
        );
        let commander = user(&format!("may-{verb}"), &[edit.as_slice(), &[verb]].concat());
        eventually("the role", || answer(&commander, &model, true));
        for (other, _, value) in COMMANDS.iter().filter(|(other, _, _)| *other != command) {
            answer(&commander, &with_command(&trial, other, value), true).unwrap_err();
        }
    }
    // What an administrator commanded does not lock the others out.
    let mut model = with_command(&trial, COMMANDS[0].0, COMMANDS[0].2);
    answer(&trial.world.client, &model, false).unwrap();
    model["spec"]["suspend"] = json!(true);
    answer(&editor, &model, false).unwrap();
    assert_eq!(trial.model().annotations().len(), 1);
    answer(&editor, &trial.spec(), false).unwrap();
    assert_eq!(trial.model().annotations().len(), 0);
}

//! The real node as the tests see it: images loaded, chart installed by Helm, one restricted namespace a trial.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, dead_code)]

pub mod cohort;
pub mod facts;
pub mod foreign;
pub mod jobs;
pub mod scene;
pub mod simulated;

use dropout_cluster::Cluster;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

pub const KEY: &str = "node-test-key-0123456789";

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of `../shared`, or a loud line and none.
pub fn shared(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DROPOUT_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = folder.join(file);
    if path.is_file() {
        return Some(path);
    }
    println!("\nSKIPPED: {file} of the shared folder is not there");
    None
}

pub struct Node {
    pub cluster: Cluster,
}

/// The node that `make test-node` has started, with the operator installed; none (loudly) without it.
pub fn node() -> Option<&'static Node> {
    static NODE: OnceLock<Option<Node>> = OnceLock::new();
    NODE.get_or_init(|| {
        let (Some(config), true) = (std::env::var_os("KUBECONFIG"), std::env::var_os("DROPOUT_TEST_NODE").is_some())
        else {
            println!("\nSKIPPED: no node; run `make test-node`");
            return None;
        };
        let cluster = Cluster::attach(Path::new(&config).parent().unwrap()).expect("attach to the node");
        let node = Node { cluster };
        node.install();
        Some(node)
    })
    .as_ref()
}

impl Node {
    fn install(&self) {
        for image in ["operator", "trainer", "monitor", "inference"] {
            let archive = root().join(format!("target/images/{image}.tar"));
            self.cluster.load_image(&archive).expect("load an image; run tests/images.sh first");
        }
        self.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "dropout-system", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        }));
        let helm = dropout_cluster::helm(&dropout_cluster::Interrupt::default()).expect("helm");
        let installed = Command::new(helm)
            .args(["upgrade", "--install", "dropout", "charts/dropout-operator", "--namespace", "dropout-system"])
            .args(["--set", "image.registry=localhost/dropout,image.pullPolicy=Never", "--wait", "--timeout", "120s"])
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .current_dir(root())
            .status()
            .unwrap();
        // A node that was kept from an earlier run may still run an earlier build of the same tag.
        self.kubectl(&["-n", "dropout-system", "rollout", "restart", "deployment/dropout"]);
        self.kubectl(&["-n", "dropout-system", "rollout", "status", "deployment/dropout", "--timeout=60s"]);
        assert!(installed.success(), "helm install failed\n{}", self.kubectl(&["get", "pods", "-A", "-o", "wide"]));
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.cluster.kubectl(arguments).unwrap_or_else(|error| panic!("kubectl {arguments:?}: {error}"))
    }

    /// `kubectl` fed with an object, and what it said if it refused.
    pub fn try_apply(&self, object: &Value) -> Result<String, String> {
        let mut child = self
            .cluster
            .kubectl_command()
            .args(["apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    pub fn apply(&self, object: &Value) {
        self.try_apply(object).unwrap_or_else(|refusal| panic!("apply: {refusal}"));
    }

    pub fn get(&self, namespace: &str, what: &str) -> Value {
        let text = self.cluster.kubectl(&["-n", namespace, "get", what, "-o", "json"]);
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null)
    }
}

/// One trial in a restricted namespace of its own, on a claim of its own.
pub struct Trial<'a> {
    pub node: &'a Node,
    pub name: String,
    pub namespace: String,
    pub folder: PathBuf,
}

impl<'a> Trial<'a> {
    pub fn new(node: &'a Node, name: &str, csv: &Path) -> Self {
        let namespace = format!("trial-{name}");
        let folder = node.cluster.dir().join("volumes").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(csv, folder.join("trial.csv")).unwrap();
        own(&folder);
        let trial = Self { node, name: name.into(), namespace: namespace.clone(), folder: folder.clone() };
        node.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        }));
        node.apply(&json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": namespace},
            "spec": {
                "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "", "hostPath": {"path": folder, "type": "Directory"},
                "claimRef": {"namespace": namespace, "name": "trial"},
            },
        }));
        node.apply(&json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "trial", "namespace": namespace},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": namespace,
                     "resources": {"requests": {"storage": "1Gi"}}},
        }));
        node.apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": namespace},
            "stringData": {"test": KEY},
        }));
        trial
    }

    /// A model of this trial. `edit` changes its spec.
    pub fn model(&self, features: &Value, edit: impl Fn(&mut Value)) -> Value {
        let mut model = json!({
            "apiVersion": "trialops.dev/v1alpha1", "kind": "DropoutModel",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "study": {"id": self.name.to_uppercase()},
                "patientId": "patient_id", "landmark": "days_in_trial",
                "features": features, "deny": ["arm"],
                "label": {"column": "dropout_28d", "horizon": "28d"},
                "data": {"training": {"uri": "file:///trial.csv", "persistentVolumeClaim": {"claimName": "trial"}}},
                "store": {"uri": "file:///store", "persistentVolumeClaim": {"claimName": "trial"}, "singleNode": "Allow"},
                "gate": {"primary": {"metric": "roc_auc", "comparison": "Absolute", "margin": 0.0},
                         "floors": [{"metric": "roc_auc", "value": 0.60}]},
                "rollout": {"soak": "2s", "progressDeadline": "60s"},
                "serving": {"replicas": 2, "apiKeys": {"secretRef": {"name": "keys"}}},
            },
        });
        edit(&mut model["spec"]);
        model
    }

    pub fn now(&self) -> Value {
        self.node.get(&self.namespace, &format!("dropoutmodel/{}", self.name))
    }

    pub fn annotate(&self, command: &str) {
        let model = format!("dropoutmodel/{}", self.name);
        self.node.kubectl(&[
            "-n",
            &self.namespace,
            "annotate",
            "--overwrite",
            &model,
            &format!("trialops.dev/{command}"),
        ]);
    }

    /// Waits until the model is as `is_there` says, up to three minutes.
    pub fn wait(&self, what: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(Duration::from_secs(180), what, is_there)
    }

    /// Waits until the model is as `is_there` says, as long as one is willing to.
    pub fn wait_for(&self, longest: Duration, what: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + longest;
        loop {
            let model = self.now();
            if is_there(&model) {
                return model;
            }
            if Instant::now() > end {
                panic!("{}: waited in vain until {what}\n{}", self.name, self.story(&model));
            }
            sleep(Duration::from_millis(250));
        }
    }

    /// Waits until there are so many serving pods, those on their way out counted.
    pub fn wait_for_pods(&self, count: usize) -> Value {
        self.wait("all old pods are gone", |_| {
            let pods = self.node.get(&self.namespace, "pods");
            let is_serving = |pod: &&Value| pod["metadata"]["labels"]["app.kubernetes.io/component"] == "serving";
            pods["items"].as_array().is_some_and(|pods| pods.iter().filter(is_serving).count() == count)
        })
    }

    pub fn story(&self, model: &Value) -> String {
        let look = |arguments: &[&str]| self.node.cluster.kubectl(arguments).unwrap_or_else(|error| error.to_string());
        format!(
            "{}\n{}\n{}\n{}",
            serde_json::to_string_pretty(&model["status"]).unwrap(),
            look(&["-n", &self.namespace, "get", "pods,jobs,deployments", "-o", "wide"]),
            look(&["-n", &self.namespace, "get", "events", "--sort-by=.lastTimestamp"]),
            look(&["-n", "dropout-system", "logs", "deployment/dropout", "--tail=30"]),
        )
    }

    /// Opens the model's pods on a port of 127.0.0.1, and tells it.
    pub fn open(&self) -> u16 {
        let name = format!("{}-local", self.name);
        self.node.apply(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"type": "NodePort", "ports": [{"port": 8000, "targetPort": "http"}],
                     "selector": {"trialops.dev/model": self.name, "app.kubernetes.io/component": "serving"}},
        }));
        let service = self.node.get(&self.namespace, &format!("service/{name}"));
        let port = u16::try_from(service["spec"]["ports"][0]["nodePort"].as_u64().unwrap()).unwrap();
        self.wait("the node port is open", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
        port
    }
}

/// Gives a folder and what is in it to the user of our pods.
pub fn own(folder: &Path) {
    let owned = Command::new("chown").arg("-R").arg("65532:65532").arg(folder).status().unwrap();
    assert!(owned.success());
}

/// `POST /predict` on 127.0.0.1: the status and the answer.
pub fn predict(port: u16, key: &str, body: &Value) -> std::io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let body = body.to_string();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nx-api-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let json = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or(Value::Null);
    Ok((status, json))
}

/// Nothing of a patient and no key stands in a log, event, status or label.
pub fn no_trace(trial: &Trial<'_>, patient: &str) {
    let look = |arguments: &[&str]| trial.node.kubectl(arguments);
    let texts = [
        look(&[
            "-n",
            &trial.namespace,
            "get",
            "events,pods,jobs,configmaps,deployments,dropoutmodels,retrainpolicies",
            "-o",
            "yaml",
        ]),
        look(&["-n", &trial.namespace, "logs", "-l", "app.kubernetes.io/component=serving", "--tail=-1"]),
        look(&["-n", "dropout-system", "logs", "deployment/dropout", "--tail=-1"]),
    ];
    for text in &texts {
        assert!(!text.contains(patient), "a patient's id was written");
        assert!(!text.contains(KEY), "a key was written");
    }
}

pub fn condition<'a>(model: &'a Value, kind: &str) -> &'a Value {
    let conditions = model["status"]["conditions"].as_array();
    conditions.and_then(|all| all.iter().find(|one| one["type"] == kind)).unwrap_or(&Value::Null)
}

pub fn production(model: &Value) -> &str {
    model["status"]["production"]["name"].as_str().unwrap_or_default()
}

pub fn is_idle(model: &Value) -> bool {
    model["status"]["stage"] == "Idle" && model["status"]["observedGeneration"] == model["metadata"]["generation"]
}

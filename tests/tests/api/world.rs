//! One cluster for all tests of a file, installed as a user would: `kubectl apply -k config`. It ends with the program.

use super::operator::{Flags, Operator};
use dropout_cluster::{Cluster, Level, Options};
use dropout_crds::{DropoutModel, RetrainPolicy};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{
    Api, Client, Config,
    api::{ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Where the operator is installed.
pub const SYSTEM: &str = "dropout-system";
/// Its service account, its Lease and its roles are all called so.
pub const NAME: &str = "dropout-operator";
/// Longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A cluster with everything of ours but the operator itself.
pub struct World {
    pub cluster: Cluster,
    /// The administrator's client.
    pub client: Client,
    runtime: Runtime,
    /// Ends the cluster when this program ends, however it ends.
    _sweeper: Child,
}

/// The cluster of this program, started by the first test that asks for it.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::start)
}

/// The operator of this program, with exactly the rights that the installation gives it.
pub fn shared_operator() -> &'static Operator {
    static OPERATOR: OnceLock<Operator> = OnceLock::new();
    OPERATOR.get_or_init(|| Operator::start(world(), Flags::default()))
}

impl World {
    fn start() -> Self {
        let start = Instant::now();
        let cluster = Cluster::start(Level::Api, Options::default()).expect("the api level starts");
        let sweeper = sweeper(cluster.dir());
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(client(&cluster.kubeconfig()));
        let world = Self { cluster, client, runtime, _sweeper: sweeper };
        let config = root().join("config");
        world.cluster.kubectl(&["apply", "--server-side", "-k", &config.display().to_string()]).unwrap();
        for kind in ["dropoutmodels", "retrainpolicies"] {
            let crd = format!("crd/{kind}.trialops.dev");
            world.cluster.kubectl(&["wait", "--for=condition=Established", &crd, "--timeout=30s"]).unwrap();
        }
        world.wait_for_storage();
        world.write_operator_kubeconfig();
        eprintln!("the cluster was ready after {:.1} s", start.elapsed().as_secs_f64());
        world
    }

    /// An established kind answers 429 until its storage has been read once.
    fn wait_for_storage(&self) {
        let models: Api<DropoutModel> = Api::all(self.client.clone());
        eventually("the storage of dropoutmodels", || {
            self.block_on(models.list(&ListParams::default())).map_err(|error| error.to_string())
        });
        let policies: Api<RetrainPolicy> = Api::all(self.client.clone());
        eventually("the storage of retrainpolicies", || {
            self.block_on(policies.list(&ListParams::default())).map_err(|error| error.to_string())
        });
    }

    /// Waits for an answer on this thread.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The kubeconfig of the operator's service account.
    pub fn operator_kubeconfig(&self) -> PathBuf {
        self.cluster.dir().join("operator.kubeconfig")
    }

    /// A client of a user of our making, with no rights but those given to that name.
    pub fn client_as(&self, user: &str) -> Client {
        let kubeconfig = self.cluster.kubeconfig();
        self.block_on(async {
            let mut config = config(&kubeconfig).await;
            config.auth_info.impersonate = Some(user.to_owned());
            Client::try_from(config).unwrap()
        })
    }

    /// Applies YAML as administrator and returns what kubectl wrote to both outputs.
    pub fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut command = self.cluster.kubectl_command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (output.status.success(), texts.concat())
    }

    /// As `kubectl create token`.
    fn write_operator_kubeconfig(&self) {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), SYSTEM);
        let wanted = TokenRequest {
            spec: TokenRequestSpec { expiration_seconds: Some(7_200), ..TokenRequestSpec::default() },
            ..TokenRequest::default()
        };
        let issued = self.block_on(accounts.create_token_request(NAME, &PostParams::default(), &wanted)).unwrap();
        let token = issued.status.unwrap().token;
        let text = std::fs::read_to_string(self.cluster.kubeconfig()).unwrap();
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config["users"][0]["user"] = json!({"token": token});
        std::fs::write(self.operator_kubeconfig(), config.to_string()).unwrap();
    }
}

/// Waits until something holds and returns what it found; after a while it fails with what it saw last.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(last) if start.elapsed() > PATIENCE => panic!("waited {PATIENCE:?} for {what}: {last}"),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A program of ours that was built before the tests.
pub fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join(name);
    assert!(program.is_file(), "{} is not there: cargo build -p {name}", program.display());
    program
}

async fn config(kubeconfig: &Path) -> Config {
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    config.default_retry = false;
    config
}

async fn client(kubeconfig: &Path) -> Client {
    Client::try_from(config(kubeconfig).await).unwrap()
}

/// Values in statics are never dropped, and a killed program drops nothing: this one waits for our end and sweeps. What
/// it sweeps are the programs that carry the cluster's mark, the operator among them.
fn sweeper(dir: &Path) -> Child {
    let script = r#"cat > /dev/null; exec "$0" down --dir "$1""#;
    Command::new("setsid")
        .args(["sh", "-c", script])
        .arg(program("dropout-cluster"))
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

//! One Kubernetes cluster on this machine, from its start to its end. Which parts it has is decided by its level.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::children::Children;
use crate::error::{Error, Naming, Result};
use crate::folder::{self, Folder, Owner};
use crate::records::{self, Record};
use crate::{Interrupt, binaries, command, control_plane, image, network, node, packages, sweep};

/// How much of Kubernetes is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// etcd, apiserver and controller manager: objects, but no pods run. Any number at a time, without root.
    Api,
    /// Also scheduler, containerd, kubelet and kube-proxy: pods run. One at a time on a machine, as root.
    Node,
}

/// How a cluster is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The run folder; by default one of its own below the folder for temporary files.
    pub dir: Option<PathBuf>,
    /// Ends the start early when raised.
    pub interrupt: Interrupt,
    /// Whether it stays up when the program that started it ends; by default it does not.
    pub detached: bool,
}

/// A cluster that is up. Dropping the one that [`Cluster::start`] gave ends the cluster, unless it is detached.
#[derive(Debug)]
pub struct Cluster {
    folder: Folder,
    binaries: PathBuf,
    children: Option<Children>,
}

impl Cluster {
    /// Starts a cluster and waits until it is ready, removing first what dead predecessors left.
    ///
    /// Errors if a program cannot be built or started, or if the machine's node is taken; nothing is left behind then.
    pub fn start(level: Level, options: Options) -> Result<Self> {
        if level == Level::Node && !rustix::process::geteuid().is_root() {
            return Err(Error::Refused("the node level needs root".into()));
        }
        packages::needed(level, &options.interrupt)?;
        let binaries = binaries::binaries(level, &options.interrupt)?;
        let pause = match level {
            Level::Api => None,
            Level::Node => Some(binaries::pause(&options.interrupt)?),
        };
        let folder = match &options.dir {
            Some(dir) => Folder::at(dir)?,
            None => own_folder(),
        };
        claim(&folder, level)?;
        let children = Children::new(&folder, &binaries, !options.detached, &options.interrupt);
        let mut cluster = Self { folder, binaries, children: Some(children) };
        cluster.bring_up(pause.as_deref())?;
        if options.detached {
            cluster.folder.detach()?;
            cluster.children = None;
        }
        Ok(cluster)
    }

    /// The cluster in a run folder, if one is up there. Dropping it leaves the cluster up.
    pub fn attach(dir: &Path) -> Result<Self> {
        let folder = Folder::at(dir)?;
        if !folder.exists() {
            return Err(Error::Refused(format!("there is no cluster in {}", dir.display())));
        }
        let path = folder.join("binaries");
        let binaries = std::fs::read_to_string(&path).naming("read", &path)?;
        Ok(Self { folder, binaries: PathBuf::from(binaries), children: None })
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The run folder: `kubeconfig`, `audit.log` and `logs/` are in it until the cluster ends.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The level it was started at.
    pub fn level(&self) -> Level {
        if self.folder.join("kubelet.yaml").exists() { Level::Node } else { Level::Api }
    }

    /// The path of one of the cluster's programs, such as `kubectl`.
    pub fn bin(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Runs kubectl as administrator and returns what it printed.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        command::output(self.kubectl_command().args(arguments))
    }

    /// A kubectl command for this cluster, to be given arguments or input.
    pub fn kubectl_command(&self) -> Command {
        kubectl(&self.folder, &self.binaries)
    }

    /// Imports an OCI archive, so that pods with `imagePullPolicy: Never` or `IfNotPresent` can use its image.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        image::is_readable(archive)?;
        node::load(&self.folder, &self.binaries, archive)
    }

    /// The programs of the cluster, each with its process id and whether it still runs.
    pub fn parts(&self) -> Vec<(String, u32, bool)> {
        records::read(&self.folder.join("records"))
            .into_iter()
            .map(|record| (record.is_alive(), record))
            .map(|(alive, Record { name, id, .. })| (name, id, alive))
            .collect()
    }

    /// Whether all its programs run and the apiserver says it is ready.
    pub fn is_healthy(&self) -> bool {
        let parts = self.parts();
        self.folder.owner() != Owner::Dead
            && !parts.is_empty()
            && parts.iter().all(|(_, _, alive)| *alive)
            && self.kubectl(&["get", "--raw", "/readyz"]).is_ok()
    }

    /// Whether it was left running by a program that has ended, or is to be.
    pub fn is_detached(&self) -> bool {
        self.folder.owner() == Owner::Detached
    }

    /// Ends it and removes every trace of it, the run folder included.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let children = self.children.take();
        let swept = sweep::sweep(&self.folder);
        if let Some(mut children) = children {
            children.reap();
        }
        swept
    }

    /// The pause program is given for a node.
    fn bring_up(&mut self, pause: Option<&Path>) -> Result<()> {
        let Self { folder, binaries, children: Some(children) } = self else { return Ok(()) };
        folder.write("binaries", &binaries.display().to_string())?;
        let Some(pause) = pause else {
            control_plane::start(folder, Level::Api, children)?;
            return control_plane::wait(children, || kubectl(folder, binaries));
        };
        // Before the apiserver, which is told the bridge's address.
        network::create(folder)?;
        let authority = control_plane::start(folder, Level::Node, children)?;
        node::start_runtime(folder, binaries, pause, children)?;
        control_plane::wait(children, || kubectl(folder, binaries))?;
        node::start(folder, &authority, children)?;
        node::wait(children, || kubectl(folder, binaries))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.children.is_some()
            && let Err(error) = self.end()
        {
            eprintln!("{}: {error}", self.folder.path().display());
        }
    }
}

/// Ends whatever is in a run folder, healthy or not, and removes it; also the leftovers of a crash.
pub fn down(dir: &Path) -> Result<()> {
    let _lock = folder::lock()?;
    sweep::sweep(&Folder::at(dir)?)
}

/// Where the cluster of the command line lies if no folder is given.
pub fn default_dir() -> PathBuf {
    Folder::named("default").path().to_owned()
}

/// Several clusters of one program must not meet.
fn own_folder() -> Folder {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Folder::named(&format!("{}-{count}", std::process::id()))
}

/// Sweeps what is dead and takes the folder, and for a node the machine.
fn claim(folder: &Folder, level: Level) -> Result<()> {
    let _lock = folder::lock()?;
    sweep::sweep_abandoned();
    if folder.exists() {
        if !sweep::is_abandoned(folder) {
            let path = folder.path().display();
            return Err(Error::Refused(format!(
                "{path} already holds a cluster; end it with: dropout-cluster down --dir {path}"
            )));
        }
        sweep::sweep(folder)?;
    }
    folder.create()?;
    if level == Level::Node
        && let Err(refusal) = sweep::claim_node(folder)
    {
        folder.remove()?;
        return Err(refusal);
    }
    Ok(())
}

fn kubectl(folder: &Folder, binaries: &Path) -> Command {
    let mut command = Command::new(binaries.join("kubectl"));
    command
        .arg(format!("--kubeconfig={}", folder.text("kubeconfig")))
        .arg(format!("--cache-dir={}", folder.text("kubectl-cache")));
    command
}

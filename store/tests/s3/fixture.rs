//! A running S3 server with the keys in a folder, as a mounted Secret is one. It tests nothing. Tests of other
//! crates use it too, not all of it.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use dropout_store::{Patience, Store};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Keys and endpoint.
#[derive(Clone, Debug)]
pub struct Keys {
    pub key: String,
    pub secret: String,
    pub endpoint: String,
}

impl Keys {
    /// Writes them as the entries of a Secret.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let entries = [
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
            ("AWS_ENDPOINT_URL", &self.endpoint),
        ];
        for (name, value) in entries {
            fs::write(folder.join(name), value).unwrap();
        }
    }
}

/// An S3 server of one test; it ends with it.
pub struct S3 {
    launcher: Child,
    keys: Keys,
    pub secret: PathBuf,
    /// The certificate of a server that speaks TLS.
    pub authority: Option<PathBuf>,
}

impl S3 {
    /// Starts it; none, with a loud line, if the launcher is not built or cannot build the server.
    pub fn start() -> Option<Self> {
        Self::start_with(&["s3"])
    }

    /// The same, with TLS under a certificate that nobody else vouches for.
    pub fn start_with_tls() -> Option<Self> {
        Self::start_with(&["s3", "--tls"])
    }

    fn start_with(words: &[&str]) -> Option<Self> {
        let program = env::current_exe().unwrap().parent()?.parent()?.join("dropout-cluster");
        let launcher = Command::new(&program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut launcher) = launcher else {
            println!("SKIPPED: no S3 server, {} is not built; cargo build -p dropout-cluster", program.display());
            return None;
        };
        let lines: Vec<String> = BufReader::new(launcher.stdout.take()?)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let said = |name: &str| {
            let value =
                lines.iter().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='));
            value.map(str::to_owned)
        };
        let Some((key, secret)) = said("AWS_ACCESS_KEY_ID").zip(said("AWS_SECRET_ACCESS_KEY")) else {
            launcher.wait().unwrap();
            println!("SKIPPED: no S3 server, the launcher could not start one; it needs Go");
            return None;
        };
        let keys = Keys { key, secret, endpoint: said("AWS_ENDPOINT_URL")? };
        let folder = folder();
        keys.write(&folder);
        let authority = said("AWS_CA_BUNDLE").map(PathBuf::from);
        Some(Self { launcher, keys, secret: folder, authority })
    }

    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    pub fn write(&self, keys: &Keys) {
        keys.write(&self.secret);
    }

    /// A folder of its bucket, with a client of its own.
    pub fn store(&self, prefix: &str) -> Store {
        Store::open_with(&format!("s3://trial/{prefix}"), Path::new("/"), Some(&self.secret)).unwrap()
    }

    pub fn root(&self) -> Store {
        Store::open_with("s3://trial", Path::new("/"), Some(&self.secret)).unwrap()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.launcher.stdin.take());
        self.launcher.wait().unwrap();
        fs::remove_dir_all(&self.secret).unwrap();
    }
}

/// A folder of no other test.
pub fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("dropout-store-s3-{}-{number}", std::process::id()))
}

/// Patience of a test.
pub fn quick() -> Patience {
    Patience {
        connect: Duration::from_millis(500),
        stall: Duration::from_millis(300),
        total: Duration::from_secs(5),
        attempts: 3,
        pause: Duration::from_millis(5),
    }
}

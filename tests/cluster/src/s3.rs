//! A real S3 server, versitygw from its pinned Go module, for tests: on one address, with one bucket in a folder of its own
//! and random keys. It ends, and its folder goes, with whoever started it.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::binaries::versitygw;
use crate::children::spawn_from_lasting_thread;
use crate::error::{Error, Naming, Result};
use crate::{Interrupt, ports};

/// The certificate and the key in its folder, if it speaks TLS.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
const READY: Duration = Duration::from_secs(20);

/// A running S3 server.
#[derive(Debug)]
pub struct S3Server {
    folder: PathBuf,
    child: Child,
    /// Where it listens, such as `http://127.0.0.1:10000`.
    pub endpoint: String,
    /// The access key.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// The certificate that it shows, if it speaks TLS: its own authority.
    pub certificate: Option<PathBuf>,
}

impl S3Server {
    /// The bucket that it begins with, empty.
    pub const BUCKET: &str = "trial";

    /// Starts it on an address of this machine, with TLS or without, building it first if needed.
    pub fn start(address: IpAddr, tls: bool, interrupt: &Interrupt) -> Result<Self> {
        let program = versitygw(interrupt)?;
        let [port] = ports::free()?;
        let folder = std::env::temp_dir().join(format!("dropout-s3-{}-{port}", std::process::id()));
        for part in [Self::BUCKET_FOLDER, Self::TAGS_FOLDER] {
            let part = folder.join(part);
            fs::create_dir_all(&part).naming("create", &part)?;
        }
        let (key, secret) = (random()?, random()?);
        let listens = SocketAddr::new(address, port);
        let certificate = tls.then(|| certify(&folder, address)).transpose()?;
        let child = spawn(&program, &folder, &[&listens.to_string(), &key, &secret])?;
        let scheme = if tls { "https" } else { "http" };
        let mut server = Self { folder, child, endpoint: format!("{scheme}://{listens}"), key, secret, certificate };
        server.wait(listens, interrupt)?;
        Ok(server)
    }

    const BUCKET_FOLDER: &str = "buckets/trial";
    /// Where it keeps what a file system without attributes cannot.
    const TAGS_FOLDER: &str = "tags";

    /// The shell commands that make every S3 client use it.
    pub fn environment(&self) -> String {
        let authority = self.certificate.as_deref();
        let authority = authority.map(|file| format!("export AWS_CA_BUNDLE={}\n", file.display())).unwrap_or_default();
        format!(
            "export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nexport AWS_REGION=us-east-1\n{authority}",
            self.endpoint, self.key, self.secret
        )
    }

    fn wait(&mut self, listens: SocketAddr, interrupt: &Interrupt) -> Result<()> {
        let start = Instant::now();
        loop {
            interrupt.check()?;
            if TcpStream::connect_timeout(&listens, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(Error::Ended { name: "versitygw".into(), log });
            }
            if start.elapsed() > READY {
                let last = "nobody listens".into();
                return Err(Error::Late { what: "versitygw".into(), seconds: READY.as_secs(), last });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // It may have ended by itself, and the folder is in the way of nobody.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes a certificate that vouches for itself, and its key.
fn certify(folder: &Path, address: IpAddr) -> Result<PathBuf> {
    let made = rcgen::generate_simple_self_signed([address.to_string()])?;
    let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
    fs::write(&certificate, made.cert.pem()).naming("write", &certificate)?;
    fs::write(&key, made.signing_key.serialize_pem()).naming("write", &key)?;
    Ok(certificate)
}

/// Starts the program so that it ends when this one does, whatever ends this one.
fn spawn(program: &Path, folder: &Path, [listens, key, secret]: &[&str; 3]) -> Result<Child> {
    let log = folder.join("log");
    let output = File::create(&log).naming("create", &log)?;
    let errors = output.try_clone().naming("open", &log)?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(["--quiet", "--keep-alive", "--port", listens]);
    if folder.join(KEY).exists() {
        let [certificate, key] = [CERTIFICATE, KEY].map(|file| folder.join(file));
        command.arg("--cert").arg(certificate).arg("--key").arg(key);
    }
    command
        .args(["posix", "--sidecar"])
        .args([folder.join(S3Server::TAGS_FOLDER), folder.join("buckets")])
        .current_dir(folder)
        .env_clear()
        .envs([("ROOT_ACCESS_KEY", *key), ("ROOT_SECRET_KEY", *secret)])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    spawn_from_lasting_thread(command).map_err(|source| Error::Run { program: "versitygw".into(), source })
}

fn random() -> Result<String> {
    let source = Path::new("/proc/sys/kernel/random/uuid");
    let text = fs::read_to_string(source).naming("read", source)?;
    Ok(text.chars().filter(char::is_ascii_hexdigit).take(32).collect())
}

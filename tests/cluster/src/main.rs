//! The command line of the launcher: reads the arguments, calls the library, prints. It knows nothing of Kubernetes itself.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};
use std::{iter, thread};

use dropout_cluster::{
    Cluster, Error, Interrupt, Level, MARK, Options, Result, S3Server, binaries, default_dir, down, helm, post,
    versitygw,
};
use rustix::process::{Pid, Signal, kill_process};

const USAGE: &str = "\
usage: dropout-cluster COMMAND

  up [--level api|node] [--dir DIR]         start a cluster and leave it running (default: node)
  down [--dir DIR]                          end it and remove every trace of it
  status [--dir DIR]                        say what runs; exit code 1 unless all is well
  env [--dir DIR]                           print the shell commands that make kubectl use it
  load IMAGE.tar [--dir DIR]                import an OCI archive into its node
  run [--level api|node] [--dir DIR] -- CMD start a cluster, run CMD with KUBECONFIG set, end the cluster
  build [--level api|node]                  only build the programs
  helm                                      print the path of helm, building it if needed
  versitygw                                 print the path of the S3 server, building it if needed
  post PORT PATH FILE                       send each line of FILE as a body to 127.0.0.1:PORT, the key from API_KEY, and
                                            count the answers; exit code 1 unless all are 2xx
  s3 [--address IP] [--tls]                 start an S3 server with a bucket, print the shell commands that make
                                            clients use it, and end it when standard input ends (default: 127.0.0.1)";

/// What the command line asks for.
struct Arguments {
    level: Level,
    dir: Option<PathBuf>,
    address: IpAddr,
    tls: bool,
    rest: Vec<String>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(command) = words.next() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match parse(words).and_then(|arguments| perform(&command, arguments)) {
        Ok(code) => code,
        Err(Error::Interrupted) => ExitCode::from(130),
        Err(error) => {
            eprintln!("dropout-cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut arguments = Arguments { level: Level::Node, dir: None, address, tls: false, rest: Vec::new() };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--" => arguments.rest.extend(words.by_ref()),
            "--dir" => arguments.dir = Some(PathBuf::from(value(&word, words.next())?)),
            "--tls" => arguments.tls = true,
            "--address" => {
                let text = value(&word, words.next())?;
                arguments.address = text.parse().map_err(|_| Error::Refused(format!("{text} is no IP address")))?;
            }
            "--level" => {
                arguments.level = match value(&word, words.next())?.as_str() {
                    "api" => Level::Api,
                    "node" => Level::Node,
                    other => return Err(Error::Refused(format!("no level {other}: api or node"))),
                }
            }
            _ if word.starts_with('-') => {
                return Err(Error::Refused(format!("no option {word}\n{USAGE}")));
            }
            _ => arguments.rest.push(word),
        }
    }
    Ok(arguments)
}

fn value(option: &str, word: Option<String>) -> Result<String> {
    word.ok_or_else(|| Error::Refused(format!("{option} needs a value")))
}

fn perform(command: &str, arguments: Arguments) -> Result<ExitCode> {
    let dir = arguments.dir.clone().unwrap_or_else(default_dir);
    match command {
        "up" => up(arguments.level, dir)?,
        "down" => down(&dir)?,
        "status" => return status(&dir),
        "env" => print_environment(&Cluster::attach(&dir)?),
        "load" => Cluster::attach(&dir)?.load_image(Path::new(only(&arguments.rest)?))?,
        "run" => return run(arguments),
        "build" => println!("{}", binaries(arguments.level, &Interrupt::on_signals()?)?.display()),
        "helm" => println!("{}", helm(&Interrupt::on_signals()?)?.display()),
        "versitygw" => println!("{}", versitygw(&Interrupt::on_signals()?)?.display()),
        "post" => return post_lines(&arguments.rest),
        "s3" => serve(arguments.address, arguments.tls)?,
        _ => return Err(Error::Refused(format!("no command {command}\n{USAGE}"))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until standard input ends or a signal comes.
fn serve(address: IpAddr, tls: bool) -> Result<()> {
    let interrupt = Interrupt::on_signals()?;
    let server = S3Server::start(address, tls, &interrupt)?;
    println!("{}", server.environment());
    let input = thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()));
    while !input.is_finished() && !interrupt.is_raised() {
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn post_lines(rest: &[String]) -> Result<ExitCode> {
    let [port, path, file] = rest else { return Err(Error::Refused(format!("post PORT PATH FILE\n{USAGE}"))) };
    let port = port.parse().map_err(|_| Error::Refused(format!("{port} is no port")))?;
    let file = Path::new(file);
    let bodies =
        std::fs::read_to_string(file).map_err(|source| Error::File { doing: "read", path: file.to_owned(), source })?;
    let key = std::env::var("API_KEY").map_err(|_| Error::Refused("set API_KEY to a client's key".into()))?;
    let posted = post(port, path, &key, bodies.lines())?;
    println!("{posted}");
    Ok(if posted.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn only(rest: &[String]) -> Result<&str> {
    match rest {
        [word] => Ok(word),
        _ => Err(Error::Refused(format!("one file is needed\n{USAGE}"))),
    }
}

fn up(level: Level, dir: PathBuf) -> Result<()> {
    if let Ok(cluster) = Cluster::attach(&dir) {
        if cluster.is_healthy() {
            return already_up(&cluster, level);
        }
        if cluster.is_detached() {
            eprintln!("{} is not healthy: starting anew", dir.display());
            cluster.stop()?;
        }
    }
    let options = Options { dir: Some(dir), interrupt: Interrupt::on_signals()?, detached: true };
    let start = Instant::now();
    let cluster = Cluster::start(level, options)?;
    println!("up in {:.1} s", start.elapsed().as_secs_f64());
    print_usage_of(&cluster);
    Ok(())
}

fn print_usage_of(cluster: &Cluster) {
    let dir = cluster.dir().display();
    println!("use it:   eval \"$(dropout-cluster env --dir {dir})\" && kubectl get all -A");
    println!("end it:   dropout-cluster down --dir {dir}");
}

fn already_up(cluster: &Cluster, level: Level) -> Result<()> {
    if level == Level::Node && cluster.level() == Level::Api {
        return Err(Error::Refused("it is up at the api level: take it down first".into()));
    }
    println!("already up");
    print_usage_of(cluster);
    Ok(())
}

fn status(dir: &Path) -> Result<ExitCode> {
    let cluster = Cluster::attach(dir)?;
    for (name, id, alive) in cluster.parts() {
        println!("{name:<24} {id:>8} {}", if alive { "running" } else { "ended" });
    }
    let healthy = cluster.is_healthy();
    println!("{}", if healthy { "ready" } else { "not ready" });
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_environment(cluster: &Cluster) {
    println!("export KUBECONFIG='{}'", cluster.kubeconfig().display());
    println!("export PATH='{}':\"$PATH\"", cluster.bin("").display());
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let Some((program, words)) = arguments.rest.split_first() else {
        return Err(Error::Refused(format!("run needs a command\n{USAGE}")));
    };
    let interrupt = Interrupt::on_signals()?;
    let options = Options { dir: arguments.dir, interrupt: interrupt.clone(), detached: false };
    let cluster = Cluster::start(arguments.level, options)?;
    // Marked like the cluster's own programs, so that it ends with the cluster if this launcher is killed.
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = iter::once(cluster.bin("")).chain(std::env::split_paths(&inherited));
    let child = Command::new(program)
        .args(words)
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("KUBECACHEDIR", cluster.dir().join("kubectl-cache"))
        .env(MARK, cluster.dir())
        .env("PATH", std::env::join_paths(path).unwrap_or(inherited.clone()))
        .spawn();
    let status = child.and_then(|child| ended(child, &interrupt));
    let status = status.map_err(|source| Error::Run { program: program.clone(), source })?;
    cluster.stop()?;
    // By convention 130 when ended by a signal.
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(130)))
}

/// Waits for a command; once interrupted it is asked to end, and after five seconds made to.
fn ended(mut child: Child, interrupt: &Interrupt) -> std::io::Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match asked {
            Some(asked) if asked.elapsed() > Duration::from_secs(5) => child.kill()?,
            None if interrupt.is_raised() => {
                asked = Some(Instant::now());
                kill_process(Pid::from_child(&child), Signal::TERM)?;
            }
            Some(_) | None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

//! `dropout-inference`: reads the settings, runs the service, and leaves the reason of an unclean end in the log and in
//! the termination log. The exit codes are in the library's documentation.

use dropout_inference::{
    life::{Exit, run},
    log::Log,
    make_key::{NewKey, make_key},
    settings::{Settings, USAGE},
};
use dropout_model::task::path;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

/// Longest time for the last lines of the log.
const LAST_LINES: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let flags: Vec<String> = env::args_os().skip(1).map(|flag| flag.to_string_lossy().into_owned()).collect();
    if let Some((_, words)) = flags.split_first().filter(|(first, _)| *first == "make-key") {
        return print_key(words);
    }
    if let Some(text) = flags.iter().find_map(|flag| spoken(flag)) {
        let _ = io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    bound_process();
    let log = start_log();
    let exit = match Settings::read(flags.into_iter(), |name| env::var(name).ok()) {
        Ok(settings) => live(settings, log.clone()),
        Err(bad) => Exit::BadSettings(bad.to_string()),
    };
    if let Some(sentence) = exit.sentence() {
        tracing::error!(code = exit.code(), reason = sentence, "stopped");
        leave(sentence);
    }
    log.flush(LAST_LINES);
    ExitCode::from(exit.code())
}

fn spoken(flag: &str) -> Option<&'static str> {
    match flag {
        "--help" => Some(USAGE),
        "--version" => Some(concat!("dropout-inference ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => None,
    }
}

/// The manifest goes to standard output, so that it can be applied; the key to whoever looks on.
fn print_key(words: &[String]) -> ExitCode {
    match make_key(words) {
        Ok(NewKey { key, manifest }) => {
            eprintln!("the key, shown this once: {key}");
            let is_written = io::stdout().write_all(manifest.as_bytes()).is_ok();
            if is_written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}

/// No core dump, which would hold patients and keys, and as many open files as the platform allows: a connection is one. What the
/// platform refuses here is no reason not to serve.
fn bound_process() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let files = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
}

/// One JSON object for each line.
fn start_log() -> Log {
    // Without a thread for it there is no log; that there will be no others either is told by the exit.
    let log = Log::open(io::stdout()).unwrap_or_default();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_target(false);
    let _ = lines.with_current_span(false).with_span_list(false).with_writer(log.clone()).try_init();
    log
}

fn live(settings: Settings, log: Log) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(run(settings, log));
            // A read that hangs in a store's mount must not keep the process alive.
            runtime.shutdown_background();
            exit
        }
        Err(error) => Exit::Platform(format!("the service could not start: {error}")),
    }
}

/// Leaves a sentence where kubelet looks for one. Outside a pod there is no such file, and none is made.
fn leave(sentence: &str) {
    if let Ok(mut file) = OpenOptions::new().write(true).truncate(true).open(path::ANSWER) {
        let _ = file.write_all(sentence.as_bytes());
    }
}

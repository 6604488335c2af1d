//! Finds the programs of a cluster, building from the pinned Go modules those that are not there yet. It downloads no binary.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::catalogue::{HELM, MODULES, PAUSE, Program, S3_MODULES, VERSITYGW, programs};
use crate::command;
use crate::error::{Error, Naming, Result};
use crate::{Interrupt, Level};

/// A folder with every program of a level, built first where one is missing.
pub fn binaries(level: Level, interrupt: &Interrupt) -> Result<PathBuf> {
    match std::env::var_os("KUBEBUILDER_ASSETS").filter(|value| !value.is_empty()) {
        Some(folder) => given(PathBuf::from(folder), &programs(level)),
        None => built(&MODULES, &programs(level), interrupt),
    }
}

/// The path of the pinned Helm, built first if it is missing.
pub fn helm(interrupt: &Interrupt) -> Result<PathBuf> {
    Ok(built(&MODULES, &[HELM], interrupt)?.join(HELM.name))
}

/// The path of the pinned S3 server, built first if it is missing.
pub fn versitygw(interrupt: &Interrupt) -> Result<PathBuf> {
    Ok(built(&S3_MODULES, &[VERSITYGW], interrupt)?.join(VERSITYGW.name))
}

/// The path of the program of the pause image, built first if it is missing.
pub(crate) fn pause(interrupt: &Interrupt) -> Result<PathBuf> {
    Ok(built(&MODULES, &[PAUSE], interrupt)?.join(PAUSE.name))
}

fn built(pinned: &[&str], wanted: &[Program], interrupt: &Interrupt) -> Result<PathBuf> {
    let folder = cache(pinned)?;
    if missing(&folder, wanted).is_empty() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).naming("create", &folder)?;
    let lock = folder.join("lock");
    let lock = File::create(&lock).naming("create", &lock)?;
    if lock.try_lock().is_err() {
        eprintln!("waiting for another build in {} to end", folder.display());
        lock.lock().naming("lock", &folder)?;
    }
    let absent = missing(&folder, wanted);
    for (position, program) in absent.iter().enumerate() {
        eprint!("building {} ({} of {}) ...", program.name, position + 1, absent.len());
        let start = Instant::now();
        build(program, &folder, interrupt)?;
        eprintln!(" {} s", start.elapsed().as_secs());
    }
    Ok(folder)
}

fn given(folder: PathBuf, wanted: &[Program]) -> Result<PathBuf> {
    match missing(&folder, wanted).first() {
        Some(program) => Err(Error::MissingProgram { name: program.name.into(), folder }),
        None => Ok(folder),
    }
}

fn missing(folder: &Path, wanted: &[Program]) -> Vec<Program> {
    wanted.iter().filter(|program| !folder.join(program.name).is_file()).copied().collect()
}

/// Where the pinned modules are.
fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("go")
}

/// The user's cache folder for exactly these versions, so a changed pin never meets an old binary.
fn cache(pinned: &[&str]) -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .filter(|base| base.is_absolute())
        .ok_or_else(|| Error::Refused("set HOME or XDG_CACHE_HOME to an absolute path".into()))?;
    Ok(base.join("dropout-operator").join(format!("bin-{}", pins(&modules(), pinned)?)))
}

/// The first 16 hexadecimal digits of the SHA-256 of the pins of some modules.
fn pins(modules: &Path, pinned: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for module in pinned {
        for name in ["go.mod", "go.sum", "main.go"] {
            let path = modules.join(module).join(name);
            if path.exists() {
                hash.update(format!("{module}/{name}\n"));
                hash.update(fs::read(&path).naming("read", &path)?);
            }
        }
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Built under another name and renamed, so an interrupted build leaves nothing that looks finished.
fn build(program: &Program, folder: &Path, interrupt: &Interrupt) -> Result<()> {
    let partial = folder.join(format!(".{}.partial", program.name));
    let mut go = Command::new("go");
    go.current_dir(modules().join(program.module))
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false")
        .args(["build", "-trimpath", "-ldflags", &format!("-s -w {}", program.version), "-o"])
        .arg(&partial)
        .arg(program.package);
    command::finish(go, interrupt)?;
    let finished = folder.join(program.name);
    fs::rename(&partial, &finished).naming("rename", &finished)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_sixteen_digits_and_change_with_any_go_sum() {
        let scratch = std::env::temp_dir().join(format!("dropout-pins-{}", std::process::id()));
        fs::create_dir_all(scratch.join("etcd")).unwrap();
        fs::write(scratch.join("etcd/go.sum"), "one").unwrap();
        let before = pins(&scratch, &MODULES).unwrap();
        fs::write(scratch.join("etcd/go.sum"), "two").unwrap();
        let after = pins(&scratch, &MODULES).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(before.len(), 16);
        assert_ne!(before, after);
    }

    #[test]
    fn given_folder_without_a_program_is_refused_by_name() {
        let refusal = given(PathBuf::from("/nowhere"), &[HELM]).unwrap_err().to_string();
        assert!(refusal.contains("/nowhere") && refusal.contains("helm"), "{refusal}");
    }

    #[test]
    fn every_program_has_its_pinned_module() {
        for program in programs(Level::Node).into_iter().chain([VERSITYGW]) {
            assert!(modules().join(program.module).join("go.mod").is_file(), "{}", program.name);
        }
    }
}

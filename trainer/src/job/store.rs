//! The store on a claim: whole files, created if absent, never edited. A file is there completely or not at all.

use crate::failure::Failure;
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// What came of an attempt to create a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new, or has the same bytes already.
    Kept,
    /// It is there with other bytes.
    Other(Vec<u8>),
}

/// A model's folder of the store.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The bytes of a file; none if it is not there.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let place = self.folder.join(name);
        match fs::read(&place) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::disk("read", &place, error)),
        }
    }

    /// Creates a file: a temporary one is written, synced and linked under its name, which never replaces another.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, Failure> {
        let place = self.folder.join(name);
        let Some(folder) = place.parent() else { return Err(Failure::Moved(format!("'{name}' is no file name"))) };
        fs::create_dir_all(folder).map_err(|error| Failure::disk("make", folder, error))?;
        if let Some(found) = self.get(name)? {
            return Ok(if found == bytes { Created::Kept } else { Created::Other(found) });
        }
        let draft = place.with_extension(format!("{}.draft", mark()));
        let linked = write(&draft, bytes).and_then(|()| link(&draft, &place));
        let removed = fs::remove_file(&draft);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failure::disk("create", &place, error)),
        }
        removed.or_else(absent_is_fine).map_err(|error| Failure::disk("remove", &draft, error))?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Failure::disk("sync", folder, error))?;
        match self.get(name)? {
            Some(found) if found == bytes => Ok(Created::Kept),
            Some(found) => Ok(Created::Other(found)),
            None => Err(Failure::Moved(format!("{name} vanished from the store"))),
        }
    }
}

/// What tells a draft from every other one: in a container each process has number 1, and pods share the store. It is in
/// the draft's name only, never in a file's bytes.
fn mark() -> String {
    let host = std::env::var("HOSTNAME").or_else(|_| fs::read_to_string("/etc/hostname")).unwrap_or_default();
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(63).collect();
    format!("{host}.{}.{}", std::process::id(), random())
}

/// A random identifier of the kernel; where there is none, the time in nanoseconds.
fn random() -> String {
    let nanoseconds = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string();
    fs::read_to_string("/proc/sys/kernel/random/uuid").map_or_else(|_| nanoseconds(), |uuid| uuid.trim().to_owned())
}

fn absent_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn write(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(place)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Links the draft under its name. Where a file system has no links, the draft is renamed if the name is free.
fn link(draft: &Path, place: &Path) -> std::io::Result<()> {
    match fs::hard_link(draft, place) {
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            if place.exists() { Err(ErrorKind::AlreadyExists.into()) } else { fs::rename(draft, place) }
        }
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, thread};

    #[test]
    fn create_never_replaces_a_file_and_leaves_no_draft() {
        let folder = std::env::temp_dir().join(format!("dropout-store-{}", std::process::id()));
        let store = Store::new(folder.clone());
        assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
        assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
        assert_eq!(store.create("versions/1.json", b"two").unwrap(), Created::Other(b"one".to_vec()));
        assert_eq!(store.get("versions/1.json").unwrap().unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.join("versions")).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn no_two_drafts_have_one_name_though_their_process_has_one_number() {
        let marks: BTreeSet<String> = (0..1_000).map(|_| mark()).collect();
        assert_eq!(marks.len(), 1_000);
        assert!(marks.iter().all(|mark| mark.len() < 128 && !mark.contains('/')));
    }

    #[test]
    fn writers_at_the_same_time_leave_one_whole_file_and_no_draft() {
        let folder = std::env::temp_dir().join(format!("dropout-store-{}", mark()));
        let store = Store::new(folder.clone());
        let texts: Vec<Vec<u8>> = (0..8).map(|n| vec![n; 1 << 16]).collect();
        let created: Vec<Created> = thread::scope(|scope| {
            let writers: Vec<_> =
                texts.iter().map(|text| scope.spawn(|| store.create("versions/1.json", text).unwrap())).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let found = store.get("versions/1.json").unwrap().unwrap();
        let expected = |text: &Vec<u8>| if *text == found { Created::Kept } else { Created::Other(found.clone()) };
        assert_eq!(created, texts.iter().map(expected).collect::<Vec<_>>());
        assert!(created.contains(&Created::Kept));
        assert_eq!(fs::read_dir(folder.join("versions")).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}

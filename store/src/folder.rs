//! The store on a claim: a file an object. A draft is written and synced, then linked under its name.

use crate::{Created, Object, StoreError};
use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// A folder of files.
#[derive(Clone, Debug)]
pub struct Folder {
    folder: PathBuf,
}

impl Folder {
    /// The store in a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A folder inside it.
    pub fn within(&self, folder: &str) -> Self {
        Self { folder: self.folder.join(folder) }
    }

    /// The bytes of a file; none if it is not there.
    pub fn get(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let place = self.folder.join(name);
        let mut bytes = Vec::new();
        match File::open(&place).and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes)) {
            Ok(read) if read as u64 > limit => Err(StoreError::TooLarge(name.to_owned(), limit)),
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", name, &error)),
        }
    }

    /// Creates a file: a temporary one is written, synced and linked under its name, which never replaces another.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        let place = self.folder.join(name);
        let Some(folder) = place.parent() else { return Err(StoreError::BadName(name.to_owned())) };
        fs::create_dir_all(folder).map_err(|error| failed("make a folder for", name, &error))?;
        if let Some(found) = self.get(name, u64::MAX - 1)? {
            return Ok(if found == bytes { Created::Kept } else { Created::Other(found) });
        }
        let draft = place.with_extension(format!("{}.draft", mark()));
        let linked = write(&draft, bytes).and_then(|()| link(&draft, &place));
        let removed = fs::remove_file(&draft);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create", name, &error)),
        }
        removed.or_else(absent_is_fine).map_err(|error| failed("remove the draft of", name, &error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("sync", name, &error))?;
        match self.get(name, u64::MAX - 1)? {
            Some(found) if found == bytes => Ok(Created::Kept),
            Some(found) => Ok(Created::Other(found)),
            None => Err(StoreError::Failed("keep", name.to_owned(), "it vanished".into())),
        }
    }

    /// All files below a folder, by rising name; drafts are none.
    pub fn list(&self, folder: &str) -> Result<Vec<Object>, StoreError> {
        let mut found = Vec::new();
        collect(&self.folder.join(folder), folder, &mut found).map_err(|error| failed("list", folder, &error))?;
        found.sort();
        Ok(found)
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        fs::remove_file(self.folder.join(name)).or_else(absent_is_fine).map_err(|error| failed("remove", name, &error))
    }
}

fn collect(place: &Path, name: &str, found: &mut Vec<Object>) -> std::io::Result<()> {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let own = format!("{name}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &own, found)?;
        } else if kind.is_file() && !own.ends_with(".draft") {
            found.push(Object { name: own, bytes: entry.metadata()?.len() });
        }
    }
    Ok(())
}

fn failed(what: &'static str, name: &str, error: &std::io::Error) -> StoreError {
    StoreError::Failed(what, name.to_owned(), error.to_string())
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
        let store = Folder::new(folder.clone());
        assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
        assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
        assert_eq!(store.create("versions/1.json", b"two").unwrap(), Created::Other(b"one".to_vec()));
        assert_eq!(store.get("versions/1.json", 1 << 20).unwrap().unwrap(), b"one");
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
        let store = Folder::new(folder.clone());
        let texts: Vec<Vec<u8>> = (0..8).map(|n| vec![n; 1 << 16]).collect();
        let created: Vec<Created> = thread::scope(|scope| {
            let writers: Vec<_> =
                texts.iter().map(|text| scope.spawn(|| store.create("versions/1.json", text).unwrap())).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let found = store.get("versions/1.json", 1 << 20).unwrap().unwrap();
        let expected = |text: &Vec<u8>| if *text == found { Created::Kept } else { Created::Other(found.clone()) };
        assert_eq!(created, texts.iter().map(expected).collect::<Vec<_>>());
        assert!(created.contains(&Created::Kept));
        assert_eq!(fs::read_dir(folder.join("versions")).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}

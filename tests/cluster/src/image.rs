//! Container images of one static program, written as OCI archives. It needs no container engine and no base image.

use std::fs::{self, File};
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::{Error, Naming, Result};

/// An image with one layer that holds one statically linked program and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// The full name with a tag, such as `dropout.local/pause:1`.
    pub name: &'a str,
    /// The program on this machine; it is `/<its file name>` in the image.
    pub program: &'a Path,
    /// The user and group it runs as, such as `65532:65532`.
    pub user: &'a str,
}

impl Image<'_> {
    /// Writes the image as an OCI archive that [`crate::Cluster::load_image`] takes.
    pub fn write(&self, archive: &Path) -> Result<()> {
        let file_name = self.program.file_name().and_then(|name| name.to_str());
        let file_name =
            file_name.ok_or_else(|| Error::Refused(format!("{} names no program", self.program.display())))?;
        let program = fs::read(self.program).naming("read", self.program)?;
        let mut layer = Archive::default();
        layer.add(file_name, 0o755, &program)?;
        let layer = Blob::new("application/vnd.oci.image.layer.v1.tar", layer.finish()?);
        let config = self.config(file_name, &layer);
        let manifest = manifest(&config, &layer);
        let index = self.index(&manifest);

        let mut whole = Archive::default();
        whole.add("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        whole.add("index.json", 0o644, &index)?;
        for blob in [&manifest, &config, &layer] {
            whole.add(&format!("blobs/sha256/{}", blob.digest), 0o644, &blob.bytes)?;
        }
        fs::write(archive, whole.finish()?).naming("write", archive)
    }

    fn config(&self, file_name: &str, layer: &Blob) -> Blob {
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "config": { "User": self.user, "Entrypoint": [format!("/{file_name}")] },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", layer.digest)] },
        });
        Blob::new("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes())
    }

    fn index(&self, manifest: &Blob) -> Vec<u8> {
        let mut descriptor = manifest.descriptor();
        descriptor["annotations"] = json!({ "io.containerd.image.name": self.name });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [descriptor],
        });
        index.to_string().into_bytes()
    }
}

fn manifest(config: &Blob, layer: &Blob) -> Blob {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    });
    Blob::new("application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes())
}

/// Go's names for processor architectures, which OCI uses.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Content with its type and SHA-256.
struct Blob {
    kind: &'static str,
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(kind: &'static str, bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { kind, digest, bytes }
    }

    fn descriptor(&self) -> serde_json::Value {
        json!({
            "mediaType": self.kind,
            "digest": format!("sha256:{}", self.digest),
            "size": self.bytes.len(),
        })
    }
}

/// A tar archive without times or owners, so that the same input always gives the same bytes.
struct Archive(tar::Builder<Vec<u8>>);

impl Default for Archive {
    fn default() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, bytes: &[u8]) -> Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        self.0.append_data(&mut header, name, bytes).naming("archive", Path::new(name))
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.0.into_inner().naming("archive", Path::new("an image"))
    }
}

/// Whether a file is there to be read, so that a missing one is named before anything is started.
pub(crate) fn is_readable(archive: &Path) -> Result<()> {
    File::open(archive).naming("open", archive).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_of_the_same_program_is_the_same_file() {
        let scratch = std::env::temp_dir().join(format!("dropout-image-{}", std::process::id()));
        fs::create_dir_all(&scratch).unwrap();
        let program = scratch.join("program");
        fs::write(&program, "#!").unwrap();
        let image = Image { name: "dropout.local/test:1", program: &program, user: "65532:65532" };
        image.write(&scratch.join("one")).unwrap();
        image.write(&scratch.join("two")).unwrap();
        let (one, two) = (fs::read(scratch.join("one")), fs::read(scratch.join("two")));
        fs::remove_dir_all(&scratch).unwrap();
        assert_eq!(one.unwrap(), two.unwrap());
    }
}

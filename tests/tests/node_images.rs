//! The images that `tests/images.sh` built: one static program each, no shell, no root, at most 20 MB.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const MOST: u64 = 20_000_000;

#[test]
fn an_image_is_one_static_program_of_an_ordinary_user() {
    if std::env::var_os("DROPOUT_TEST_NODE").is_none() {
        println!("\nSKIPPED: no images; run `make test-node`");
        return;
    }
    for name in ["operator", "trainer", "monitor", "inference"] {
        let archive = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(format!("target/images/{name}.tar"));
        let size = fs::metadata(&archive).expect("an image; run tests/images.sh first").len();
        println!("IMAGE {name}: {:.1} MB", size as f64 / 1e6);
        assert!(size <= MOST, "{name}: {size} bytes");
        Image { archive }.check(name);
    }
}

/// An OCI archive.
struct Image {
    archive: PathBuf,
}

impl Image {
    fn check(&self, name: &str) {
        let index = self.json("index.json");
        let manifests = index["manifests"].as_array().unwrap();
        assert_eq!(manifests.len(), 1, "{name}: images in the archive");
        let manifest = self.json(&blob(&manifests[0]));
        let config = self.json(&blob(&manifest["config"]));
        let program = format!("/dropout-{name}");
        assert_eq!(config["config"]["User"], "65532:65532", "{name}");
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!([program]), "{name}");
        assert_eq!(config["config"]["Cmd"].as_array().map_or(0, Vec::len), 0, "{name}: a command of the image's own");
        let layers = manifest["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 1, "{name}: layers");
        let layer = self.member(&blob(&layers[0]));
        let folder = std::env::temp_dir().join(format!("dropout-layer-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (packed, place) = (folder.join("layer"), folder.to_str().unwrap());
        fs::write(&packed, layer).unwrap();
        let listed = tar(&["-tf", packed.to_str().unwrap()]);
        let files: Vec<&str> = std::str::from_utf8(&listed).unwrap().lines().collect();
        assert_eq!(files, [program.trim_start_matches('/')], "{name}: files in the layer");
        tar(&["-xf", packed.to_str().unwrap(), "-C", place]);
        let needs = interpreter(&fs::read(folder.join(files[0])).unwrap());
        fs::remove_dir_all(folder).unwrap();
        assert!(!needs, "{name} needs a dynamic linker");
    }

    fn member(&self, name: &str) -> Vec<u8> {
        tar(&["-xOf", self.archive.to_str().unwrap(), name])
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.member(name)).unwrap()
    }
}

/// The place of what a descriptor describes.
fn blob(descriptor: &Value) -> String {
    format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"))
}

fn tar(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("tar").args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "tar {arguments:?}");
    output.stdout
}

/// Whether an ELF program of 64 bits, low byte first, names a dynamic linker (a program header of type PT_INTERP, 3).
fn interpreter(program: &[u8]) -> bool {
    assert_eq!(program.get(..6), Some(&b"\x7fELF\x02\x01"[..]), "no ELF program");
    let number = |at: usize, bytes: usize| {
        program[at..at + bytes].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (start, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).any(|index| number(start + index * size, 4) == 3)
}

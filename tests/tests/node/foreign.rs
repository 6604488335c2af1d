//! The image of a trainer that is not ours, from `foreign_trainer.rs`.

use super::{Node, root};
use dropout_cluster::Image;
use std::{fs, process::Command, sync::OnceLock};

/// Its name on the node.
pub const IMAGE: &str = "localhost/dropout-tests/foreign-trainer:1";

/// Compiles it and loads it on the node, once.
pub fn load(node: &Node) {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("dropout-foreign-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (program, archive) = (folder.join("foreign-trainer"), folder.join("image.tar"));
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-o"])
            .arg(&program)
            .arg(root().join("tests/tests/node/foreign_trainer.rs"))
            .status()
            .unwrap();
        assert!(compiled.success());
        Image { name: IMAGE, program: &program, user: "65532:65532" }.write(&archive).unwrap();
        node.cluster.load_image(&archive).unwrap();
        fs::remove_dir_all(folder).unwrap();
    });
}

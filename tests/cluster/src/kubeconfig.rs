//! Writes kubeconfig files, one for each identity. JSON is YAML, so no YAML writer is needed.

use serde_json::json;

use crate::error::Result;
use crate::folder::Folder;

/// Writes a kubeconfig in the run folder for the identity whose files are `pki/<identity>.crt` and `.key`.
pub(crate) fn write(folder: &Folder, name: &str, identity: &str, server: &str) -> Result<()> {
    let pki = |file: String| folder.text(&format!("pki/{file}"));
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dropout",
        "clusters": [{
            "name": "dropout",
            "cluster": { "server": server, "certificate-authority": pki("ca.crt".into()) },
        }],
        "users": [{
            "name": identity,
            "user": {
                "client-certificate": pki(format!("{identity}.crt")),
                "client-key": pki(format!("{identity}.key")),
            },
        }],
        "contexts": [{ "name": "dropout", "context": { "cluster": "dropout", "user": identity } }],
    });
    folder.write(name, &format!("{config:#}\n"))
}

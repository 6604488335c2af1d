//! Where a file is: on a claim or in a bucket, with the names of what pods mount to reach it. It reads none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A file on a volume claim or an object in a bucket of an S3 server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = place_rules()))]
pub struct Source {
    /// `file:///` and the path inside the claim, or `s3://`, the bucket and the object's name.
    #[schemars(
        length(min = 9, max = 512),
        regex(pattern = r"^(file:///|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/)[A-Za-z0-9._/-]+$")
    )]
    pub uri: String,
    /// The claim of `file:///`, in the model's namespace. Left out: the uri is `s3://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<Claim>,
    /// The Secret with the keys of `s3://`: its entries AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if needed,
    /// AWS_SESSION_TOKEN, AWS_ENDPOINT_URL, AWS_REGION and ca.crt. Left out: the uri is `file:///`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
    /// Digest of the file, `sha256:` and 64 hex digits. A change of it starts a training; a file with another digest
    /// is refused. Left out: the file is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 71), regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
}

impl Source {
    /// The path inside the claim, without a leading slash; of an object in a bucket the whole uri.
    pub fn path(&self) -> &str {
        self.uri.strip_prefix("file:///").unwrap_or(&self.uri)
    }

    /// Name of the claim, unless it is in a bucket.
    pub fn claim(&self) -> Option<&str> {
        self.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.as_str())
    }

    /// Name of the Secret with the keys of its bucket.
    pub fn secret(&self) -> Option<&str> {
        self.secret_ref.as_ref().map(|secret| secret.name.as_str())
    }

    /// The same without the name of the Secret: keys are renewed under other names, and what they open stays the same.
    pub fn without_secret(&self) -> Self {
        Self { secret_ref: None, ..self.clone() }
    }
}

/// Whether a uri names something in a bucket.
pub fn is_in_bucket(uri: &str) -> bool {
    uri.starts_with("s3://")
}

/// The rules of whatever has a `uri`, a claim and a Secret.
pub fn place_rules() -> Value {
    json!([
        {
            "rule": "self.uri.startsWith('file:///') == has(self.persistentVolumeClaim)",
            "message": "uri: file:/// needs the persistentVolumeClaim that it is on, s3:// has none; add it or take it out",
        },
        {
            "rule": "self.uri.startsWith('s3://') == has(self.secretRef)",
            "message": "secretRef: s3:// needs the Secret with its keys, file:/// has none; add it or take it out",
        },
    ])
}

/// A Secret of the model's namespace, by name. The operator never reads it; only pods mount it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A PersistentVolumeClaim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Name of the claim.
    #[schemars(length(min = 1, max = 253))]
    pub claim_name: String,
}

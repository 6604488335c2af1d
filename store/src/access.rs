//! How a bucket is reached: keys, endpoint and region, from the usual variables or from the files of a mounted Secret. It
//! opens no connection, and shows no key.

use std::{fmt, fs, path::Path};

/// The variables that are read, by the names that every S3 client knows.
const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const REGION: &str = "AWS_REGION";
/// The file with certificates of authorities.
const AUTHORITIES: &str = "AWS_CA_BUNDLE";
/// The entry of a Secret with the same.
const AUTHORITIES_ENTRY: &str = "ca.crt";
/// The region of a server that has none.
const ANY_REGION: &str = "us-east-1";

/// How a bucket is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The access key.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// The token of temporary keys.
    pub token: Option<String>,
    /// Address of the server; none means Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Certificates of authorities, PEM, that vouch for the server beside the public ones.
    pub authorities: Option<String>,
}

impl fmt::Debug for Access {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Access")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Reads it: the keys from the folder if there is one, else from the environment; endpoint and region from the folder,
    /// and what it does not say from the environment. The error says what is missing.
    pub fn read(folder: Option<&Path>) -> Result<Self, String> {
        let given = |name: &str| match folder {
            Some(folder) => entry(folder, name),
            None => variable(name),
        };
        let needed = |name: &str| given(name).ok_or_else(|| missing(name, folder));
        let either = |name: &str| given(name).or_else(|| variable(name));
        let endpoint = either(ENDPOINT).map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        let authorities = folder.and_then(|folder| entry(folder, AUTHORITIES_ENTRY));
        Ok(Self {
            authorities: authorities.map_or_else(named_authorities, |text| Ok(Some(text)))?,
            key: needed(ACCESS_KEY)?,
            secret: needed(SECRET_KEY)?,
            token: given(TOKEN),
            endpoint: endpoint.map(checked).transpose()?,
            region: either(REGION).unwrap_or_else(|| ANY_REGION.to_owned()),
        })
    }

    /// Whether the server is spoken to without TLS.
    pub fn is_plain(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }
}

/// An endpoint that a request can be sent to.
fn checked(endpoint: String) -> Result<String, String> {
    let read = reqwest::Url::parse(&endpoint).ok();
    let is_good = read.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.query().is_none()
    });
    match is_good {
        true => Ok(endpoint),
        false => Err(format!("{ENDPOINT} is no address of a server; it must be such as https://s3.example.org:9000")),
    }
}

fn missing(name: &str, folder: Option<&Path>) -> String {
    match folder {
        Some(folder) => format!("there is no {name} in {}; add it to the Secret", folder.display()),
        None => format!("{name} is not set; set it, or name a Secret that holds it"),
    }
}

/// The certificates in the file that the environment names.
fn named_authorities() -> Result<Option<String>, String> {
    let Some(file) = variable(AUTHORITIES) else { return Ok(None) };
    fs::read_to_string(&file)
        .map(Some)
        .map_err(|error| format!("{AUTHORITIES} names {file}, which cannot be read: {error}"))
}

fn entry(folder: &Path, name: &str) -> Option<String> {
    said(fs::read_to_string(folder.join(name)).ok()?)
}

fn variable(name: &str) -> Option<String> {
    said(std::env::var(name).ok()?)
}

/// A value, unless it is empty. Files often end with a new line that nobody means.
fn said(value: String) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(entries: &[(&str, &str)]) -> std::path::PathBuf {
        let name = entries.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let folder = std::env::temp_dir().join(format!("dropout-access-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, value) in entries {
            fs::write(folder.join(name), value).unwrap();
        }
        folder
    }

    #[test]
    fn a_secret_is_read_without_the_new_line_at_its_end_and_shown_nowhere() {
        let entries =
            [(ACCESS_KEY, "key-1\n"), (SECRET_KEY, "hush"), (ENDPOINT, "http://127.0.0.1:1/\n"), (REGION, "")];
        let folder = folder(&entries);
        let access = Access::read(Some(&folder)).unwrap();
        let expected = Access {
            key: "key-1".into(),
            secret: "hush".into(),
            token: None,
            endpoint: Some("http://127.0.0.1:1".into()),
            region: ANY_REGION.into(),
            // The machine that tests may name some of its own.
            authorities: named_authorities().unwrap(),
        };
        assert_eq!(access, expected);
        assert!(access.is_plain());
        assert!(!format!("{access:?}").contains("hush") && !format!("{access:?}").contains("key-1"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_missing_or_no_address_is_named() {
        let of = |entries: &[(&str, &str)]| {
            let folder = folder(entries);
            let refusal = Access::read(Some(&folder)).unwrap_err();
            fs::remove_dir_all(folder).unwrap();
            refusal
        };
        assert!(of(&[(ACCESS_KEY, "key")]).contains("no AWS_SECRET_ACCESS_KEY in /"));
        for endpoint in ["s3.example.org", "ftp://host", "http://", "http://user@host", "http://host?x", "no url"] {
            let refusal = of(&[(ACCESS_KEY, "key"), (SECRET_KEY, "hush"), (ENDPOINT, endpoint)]);
            assert!(refusal.contains("AWS_ENDPOINT_URL"), "{endpoint}: {refusal}");
        }
    }
}

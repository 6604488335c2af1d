//! Keys and certificates of one cluster, made anew at every start. It trusts and reads nothing from the machine.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::error::{Naming, Result};
use crate::folder::Folder;

/// Someone the certificate authority vouches for.
pub(crate) struct Identity<'a> {
    /// The name of the files, such as `admin` for `pki/admin.crt` and `pki/admin.key`.
    pub file: &'a str,
    /// The common name: the user the apiserver sees.
    pub user: &'a str,
    /// The organisation: the group the apiserver sees.
    pub group: Option<&'a str>,
    /// The names and addresses it serves under; none for a client.
    pub hosts: &'a [&'a str],
}

/// The certificate authority of one cluster. Its key never leaves memory.
pub(crate) struct Authority {
    folder: Folder,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes it, and writes `pki/ca.crt`.
    pub fn create(folder: &Folder) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "dropout-cluster");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        folder.write("pki/ca.crt", &issuer.pem())?;
        Ok(Self { folder: folder.clone(), issuer })
    }

    /// Writes a certificate and its key for an identity.
    pub fn issue(&self, identity: &Identity<'_>) -> Result<()> {
        let hosts: Vec<String> = identity.hosts.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, identity.user);
        if let Some(group) = identity.group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![if identity.hosts.is_empty() {
            ExtendedKeyUsagePurpose::ClientAuth
        } else {
            ExtendedKeyUsagePurpose::ServerAuth
        }];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        self.folder.write(&format!("pki/{}.crt", identity.file), &certificate.pem())?;
        write_secret(&self.folder, &format!("pki/{}.key", identity.file), &key.serialize_pem())
    }
}

/// The key pair that signs the tokens of service accounts: `pki/tokens.key` and `pki/tokens.pub`.
pub(crate) fn token_keys(folder: &Folder) -> Result<()> {
    let key = KeyPair::generate()?;
    folder.write("pki/tokens.pub", &key.public_key_pem())?;
    write_secret(folder, "pki/tokens.key", &key.serialize_pem())
}

fn write_secret(folder: &Folder, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).naming("create", &path)?;
    file.write_all(text.as_bytes()).naming("write", &path)
}

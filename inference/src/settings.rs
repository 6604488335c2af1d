//! The settings: flags, or the environment variable of the same name in capitals. Parsed once, at start.

use crate::{
    keeping::Keeping,
    keys::Keys,
    listener::Limits,
    row::LandmarkFields,
    version::{Decisions, Terms},
};
use axum::http::HeaderValue;
use dropout_model::{
    manifest::{Target, is_in_bucket},
    period::Period,
    policy::{Policy, Serving},
    task::path,
};
use dropout_store::Store;
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    net::IpAddr,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// What `--help` says.
pub const USAGE: &str = "\
Serves the dropout risk of one verified bundle: POST /predict, GET /v1/model; with records POST /v1/outcomes.

Started by the operator:
  --serving FILE          which bundle, as which version, under which policy (JSON)
  --keys FOLDER           one API key in each file; reread when changed         [/keys]
  --store-keys FOLDER     AWS_ACCESS_KEY_ID and so on for a bundle or records in a bucket,
                          one in each file; reread when needed
                          [/credentials/store if there, else the environment]
Makes a client's key and prints the Secret with its digest:
  make-key CLIENT SECRET
Alone, by environment:
  MODEL_PATH              the bundle: a file, or s3://BUCKET/NAME
  API_KEY                 the key that clients show (or --keys)
  THRESHOLD               decision threshold on risk      [reaches a recall of 0.80]
  MODEL_VERSION           name of the version                          [unversioned]
Records, alone; by environment or as flags such as --pseudonym-key-file:
  RECORDS                 folder for records of predictions and outcomes     [none]
  PSEUDONYM_KEY_FILE      the key of patients' pseudonyms, at least 32 bytes; read once
  PSEUDONYM_KEY_ID        what the key is called in records; another key, another id  [default]
  RECORDS_EVERY           longest time until a prediction is written          [10s]
  STUDY                   identifier of the trial                    [the bundle's]
  INDEX, LANDMARK         fields of a request with the landmark's date and day   [none]
Both; each is also an environment variable, such as HEALTH_PORT:
  --port N                port for predictions                                [8000]
  --health-port N         port for /livez, /readyz and /metrics               [9000]
  --address IP            address to listen on                                 [all]
  --rows-per-second N     most rows that a client may have predicted in a second  [no limit]
  --max-connections N     most connections at once on the first port          [4096]
  --tls FOLDER            tls.crt and tls.key of the first port; reread when changed   [plain HTTP]
  --allowed-origins LIST  origins whose pages may call from a browser, with commas between   [none]
  --header-timeout TIME   longest time for the head of a request               [10s]
  --drain TIME            how long requests are still accepted when stopping    [5s]
";

const FLAGS: [&str; 19] = [
    "serving",
    "keys",
    "store-keys",
    "port",
    "health-port",
    "address",
    "max-connections",
    "rows-per-second",
    "header-timeout",
    "drain",
    "tls",
    "allowed-origins",
    "records",
    "records-every",
    "study",
    "pseudonym-key-file",
    "pseudonym-key-id",
    "index",
    "landmark",
];

/// What the service was started with.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// Where the bundle is.
    pub bundle: Place,
    /// What its version is called and what is done with its risks.
    pub terms: Terms,
    /// Where the keys are.
    pub keys: KeySource,
    /// Where and how records are kept; none means they are not.
    pub records: Option<Keeping>,
    /// Address to listen on; none means all.
    pub address: Option<IpAddr>,
    /// Port for predictions.
    pub port: u16,
    /// Port for health and metrics.
    pub health_port: u16,
    /// What clients may take.
    pub limits: Limits,
    /// Most rows that a client may have predicted in a second; none means any number.
    pub rows_per_second: Option<u32>,
    /// How long requests are still accepted when the service stops.
    pub drain: Duration,
    /// Folder of the first port's certificate; none means plain HTTP.
    pub tls: Option<PathBuf>,
    /// Origins whose pages may call from a browser.
    pub origins: Vec<HeaderValue>,
}

/// Where a bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// In a bucket, with the keys of its server in the files of a folder or, without one, in the environment.
    Object {
        /// The `s3://` uri.
        uri: String,
        /// The folder.
        keys: Option<PathBuf>,
    },
}

/// Where the keys are.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the files of a folder, reread when changed.
    Folder(PathBuf),
    /// Given once, in the environment.
    Given(Keys),
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadSetting {
    /// A flag that there is none of.
    #[error("there is no flag {0}; --help lists them")]
    Unknown(String),
    /// A flag without a value.
    #[error("the flag --{0} needs a value")]
    Empty(String),
    /// A value that cannot be used.
    #[error("{0} must be {1}")]
    Value(String, &'static str),
    /// No bundle.
    #[error("either --serving (started by the operator) or MODEL_PATH (alone) must be set, and not both")]
    Source,
    /// No key.
    #[error("API_KEY or --keys must be set")]
    NoKey,
    /// Records asked for twice.
    #[error("--records is for a service alone; the serving file says whether records are kept")]
    OwnRecords,
    /// Records without a key for pseudonyms.
    #[error("PSEUDONYM_KEY_FILE must be set to keep records: they hold patients only as pseudonyms")]
    NoPseudonymKey,
    /// The serving file.
    #[error("the serving file {0} cannot be used: {1}")]
    Serving(String, String),
}

struct Sources<E> {
    flags: HashMap<String, String>,
    environment: E,
}

impl<E: Fn(&str) -> Option<String>> Sources<E> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    fn flag(&self, flag: &str) -> Option<String> {
        let variable = || self.variable(&flag.replace('-', "_").to_uppercase());
        self.flags.get(flag).cloned().or_else(variable)
    }

    fn parsed<T: FromStr>(&self, flag: &str, default: T, kind: &'static str) -> Result<T, BadSetting> {
        let Some(text) = self.flag(flag) else { return Ok(default) };
        text.parse().map_err(|_| BadSetting::Value(format!("--{flag}"), kind))
    }

    fn duration(&self, flag: &str, default: u32) -> Result<Duration, BadSetting> {
        let period = self.parsed(flag, Period::seconds(default), "a time such as 10s")?;
        Ok(Duration::from_secs(period.as_seconds()))
    }
}

impl Settings {
    /// Reads the settings from flags and environment; reads the serving file if one is named.
    pub fn read(
        flags: impl Iterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadSetting> {
        let sources = Sources { flags: parse(flags)?, environment };
        let flag = rows_per_second(&sources)?;
        let (served, keys) = match (sources.flag("serving"), sources.variable("MODEL_PATH")) {
            (Some(_), None) if sources.flag("records").is_some() => return Err(BadSetting::OwnRecords),
            (Some(file), None) => {
                let keys = KeySource::Folder(sources.flag("keys").unwrap_or_else(|| "/keys".into()).into());
                (serving(&file)?, keys)
            }
            (None, Some(bundle)) => {
                let (terms, records) = (alone(&sources)?, own_records(&sources)?);
                let served = Served { bundle, terms, records, rate: None, tls: None, origins: Vec::new() };
                (served, own_keys(&sources)?)
            }
            (None, None) | (Some(_), Some(_)) => return Err(BadSetting::Source),
        };
        let mounted = || Some(PathBuf::from(path::STORE_KEYS)).filter(|folder| folder.is_dir());
        let store_keys = sources.flag("store-keys").map(PathBuf::from).or_else(mounted);
        let address = sources.flag("address").map(|text| text.parse()).transpose();
        let connections: u32 = sources.parsed("max-connections", 4096, "a number from 1 to 1000000")?;
        if !(1..=1_000_000).contains(&connections) {
            return Err(BadSetting::Value("--max-connections".into(), "a number from 1 to 1000000"));
        }
        Ok(Self {
            bundle: place(served.bundle, store_keys.clone()),
            terms: served.terms,
            keys,
            records: served.records.map(|records| Keeping { keys: store_keys, ..records }),
            address: address.map_err(|_| BadSetting::Value("--address".into(), "an IP address"))?,
            port: sources.parsed("port", 8000, "a port")?,
            health_port: sources.parsed("health-port", 9000, "a port")?,
            limits: Limits { connections, header_timeout: sources.duration("header-timeout", 10)? },
            rows_per_second: flag.or(served.rate),
            drain: sources.duration("drain", 5)?,
            tls: sources.flag("tls").map(PathBuf::from).or(served.tls),
            origins: origins(sources.flag("allowed-origins"), served.origins)?,
        })
    }
}

fn rows_per_second<E: Fn(&str) -> Option<String>>(sources: &Sources<E>) -> Result<Option<u32>, BadSetting> {
    let Some(text) = sources.flag("rows-per-second") else { return Ok(None) };
    let rows = text.parse().ok().filter(|rows| (1..=1_000_000).contains(rows));
    rows.map(Some).ok_or_else(|| BadSetting::Value("--rows-per-second".into(), "a number from 1 to 1000000"))
}

/// Origins as a browser says them. `*` is none: with a key in the header every page of the world could call.
fn origins(flag: Option<String>, served: Vec<String>) -> Result<Vec<HeaderValue>, BadSetting> {
    let bad = || BadSetting::Value("--allowed-origins".into(), "origins such as https://retention.example, never *");
    let given = flag.map(|list| list.split(',').map(|origin| origin.trim().to_owned()).collect());
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        host.is_some_and(|host| !host.is_empty() && !host.contains(['*', '/', '?', '#', '@', ' ']))
    };
    let of = |origin: String| Some(origin).filter(is_origin)?.parse().ok();
    given.unwrap_or(served).into_iter().map(|origin| of(origin).ok_or_else(bad)).collect()
}

fn parse(mut flags: impl Iterator<Item = String>) -> Result<HashMap<String, String>, BadSetting> {
    let mut parsed = HashMap::new();
    while let Some(word) = flags.next() {
        let flag = word.strip_prefix("--").ok_or_else(|| BadSetting::Unknown(word.clone()))?;
        let (flag, value) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (flag, None),
        };
        if !FLAGS.contains(&flag) {
            return Err(BadSetting::Unknown(format!("--{flag}")));
        }
        let value = value.or_else(|| flags.next()).filter(|value| !value.is_empty());
        parsed.insert(flag.to_owned(), value.ok_or_else(|| BadSetting::Empty(flag.to_owned()))?);
    }
    Ok(parsed)
}

fn place(bundle: String, keys: Option<PathBuf>) -> Place {
    if !is_in_bucket(&bundle) {
        return Place::File(bundle.into());
    }
    Place::Object { uri: bundle, keys }
}

/// What a serving file says.
struct Served {
    bundle: String,
    terms: Terms,
    records: Option<Keeping>,
    rate: Option<u32>,
    tls: Option<PathBuf>,
    origins: Vec<String>,
}

fn serving(file: &str) -> Result<Served, BadSetting> {
    let bad = |problem: String| BadSetting::Serving(file.to_owned(), problem);
    let bytes = fs::read(file).map_err(|error| bad(error.to_string()))?;
    let serving: Serving = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    if let Some(problem) = fault(&serving.policy) {
        return Err(bad(problem.into()));
    }
    let (name, digest) = (serving.model_version, Some(serving.bundle_digest));
    let (policy, accepts) = (Decisions::Given(serving.policy), serving.accepts);
    let landmark = serving
        .records
        .as_ref()
        .map(|setting| LandmarkFields { date: setting.index.clone(), day: setting.landmark.clone() });
    let records = serving.records.map(Keeping::of).transpose().map_err(|problem| bad(problem.into()))?;
    if let Some(Err(problem)) = records.as_ref().map(|keeping| Store::open(&keeping.store, &keeping.mount)) {
        return Err(bad(problem.to_string()));
    }
    let terms =
        Terms { name, digest, policy, accepts, landmark: landmark.unwrap_or_default(), metrics: serving.metrics };
    Ok(Served {
        bundle: serving.bundle,
        terms,
        records,
        rate: serving.rows_per_second,
        tls: serving.tls.map(PathBuf::from),
        origins: serving.allowed_origins,
    })
}

fn fault(policy: &Policy) -> Option<&'static str> {
    if !(0.0..=1.0).contains(&policy.threshold) {
        return Some("its threshold is not between 0 and 1");
    }
    policy.tiers.is_empty().then_some("its policy has no tiers")
}

fn alone<E: Fn(&str) -> Option<String>>(sources: &Sources<E>) -> Result<Terms, BadSetting> {
    let bad = || BadSetting::Value("THRESHOLD".into(), "a number from 0 to 1");
    let target = match sources.variable("THRESHOLD") {
        Some(text) => Target::Value(text.parse().ok().filter(|value| (0.0..=1.0).contains(value)).ok_or_else(bad)?),
        None => Target::Recall(0.80),
    };
    let name = sources.variable("MODEL_VERSION").unwrap_or_else(|| "unversioned".into());
    let landmark = LandmarkFields { date: sources.flag("index"), day: sources.flag("landmark") };
    Ok(Terms {
        name,
        digest: None,
        policy: Decisions::Resolved(target),
        accepts: Vec::new(),
        landmark,
        metrics: BTreeMap::new(),
    })
}

fn own_records<E: Fn(&str) -> Option<String>>(sources: &Sources<E>) -> Result<Option<Keeping>, BadSetting> {
    let Some(folder) = sources.flag("records") else { return Ok(None) };
    let key_file = sources.flag("pseudonym-key-file").ok_or(BadSetting::NoPseudonymKey)?;
    let alone = Keeping::alone(&folder, &key_file);
    let key_id = sources.flag("pseudonym-key-id").unwrap_or_else(|| alone.key_id.clone());
    let (every, study) = (sources.duration("records-every", 10)?, sources.flag("study"));
    Ok(Some(Keeping { every, study, key_id, ..alone }))
}

fn own_keys<E: Fn(&str) -> Option<String>>(sources: &Sources<E>) -> Result<KeySource, BadSetting> {
    if let Some(folder) = sources.flag("keys") {
        return Ok(KeySource::Folder(folder.into()));
    }
    let keys = Keys::new(sources.variable("API_KEY"));
    if keys.is_empty() { Err(BadSetting::NoKey) } else { Ok(KeySource::Given(keys)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str], environment: &[(&str, &str)]) -> Result<Settings, BadSetting> {
        let of = |name: &str| environment.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Settings::read(flags.iter().map(|flag| (*flag).to_owned()), of)
    }

    const ALONE: [(&str, &str); 2] = [("MODEL_PATH", "bundle.json"), ("API_KEY", "secret")];

    #[test]
    fn alone_needs_only_a_bundle_and_a_key() {
        let settings = read(&[], &ALONE).unwrap();
        let expected = Settings {
            bundle: Place::File("bundle.json".into()),
            terms: Terms {
                name: "unversioned".into(),
                digest: None,
                policy: Decisions::Resolved(Target::Recall(0.80)),
                accepts: Vec::new(),
                landmark: LandmarkFields::default(),
                metrics: BTreeMap::new(),
            },
            records: None,
            keys: KeySource::Given(Keys::new(["secret"])),
            address: None,
            port: 8000,
            health_port: 9000,
            limits: Limits { connections: 4096, header_timeout: Duration::from_secs(10) },
            rows_per_second: None,
            drain: Duration::from_secs(5),
            tls: None,
            origins: Vec::new(),
        };
        assert!(settings == expected);
    }

    #[test]
    fn a_flag_beats_the_variable_of_its_name() {
        let variables = [ALONE[0], ALONE[1], ("PORT", "1"), ("HEALTH_PORT", "2")];
        let settings = read(&["--port=3"], &variables).unwrap();
        assert_eq!((settings.port, settings.health_port), (3, 2));
    }

    #[test]
    fn bad_settings_are_named() {
        let refused = |flags: &[&str], variables: &[(&str, &str)]| read(flags, variables).err().unwrap().to_string();
        assert!(refused(&[], &[]).contains("MODEL_PATH"));
        assert!(refused(&[], &ALONE[..1]).contains("API_KEY"));
        assert!(refused(&[], &[ALONE[0], ("API_KEY", " ")]).contains("API_KEY"));
        assert!(refused(&["--serving", "x.json"], &ALONE).contains("not both"));
        assert!(refused(&["--serving", "absent/x.json"], &[]).contains("absent/x.json"));
        assert!(refused(&["--prot", "1"], &ALONE).contains("--prot"));
        assert!(refused(&["--port"], &ALONE).contains("--port"));
        assert!(refused(&["--drain", "5"], &ALONE).contains("--drain"));
        assert!(refused(&["--rows-per-second", "0"], &ALONE).contains("--rows-per-second"));
        for origins in ["*", "https://*.example", "retention.example", "https://a.example/", "https://a.example,"] {
            assert!(refused(&["--allowed-origins", origins], &ALONE).contains("--allowed-origins"), "{origins}");
        }
        assert!(refused(&["--max-connections", "0"], &ALONE).contains("--max-connections"));
        assert!(refused(&[], &[ALONE[0], ALONE[1], ("THRESHOLD", "1.5")]).contains("THRESHOLD"));
        assert!(refused(&["--records", "x"], &ALONE).contains("PSEUDONYM_KEY_FILE"));
        assert!(refused(&["--serving", "x.json", "--records", "x"], &[]).contains("alone"));
    }

    #[test]
    fn records_alone_are_of_the_bundle_s_trial_unless_another_is_named() {
        let flags = ["--records", "folder", "--pseudonym-key-file", "key", "--index", "visit_date"];
        let variables = [ALONE[0], ALONE[1], ("RECORDS_EVERY", "2s"), ("LANDMARK", "day")];
        let settings = read(&flags, &variables).unwrap();
        let expected = Keeping { every: Duration::from_secs(2), ..Keeping::alone("folder", "key") };
        assert_eq!((settings.records, expected.study.as_ref()), (Some(expected.clone()), None));
        let landmark = LandmarkFields { date: Some("visit_date".into()), day: Some("day".into()) };
        assert_eq!(settings.terms.landmark, landmark);
        assert_eq!(read(&flags, &[ALONE[0], ALONE[1], ("STUDY", "S")]).unwrap().records.unwrap().study.unwrap(), "S");
    }
}

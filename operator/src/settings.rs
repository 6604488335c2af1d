//! What the operator is started with: flags, each with an environment variable of the same meaning. The rest stands in
//! the resources.

use std::{collections::HashMap, env, time::Duration};

/// The text of `--help`.
pub const HELP: &str = "dropout-operator: owns DropoutModels and RetrainPolicies

  --trainer-image IMAGE     (TRAINER_IMAGE)     image of prepare, train and evaluate; required
  --inference-image IMAGE   (INFERENCE_IMAGE)   image of the serving pods; required
  --monitor-image IMAGE     (MONITOR_IMAGE)     image of the monitor's Jobs; required
  --namespace NAME          (WATCH_NAMESPACE)   watch this namespace only; left out: all
  --max-trainings N         (MAX_TRAININGS)     trainings at a time, over all models; 4
  --max-rollouts N          (MAX_ROLLOUTS)      models that change to a new default image at a time; 4
  --port N                  (PORT)              /livez, /readyz and /metrics; 8080
  --lease NAME              (LEASE_NAME)        name of the Lease; dropout-operator
  --lease-namespace NAME    (POD_NAMESPACE)     namespace of the Lease; default
  --identity NAME           (POD_NAME)          who holds the Lease; dropout-operator
  --image-pull-policy P     (IMAGE_PULL_POLICY) of the pods it makes; IfNotPresent

Log filter: RUST_LOG, such as info or dropout_operator=debug.
";

/// The operator's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Image of a training's containers.
    pub trainer_image: String,
    /// Image of the serving pods.
    pub inference_image: String,
    /// Image of the monitor's Jobs.
    pub monitor_image: String,
    /// The only namespace that is watched; none means all.
    pub namespace: Option<String>,
    /// Most trainings at a time.
    pub max_trainings: u32,
    /// Most rollouts of a new default image at a time.
    pub max_rollouts: u32,
    /// Port of health and metrics.
    pub port: u16,
    /// Name of the Lease.
    pub lease: String,
    /// Namespace of the Lease.
    pub lease_namespace: String,
    /// Who we are in the Lease.
    pub identity: String,
    /// Pull policy of the pods we make.
    pub image_pull_policy: String,
    /// Lease duration, deadline and pause between renewals.
    pub lease_times: LeaseTimes,
}

/// The three times of a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTimes {
    /// After this long without a change another may take the Lease.
    pub duration: Duration,
    /// After this long without a renewal the leader stops.
    pub deadline: Duration,
    /// Pause between renewals.
    pub pause: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        let [duration, deadline, pause] = [15, 10, 2].map(Duration::from_secs);
        Self { duration, deadline, pause }
    }
}

/// What is wrong with the flags.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// A flag nobody knows.
    #[error("unknown flag {0}; see --help")]
    Unknown(String),
    /// A flag without its value.
    #[error("flag {0} needs a value")]
    NoValue(String),
    /// A required flag is not there.
    #[error("flag {0} is required")]
    Missing(&'static str),
    /// A value that is no whole number in range.
    #[error("flag {0}: '{1}' is no whole number in its range")]
    NoNumber(&'static str, String),
}

/// Flags and their environment variables.
const FLAGS: [(&str, &str); 11] = [
    ("--trainer-image", "TRAINER_IMAGE"),
    ("--inference-image", "INFERENCE_IMAGE"),
    ("--monitor-image", "MONITOR_IMAGE"),
    ("--namespace", "WATCH_NAMESPACE"),
    ("--max-trainings", "MAX_TRAININGS"),
    ("--max-rollouts", "MAX_ROLLOUTS"),
    ("--port", "PORT"),
    ("--lease", "LEASE_NAME"),
    ("--lease-namespace", "POD_NAMESPACE"),
    ("--identity", "POD_NAME"),
    ("--image-pull-policy", "IMAGE_PULL_POLICY"),
];

impl Settings {
    /// Reads flags; a flag left out is taken from its environment variable.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, SettingsError> {
        let mut values: HashMap<&str, String> =
            FLAGS.iter().filter_map(|(flag, variable)| Some((*flag, env::var(variable).ok()?))).collect();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, given) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let known = FLAGS.iter().find(|(flag, _)| *flag == name);
            let (flag, _) = known.ok_or_else(|| SettingsError::Unknown(name.clone()))?;
            let value = given.or_else(|| arguments.next()).ok_or_else(|| SettingsError::NoValue(name.clone()))?;
            values.insert(flag, value);
        }
        values.retain(|_, value| !value.is_empty());
        Self::of(&values)
    }

    fn of(values: &HashMap<&str, String>) -> Result<Self, SettingsError> {
        let text = |flag: &str, default: &str| values.get(flag).cloned().unwrap_or_else(|| default.to_owned());
        let required = |flag: &'static str| values.get(flag).cloned().ok_or(SettingsError::Missing(flag));
        Ok(Self {
            trainer_image: required("--trainer-image")?,
            inference_image: required("--inference-image")?,
            monitor_image: required("--monitor-image")?,
            namespace: values.get("--namespace").cloned(),
            max_trainings: number(values, "--max-trainings", 4)?,
            max_rollouts: number(values, "--max-rollouts", 4)?,
            port: number(values, "--port", 8080)?,
            lease: text("--lease", "dropout-operator"),
            lease_namespace: text("--lease-namespace", "default"),
            identity: text("--identity", "dropout-operator"),
            image_pull_policy: text("--image-pull-policy", "IfNotPresent"),
            lease_times: LeaseTimes::default(),
        })
    }
}

fn number<T: std::str::FromStr>(
    values: &HashMap<&str, String>,
    flag: &'static str,
    default: T,
) -> Result<T, SettingsError> {
    match values.get(flag) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| SettingsError::NoNumber(flag, text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Settings, SettingsError> {
        Settings::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn images_are_required_and_numbers_are_checked() {
        assert_eq!(read("--trainer-image t"), Err(SettingsError::Missing("--inference-image")));
        assert_eq!(read("--trainer-image t --inference-image i"), Err(SettingsError::Missing("--monitor-image")));
        assert_eq!(
            read("--trainer-image t --inference-image i --monitor-image m --max-trainings many"),
            Err(SettingsError::NoNumber("--max-trainings", "many".into()))
        );
        assert_eq!(read("--bogus"), Err(SettingsError::Unknown("--bogus".into())));
        let settings = read("--trainer-image t --inference-image=i --monitor-image=m --namespace=trial").unwrap();
        assert_eq!((settings.namespace.as_deref(), settings.max_trainings), (Some("trial"), 4));
    }
}

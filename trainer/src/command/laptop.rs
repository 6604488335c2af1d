//! Train, evaluate and gate on a laptop: the same manifest, code and numbers as in a Job, with files named on the command
//! line.

use super::{arguments::Arguments, table};
use crate::{
    evaluation::{self, Contest, training_rows},
    failure::{Failure, bytes},
    out_of_fold,
    report::Report,
    spec::{self, Spec},
    training,
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    digest::digest,
    input::{BadInput, Reason},
    policy::resolve,
    rows::{Contract, MAX_FILE, Table, read},
    task::{Looked, Outcome, Served},
};
use std::{fs, path::Path};

/// A bundle from a file, with its digest.
pub struct Read {
    /// The bundle.
    pub bundle: Bundle,
    /// Its digest.
    pub digest: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Trains, judges, and writes bundle and report.
pub fn train(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let against = arguments.optional("against").map(bundle).transpose()?;
    let out = Path::new(arguments.needed("out")?);
    let table = rows(&spec, arguments.needed("data")?, against.as_ref())?;
    let training = training_rows(&spec.manifest, &table);
    eprintln!("training on {} rows of {} patients", training.len(), training.patients.len());
    let bundle = training::train(&spec.manifest, &training, &table.digest)?;
    let bytes = bundle.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
    let candidate = Read { bundle, digest: digest(&bytes), bytes };
    judged(&spec, &table, (&candidate, against.as_ref()), (&Extra::read(arguments)?, out))
}

/// Judges a new candidate, and writes its bundle and its report.
pub fn judged(
    spec: &Spec,
    table: &Table,
    contest: (&Read, Option<&Read>),
    (extra, out): (&Extra, &Path),
) -> Result<u8, Failure> {
    let report = report(spec, table, contest, extra)?;
    write(&out.join("bundle.json"), &contest.0.bytes)?;
    write(&out.join("report.json"), &report.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?)?;
    print!("{}", table::metrics(&report));
    Ok(0)
}

/// Prints every metric of a bundle.
pub fn evaluate(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let candidate = bundle(arguments.needed("bundle")?)?;
    let against = arguments.optional("against").map(bundle).transpose()?;
    let table = rows(&spec, arguments.needed("data")?, against.as_ref())?;
    let report = report(&spec, &table, (&candidate, against.as_ref()), &Extra::read(arguments)?)?;
    print!("{}", table::metrics(&report));
    Ok(0)
}

/// Prints every check; the exit code says what the gate says.
pub fn gate(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let candidate = bundle(arguments.needed("candidate")?)?;
    let production = bundle(arguments.needed("production")?)?;
    let table = rows(&spec, arguments.needed("data")?, Some(&production))?;
    let report = report(&spec, &table, (&candidate, Some(&production)), &Extra::read(arguments)?)?;
    print!("{}", table::checks(&report));
    Ok(match report.outcome {
        Outcome::Passed => 0,
        Outcome::Failed | Outcome::Unchanged | Outcome::VersionTaken => 1,
        Outcome::BadInput => 2,
        Outcome::Inconclusive => 3,
    })
}

/// The rows of a file that count.
pub fn rows(spec: &Spec, file: &str, production: Option<&Read>) -> Result<Table, Failure> {
    let bytes = bytes(Path::new(file), file, MAX_FILE)?;
    let production = production.map(|read| read.bundle.features.as_slice());
    let table = read(file, &bytes, &Contract { manifest: &spec.manifest, production })?;
    let counts = table.counts;
    eprintln!(
        "{}/{}: {} rows, {} immature, {} censored, {} count",
        spec.namespace, spec.name, counts.rows, counts.immature, counts.censored, counts.mature
    );
    Ok(table)
}

/// What a Job is told and a laptop may be.
pub struct Extra {
    /// Which look at the holdout it is, from 1.
    pub look: u32,
    /// The candidate's risks of the training rows from models that never saw the row's patient.
    pub out_of_fold: Option<Vec<f64>>,
}

impl Extra {
    /// From the command line.
    pub fn read(arguments: &Arguments) -> Result<Self, Failure> {
        let look = arguments.optional("look").map_or(Ok(1), |_| arguments.number("look"))?;
        if look == 0 {
            return Err(Failure::Usage("--look must be 1 or more: the first look at a holdout is 1".into()));
        }
        let read = |file: &str| -> Result<Vec<f64>, Failure> {
            Ok(out_of_fold::read(file, &bytes(Path::new(file), file, out_of_fold::MAX_BYTES)?)?)
        };
        Ok(Self { look, out_of_fold: arguments.optional("out-of-fold").map(read).transpose()? })
    }

    /// Earlier looks at a holdout that did not grow.
    fn looked(&self) -> Option<Looked> {
        (self.look > 1).then_some(Looked { looks: self.look - 1, positive_patients: u32::MAX })
    }
}

/// Production is judged at the threshold that the manifest's target means for it.
fn report(
    spec: &Spec,
    table: &Table,
    (candidate, production): (&Read, Option<&Read>),
    extra: &Extra,
) -> Result<Report, Failure> {
    let target = spec.manifest.threshold.target();
    let served = production
        .map(|read| Served { digest: read.digest.clone(), threshold: resolve(target, &read.bundle.thresholds) });
    let contest = Contest {
        manifest: &spec.manifest,
        table,
        candidate: (&candidate.bundle, &candidate.digest),
        production: production.map(|read| &read.bundle).zip(served.as_ref()),
        out_of_fold: extra.out_of_fold.as_deref(),
        looked: extra.looked(),
    };
    Ok(evaluation::evaluate(&contest)?)
}

/// A bundle from a file.
pub fn bundle(file: &str) -> Result<Read, Failure> {
    let bytes = bytes(Path::new(file), file, MAX_BYTES as u64)?;
    let bundle =
        Bundle::read(&bytes, None).map_err(|error| BadInput::new(Reason::BadBundle, format!("{file}: {error}")))?;
    Ok(Read { bundle, digest: digest(&bytes), bytes })
}

/// Writes a file, making its folder.
pub fn write(place: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| Failure::disk("make", folder, error))?;
    }
    fs::write(place, bytes).map_err(|error| Failure::disk("write", place, error))
}

//! Train, evaluate and gate on a laptop: the same manifest, code and numbers as in a Job, with files named on the command
//! line.

use super::{arguments::Arguments, table};
use crate::{
    card::Card,
    evaluation::{self, Contest, training_rows},
    failure::{Failure, bytes},
    findings::findings,
    given::{Given, Place},
    out_of_fold,
    page::{self, View},
    report::Report,
    spec::{self, Spec},
    training::{self, Trained},
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    digest::digest,
    input::{BadInput, Reason},
    manifest::is_in_bucket,
    policy::resolve,
    rows::{Contract, Table},
    task::{Looked, Outcome, Served, path},
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

/// Trains, judges, and writes bundle, report, page and card.
pub fn train(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let against = arguments.optional("against").map(bundle).transpose()?;
    let out = Path::new(arguments.needed("out")?);
    let table = rows(&spec, arguments, against.as_ref())?;
    let training = training_rows(&spec.manifest, &table);
    eprintln!("training on {} rows of {} patients", training.len(), training.patients.len());
    for finding in findings(&spec.manifest, &training) {
        eprintln!("warning: {}: {}", finding.reason, finding.message);
    }
    let Trained { bundle, out_of_fold } = training::train(&spec.manifest, &training, &table.digest)?;
    let bytes = bundle.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
    let candidate = Read { bundle, digest: digest(&bytes), bytes };
    write(&out.join(path::OUT_OF_FOLD), out_of_fold::text(&out_of_fold).as_bytes())?;
    let extra = Extra { out_of_fold: Some(out_of_fold), ..Extra::read(arguments)? };
    judged(&spec, &table, (&candidate, against.as_ref()), (&extra, out))
}

/// Judges a new candidate, and writes its bundle, report, page and card.
pub fn judged(
    spec: &Spec,
    table: &Table,
    contest: (&Read, Option<&Read>),
    (extra, out): (&Extra, &Path),
) -> Result<u8, Failure> {
    let report = report(spec, table, contest, extra)?;
    write(&out.join("bundle.json"), &contest.0.bytes)?;
    keep(out, &View::new(&report, &contest.0.bundle, &spec.manifest.gate))?;
    print!("{}", table::metrics(&report));
    Ok(0)
}

/// Prints every metric of a bundle; writes report, page and card if a folder is named.
pub fn evaluate(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let candidate = bundle(arguments.needed("bundle")?)?;
    let against = arguments.optional("against").map(bundle).transpose()?;
    let table = rows(&spec, arguments, against.as_ref())?;
    let report = report(&spec, &table, (&candidate, against.as_ref()), &Extra::read(arguments)?)?;
    if let Some(out) = arguments.optional("out") {
        keep(Path::new(out), &View::new(&report, &candidate.bundle, &spec.manifest.gate))?;
    }
    print!("{}", table::metrics(&report));
    Ok(0)
}

/// Writes a report with its page and its card.
fn keep(out: &Path, view: &View<'_>) -> Result<(), Failure> {
    let unwritten = |error: serde_json::Error| Failure::Moved(error.to_string());
    let card = Card::of(view);
    write(&out.join("report.json"), &view.report.to_bytes().map_err(unwritten)?)?;
    write(&out.join("report.html"), page::html(view).as_bytes())?;
    write(&out.join("card.md"), card.markdown().as_bytes())?;
    write(&out.join("card.json"), &card.to_bytes().map_err(unwritten)?)
}

/// Prints every check; the exit code says what the gate says.
pub fn gate(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let candidate = bundle(arguments.needed("candidate")?)?;
    let production = bundle(arguments.needed("production")?)?;
    let table = rows(&spec, arguments, Some(&production))?;
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
pub fn rows(spec: &Spec, arguments: &Arguments, production: Option<&Read>) -> Result<Table, Failure> {
    let production = production.map(|read| read.bundle.features.as_slice());
    let table = given(spec, arguments)?.table(&Contract { manifest: &spec.manifest, production })?;
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

/// The files of rows that the command line names.
pub fn given<'a>(spec: &Spec, arguments: &'a Arguments) -> Result<Given<'a>, Failure> {
    let holdout = arguments.optional("holdout");
    check_holdout(spec, holdout)?;
    Given::read(place(arguments.needed("data")?), holdout.map(place))
}

fn place(file: &str) -> Place<'_, '_> {
    if is_in_bucket(file) { Place::Object(file, None) } else { Place::File(Path::new(file), file) }
}

/// A claim is not there on a laptop, so the file of a given holdout is named on the command line, and only if the
/// specification has one.
fn check_holdout(spec: &Spec, file: Option<&str>) -> Result<(), Failure> {
    let what = match (spec.manifest.data.holdout_source(), file) {
        (Some(_), None) => "spec.data.holdout.source is set, so --holdout is needed: the file of the holdout",
        (None, Some(_)) => "--holdout is there, but spec.data.holdout.source is not set; set it or leave --holdout out",
        (Some(_), Some(_)) | (None, None) => return Ok(()),
    };
    Err(Failure::Usage(what.to_owned()))
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

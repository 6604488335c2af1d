//! What a command compares: the columns, and the two files. Without a specification types are guessed, and that is said
//! loudly.

use super::Arguments;
use crate::{
    failure::Failure,
    frame::{ColumnSpec, Frame, Guess, Roles, guess, of_manifest, read},
    spec::{self, Spec},
};
use dropout_model::{
    bundle::{Bundle, Cell, Scorer},
    input::{BadInput, Reason},
};
use std::path::Path;

/// The two sides of a comparison.
pub struct Sides {
    /// The specification, if one was given.
    pub spec: Option<Spec>,
    /// The columns.
    pub schema: Vec<ColumnSpec>,
    /// The training sample.
    pub reference: Frame,
    /// The rows compared with it.
    pub window: Frame,
    /// Digest of the bundle, if one was given.
    pub bundle: Option<String>,
}

/// Reads them.
pub fn sides(arguments: &Arguments) -> Result<Sides, Failure> {
    let spec = arguments.optional("spec").map(spec::read).transpose()?;
    let (reference, window) = (arguments.needed("reference")?, arguments.needed("current")?);
    let roles = roles(arguments, spec.as_ref());
    let mut schema = match &spec {
        Some(spec) => of_manifest(&spec.manifest.features),
        None => guessed(reference, roles)?,
    };
    let bundle = arguments.optional("bundle").map(|file| weigh(file, &mut schema)).transpose()?;
    let asked = (schema.as_slice(), roles);
    let (reference, window) = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(Path::new(window), window, asked));
        let reference = read(Path::new(reference), reference, asked);
        (reference, other.join())
    });
    let crashed = |_| Failure::Moved("the reading of the window ended early; report this as a fault".to_owned());
    let (reference, window) = (reference?, window.map_err(crashed)??);
    Ok(Sides { schema, reference, window, bundle, spec })
}

fn roles<'a>(arguments: &'a Arguments, spec: Option<&'a Spec>) -> Roles<'a> {
    let manifest = spec.map(|spec| &spec.manifest);
    Roles {
        patient: arguments.optional("patient").or(manifest.map(|manifest| manifest.patient_id.as_str())),
        landmark: manifest.and_then(|manifest| manifest.landmark.as_deref()),
        risk: arguments.optional("risk"),
        label: manifest.map(|manifest| (manifest.label.column.as_str(), manifest.label.positive_value())),
    }
}

fn guessed(file: &str, roles: Roles<'_>) -> Result<Vec<ColumnSpec>, Failure> {
    let Guess { schema, left_out } = guess(Path::new(file), file, roles)?;
    eprintln!("NOTE: no --spec: the types of {} columns are guessed from the reference", schema.len());
    if roles.patient.is_none() {
        eprintln!("NOTE: no --patient: every row counts as a patient; several rows of one make false alarms");
    }
    if !left_out.is_empty() {
        eprintln!("NOTE: not compared, since they look like identifiers or text: {}", left_out.join(", "));
    }
    Ok(schema)
}

/// Gives each column its share of what moves risks in the bundle's golden rows, and answers the bundle's digest.
fn weigh(file: &str, schema: &mut [ColumnSpec]) -> Result<String, Failure> {
    let bytes = crate::failure::bytes(file, dropout_model::bundle::MAX_BYTES)?;
    let bad = |error: dropout_model::bundle::BundleError| {
        BadInput::new(Reason::BadBundle, format!("{file} {}", error.kind()))
    };
    let bundle = Bundle::read(&bytes, None).map_err(bad)?;
    let scorer = Scorer::new(&bundle).map_err(bad)?;
    let rows = bundle.golden.iter().map(|golden| golden.cells.as_slice());
    let sums = rows.fold(vec![0.0; bundle.features.len()], |sums, row| added(&scorer, sums, row));
    let all: f64 = sums.iter().sum();
    for (feature, sum) in bundle.features.iter().zip(&sums).filter(|_| all > 0.0) {
        let own = schema.iter_mut().filter(|column| column.name == feature.name);
        own.for_each(|column| column.importance = Some(sum / all));
    }
    Ok(dropout_model::digest::digest(&bytes))
}

fn added(scorer: &Scorer, sums: Vec<f64>, row: &[Cell]) -> Vec<f64> {
    let contributions = scorer.contributions(row).by_feature;
    sums.into_iter().zip(contributions).map(|(sum, logits)| sum + logits.abs()).collect()
}

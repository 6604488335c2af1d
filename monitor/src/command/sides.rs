//! What a command compares: the columns, and the two files. Without a specification types are guessed, and that is said
//! loudly.

use super::Arguments;
use crate::{
    failure::Failure,
    frame::{ColumnSpec, Frame, Guess, Roles, guess, of_manifest, read},
    importance,
    spec::{self, Spec},
};
use dropout_model::{
    bundle::{Bundle, BundleError, MAX_BYTES},
    digest::digest,
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
    let mut schema = schema(spec.as_ref(), reference, roles)?;
    let bundle = arguments.optional("bundle").map(|file| weigh(file, &mut schema)).transpose()?;
    let asked = (schema.as_slice(), roles);
    let (reference, window) = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(Path::new(window), window, asked));
        let reference = read(Path::new(reference), reference, asked);
        (reference, other.join())
    });
    let crashed = |_| Failure::Moved("the reading of the window ended early; report this as a fault".to_owned());
    let (reference, window) = (reference?, window.map_err(crashed)??);
    check_kept(arguments, &reference, bundle.as_deref())?;
    Ok(Sides { schema, reference, window, bundle, spec })
}

/// The columns: by the specification, or guessed from the reference.
pub fn schema(spec: Option<&Spec>, reference: &str, roles: Roles<'_>) -> Result<Vec<ColumnSpec>, Failure> {
    match spec {
        Some(spec) => Ok(of_manifest(&spec.manifest.features)),
        None => guessed(reference, roles),
    }
}

/// Refuses a profile that was kept for another bundle than the one that is given.
fn check_kept(arguments: &Arguments, reference: &Frame, bundle: Option<&str>) -> Result<(), BadInput> {
    let (Some(kept), Some(bundle)) = (reference.kept_for.as_deref(), bundle) else { return Ok(()) };
    if kept == bundle {
        return Ok(());
    }
    let name = arguments.optional("reference").unwrap_or_default();
    let message =
        format!("{name} was kept for the bundle {kept}, not for {bundle}; give that bundle, or its own reference");
    Err(BadInput::new(Reason::BadProfile, message))
}

/// The digest of a bundle that can be read.
pub fn digest_of(file: &str) -> Result<String, Failure> {
    weigh(file, &mut [])
}

/// The columns with a meaning of their own: by the options, or the specification.
pub fn roles<'a>(arguments: &'a Arguments, spec: Option<&'a Spec>) -> Roles<'a> {
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

/// Weighs the columns by the bundle's golden rows, and answers the bundle's digest.
fn weigh(file: &str, schema: &mut [ColumnSpec]) -> Result<String, Failure> {
    let bytes = crate::failure::bytes(file, MAX_BYTES)?;
    let bad = |error: BundleError| BadInput::new(Reason::BadBundle, format!("{file} {}", error.kind()));
    let bundle = Bundle::read(&bytes, None).map_err(bad)?;
    importance::weigh(&bundle, bundle.golden.iter().map(|golden| &golden.cells), schema).map_err(bad)?;
    Ok(digest(&bytes))
}

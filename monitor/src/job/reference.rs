//! The training sample of the served bundle, as its training kept it beside the bundle, with its columns sorted from the second
//! look on, and how much each feature weighs in the bundle's risks.

use crate::{
    failure::Failure,
    frame::{ColumnSpec, Frame, MISSING, Roles, Values, of_manifest, profile, read_bytes},
    importance,
};
use dropout_model::{
    bundle::{Bundle, BundleError, Cell, MAX_BYTES},
    input::{BadInput, Reason},
    manifest::Feature,
    monitoring::MonitorTask,
    task::{bundle_file, profile_file, reference_file},
};
use dropout_store::Store;

/// Most rows over which contributions are averaged.
const EXPLAINED: usize = 2_000;
/// Columns of the kept sample with a meaning of their own.
const ROLES: Roles<'static> =
    Roles { patient: Some("@patient"), landmark: Some("@landmark"), risk: Some("@risk"), label: Some(("@label", "1")) };

/// The served bundle with what it was trained on.
pub struct Reference {
    /// The bundle.
    pub bundle: Bundle,
    /// Its features, with their importances.
    pub schema: Vec<ColumnSpec>,
    /// Its training sample.
    pub frame: Frame,
}

impl Reference {
    /// Reads both from the store.
    pub fn read(task: &MonitorTask, store: &Store) -> Result<Self, Failure> {
        let digest = &task.production.digest;
        let name = bundle_file(digest);
        let bytes = store.get_at_most(&name, MAX_BYTES as u64)?;
        let bytes = bytes.ok_or_else(|| Failure::Moved(format!("the store has no {name}")))?;
        let bad = |error: BundleError| Failure::Moved(format!("{name} {}", error.kind()));
        let bundle = Bundle::read(&bytes, Some(digest)).map_err(bad)?;
        let mut schema = of_manifest(&bundle.features);
        let mut frame = kept(task, store, &schema)?;
        if task.manifest.landmark.is_none() {
            (frame.landmark, frame.landmarks) = (Vec::new(), Vec::new());
        }
        frame.others.clear();
        let rows = cells(&frame, &bundle.features);
        importance::weigh(&bundle, rows, &mut schema).map_err(bad)?;
        Ok(Self { bundle, schema, frame })
    }
}

/// The training sample: its profile, or its rows, of which a profile is kept then.
fn kept(task: &MonitorTask, store: &Store, schema: &[ColumnSpec]) -> Result<Frame, Failure> {
    let digest = &task.production.digest;
    let (sample, sorted) = (reference_file(digest), profile_file(digest));
    if let Some(bytes) = store.get(&sorted)? {
        let frame = read_bytes(&bytes, &sorted, (schema, ROLES))?;
        return if frame.kept_for.as_ref() == Some(digest) { Ok(frame) } else { Err(foreign(&sorted).into()) };
    }
    let rows = store.get(&sample)?.ok_or_else(|| none_kept(task, &sample))?;
    let frame = read_bytes(&rows, &sample, (schema, ROLES))?;
    // Another look may have kept the same bytes meanwhile.
    store.create(&sorted, &profile(&frame, schema, Some(digest)))?;
    Ok(frame)
}

fn foreign(name: &str) -> BadInput {
    let message = format!("{name} was kept for another bundle: remove it, and the next look makes it again");
    BadInput::new(Reason::BadProfile, message)
}

fn none_kept(task: &MonitorTask, name: &str) -> BadInput {
    let message = format!(
        "the store has no {name}: {} was trained before references were kept; train again to have it watched",
        task.version
    );
    BadInput::new(Reason::NoReference, message)
}

/// Evenly spaced rows of the sample, in the order of the features.
fn cells<'a>(frame: &'a Frame, features: &'a [Feature]) -> impl Iterator<Item = Vec<Cell>> + 'a {
    let step = frame.rows.div_ceil(EXPLAINED).max(1);
    let of_row = |row| features.iter().map(|feature| cell(frame.column(&feature.name), row)).collect();
    (0..frame.rows).step_by(step).map(of_row)
}

fn cell(values: Option<&Values>, row: usize) -> Cell {
    match values {
        Some(Values::Numbers { numbers, .. }) => {
            numbers.get(row).filter(|number| !number.is_nan()).map_or(Cell::Missing, |number| Cell::Number(*number))
        }
        Some(Values::Categories { names, codes }) => {
            let code = codes.get(row).filter(|code| **code != MISSING);
            let name = code.and_then(|code| names.get(*code as usize));
            name.map_or(Cell::Missing, |name| Cell::Category(name.clone()))
        }
        None => Cell::Missing,
    }
}

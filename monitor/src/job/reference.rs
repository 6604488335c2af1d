//! The training sample of the served bundle, as its training kept it beside the bundle, and how much each feature weighs in
//! the bundle's risks.

use crate::{
    failure::Failure,
    frame::{ColumnSpec, Frame, MISSING, Roles, Values, of_manifest, read_bytes},
};
use dropout_model::{
    bundle::{Bundle, Cell, MAX_BYTES, Scorer},
    input::{BadInput, Reason},
    monitoring::MonitorTask,
    task::{bundle_file, reference_file},
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
        let bundle =
            Bundle::read(&bytes, Some(digest)).map_err(|error| Failure::Moved(format!("{name} {}", error.kind())))?;
        let mut schema = of_manifest(&bundle.features);
        let sample = reference_file(digest);
        let kept = store.get(&sample)?.ok_or_else(|| none_kept(task, &sample))?;
        let mut frame = read_bytes(&kept, &sample, (&schema, ROLES))?;
        if task.manifest.landmark.is_none() {
            (frame.landmark, frame.landmarks) = (Vec::new(), Vec::new());
        }
        frame.others.clear();
        weigh(&bundle, &frame, &mut schema);
        Ok(Self { bundle, schema, frame })
    }
}

fn none_kept(task: &MonitorTask, name: &str) -> BadInput {
    let message = format!(
        "the store has no {name}: {} was trained before references were kept; train again to have it watched",
        task.version
    );
    BadInput::new(Reason::NoReference, message)
}

/// Fills in the importances: the mean size of each feature's contribution over evenly spaced rows of the sample, as a share of
/// all.
fn weigh(bundle: &Bundle, frame: &Frame, schema: &mut [ColumnSpec]) {
    let Ok(scorer) = Scorer::new(bundle) else { return };
    let step = frame.rows.div_ceil(EXPLAINED).max(1);
    let mut sums = vec![0.0; schema.len()];
    for row in (0..frame.rows).step_by(step) {
        let cells: Vec<Cell> = schema.iter().map(|spec| cell(frame.column(&spec.name), row)).collect();
        let contributions = scorer.contributions(&cells).by_feature;
        sums.iter_mut().zip(contributions).for_each(|(sum, logits)| *sum += logits.abs());
    }
    let all: f64 = sums.iter().sum();
    if all > 0.0 && all.is_finite() {
        schema.iter_mut().zip(sums).for_each(|(spec, sum)| spec.importance = Some(sum / all));
    }
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

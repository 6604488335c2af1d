//! Training elsewhere: what a trainer is given, left in a folder, and what it made, judged like our own.

use super::{
    arguments::Arguments,
    laptop::{self, Extra, Read},
};
use crate::{
    evaluation::{check_own, training_rows},
    failure::{Failure, bytes},
    import::{Foreign, calibrated, columns, import as imported, xgboost},
    job::prepare::{Asked, left},
    spec::{self, Spec},
};
use dropout_model::{
    bundle::{Bundle, MAX_BYTES},
    digest::digest,
    input::{BadInput, Reason},
    rows::Table,
    task::path,
    trees,
};
use std::path::Path;

/// Writes the training rows and what a trainer is told, as `prepare` leaves them in a Job.
pub fn split(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let out = Path::new(arguments.needed("out")?);
    let left = left(
        &Asked { manifest: &spec.manifest, told: &spec.manifest, stated: &spec.manifest },
        &laptop::given(&spec, arguments)?,
        "",
    )?;
    laptop::write(&out.join(path::ROWS), &left.rows)?;
    laptop::write(&out.join(path::TRAINING), &left.training)?;
    eprintln!("{}", left.message);
    Ok(0)
}

/// Makes a bundle of a model that was trained elsewhere, judges it, and writes bundle and report.
pub fn import(arguments: &Arguments) -> Result<u8, Failure> {
    let spec = spec::read(Path::new(arguments.needed("spec")?))?;
    let against = arguments.optional("against").map(laptop::bundle).transpose()?;
    let out = Path::new(arguments.needed("out")?);
    let file = arguments.needed("model")?;
    let model = bytes(Path::new(file), file, MAX_BYTES as u64)?;
    let table = laptop::rows(&spec, arguments, against.as_ref())?;
    let mut extra = Extra::read(arguments)?;
    let candidate = match is_bundle(&model) {
        true => ready(&spec, &table, (file, model))?,
        false => made(&spec, &table, (file, &model), &mut extra)?,
    };
    laptop::judged(&spec, &table, (&candidate, against.as_ref()), (&extra, out))
}

/// Whether bytes are meant to be a bundle: a JSON object with a schema. XGBoost's file has none.
fn is_bundle(bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Schema {
        #[serde(rename = "schema")]
        _schema: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Schema>(bytes).is_ok()
}

/// A bundle that its trainer wrote itself; its bytes are kept.
fn ready(spec: &Spec, table: &Table, (file, bytes): (&str, Vec<u8>)) -> Result<Read, Failure> {
    let bundle =
        Bundle::read(&bytes, None).map_err(|error| BadInput::new(Reason::BadBundle, format!("{file}: {error}")))?;
    check_own(&spec.manifest, &bundle)?;
    if bundle.data_digest != table.digest {
        let message = format!(
            "{file} has dataDigest {}, but the data has {}; copy dataDigest from training.json, or name the file it was trained on",
            bundle.data_digest.chars().take(71).collect::<String>(),
            table.digest
        );
        return Err(BadInput::new(Reason::ForeignModel, message).into());
    }
    Ok(Read { digest: digest(&bytes), bundle, bytes })
}

/// A bundle made of XGBoost's own file; out-of-fold risks are calibrated with it.
fn made(spec: &Spec, table: &Table, (file, model): (&str, &[u8]), extra: &mut Extra) -> Result<Read, Failure> {
    let ensemble = trees::read(model).map_err(|error| xgboost::told(file, &error))?;
    let features = &spec.manifest.features;
    if let Some(unknown) = columns::unknown(features, &ensemble.columns) {
        let bad = unknown.named();
        return Err(BadInput { message: format!("{file}: {}", bad.message), ..bad }.into());
    }
    for feature in columns::unused(features, &ensemble.columns) {
        eprintln!("the model does not use the feature '{feature}'");
    }
    let rows = training_rows(&spec.manifest, table);
    let foreign = Foreign { ensemble, out_of_fold: extra.out_of_fold.as_deref() };
    let bundle = imported(&spec.manifest, &rows, foreign, &table.digest)?;
    let bytes = bundle.to_bytes().map_err(|error| Failure::Moved(error.to_string()))?;
    eprintln!("calibration {}", bundle.calibration_reason.as_deref().unwrap_or_default());
    extra.out_of_fold = extra.out_of_fold.take().map(|risks| calibrated(&bundle, &risks));
    Ok(Read { digest: digest(&bytes), bundle, bytes })
}

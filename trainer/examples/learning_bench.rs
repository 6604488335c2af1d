//! One measurement of learning for `make bench-learning`: writes rows of a known world, or fits them and says in JSON how
//! long it took. A process makes one fit, so that its peak memory is that fit's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dropout_model::{bundle::logistic, trees::Ensemble};
use dropout_trainer::{
    boosting::{BoostingError, BoostingParams},
    logistic::{FitError, FittedLogistic, LogisticParams, dataset},
    worlds::{COLUMNS, World, rows},
};
use linfa::traits::Fit;
use ndarray::{Array2, ArrayView1};
use std::{env, fs, hint::black_box, path::Path, time::Instant};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["rows", world, start, n, folder] => {
            write(world, (start.parse().unwrap(), n.parse().unwrap()), folder.as_ref())
        }
        ["fit", learner, threads, training, fresh] => measure(learner, threads.parse().unwrap(), [training, fresh]),
        _ => panic!("rows WORLD START N FOLDER | fit logistic|boosting THREADS TRAINING FRESH"),
    }
}

/// Writes values.f64 (row-major, little-endian) and labels.u8.
fn write(world: &str, (start, n): (u64, usize), folder: &Path) {
    let world = match world {
        "linear" => World::Linear,
        "nonlinear" => World::Nonlinear,
        other => panic!("no world {other}"),
    };
    let known = rows(world, 1, start, n);
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("values.f64"), known.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
        .unwrap();
    fs::write(folder.join("labels.u8"), known.labels.iter().map(|label| u8::from(*label)).collect::<Vec<_>>()).unwrap();
}

fn read(folder: &str) -> (Array2<f64>, Vec<bool>) {
    let bytes = fs::read(Path::new(folder).join("values.f64")).unwrap();
    let values: Vec<f64> = bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
    let labels = fs::read(Path::new(folder).join("labels.u8")).unwrap().iter().map(|label| *label == 1).collect();
    (Array2::from_shape_vec((values.len() / COLUMNS.len(), COLUMNS.len()), values).unwrap(), labels)
}

enum Model {
    Logistic(FittedLogistic),
    Trees(Ensemble),
}

impl Model {
    fn risk(&self, row: ArrayView1<'_, f64>) -> f64 {
        match self {
            Self::Logistic(fitted) => {
                logistic(row.iter().zip(&fitted.coefficients).fold(fitted.intercept, |sum, (x, b)| sum + x * b))
            }
            Self::Trees(ensemble) => {
                let mut cells = [0.0; COLUMNS.len()];
                cells.iter_mut().zip(row).for_each(|(cell, value)| *cell = *value as f32);
                logistic(ensemble.logit(&cells))
            }
        }
    }
}

fn measure(learner: &str, threads: usize, [training, fresh]: [&str; 2]) {
    let (values, labels) = read(training);
    let before = memory("VmRSS");
    let records = dataset(values, &labels);
    let start = Instant::now();
    let model = match learner {
        "logistic" => {
            let fitted: Result<_, FitError> = LogisticParams::default().fit(&records);
            Model::Logistic(fitted.unwrap())
        }
        "boosting" => {
            let params = BoostingParams::default().rounds(100).depth(6).rate(0.1).row_share(1.0).column_share(1.0);
            let fitted: Result<_, BoostingError> = params.threads(threads).fit(&records);
            Model::Trees(fitted.unwrap())
        }
        other => panic!("no learner {other}"),
    };
    let (seconds, peak) = (start.elapsed().as_secs_f64(), memory("VmHWM"));
    let (values, _) = read(fresh);
    let risks: Vec<u8> = values.rows().into_iter().flat_map(|row| model.risk(row).to_le_bytes()).collect();
    fs::write(Path::new(training).join(format!("ours-{learner}.f64")), risks).unwrap();
    let start = Instant::now();
    values.rows().into_iter().take(20_000).for_each(|row| {
        black_box(model.risk(row));
    });
    let each = start.elapsed().as_secs_f64() / 20_000.0_f64.min(values.nrows() as f64);
    println!(r#"{{"seconds": {seconds}, "row": {each}, "peak": {peak}, "before": {before}}}"#);
}

/// A line of /proc/self/status, in MiB; NaN where there is none.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}

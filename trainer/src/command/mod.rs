//! The command line: what is asked for, with which files. Progress goes to standard error, tables to standard output.

mod arguments;
mod assemble;
mod import;
mod laptop;
mod score;
mod simulate;
mod table;

use crate::{
    failure::Failure,
    job::{Pod, Step},
};
use arguments::Arguments;
use std::path::Path;

const HELP: &str = "\
dropout-trainer: trains a dropout model and judges it, on a laptop or in a Job

  train    --spec MODEL.yaml --data FILE --out DIR [--against BUNDLE] [--look N]
           writes bundle.json, out_of_fold.csv, report.json, report.html, card.md and card.json in DIR; compares with a
           served bundle if one is named
  evaluate --spec MODEL.yaml --bundle BUNDLE --data FILE [--against BUNDLE] [--look N] [--out-of-fold FILE.csv]
           [--out DIR]
           prints every metric on the holdout; writes the report, its page and its card if DIR is named
  gate     --spec MODEL.yaml --candidate BUNDLE --production BUNDLE --data FILE [--look N] [--out-of-fold FILE.csv]
           prints every check; exit 0 passed, 1 failed, 2 bad input, 3 inconclusive
           --look: which look at this holdout it is (default 1); each later look must be surer
           --out-of-fold: the candidate's risks of training rows, for gate.evaluate Recent
  split    --spec MODEL.yaml --data FILE --out DIR
           writes DIR/rows.csv and DIR/training.json: all that a trainer may see, as in a Job
  import   --spec MODEL.yaml --data FILE --model FILE [--out-of-fold FILE.csv] --out DIR [--against BUNDLE]
           [--look N]
           makes a bundle of a model trained elsewhere (XGBoost's JSON or UBJ, or a bundle that a trainer wrote) and
           judges it; writes DIR/bundle.json and DIR/report.json; thresholds are honest only with out-of-fold risks
  score    --bundle BUNDLE --data FILE --out FILE.csv [--patient-id COLUMN]
           writes patient_id and risk in the order of the rows
           FILE is CSV or Parquet; train, evaluate and gate also take --holdout FILE, the file of
           spec.data.holdout.source
  assemble --spec MODEL.yaml --records DIR --out FILE.csv [--cutoff YYYY-MM-DD] [--negative VALUE]
           makes labelled rows of recorded predictions and outcomes: DIR is the model's folder of the store, with records/
           and outcomes/; the column side says who is held out; what is not known for certain is left out and counted
           --cutoff: labels must be certain by then (default spec.data.cutoff); --negative: the label of a patient who
           stays (default 0)
  simulate --patients N --seed S --out FILE [--scenario stable|remote-visits|remote-region|harmless-drift]
           [--first N --enrolled FROM..TO --until DAY [--requests FILE] [--outcomes FILE]]
           writes a trial whose true risks are known (column true_risk, never a feature)
           --enrolled: only a cohort that came in these days, numbered from --first, and what is known of it on a day;
           --requests, --outcomes: also the bodies of POST /predict and POST /v1/outcomes about it, one a line
  job      prepare|train|evaluate|read [--root DIR]
           one container of a Job; paths are fixed below the root (default /)

examples
  dropout-trainer simulate --patients 2000 --seed 1 --out trial.csv
  dropout-trainer train --spec model.yaml --data trial.csv --out v1
  dropout-trainer train --spec model.yaml --data trial.csv --out v2 --against v1/bundle.json
  dropout-trainer split --spec model.yaml --data trial.csv --out in
  dropout-trainer import --spec model.yaml --data trial.csv --model model.ubj --out-of-fold out_of_fold.csv --out v3
  dropout-trainer gate --spec model.yaml --candidate v2/bundle.json --production v1/bundle.json --data trial.csv

exit codes: 0 done, 1 failed or try again, 2 bad input or command line, 3 inconclusive
";

/// Does what the words of a command line ask for; the exit code.
pub fn run(words: &[String]) -> Result<u8, Failure> {
    let asks_help = |word: &String| word == "--help" || word == "-h" || word == "help";
    let Some(command) = words.first().filter(|_| !words.iter().any(asks_help)) else {
        print!("{HELP}");
        return Ok(if words.is_empty() { 2 } else { 0 });
    };
    if command == "--version" {
        println!("{}", crate::training::CODE);
        return Ok(0);
    }
    let rest = words.get(1..).unwrap_or_default();
    match command.as_str() {
        "train" => laptop::train(&Arguments::read(rest, &["spec", "data", "holdout", "out", "against", "look"], 0)?),
        "evaluate" => laptop::evaluate(&Arguments::read(
            rest,
            &["spec", "bundle", "data", "holdout", "against", "look", "out-of-fold", "out"],
            0,
        )?),
        "gate" => laptop::gate(&Arguments::read(
            rest,
            &["spec", "candidate", "production", "data", "holdout", "look", "out-of-fold"],
            0,
        )?),
        "split" => import::split(&Arguments::read(rest, &["spec", "data", "holdout", "out"], 0)?),
        "import" => import::import(&Arguments::read(
            rest,
            &["spec", "data", "model", "out-of-fold", "out", "against", "look"],
            0,
        )?),
        "score" => score::score(&Arguments::read(rest, &["bundle", "data", "out", "patient-id"], 0)?),
        "simulate" => simulate::simulate(&Arguments::read(rest, &simulate::OPTIONS, 0)?),
        "assemble" => assemble::assemble(&Arguments::read(rest, &["spec", "records", "cutoff", "negative", "out"], 0)?),
        "job" => job(&Arguments::read(rest, &["root"], 1)?),
        other => Err(Failure::Usage(format!("'{other}' is no command; --help lists them"))),
    }
}

fn job(arguments: &Arguments) -> Result<u8, Failure> {
    let step = match arguments.word(0) {
        Some("prepare") => Step::Prepare,
        Some("train") => Step::Train,
        Some("evaluate") => Step::Evaluate,
        Some("read") => Step::Read,
        Some(_) | None => return Err(Failure::Usage("job is one of prepare, train, evaluate, read".into())),
    };
    let root = arguments.optional("root").unwrap_or("/");
    Pod::new(Path::new(root)).run(step)?;
    Ok(0)
}

//! `drift`: compares a window with its reference, writes the report and, if asked, says whether to retrain. It trains nothing.

use super::{
    Arguments, measured, print,
    sides::{Sides, sides},
};
use crate::{
    engine::{Comparison, choose, compare_rows},
    evidently::write_legacy,
    failure::Failure,
    history::{History, Key},
    page,
    report::{Advice, DriftReport, ModelName, Rule, Settings},
};
use std::{fmt::Write as _, fs, path::Path};

/// Its lines of the help.
pub const HELP: &str = "--reference FILE --current FILE (--out DIR | --decide) [--spec model.yaml] [--method default|evidently]
               [--bundle FILE] [--history DIR] [--patient COLUMN] [--risk COLUMN]
               compares two files of rows (CSV or Parquet) and writes report.json, report.html and evidently.json (in the
               shape of Evidently 0.6) into DIR. The model's YAML says what the columns are; without it types are guessed.
               --bundle weighs columns by the model; --risk names a column with the model's risks, out of fold in the
               reference; --history keeps earlier reports, of which 2 of the last 3 must drift the same way.
               --decide prints whether to retrain and why, and exits 0 no, 10 retrain, 11 watch, 12 data broken,
               13 not enough data";

/// Does it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let decides = arguments.has("decide");
    if !decides {
        arguments.needed("out")?;
    }
    let rule = rule(arguments)?;
    let history = arguments.optional("history").map(History::read).transpose()?;
    let sides = sides(arguments)?;
    let report = compared(&sides, rule, history.as_ref());
    if let Some(folder) = arguments.optional("out") {
        write_all(&report, Path::new(folder))?;
    }
    if let Some(history) = &history {
        write(&history.place(&report), page::json(&report).as_bytes())?;
    }
    print(&told(&report, decides))?;
    Ok(if decides { code(report.decision.advice) } else { 0 })
}

fn rule(arguments: &Arguments) -> Result<Rule, Failure> {
    match arguments.optional("method") {
        None | Some("default") => Ok(Rule::Default),
        Some("evidently") => Ok(Rule::Evidently),
        Some(_) => Err(Failure::Usage("--method is default or evidently".to_owned())),
    }
}

fn compared(sides: &Sides, rule: Rule, history: Option<&History>) -> DriftReport {
    let model = sides.spec.as_ref().map(|spec| ModelName {
        name: spec.name.clone(),
        version: None,
        bundle: sides.bundle.clone(),
    });
    let chosen = choose(&sides.reference, &sides.window);
    let performance = measured(sides, &chosen).unwrap_or_else(|why| {
        eprintln!("NOTE: performance is not known: {why}");
        None
    });
    let (reference, window) = (sides.reference.digest.as_deref(), sides.window.digest.as_deref());
    let key = Key { window, reference, rule };
    let history = history.map(|history| history.before(key)).unwrap_or_default();
    let asked = Comparison {
        schema: &sides.schema,
        reference: &sides.reference,
        window: &sides.window,
        rule,
        settings: Settings::of(rule),
        model,
        history: &history,
        performance,
    };
    page::fit(compare_rows(&asked, &chosen))
}

fn write_all(report: &DriftReport, folder: &Path) -> Result<(), Failure> {
    write(&folder.join("report.json"), page::json(report).as_bytes())?;
    write(&folder.join("report.html"), page::html(report).as_bytes())?;
    write(&folder.join("evidently.json"), write_legacy(report).to_string().as_bytes())
}

/// Writes a file so that nobody ever sees half of it.
pub fn write(place: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |cause| Failure::Disk { what: "write", place: place.display().to_string(), cause };
    fs::create_dir_all(place.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    let mut half = place.as_os_str().to_owned();
    half.push(".part");
    fs::write(&half, bytes).and_then(|()| fs::rename(&half, place)).map_err(failed)
}

/// The verdict and why, in a few lines.
fn told(report: &DriftReport, decides: bool) -> String {
    let decision = &report.decision;
    let word = match decision.advice {
        Advice::Retrain => "retrain",
        Advice::Watch => "do not retrain yet: watch",
        Advice::MendData => "do not retrain: mend the data",
        Advice::WaitForData => "do not retrain: not enough data",
        Advice::Nothing => "do not retrain: nothing to do",
    };
    let mut text = if decides { format!("{word}\n") } else { String::new() };
    let rules = if decision.rules.is_empty() { String::new() } else { format!(" ({})", decision.rules.join(", ")) };
    let _ = writeln!(text, "{:?}, {:?}{rules}", decision.verdict, decision.advice);
    let findings = report.schema_findings.iter().map(|finding| &finding.message);
    let others = findings.filter(|message| !decision.reasons.contains(message));
    for line in decision.reasons.iter().chain(others) {
        let _ = writeln!(text, "  {}", super::plain(line));
    }
    text
}

const fn code(advice: Advice) -> u8 {
    match advice {
        Advice::Nothing => 0,
        Advice::Retrain => 10,
        Advice::Watch => 11,
        Advice::MendData => 12,
        Advice::WaitForData => 13,
    }
}

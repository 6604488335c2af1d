//! The sentences that people read about a policy. They hold no time that passes, so a plan at rest says the same again.

use dropout_crds::DropoutModelStatus;

/// Longest sentence of an event, in bytes.
pub const EVENT: usize = 300;
/// Longest sentence of a condition, in bytes.
pub const CONDITION: usize = 240;
/// Longest sentence of a report, in bytes.
pub const REPORT: usize = 200;
/// Triggers up to which their sentences have room.
const FEW: usize = 6;

/// A text on one line, without what JSON must escape, cut to a number of bytes.
pub fn short(text: &str, bytes: usize) -> String {
    let plain = |letter: char| match letter {
        '"' => '\'',
        '\\' => '/',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    crate::sentence::short(&text.chars().map(plain).collect::<String>(), bytes)
}

/// Longest sentence of one of so many triggers, in bytes: all of them together have to fit into a status.
pub const fn room(triggers: usize) -> usize {
    if triggers <= FEW { 200 } else { 80 }
}

/// A number as people write it.
pub fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// What to do about candidates that do not get through.
pub fn refused(refusals: u32, model: Option<&DropoutModelStatus>) -> String {
    let last = model.and_then(|status| status.judged.as_ref()).map(|judged| format!(": {}", judged.message));
    format!(
        "{refusals} candidates in a row did not get through; edit the policy or the model to let it fire again{}",
        last.unwrap_or_default()
    )
}

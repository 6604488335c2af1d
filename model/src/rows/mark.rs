//! Cells that mark a row with 1, and the text of a cell. They are never repeated in a message.

use super::header::Place;
use crate::input::Reason;
use csv::ByteRecord;

/// Why a row is refused: the column (if one is to blame), the word, the rest of the sentence.
pub type Problem<'a> = (Option<&'a str>, Reason, String);

/// A column of ones and zeros.
#[derive(Clone, Copy)]
pub enum Mark {
    /// The patient was not followed to the horizon.
    Censored,
    /// The patient received an intervention.
    Touched,
}

/// Whether a row is marked with 1; empty counts as 0.
pub fn is_marked<'a>(record: &ByteRecord, place: Option<Place<'a>>, mark: Mark) -> Result<bool, Problem<'a>> {
    let Some(place) = place else { return Ok(false) };
    let (reason, name) = match mark {
        Mark::Censored => (Reason::BadCensor, "censor"),
        Mark::Touched => (Reason::BadIntervention, "intervention"),
    };
    match text(record, place)?.trim() {
        "1" => Ok(true),
        "0" | "" => Ok(false),
        _ => {
            let what = format!("the {name} cell is neither 1 nor 0 nor empty; write 1 or 0");
            Err((Some(place.name), reason, what))
        }
    }
}

/// The text of a cell.
pub fn text<'r, 'a>(record: &'r ByteRecord, place: Place<'a>) -> Result<&'r str, Problem<'a>> {
    let cell = record.get(place.at).unwrap_or_default();
    std::str::from_utf8(cell)
        .map_err(|_| (Some(place.name), Reason::NotText, "is no UTF-8 text; save the file as UTF-8".to_owned()))
}

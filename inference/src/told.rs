//! The body of `POST /v1/outcomes`: one outcome or a list of them, each checked before any is taken. It never repeats a
//! value; a problem names the place of the item and the field.

use crate::{
    body::{ID, MAX_PROBLEMS, is_id, refusal},
    ids,
    moment::{DATE, Moment},
    problem::{FieldProblem, Problem},
    records::telling::{MAX_OUTCOMES, News},
    row::PATIENT_ID,
    tree::Tree,
};
use dropout_model::{digest::digest, pseudonym::Pseudonyms, record::Event};
use std::collections::HashMap;

const FIELDS: [&str; 4] = [PATIENT_ID, "event", "date", "prediction_id"];

/// Reads outcomes that arrived at a moment.
pub fn read(body: &[u8], pseudonyms: &Pseudonyms, moment: Moment) -> Result<Vec<News>, Problem> {
    let tree: Tree = serde_json::from_slice(body).map_err(|error| refusal(&error))?;
    let mut reading = Reading { pseudonyms, moment, problems: Vec::new() };
    let news = match items(tree) {
        Ok(items) => items.into_iter().filter_map(|(place, item)| reading.item(&place, item)).collect(),
        Err((field, problem)) => {
            reading.refuse(field, problem);
            Vec::new()
        }
    };
    if reading.problems.is_empty() {
        reading.contradictions(&news);
    }
    if reading.problems.is_empty() { Ok(news) } else { Err(Problem::fields(reading.problems)) }
}

/// Items with their places in the body, or the one problem with the body as a whole.
fn items(tree: Tree) -> Result<Vec<(String, Tree)>, (&'static str, &'static str)> {
    let Tree::Object(mut fields) = tree else { return Err(("", "must be a JSON object")) };
    if !fields.iter().any(|(name, _)| name == "outcomes") {
        return Ok(vec![(String::new(), Tree::Object(fields))]);
    }
    let (Some((_, Tree::List(items))), true) = (fields.pop(), fields.is_empty()) else {
        return Err(("outcomes", "must be a list, and the only field"));
    };
    if !(1..=MAX_OUTCOMES).contains(&items.len()) {
        return Err(("outcomes", "must hold 1 to 1000 items"));
    }
    Ok(items.into_iter().enumerate().map(|(at, item)| (format!("outcomes[{at}]"), item)).collect())
}

struct Reading<'a> {
    pseudonyms: &'a Pseudonyms,
    moment: Moment,
    problems: Vec<FieldProblem>,
}

/// The texts of an item, in the order of [`FIELDS`].
type Texts = [Option<String>; 4];

impl Reading<'_> {
    fn refuse(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(FieldProblem::new(field, problem));
        }
    }

    fn item(&mut self, place: &str, item: Tree) -> Option<News> {
        let Tree::Object(fields) = item else {
            self.refuse(place, "must be an object");
            return None;
        };
        let known = self.problems.len();
        let [patient, event, date, prediction] = self.texts(place, fields);
        let event = event.as_deref().and_then(event_of);
        let checks = [
            (PATIENT_ID, patient.as_deref().is_some_and(is_id), ID),
            ("event", event.is_some(), "must be Dropout, Completed, Censored or Seen"),
            ("date", date.as_deref().is_some_and(|date| self.moment.allows(date)), DATE),
        ];
        for (field, _, problem) in checks.into_iter().filter(|(_, is_good, _)| !is_good) {
            self.refuse(path(place, field), problem);
        }
        if self.problems.len() > known || self.problems.len() == MAX_PROBLEMS {
            return None;
        }
        let (patient, event, date) = (self.pseudonyms.of(&patient?), event?, date?);
        if prediction.is_some_and(|id| !ids::is_of(&id, self.pseudonyms, &patient)) {
            let problem = "is an unknown prediction: it was never made, or for another patient, or under another key";
            self.refuse(path(place, "prediction_id"), problem);
            return None;
        }
        let patient = patient.text();
        let id = digest(format!("{patient}\0{event:?}\0{date}").as_bytes());
        Some(News { id, patient, event, date })
    }

    /// The texts of an item; fields that are unknown, given twice or no texts are refused.
    fn texts(&mut self, place: &str, fields: Vec<(String, Tree)>) -> Texts {
        let mut texts = [const { None }; 4];
        let mut seen = [false; 4];
        for (name, value) in fields {
            let Some(at) = FIELDS.iter().position(|field| *field == name) else {
                let name: String = name.chars().take(64).collect();
                self.refuse(path(place, &name), "is no field of an outcome");
                continue;
            };
            if seen.get_mut(at).is_some_and(|seen| std::mem::replace(seen, true)) {
                self.refuse(path(place, &name), "is given twice");
            }
            match (value, texts.get_mut(at)) {
                (Tree::Text(text), Some(slot)) => *slot = Some(text),
                (Tree::Nothing, _) => {}
                _ if name == "prediction_id" => self.refuse(path(place, &name), "must be a text"),
                _ => {}
            }
        }
        texts
    }

    /// A patient leaves once and in one way, and is not seen in the trial after that.
    fn contradictions(&mut self, news: &[News]) {
        let mut left: HashMap<&str, (usize, &News)> = HashMap::new();
        for (at, one) in news.iter().enumerate().filter(|(_, one)| one.event != Event::Seen) {
            let (earlier, first) = *left.entry(&one.patient).or_insert((at, one));
            if first.id != one.id {
                let problem = format!("contradicts outcomes[{earlier}]: a patient leaves once and in one way");
                self.refuse(path(&format!("outcomes[{at}]"), "event"), problem);
            }
        }
        for (at, one) in news.iter().enumerate().filter(|(_, one)| one.event == Event::Seen) {
            if let Some((earlier, _)) = left.get(one.patient.as_str()).filter(|(_, end)| one.date > end.date) {
                let problem = format!("is after outcomes[{earlier}], with which the patient left");
                self.refuse(path(&format!("outcomes[{at}]"), "date"), problem);
            }
        }
    }
}

fn path(place: &str, field: &str) -> String {
    if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") }
}

fn event_of(text: &str) -> Option<Event> {
    [Event::Dropout, Event::Completed, Event::Censored, Event::Seen]
        .into_iter()
        .find(|event| format!("{event:?}") == text)
}

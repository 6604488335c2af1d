//! The apiserver's audit log: every request once, with who did what to which object.

use super::world::World;
use serde_json::Value;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

/// One request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub agent: String,
    pub verb: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub code: u64,
    pub time: String,
}

impl Request {
    /// Whether it asks for a change.
    pub fn is_write(&self) -> bool {
        ["create", "update", "patch", "delete", "deletecollection"].contains(&self.verb.as_str())
    }

    /// Whether it changes something.
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// The operator's user.
const USER: &str = "system:serviceaccount:dropout-system:dropout-operator";

/// The requests of the operator so far, of the lines that may be of interest.
pub fn requests(world: &World, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Request> {
    let text = std::fs::read_to_string(world.cluster.dir().join("audit.log")).unwrap();
    let lines = text.lines().filter(|line| line.contains(USER) && is_wanted(line));
    // The last line may be half written.
    let events: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_ended = |event: &Value| event["stage"] == "ResponseComplete";
    events.into_iter().filter(is_ended).map(|event| request(&event)).filter(|request| request.user == USER)
}

/// The end of the audit log, to follow it as it grows.
pub struct Tail(File);

impl Tail {
    /// From now on.
    pub fn new(world: &World) -> Self {
        let mut file = File::open(world.cluster.dir().join("audit.log")).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self(file)
    }

    /// How many writes of the operator, renewals left out, were answered since the last call.
    pub fn writes(&mut self) -> usize {
        let mut text = String::new();
        self.0.read_to_string(&mut text).unwrap();
        // A line that is half read counts in one of its halves or not at all: good enough to choose a moment.
        text.lines().filter(|line| is_write(line)).count()
    }
}

fn is_write(line: &str) -> bool {
    let has_verb = ["create", "patch", "delete"].iter().any(|verb| line.contains(&format!(r#""verb":"{verb}""#)));
    has_verb && line.contains(USER) && !line.contains(r#""resource":"leases""#)
}

fn request(event: &Value) -> Request {
    let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    Request {
        user: text("/user/username"),
        agent: text("/userAgent"),
        verb: text("/verb"),
        resource: text("/objectRef/resource"),
        subresource: text("/objectRef/subresource"),
        namespace: text("/objectRef/namespace"),
        // That of a created object stands in its body only, unless the server was told.
        name: text("/objectRef/name"),
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
        time: text("/stageTimestamp"),
    }
}

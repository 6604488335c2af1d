//! The same request gives the same bits on every replica, whatever the number of its threads and whatever else it is doing.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, KEY, Service, binary, connect, head, response_of};
use std::{
    io::{BufReader, Write},
    thread::scope,
};

/// Requests to each of two replicas, and how many clients share them.
const REQUESTS: usize = 50_000;
const CLIENTS: usize = 8;
const AT_ONCE: usize = 25;

fn replica(folder: &Folder, threads: &str) -> Service {
    let mut command = binary(&["--port", "0", "--health-port", "0", "--address", "127.0.0.1"]);
    command.env("API_KEY", KEY).env("MODEL_PATH", folder.path("bundle.json")).env("TOKIO_WORKER_THREADS", threads);
    Service::spawn(command).ready()
}

/// A patient like no other.
fn body(at: usize) -> String {
    let (age, distance) = (18 + at % 73, (at as f64) * 0.000_731 + (at % 97) as f64 / 7.0);
    let arm = ["A", "B"][at % 2];
    let missed = if at.is_multiple_of(5) { "null".to_owned() } else { ((at % 11) as f64 / 3.0).to_string() };
    format!(r#"{{"patient_id":"P-{at}","age":{age},"distance_km":{distance},"missed_visits":{missed},"arm":"{arm}"}}"#)
}

/// What every patient is answered, but for the prediction's identity.
fn answers(service: &Service, order: impl Fn(usize) -> usize + Sync) -> Vec<String> {
    let share = REQUESTS / CLIENTS;
    let mut all: Vec<(usize, String)> = scope(|threads| {
        let order = &order;
        let ask = |client: usize| {
            let mut stream = connect(service.port);
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut answers = Vec::with_capacity(share);
            // Several at once, as an impatient client sends them.
            for begin in (0..share).step_by(AT_ONCE) {
                let places: Vec<usize> = (begin..begin + AT_ONCE).map(|nth| order(client * share + nth)).collect();
                let bodies = places.iter().map(|at| body(*at));
                let requests: String = bodies.map(|body| format!("{}{body}", head(KEY, body.len()))).collect();
                stream.write_all(requests.as_bytes()).unwrap();
                for at in places {
                    let (status, _, answer) = response_of(&mut reader).unwrap();
                    assert_eq!(status, 200, "{answer}");
                    let (begin, rest) = answer.split_once("\"prediction_id\":\"").unwrap();
                    answers.push((at, format!("{begin}{}", rest.get(32..).unwrap())));
                }
            }
            answers
        };
        let clients: Vec<_> = (0..CLIENTS).map(|client| threads.spawn(move || ask(client))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn a_hundred_thousand_requests_are_answered_to_the_bit_alike_at_1_and_8_threads() {
    let folder = Folder::filled();
    let one = answers(&replica(&folder, "1"), |at| at);
    // The other replica is asked in another order.
    let eight = answers(&replica(&folder, "8"), |at| (at * 7_919) % REQUESTS);
    assert_eq!((one.len(), eight.len()), (REQUESTS, REQUESTS));
    let differing = one.iter().zip(&eight).find(|(one, other)| one != other);
    assert_eq!(differing, None);
    let distinct: std::collections::BTreeSet<&String> = one.iter().collect();
    assert!(distinct.len() > REQUESTS / 2, "only {} different answers", distinct.len());
}

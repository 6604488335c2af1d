//! Many requests to a service on 127.0.0.1, one after the other on one connection. It shows no body.

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// Requests that were answered, by their status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Status and number of answers with it.
    pub answers: BTreeMap<u16, usize>,
    /// The first answer that is not 2xx.
    pub refusal: Option<String>,
}

impl Posted {
    /// Whether every request was answered 2xx.
    pub fn is_well(&self) -> bool {
        self.answers.keys().all(|status| (200..300).contains(status))
    }
}

impl Display for Posted {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let counts = self.answers.iter().map(|(status, count)| format!("{count} answered {status}"));
        write!(out, "{}", counts.collect::<Vec<_>>().join(", "))?;
        self.refusal.iter().try_for_each(|refusal| write!(out, "; the first refusal: {refusal}"))
    }
}

/// Sends each body as JSON with the key of a client. A connection that the other side closed is opened anew once a request.
pub fn post<'a>(port: u16, path: &str, key: &str, bodies: impl Iterator<Item = &'a str>) -> Result<Posted> {
    let failed = |source| Error::File { doing: "post to", path: format!("127.0.0.1:{port}{path}").into(), source };
    let mut posted = Posted::default();
    let mut stream = None;
    for body in bodies {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        let was_open = stream.is_some();
        let answer = match exchange(&mut stream, port, &request) {
            Err(_) if was_open => exchange(&mut stream, port, &request),
            answer => answer,
        };
        let (status, text) = answer.map_err(failed)?;
        *posted.answers.entry(status).or_default() += 1;
        if !(200..300).contains(&status) {
            posted.refusal.get_or_insert(text);
        }
    }
    Ok(posted)
}

/// One request and its answer; the connection stays open if all went well.
fn exchange(place: &mut Option<BufReader<TcpStream>>, port: u16, request: &[u8]) -> io::Result<(u16, String)> {
    let mut stream = match place.take() {
        Some(stream) => stream,
        None => open(port)?,
    };
    stream.get_mut().write_all(request)?;
    let (status, length, is_last) = head(&mut stream)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if !is_last {
        *place = Some(stream);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn open(port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Status, length of the body, and whether the connection ends with it.
fn head(stream: &mut BufReader<TcpStream>) -> io::Result<(u16, usize, bool)> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP");
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(malformed)?;
    let (mut length, mut is_last) = (0, false);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(malformed());
        }
        let header = line.trim().to_ascii_lowercase();
        let Some((name, value)) = header.split_once(':') else { break };
        match name {
            "content-length" => length = value.trim().parse().map_err(|_| malformed())?,
            "connection" => is_last = value.trim() == "close",
            _ => {}
        }
    }
    if length > MAX_ANSWER { Err(malformed()) } else { Ok((status, length, is_last)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// Answers a connection's requests one after the other, each as it is told, and then closes it.
    fn answering(answers: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for answer in answers {
                let mut stream = BufReader::new(listener.accept().unwrap().0);
                for part in answer.split('|') {
                    let mut line = String::new();
                    while line != "\r\n" {
                        line.clear();
                        stream.read_line(&mut line).unwrap();
                    }
                    stream.read_exact(&mut [0; 2]).unwrap();
                    stream.get_mut().write_all(part.as_bytes()).unwrap();
                }
            }
        });
        port
    }

    #[test]
    fn answers_are_counted_and_a_closed_connection_is_opened_anew() {
        let port = answering(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}|HTTP/1.1 422 No\r\ncontent-length: 3\r\n\r\nwhy",
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        ]);
        let posted = post(port, "/predict", "k", ["{}"; 4].into_iter()).unwrap();
        assert_eq!(posted.answers, BTreeMap::from([(200, 2), (202, 1), (422, 1)]));
        assert!(!posted.is_well());
        assert_eq!(posted.to_string(), "2 answered 200, 1 answered 202, 1 answered 422; the first refusal: why");
    }

    #[test]
    fn what_is_not_http_is_an_error_that_names_the_place() {
        let port = answering(&["what?\r\n\r\n"]);
        let error = post(port, "/predict", "k", ["{}"].into_iter()).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}/predict")), "{error}");
    }
}

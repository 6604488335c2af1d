//! A server that answers as it is told, on a thread of its own: what no good server does can be tried on it. Every answer
//! closes its connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A request: its method and path with query, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Vec<u8>,
}

/// What is written to a connection.
pub type Answer = dyn Fn(&Request, usize, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A running server; it ends with the test.
pub struct Server {
    pub endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one that gives each request, counted from 0, an answer.
    pub fn start(
        answer: impl Fn(&Request, usize, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (seen, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let own = (Arc::clone(&seen), Arc::clone(&is_over));
        let answer: Arc<Answer> = Arc::new(answer);
        let thread = thread::spawn(move || serve(&listener, &own.0, &own.1, &answer));
        Self { endpoint, seen, is_over, thread: Some(thread) }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.endpoint.trim_start_matches("http://"));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(listener: &TcpListener, seen: &Arc<Mutex<Vec<Request>>>, is_over: &AtomicBool, answer: &Arc<Answer>) {
    for connection in listener.incoming() {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let (mut connection, seen, answer) = (connection.unwrap(), Arc::clone(seen), Arc::clone(answer));
        thread::spawn(move || {
            let Some(request) = read(&connection) else { return };
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(request.clone());
                seen.len() - 1
            };
            // A client that has had enough closes the connection.
            let _ = answer(&request, number, &mut connection);
        });
    }
}

fn read(connection: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, body })
}

/// A whole answer.
pub fn say(to: &mut TcpStream, status: &str, head: &str, body: &[u8]) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{head}\r\n", body.len())?;
    to.write_all(body)
}

/// An error as S3 says it.
pub fn refuse(to: &mut TcpStream, status: &str, code: &str) -> std::io::Result<()> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>P-0017</Message></Error>");
    say(to, status, "content-type: application/xml\r\n", body.as_bytes())
}

/// An object as S3 gives it.
pub fn give(to: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    say(to, "200 OK", OBJECT, body)
}

/// The head of an object.
pub const OBJECT: &str = "etag: \"1\"\r\nlast-modified: Thu, 26 Nov 2026 00:00:00 GMT\r\n";

/// The head of an object of so many bytes; its body is up to the caller.
pub fn begin(to: &mut TcpStream, length: u64) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n{OBJECT}\r\n")
}

/// Says nothing until the client has had enough.
pub fn be_silent(to: &mut TcpStream) {
    let _ = to.set_read_timeout(Some(Duration::from_secs(20)));
    let _ = to.read(&mut [0]);
}

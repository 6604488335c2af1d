//! The store on servers that fail in every way that servers fail (faults F40 to F45): each is an error by its name, in time,
//! and never half an object.

use crate::{
    fixture::{Keys, S3, folder, quick},
    server::{OBJECT, Request, Server, be_silent, begin, give, refuse, say},
};
use dropout_store::{Created, Patience, Store, StoreError};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A server with a store on it.
struct Bad {
    server: Server,
    store: Store,
    secret: PathBuf,
}

impl Bad {
    fn start(answer: impl Fn(&Request, usize, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let (server, secret) = (Server::start(answer), folder());
        Keys { key: "key".into(), secret: "hush".into(), endpoint: server.endpoint.clone() }.write(&secret);
        let store = Store::open_with("s3://trial/p", "/".as_ref(), Some(&secret)).unwrap().with_patience(quick());
        Self { server, store, secret }
    }

    /// The sentence with which reading `a` fails, at the latest when all patience is used up.
    fn refusal(&self) -> String {
        self.timed(|store| store.get_at_most("a", 1 << 20).unwrap_err()).to_string()
    }

    fn timed<T>(&self, call: impl FnOnce(&Store) -> T) -> T {
        let start = Instant::now();
        let result = call(&self.store);
        assert!(start.elapsed() < quick().total + Duration::from_secs(5), "{:?}", start.elapsed());
        result
    }

    fn requests(&self) -> usize {
        self.server.seen().len()
    }
}

impl Drop for Bad {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.secret).unwrap();
    }
}

#[test]
fn f40_an_upload_that_breaks_off_is_seen_by_nobody() {
    let Some(s3) = S3::start() else { return };
    let real = s3.keys().endpoint.trim_start_matches("http://").to_owned();
    // Between client and server: all goes through until the third part, of which half goes through.
    let parts = Arc::new(Mutex::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let counted = Arc::clone(&parts);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&real).unwrap());
            let (from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut &from, &mut to));
            let counted = Arc::clone(&counted);
            thread::spawn(move || pass_on(&client, server, &counted));
        }
    });
    let through = Keys { endpoint, ..s3.keys() };
    let large = vec![7; 20 << 20];
    for name in ["bundles/new", "bundles/newer"] {
        *parts.lock().unwrap() = 0;
        s3.write(&through);
        let patience = Patience { stall: Duration::from_secs(5), attempts: 1, ..quick() };
        let error = s3.store("half").with_patience(patience).create(name, &large).unwrap_err();
        assert!(matches!(error, StoreError::Failed("create", ..)), "{error}");
        assert!(*parts.lock().unwrap() > 8 << 20, "the upload broke off before its second part");
        s3.write(&s3.keys());
        assert_eq!(s3.store("half").get(name).unwrap(), None);
        assert_eq!(s3.store("half").list("bundles").unwrap(), []);
    }
    assert_eq!(s3.store("half").create("bundles/new", &large).unwrap(), Created::Kept);
}

/// Passes on what a client sends, until 18 MiB went through all connections.
fn pass_on(mut client: &TcpStream, mut server: TcpStream, counted: &Mutex<usize>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read) = client.read(&mut buffer) {
        let all = {
            let mut counted = counted.lock().unwrap();
            *counted += read;
            *counted
        };
        if read == 0 || all > 18 << 20 || server.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
}

#[test]
fn f41_a_server_that_fails_three_times_in_ten_is_outlasted() {
    let objects: Arc<Mutex<std::collections::BTreeMap<String, Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&objects);
    let bad = Bad::start(move |request, number, to| {
        // A fixed order of good and bad with three bad ones in ten, of both kinds, some after the work was done.
        let is_bad = [3, 6, 9].contains(&(number * 7 % 10));
        if is_bad && number % 2 == 0 {
            return refuse(to, "503 Slow Down", "SlowDown");
        }
        let mut objects = kept.lock().unwrap();
        let there = objects.get(&request.path).cloned();
        match (request.method.as_str(), there) {
            ("PUT", Some(_)) => refuse(to, "412 Precondition Failed", "PreconditionFailed"),
            ("PUT", None) => {
                objects.insert(request.path.clone(), request.body.clone());
                if is_bad { refuse(to, "500 Internal", "InternalError") } else { say(to, "200 OK", OBJECT, b"") }
            }
            _ if is_bad => refuse(to, "500 Internal", "InternalError"),
            ("GET" | "HEAD", Some(found)) => give(to, if request.method == "GET" { &found } else { b"" }),
            _ => refuse(to, "404 Not Found", "NoSuchKey"),
        }
    });
    let store = bad.store.clone().with_patience(Patience { attempts: 8, ..quick() });
    for number in 0..100 {
        let (name, bytes) = (format!("records/{number}"), format!("record {number}").into_bytes());
        assert_eq!(store.create(&name, &bytes).unwrap(), Created::Kept, "{name}");
        assert_eq!(store.get(&name).unwrap().unwrap(), bytes, "{name}");
    }
    assert_eq!(objects.lock().unwrap().len(), 100);
}

#[test]
fn f41_a_server_that_always_fails_is_asked_as_often_as_allowed_and_then_said() {
    let bad = Bad::start(|_, _, to| refuse(to, "503 Slow Down", "SlowDown"));
    assert_eq!(bad.refusal(), "the store cannot read a: it answers 503 SlowDown; look at the server");
    assert_eq!(bad.requests(), 3);
}

#[test]
fn f42_a_silent_server_a_stalled_body_and_one_byte_a_second_end_in_time() {
    let silent = Bad::start(|_, _, to| {
        be_silent(to);
        Ok(())
    });
    assert!(silent.refusal().contains("fell silent"));
    let created = silent.timed(|store| store.create("a", b"a").unwrap_err()).to_string();
    assert!(created.contains("cannot create a") && created.contains("fell silent"), "{created}");
    let stalled = Bad::start(|_, _, to| {
        begin(to, 1000)?;
        to.write_all(&[7; 500])?;
        be_silent(to);
        Ok(())
    });
    assert!(stalled.refusal().contains("fell silent"));
    let slow = Bad::start(|_, _, to| {
        begin(to, 1000)?;
        (0..1000).try_for_each(|_| {
            thread::sleep(Duration::from_millis(100));
            to.write_all(&[7])
        })
    });
    let refusal = slow.refusal();
    assert!(refusal.contains("took longer than 5 s"), "{refusal}");
    assert_eq!(slow.requests(), 1);
}

#[test]
fn f42_half_a_body_is_an_error_and_the_whole_one_is_taken_when_it_comes() {
    let half = |to: &mut TcpStream| {
        begin(to, 1000)?;
        to.write_all(&[7; 500])
    };
    let truncated = Bad::start(move |_, _, to| half(to));
    let refusal = truncated.refusal();
    assert!(refusal.contains("the connection broke before the end"), "{refusal}");
    assert_eq!(truncated.requests(), 3);
    let once = Bad::start(move |_, number, to| if number == 0 { half(to) } else { give(to, &[7; 1000]) });
    assert_eq!(once.store.get("a").unwrap().unwrap(), [7; 1000]);
}

#[test]
fn f42_a_wrong_tag_after_a_write_is_not_believed() {
    // It answers 200 to every write and keeps the first one: neither the condition nor the tag can be trusted.
    let kept: Mutex<Option<Vec<u8>>> = Mutex::new(None);
    let bad = Bad::start(move |request, number, to| {
        let mut kept = kept.lock().unwrap();
        match request.method.as_str() {
            "PUT" => {
                *kept = Some(b"somebody else's".to_vec());
                say(to, "200 OK", &OBJECT.replace('1', "2"), b"")
            }
            _ if number == 0 => refuse(to, "404 Not Found", "NoSuchKey"),
            "HEAD" => give(to, b""),
            _ => give(to, kept.as_ref().unwrap()),
        }
    });
    assert_eq!(bad.store.create("a", b"ours").unwrap(), Created::Other(b"somebody else's".to_vec()));
}

#[test]
fn f43_each_refusal_has_its_name_and_is_not_repeated() {
    let tried = [
        ("403 Forbidden", "AccessDenied", "s3:GetObject"),
        ("403 Forbidden", "RequestTimeTooSkewed", "correct the clock"),
        ("400 Bad Request", "ExpiredToken", "have expired; renew them"),
        ("403 Forbidden", "InvalidAccessKeyId", "correct AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "SignatureDoesNotMatch", "correct AWS_SECRET_ACCESS_KEY"),
    ];
    for (status, code, words) in tried {
        let bad = Bad::start(move |_, _, to| refuse(to, status, code));
        let error = bad.store.get("a").unwrap_err();
        assert!(matches!(&error, StoreError::Denied(bucket, _) if bucket == "s3://trial"), "{error}");
        assert!(error.to_string().contains(words) && !error.to_string().contains("P-0017"), "{error}");
        assert_eq!(bad.requests(), 1, "{code}");
    }
    let absent = Bad::start(|_, _, to| refuse(to, "404 Not Found", "NoSuchKey"));
    assert_eq!(absent.store.get("a").unwrap(), None);
    let no_bucket = Bad::start(|_, _, to| refuse(to, "404 Not Found", "NoSuchBucket"));
    assert!(matches!(no_bucket.store.get("a").unwrap_err(), StoreError::NoBucket(..)));
    let proxy = Bad::start(|_, _, to| say(to, "404 Not Found", "", b"<html>no such page</html>"));
    assert!(proxy.refusal().contains("no S3 server"));
}

#[test]
fn f44_a_redirect_to_another_host_is_not_followed() {
    let other = Server::start(|_, _, to| give(to, b"of another host"));
    let target = other.endpoint.clone();
    for status in ["307 Temporary Redirect", "301 Moved Permanently", "308 Permanent Redirect"] {
        let head = format!("location: {target}/trial/p/a\r\n");
        let bad = Bad::start(move |_, _, to| say(to, status, &head, b"<Error><Code>TemporaryRedirect</Code></Error>"));
        let refusal = bad.refusal();
        assert!(refusal.contains("points to another place") && refusal.contains("AWS_REGION"), "{refusal}");
        assert!(matches!(bad.store.create("a", b"a").unwrap_err(), StoreError::Failed("create", ..)));
    }
    assert_eq!(other.seen(), []);
}

#[test]
fn f44_a_body_without_an_end_is_not_read_to_it() {
    let announced = Bad::start(|_, _, to| {
        begin(to, 10 << 30)?;
        loop {
            to.write_all(&[7; 1 << 16])?;
        }
    });
    assert_eq!(announced.refusal(), "a in the store has more than 1048576 bytes");
    let endless = |to: &mut TcpStream, status: &str| {
        write!(to, "HTTP/1.1 {status}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n{OBJECT}\r\n")?;
        loop {
            to.write_all(b"10000\r\n")?;
            to.write_all(&[b'7'; 1 << 16])?;
            to.write_all(b"\r\n")?;
        }
    };
    let unannounced = Bad::start(move |_, _, to| endless(to, "200 OK"));
    assert!(unannounced.refusal().contains("not that of an S3 server"), "{}", unannounced.refusal());
    let listing = unannounced.timed(|store| store.list("a").unwrap_err()).to_string();
    assert!(listing.contains("cannot list a"), "{listing}");
    let error = Bad::start(move |_, _, to| endless(to, "400 Bad Request"));
    assert!(error.refusal().contains("it answers 400"), "{}", error.refusal());
}

#[test]
fn f45_an_older_object_is_given_as_it_is_and_the_caller_s_digest_tells() {
    // A store cannot know: names say what bytes must be, and whoever knows the digest compares it.
    let bad = Bad::start(|_, _, to| give(to, b"older"));
    assert_eq!(bad.store.get("bundles/sha256-1.json").unwrap().unwrap(), b"older");
    assert_eq!(bad.store.create("bundles/sha256-1.json", b"newer").unwrap(), Created::Other(b"older".to_vec()));
}

#[test]
fn an_answer_that_is_no_http_is_an_error() {
    let bad = Bad::start(|_, _, to| to.write_all(b"220 mail.example.org\r\n"));
    let error = bad.store.get("a").unwrap_err();
    assert!(matches!(error, StoreError::Failed("read", ..)), "{error}");
}

//! The log: lines go into memory and from there, many at a time, to standard output by a thread of their own. A reader of the log
//! that is slow or gone never slows a request: what does not fit is lost, and how many lines that is stands in the log. It never
//! looks into a line.

use serde::Serialize;
use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{Builder, sleep},
    time::Duration,
};
use tracing_subscriber::fmt::MakeWriter;

/// Most bytes that wait to be written.
const ROOM: usize = 1 << 20;

/// How long lines are gathered before they are written. Nobody wakes the thread for each of them: a wake costs more than a line.
const TICK: Duration = Duration::from_millis(20);

/// A log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<(Mutex<Waiting>, Condvar)>);

/// What waits to be written.
#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    is_open: bool,
    is_writing: bool,
}

#[derive(Serialize)]
struct Lost {
    level: &'static str,
    message: &'static str,
    lines: u64,
}

impl Log {
    /// A log to a writer such as standard output. Until it is opened a log takes nothing.
    pub fn open(into: impl Write + Send + 'static) -> io::Result<Self> {
        let log = Self::default();
        log.waiting().is_open = true;
        let own = log.clone();
        Builder::new().name("log".into()).spawn(move || own.write_for_ever(into))?;
        Ok(log)
    }

    /// Adds a line, one JSON object.
    pub fn line(&self, line: &impl Serialize) {
        self.add(|lines| {
            // Into memory nothing but a line that is no JSON fails, and there is none.
            let _ = serde_json::to_writer(&mut *lines, line);
            lines.push(b'\n');
        });
    }

    fn add(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut waiting = self.waiting();
        if !waiting.is_open {
            return;
        }
        if waiting.lines.len() >= ROOM {
            waiting.lost += 1;
            return;
        }
        let is_first = waiting.lines.is_empty();
        write(&mut waiting.lines);
        drop(waiting);
        if is_first {
            self.0.1.notify_all();
        }
    }

    /// Waits until all lines are written, but no longer than a time.
    pub fn flush(&self, longest: Duration) {
        let is_waiting = |waiting: &mut Waiting| !waiting.lines.is_empty() || waiting.is_writing;
        drop(self.0.1.wait_timeout_while(self.waiting(), longest, is_waiting));
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self, mut into: impl Write) {
        let mut lines = Vec::new();
        loop {
            let is_empty = |waiting: &mut Waiting| waiting.lines.is_empty() && waiting.lost == 0;
            drop(self.0.1.wait_while(self.waiting(), is_empty));
            sleep(TICK);
            let mut waiting = self.waiting();
            mem::swap(&mut lines, &mut waiting.lines);
            let lost = mem::take(&mut waiting.lost);
            waiting.is_writing = true;
            drop(waiting);
            if lost > 0 {
                let line =
                    Lost { level: "WARN", message: "log lines are lost: nobody reads them in time", lines: lost };
                let _ = serde_json::to_writer(&mut lines, &line);
                lines.push(b'\n');
            }
            // A log that nobody reads any more is no reason to end.
            let _ = into.write_all(&lines).and_then(|()| into.flush());
            lines.clear();
            self.waiting().is_writing = false;
            self.0.1.notify_all();
        }
    }
}

/// A line that is written in one piece.
#[derive(Debug)]
pub struct Whole<'a>(&'a Log);

impl Write for Whole<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(|lines| lines.extend_from_slice(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Whole<'a>;

    fn make_writer(&'a self) -> Whole<'a> {
        Whole(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// A reader that hears each piece, and goes on only when it is let.
    struct Slow(Sender<String>, Receiver<()>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
            self.1.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_in_order_and_those_that_a_slow_reader_has_no_room_for_are_counted() {
        let ((said, heard), (go, going)) = (channel(), channel());
        let log = Log::open(Slow(said, going)).unwrap();
        let line = "x".repeat(1000);
        log.line(&"first");
        assert_eq!(heard.recv().unwrap(), "\"first\"\n");
        // The reader hangs; nobody who logs does.
        let fitting = ROOM.div_ceil(line.len() + 3);
        (0..fitting + 5).for_each(|_| log.line(&line));
        go.send(()).unwrap();
        let rest = heard.recv().unwrap();
        assert_eq!(rest.matches(&line).count(), fitting);
        assert!(rest.ends_with("in time\",\"lines\":5}\n"), "{}", rest.get(rest.len() - 100..).unwrap());
        log.flush(Duration::from_millis(50));
        go.send(()).unwrap();
        log.line(&"last");
        assert_eq!(heard.recv().unwrap(), "\"last\"\n");
        go.send(()).unwrap();
        log.flush(Duration::from_secs(10));
        assert!(log.waiting().lines.is_empty());
    }

    #[test]
    fn a_log_that_is_not_open_takes_nothing() {
        let log = Log::default();
        log.line(&"x");
        assert!(log.waiting().lines.is_empty());
        log.flush(Duration::from_secs(10));
    }
}

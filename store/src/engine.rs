//! The one thread on which requests to buckets run, so that callers may be anywhere: outside of any async program, or on a
//! blocking thread of one. It knows nothing of the store.

use std::{
    future::Future,
    sync::{OnceLock, mpsc},
    thread,
};
use tokio::runtime::{Builder, Handle};

/// Runs a future to its end and waits for it. None if there is no such thread or the future broke.
pub fn wait<T, F>(future: F) -> Option<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    static ENGINE: OnceLock<Option<Handle>> = OnceLock::new();
    let engine = ENGINE.get_or_init(start).as_ref()?;
    let (sender, receiver) = mpsc::sync_channel(1);
    engine.spawn(async move {
        // Whoever waits may have ended; then nobody needs the answer.
        let _ = sender.send(future.await);
    });
    receiver.recv().ok()
}

/// Chooses how TLS is spoken, unless the program has chosen already: a client cannot be made before.
pub fn prepare() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Starts the thread; it ends with the process.
fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let own = runtime.handle().clone();
    let run = move || runtime.block_on(std::future::pending::<()>());
    thread::Builder::new().name("store".into()).spawn(run).ok()?;
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_waits_from_plain_threads_from_blocking_ones_and_from_within_an_async_program() {
        let late = || async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            7
        };
        assert_eq!(wait(late()), Some(7));
        let runtime = Builder::new_multi_thread().build().unwrap();
        assert_eq!(runtime.block_on(runtime.spawn_blocking(move || wait(late()))).unwrap(), Some(7));
        assert_eq!(runtime.block_on(async { wait(late()) }), Some(7));
    }

    #[test]
    fn a_future_that_breaks_is_no_answer_and_the_next_one_is_served() {
        // Unwinds as a panic does, but quietly: a test's output is to show no fault where there is none.
        assert_eq!(wait(async { std::panic::resume_unwind(Box::new("broken")) }), None::<u8>);
        assert_eq!(wait(async { 7 }), Some(7));
    }
}

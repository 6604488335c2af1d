//! Finds free ports on 127.0.0.1. It keeps none of them open.

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};

/// Below NodePorts and below the ports the kernel gives to outgoing connections: port 0 would give one of those, and
/// before the program that is to listen on it has started, a connection of another cluster may have taken it.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;
/// How far apart two launchers with neighbouring process ids begin.
const STRIDE: u32 = 16;

/// As many free ports as asked for; never the same twice in one program.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    for port in &mut ports {
        *port = next()?;
    }
    Ok(ports)
}

fn next() -> Result<u16> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(STRIDE);
    for _ in 0..COUNT {
        let offset = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let port = u16::try_from(FIRST + offset).unwrap_or(u16::MAX);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    let source = std::io::ErrorKind::AddrInUse.into();
    Err(Error::File { doing: "find a free port on", path: Path::new("127.0.0.1").into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_can_be_listened_on() {
        let mut ports = [free::<10>().unwrap(), free().unwrap()].concat();
        for port in &ports {
            // A child that another test starts just now holds our listeners for a moment.
            let is_free = || TcpListener::bind(("127.0.0.1", *port)).is_ok();
            assert!(
                (0..100).any(|_| is_free() || {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    false
                }),
                "{port}"
            );
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }
}

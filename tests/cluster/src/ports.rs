//! Finds free ports on 127.0.0.1. It keeps none of them open.

use std::net::TcpListener;
use std::path::Path;

use crate::error::{Naming, Result};

/// As many different free ports as asked for. All are held until the last is found, so none comes twice.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let address = "127.0.0.1:0";
        let listener = TcpListener::bind(address).naming("listen on", Path::new(address))?;
        *port = listener.local_addr().naming("listen on", Path::new(address))?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_can_be_listened_on() {
        let mut ports = free::<20>().unwrap().to_vec();
        for port in &ports {
            TcpListener::bind(("127.0.0.1", *port)).unwrap();
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }
}

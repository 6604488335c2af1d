//! One flag that says a person wants this to end. It ends nothing itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Raised by Ctrl-C or SIGTERM; looked at wherever something is awaited.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A flag raised by SIGINT, SIGTERM and SIGHUP from now on.
    pub fn on_signals() -> Result<Self> {
        let flag = Self::default();
        for signal in signal_hook::consts::TERM_SIGNALS {
            if *signal != signal_hook::consts::SIGQUIT {
                signal_hook::flag::register(*signal, Arc::clone(&flag.0))
                    .map_err(|source| Error::Run { program: "sigaction".into(), source })?;
            }
        }
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&flag.0))
            .map_err(|source| Error::Run { program: "sigaction".into(), source })?;
        Ok(flag)
    }

    /// Whether it was raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Raises it.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

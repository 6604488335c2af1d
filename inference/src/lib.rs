//! The inference service: answers `POST /predict` from one verified bundle. It knows no Kubernetes, writes no file but
//! the termination log and records in the store, and never logs, measures or echoes a patient id, a feature or a key.
//!
//! ```text
//!  settings ──▶ load (again every 2 s while the bundle is not there) ──▶ ready ──▶ draining ──▶ stopped
//!     │ bad           │ digest or golden rows disagree                          SIGTERM       │
//!     ▼ exit 2        ▼ exit 3                                                                ▼ exit 0
//! ```
//!
//! Exit codes, the sentence for which is logged and left in the termination log:
//!
//! | code | meaning | whose fault |
//! |---|---|---|
//! | 0 | stopped cleanly, no request lost | nobody's |
//! | 1 | the platform refused something, such as a port | the environment's |
//! | 2 | settings, serving file or policy are bad | the one who wrote them |
//! | 3 | the bundle was read and refused: digest, schema, numbers or golden rows | the candidate's |
//!
//! A bundle, a client's key or the pseudonym key that is not there is no exit: the service stays up, unready, and says why in `/readyz`.

pub mod answer;
pub mod app;
pub mod arrival;
pub mod batch;
pub mod body;
pub mod context;
pub mod health;
pub mod ids;
pub mod journal;
pub mod keeping;
pub mod keys;
pub mod life;
pub mod listener;
pub mod load;
pub mod log;
pub mod make_key;
pub mod metrics;
pub mod moment;
pub mod openapi;
pub mod outcomes;
pub mod predict;
pub mod problem;
pub mod query;
pub mod rates;
pub mod reasons;
pub mod records;
pub mod row;
pub mod settings;
pub mod tls;
pub mod told;
pub mod tree;
pub mod version;
pub mod wire;

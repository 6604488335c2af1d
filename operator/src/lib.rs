//! The hands: observe (the only reader of the cluster), apply (the only writer), render (pure). It decides nothing.
//!
//! It talks to nothing but the Kubernetes API, never writes a spec, and holds no verb on Secrets.

pub mod apply;
pub mod call;
pub mod connect;
pub mod context;
pub mod controller;
pub mod error;
pub mod fleet;
pub mod health;
pub mod installed;
pub mod labels;
pub mod lease;
pub mod metrics;
pub mod observe;
pub mod refusals;
pub mod render;
pub mod settings;
pub mod subset;
pub mod watches;

//! Starts a real Kubernetes on one plain Linux machine for tests and demonstrations, and leaves nothing behind.
//!
//! See `README.md` in this crate for what a machine needs and what is absent (DNS, load balancers, a registry).

mod binaries;
mod catalogue;
mod cgroups;
mod children;
mod cluster;
mod command;
mod control_plane;
mod error;
mod folder;
mod image;
mod interrupt;
mod kubeconfig;
mod mounts;
mod network;
mod node;
mod packages;
mod pki;
mod ports;
mod post;
mod records;
mod s3;
mod sweep;

pub use binaries::{binaries, helm, versitygw};
pub use cluster::{Cluster, Level, Options, default_dir, down};
pub use error::{Error, Result};
pub use image::Image;
pub use interrupt::Interrupt;
pub use packages::install;
pub use post::{Posted, post};
pub use records::MARK;
pub use s3::S3Server;
pub use sweep::leftovers;

//! A real apiserver and controller manager with the real operator, and what a test needs to play user and kubelet.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod answers;
mod audit;
mod looks;
mod operator;
mod pods;
mod specs;
mod trial;
mod world;

pub use answers::{answer, bundle, inconclusive, passed, refused, unchanged};
pub use audit::{Request, Tail, requests};
pub use looks::{POLICY, drifted, impatient, policy, policy_condition, trigger};
pub use operator::{Flags, IMAGE, Operator};
pub use pods::{End, Serving, running};
pub use specs::{MODEL, model, with};
pub use trial::{Kind, Trial, condition, entry, is, is_current, is_production, stage, task_of};
pub use world::{World, eventually, root, shared_operator, world};

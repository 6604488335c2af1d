//! What tests of several kinds share: the manifests that the API must accept or refuse. It tests nothing by itself.

pub mod cases;

//! Certificates as Kubernetes reads them: which objects a way to run CockroachDB there wants, with which keys,
//! and which names its nodes are reached by (REFERENCE.md section 8). Nothing here touches a file.

pub mod cert_manager;
pub mod hosts;
pub mod layout;
pub mod manifest;
pub mod name;

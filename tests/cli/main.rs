//! What operators see: the built program, run as they run it. One module a behaviour.

#[path = "../support/mod.rs"]
mod support;

mod apply;
mod apply_again;
mod arguments;
mod assets;
mod build_script;
mod check_login;
mod create_ca;
mod create_client;
mod create_node;
mod csr;
mod docs;
mod dropin;
mod export;
mod files;
mod fleet_rotation;
mod hostile;
mod import;
mod kinds;
mod list;
mod list_errors;
mod list_formats;
mod logging;
mod ocsp;
mod ownership;
mod passphrase;
mod renew;
mod rotation;
mod sandbox;
mod schema;
mod secrets;
mod sign;
mod sign_with;
mod status;
mod subject;
mod terminal;
mod verify;
mod verify_handshake;
mod verify_json;
mod verify_metrics;
mod verify_report;
mod version;
mod walkthrough;

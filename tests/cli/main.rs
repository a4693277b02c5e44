//! What operators see: the built program, run as they run it. One module a behaviour.

#[path = "../support/mod.rs"]
mod support;

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
mod files;
mod hostile;
mod kinds;
mod list;
mod list_errors;
mod logging;
mod ownership;
mod passphrase;
mod rotation;
mod sandbox;
mod secrets;
mod sign;
mod subject;
mod terminal;
mod verify;
mod version;
mod walkthrough;

//! What an operator passes on from a server is read, or refused: start flags, an identity map, lists.
#![no_main]

use std::sync::LazyLock;

use crdb_cert::certificate::Certificate;
use crdb_cert::login::{IdentityMap, PrincipalMap, SanList, ServerSettings, ServerVersion, users_to_try};
use crdb_cert::pki::pem;
use crdb_cert::server_flags::ServerFlags;
use libfuzzer_sys::fuzz_target;

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let file = include_bytes!("../seeds/certificate/node.crt");
    pem::certificates(file, "node.crt").expect("a certificate").remove(0)
});

fuzz_target!(|text: &str| {
    let _ = ServerFlags::read(text);
    let _ = (text.parse::<PrincipalMap>(), text.parse::<SanList>(), text.parse::<ServerVersion>());
    if let Ok(map) = IdentityMap::read(text, "m") {
        // By alternative names: there are several.
        let settings =
            ServerSettings { identity_map: Some(map), san_required: true, ..ServerSettings::default() };
        let _ = users_to_try(&CERTIFICATE, &settings);
    }
});

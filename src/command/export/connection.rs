//! `export connection`: what to tell a driver.

use std::path::{Path, absolute};

use anyhow::{Context, Result, anyhow, bail};

use super::pair::{Pair, named};
use crate::certs_dir::CertsDir;
use crate::certs_dir::certificate::{CA, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::cli::export::{Connection, ConnectionForm};
use crate::command::announce;
use crate::connection::{self, Server};
use crate::error::{Advice, misleads, reason, shell_word};
use crate::output;
use crate::pki::key::PrivateKey;
use crate::store::read::Regular;
use crate::usage::Usage;

/// Prints the URL or the variables.
pub fn run(args: &Connection) -> Result<()> {
    let server: Server = args.host.parse().context("--host")?;
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let name = named(&args.user)?;
    let (Usage::Client, Some(user)) = (name.usage, name.name.clone()) else {
        let what = format!("{} is not the certificate of a SQL user", name.certificate_file());
        return Err(Advice::new(what, "name a user, such as root").into());
    };
    let pair = Pair::read(&certs_dir, name)?;
    let ca = CertificateName::of(Usage::Ca).certificate_file();
    CertificateFile::load_in(&pair.reading, &ca, CA)?;
    let file = |name: String| text(&pair.reading.path(&name));
    let (root, certificate) = (file(ca)?, file(pair.name.certificate_file())?);
    let key = match args.format {
        ConnectionForm::Jdbc => pair.name.pkcs8_file(),
        _ => pair.name.key_file(),
    };
    let key = file(key)?;
    let connection = connection::Connection {
        server: &server,
        user: &user,
        database: &args.database,
        root: &root,
        certificate: &certificate,
        key: &key,
    };
    let said = match args.format {
        ConnectionForm::Url => connection.url() + "\n",
        ConnectionForm::Jdbc => {
            check_pkcs8(&pair, &user, &key)?;
            connection.jdbc() + "\n"
        }
        ConnectionForm::Env => {
            if [&*user, &args.database, &root].iter().any(|text| text.contains(misleads)) {
                bail!("a name or path contains control characters, which a shell would not read unchanged");
            }
            connection.variables()
        }
    };
    output::print(&said).context("could not print the connection")
}

/// The absolute path, as text.
fn text(path: &Path) -> Result<String> {
    let path = absolute(path).map_err(|error| anyhow!("could not tell where we are: {}", reason(&error)))?;
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let what = format!("the path {} is not UTF-8, but URLs for drivers have to be", path.display());
        Advice::new(what, "copy the certificates into a directory with another name").into()
    })
}

/// Java reads another form of the key: is it there?
fn check_pkcs8(pair: &Pair<'_>, user: &str, path: &str) -> Result<()> {
    let (file, dir) = (pair.name.pkcs8_file(), pair.reading.dir_path().display().to_string());
    let (dir, out) = (shell_word(&dir), shell_word(path));
    let command = format!("crdb-cert export pkcs8 {} --certs-dir={dir} --out={out}", shell_word(user));
    if !pair.reading.has(&file) {
        announce::stderr(&format!("note: {path} does not exist yet; make it: {command}"));
        return Ok(());
    }
    let contents = pair.reading.open(&file).and_then(Regular::read);
    let contents = contents.with_context(|| format!("could not read the key {path}"))?;
    let key = PrivateKey::from_pkcs8_der(&contents).with_context(|| format!("could not use the key {path}"))?;
    if !key.is_same(&pair.key) {
        let what = format!("the key {path} is not that of {}", pair.name.key_file());
        return Err(Advice::new(what, format!("make it anew: {command} --overwrite")).into());
    }
    Ok(())
}

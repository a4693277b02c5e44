//! Refuses a libcrypto that has no providers, and makes the man pages and shell completions from `src/cli.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use clap::ValueEnum;

#[path = "build/openssl_version.rs"]
mod openssl_version;

#[allow(dead_code, missing_docs)]
#[path = "src/cli.rs"]
mod cli;

fn main() -> io::Result<()> {
    for path in ["build.rs", "build", "src/cli.rs", "src/cli"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=CRDB_CERT_ASSETS_DIR");

    let version = env::var("DEP_OPENSSL_VERSION_NUMBER").ok();
    let found = openssl_version::Found {
        libressl: env::var_os("DEP_OPENSSL_LIBRESSL_VERSION_NUMBER").is_some(),
        boringssl: env::var_os("DEP_OPENSSL_BORINGSSL").is_some() || env::var_os("DEP_OPENSSL_AWSLC").is_some(),
        version: version.as_deref().and_then(|v| u64::from_str_radix(v, 16).ok()),
    };
    if let Err(sentence) = openssl_version::check(found) {
        eprintln!("error: {sentence}");
        process::exit(1);
    }
    println!("cargo:rustc-env=CRDB_CERT_BUILT_WITH_OPENSSL={}", version.unwrap_or_default());

    // A fixed place on request, so that `make install` need not search cargo's build directories.
    let assets = env::var_os("CRDB_CERT_ASSETS_DIR")
        .or_else(|| env::var_os("OUT_DIR"))
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    println!("cargo:rustc-env=CRDB_CERT_ASSETS={}", assets.display());
    man_pages(&assets.join("man"))?;
    completions(&assets.join("completions"))
}

/// One page for the program and one for each command.
fn man_pages(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut root = cli::command();
    root.build();
    let commands = root.get_subcommands().filter(|command| command.get_name() != "help").cloned();
    let pages = commands.map(|command| {
        let name = format!("{}-{}", root.get_name(), command.get_name());
        command.display_name(name)
    });
    for command in pages.collect::<Vec<_>>().into_iter().chain([root]) {
        let file = format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name()));
        fs::write(dir.join(file), man_page(command)?)?;
    }
    Ok(())
}

/// A page with the examples as they are typed, which clap_mangen would fill and hyphenate.
fn man_page(command: clap::Command) -> io::Result<Vec<u8>> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = clap_mangen::Man::new(command.clone().after_help(None::<&str>));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let literal = |line: &str| line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let examples: Vec<_> = examples.lines().filter(|line| line.starts_with("  ")).map(literal).collect();
    page.extend(format!(".SH EXAMPLES\n.nf\n{}\n.fi\n", examples.join("\n")).bytes());
    page.extend(MORE.bytes());
    Ok(page)
}

/// What is the same for all commands.
const MORE: &str = r".SH ENVIRONMENT
.TP
\fBCOCKROACH_CERTS_DIR\fR, \fBCOCKROACH_CA_KEY\fR
Defaults of \-\-certs\-dir and \-\-ca\-key.
.TP
\fBCOCKROACH_SKIP_KEY_PERMISSION_CHECK\fR
If true, owner and mode of keys are not looked at.
.TP
\fBCOCKROACH_CERT_NODE_USER\fR
The common name of node certificates, instead of node.
.TP
\fBCRDB_CERT_FIPS\fR
If true, as \-\-fips.
.TP
\fBOPENSSL_CONF\fR, \fBOPENSSL_MODULES\fR
OpenSSL's configuration file, and the directory of its providers.
.SH EXIT STATUS
0 if all went well, 1 if not, 2 for wrong usage. For check\-login 1 is a refused login, and 2 one that could not be judged.
.SH SEE ALSO
\fBcrdb\-cert\fR(1), \fBopenssl\fR(1), \fBopenssl\-x509\fR(1)
";

fn completions(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for shell in clap_complete::Shell::value_variants() {
        let file = clap_complete::generate_to(*shell, &mut cli::command(), "crdb-cert", dir)?;
        if *shell == clap_complete::Shell::Bash {
            // Two parts of the script disagree on how a hyphen in the program's name is written.
            let script = fs::read_to_string(&file)?;
            fs::write(&file, script.replace("crdb__subcmd__cert", "crdb__cert"))?;
        }
    }
    Ok(())
}

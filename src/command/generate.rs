//! `generate`: man pages and completions, from the definition in [`cli`].

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use clap_complete::Shell;

use crate::cli::{self, Generate};
use crate::error::{Advice, reason};
use crate::output;

const NAME: &str = "crdb-cert";

/// Writes the pages, or prints the completions.
pub fn run(what: &Generate) -> Result<()> {
    match what {
        Generate::Man(args) => man_pages(&args.dir),
        Generate::Completions(args) => {
            output::print(&completions(args.shell)).context("could not print the completions")
        }
    }
}

/// The program, with only the commands that `--help` shows.
fn visible() -> clap::Command {
    let all = cli::command();
    clap::Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments().cloned())
        .subcommands(all.get_subcommands().filter(|command| !command.is_hide_set()).cloned())
}

/// One page for the program and one for each command, with those that commands have of their own.
fn man_pages(dir: &Path) -> Result<()> {
    fs::create_dir(dir).map_err(|error| {
        let what = format!("could not create {}: {}", dir.display(), reason(&error));
        Advice::new(what, "name a directory that does not exist, in one that does")
    })?;
    let mut root = cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{NAME}-{}", command.get_name());
        let nested = command.get_subcommands();
        pages.extend(nested.map(|nested| (format!("{name}-{}", nested.get_name()), nested.clone())));
        pages.push((name, command.clone()));
    }
    for (name, command) in pages.into_iter().chain([(NAME.to_owned(), root)]) {
        let page = man_page(command.display_name(&name)).context("could not render a page")?;
        let path = dir.join(name + ".1");
        let written = File::create_new(&path).and_then(|mut file| file.write_all(&page));
        written.with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

/// A page with its examples verbatim: clap_mangen would fill and hyphenate them.
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

/// The part that all pages share.
const MORE: &str = r".SH ENVIRONMENT
.TP
\fBCOCKROACH_CERTS_DIR\fR, \fBCOCKROACH_CA_KEY\fR, \fBCOCKROACH_CERTS_OWNER\fR
Defaults of \-\-certs\-dir, \-\-ca\-key and \-\-owner.
.TP
\fBCOCKROACH_SKIP_KEY_PERMISSION_CHECK\fR
If true, the owner and mode of keys are not checked.
.TP
\fBCOCKROACH_CERT_NODE_USER\fR
The common name of node certificates, instead of node.
.TP
\fBCRDB_CERT_FIPS\fR
If true, the same as \-\-fips.
.TP
\fBOPENSSL_CONF\fR, \fBOPENSSL_MODULES\fR
OpenSSL's configuration file, and the directory of its providers.
.SH EXIT STATUS
0 on success, 1 on failure, 2 for wrong usage. For check\-login, 1 is a refused login, and 2 one that could not be judged.
For verify, 1 means warnings, 2 errors, and 3 that a directory could not be looked at.
.SH SEE ALSO
\fBcrdb\-cert\fR(1), \fBopenssl\fR(1), \fBopenssl\-x509\fR(1)
";

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(), NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    // Two parts of the bash script disagree on how to write a hyphen in the program's name.
    script.replace("crdb__subcmd__cert", "crdb__cert")
}

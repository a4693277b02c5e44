//! `make install` and `make uninstall`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::shell;

/// What is installed below PREFIX, apart from the man pages and whole directories.
const FILES: [&str; 10] = [
    "bin/crdb-cert",
    "share/bash-completion/completions/crdb-cert",
    "share/doc/crdb-cert/CHANGELOG.md",
    "share/doc/crdb-cert/LICENSE",
    "share/doc/crdb-cert/LICENSE-APACHE",
    "share/doc/crdb-cert/LICENSE-MIT",
    "share/doc/crdb-cert/README.md",
    "share/doc/crdb-cert/SECURITY.md",
    "share/fish/vendor_completions.d/crdb-cert.fish",
    "share/zsh/site-functions/_crdb-cert",
];

/// All pages of the documentation are installed.
fn pages() -> impl Iterator<Item = String> {
    let pages = std::fs::read_dir(shell::project().join("docs")).expect("docs");
    pages.map(|page| format!("share/doc/crdb-cert/docs/{}", page.expect("docs").file_name().to_string_lossy()))
}

/// What `--sign-with` can run, and the policy that goes with it.
const SIGNERS: [&str; 3] = [
    "share/crdb-cert/signers/openbao",
    "share/crdb-cert/signers/openbao-policy.hcl",
    "share/crdb-cert/signers/openssl-ca",
];

/// All of `examples`, and what Prometheus and systemd need.
fn examples() -> impl Iterator<Item = String> {
    let project = shell::project();
    let files = WalkDir::new(project.join("examples")).into_iter().map(|entry| entry.expect("an example"));
    let files = files.filter(|entry| entry.file_type().is_file());
    let names = files.map(move |entry| {
        let name = entry.path().strip_prefix(project.join("examples")).expect("an example").to_owned();
        name.to_str().expect("UTF-8").to_owned()
    });
    let monitoring = ["crdb-cert-metrics.service", "crdb-cert-metrics.timer", "crdb-cert.rules.yml"];
    let all = names.chain(monitoring.map(|name| format!("prometheus/{name}")));
    all.map(|name| format!("share/doc/crdb-cert/examples/{name}"))
}

/// Everything but the man pages.
fn files() -> impl Iterator<Item = String> {
    let fixed = FILES.into_iter().chain(SIGNERS).chain(licence_of_crates()).map(str::to_owned);
    fixed.chain(pages()).chain(examples())
}

/// Where the crates are, their licences are installed, too.
fn licence_of_crates() -> Option<&'static str> {
    shell::project().join("vendor/LICENSE-CRATES").exists().then_some("share/doc/crdb-cert/LICENSE-CRATES")
}

/// The commands that have a man page.
const COMMANDS: &[&str] = &[
    "apply",
    "check-login",
    "create-ca",
    "create-client",
    "create-client-ca",
    "create-node",
    "create-tenant-client",
    "create-tenant-client-ca",
    "create-tenant-signing",
    "create-ui",
    "create-ui-ca",
    "csr",
    "export",
    "export-kubernetes",
    "export-connection",
    "export-pem",
    "export-pkcs12",
    "export-pkcs8",
    "import",
    "list",
    "probe",
    "remove-ca",
    "renew",
    "sign",
    "status",
    "subject",
    "verify",
    "version",
];

/// `make install`, or `make uninstall`, as an administrator runs it: with no cargo.
const MAKE: &str = r#"umask "$1"; make "$2" DESTDIR="$3" PREFIX=/usr CARGO=false"#;

struct Root(TempDir);

impl Root {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("root of a package")
    }

    fn make(&self, umask: &str, target: &str) {
        shell::script(MAKE, &[umask.as_ref(), target.as_ref(), self.path().as_ref()]);
    }

    fn installed() -> Self {
        let root = Self::new();
        root.make("022", "install");
        root
    }

    fn man_pages(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("usr/share/man/man1")).expect("man1");
        entries.map(|entry| entry.expect("a page").path()).collect()
    }
}

/// The mode of each file and directory.
fn modes(root: &Path) -> BTreeMap<PathBuf, u32> {
    let entries = WalkDir::new(root).min_depth(1).into_iter().map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let name = entry.path().strip_prefix(root).expect("below the root").to_owned();
            (name, entry.metadata().expect("metadata").mode() & 0o7777)
        })
        .collect()
}

#[test]
fn every_file_has_its_mode_under_any_umask() {
    let man_pages = COMMANDS.iter().map(|command| format!("share/man/man1/crdb-cert-{command}.1"));
    let programs = ["bin/crdb-cert", "share/crdb-cert/signers/openbao", "share/crdb-cert/signers/openssl-ca"];
    let mut expected = BTreeMap::new();
    for file in files().chain(["share/man/man1/crdb-cert.1".to_owned()]).chain(man_pages) {
        let mode = if programs.contains(&&*file) { 0o755 } else { 0o644 };
        let file = Path::new("usr").join(file);
        let directories = file.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
        expected.extend(directories.map(|directory| (directory.to_owned(), 0o755)));
        expected.insert(file.clone(), mode);
    }
    for umask in ["000", "022", "077"] {
        let root = Root::new();
        root.make(umask, "install");
        assert_eq!(modes(&root.path()), expected, "umask {umask}");
    }
}

#[test]
fn uninstall_leaves_no_file_but_those_of_others() {
    let root = Root::installed();
    let others = [
        "usr/bin/other",
        "usr/share/crdb-cert/signers/other",
        "usr/share/doc/crdb-cert/examples/ops/other",
        "usr/share/doc/crdb-cert/other",
        "usr/share/man/man1/other.1",
    ];
    let others = others.map(|name| root.path().join(name));
    for other in &others {
        fs::write(other, "").expect("a file");
    }
    root.make("022", "uninstall");
    let entries = WalkDir::new(root.path()).into_iter().map(|entry| entry.expect("an entry"));
    let mut left: Vec<_> =
        entries.filter(|entry| !entry.file_type().is_dir()).map(|entry| entry.into_path()).collect();
    left.sort();
    assert_eq!(left, others);

    let root = Root::installed();
    root.make("022", "uninstall");
    for gone in ["usr/share/doc/crdb-cert", "usr/share/crdb-cert"] {
        assert!(!root.path().join(gone).exists(), "{gone}");
    }
}

#[test]
fn directories_that_are_there_keep_their_modes() {
    let root = Root::new();
    let bin = root.path().join("usr/bin");
    fs::create_dir_all(&bin).expect("a directory");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o1770)).expect("its mode");
    root.make("022", "install");
    assert_eq!(modes(&root.path())[Path::new("usr/bin")], 0o1770);
}

/// Runs the script `$1` with the arguments behind it where nothing can be written but `$4`, its DESTDIR.
const ALL_ELSE_READ_ONLY: &str = r#"
    mount -t tmpfs none "$4"
    findmnt --list --noheadings --output TARGET | grep -vE '^/(proc|sys|dev)(/|$)' | grep -vxF "$4" |
        while read -r place; do mount -o remount,bind,ro "$place"; done
    if touch Makefile 2>/dev/null; then echo "the project can be written to" >&2; exit 1; fi
    script=$1
    shift
    sh -euc "$script" sh "$@"
    find "$3" -type f | wc -l
"#;

#[test]
fn nothing_outside_destdir_is_touched() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let both = format!("{MAKE}; set -- \"$1\" \"$4\" \"$3\"; {MAKE}");
    let installed = files().count() + COMMANDS.len() + 1;
    for (script, files) in [(MAKE, installed), (&both, 0)] {
        let unshare = "unshare --user --map-root-user --mount sh -euc \"$@\"";
        let args = [ALL_ELSE_READ_ONLY, "sh", script, "022", "install"].map(AsRef::as_ref);
        let out = shell::script(unshare, &[&args[..], &[root.path().as_ref(), "uninstall".as_ref()]].concat());
        assert_eq!(out.lines().last(), Some(files.to_string().as_str()), "{out}");
    }
}

/// What `man` warns of, for a page.
fn man_warnings(page: &Path) -> String {
    let mut man = shell::command(shell::project(), "man");
    man.env("LC_ALL", "C.UTF-8").env("MANROFFSEQ", "").env("MANWIDTH", "80");
    let output = man.args(["--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"]).arg(page).output().expect("man");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn man_warns_of_nothing() {
    let root = Root::installed();
    for page in root.man_pages() {
        assert_eq!(man_warnings(&page), "", "{}", page.display());
        let text = shell::succeeds(shell::command(shell::project(), "man").arg("-l").arg(&page));
        assert!(text.contains("EXAMPLES"), "{}: {text}", page.display());
    }
    let wrong = root.path().join("wrong.1");
    fs::write(&wrong, ".TH WRONG 1\n.SH NAME\nwrong \\- a page\n.NOSUCH macro\n").expect("a page");
    assert!(man_warnings(&wrong).contains("NOSUCH"), "{}", man_warnings(&wrong));
}

#[test]
fn every_shell_reads_its_completions() {
    let root = Root::installed();
    let share = root.path().join("usr/share");
    shell::script(
        r#"bash -n "$1/bash-completion/completions/crdb-cert"; zsh -n "$1/zsh/site-functions/_crdb-cert""#,
        &[share.as_ref()],
    );
    let fish = r#"HOME=$2 fish --no-config -c 'source $argv[1]; complete -C "crdb-cert create-no"' "$1/fish/vendor_completions.d/crdb-cert.fish""#;
    let completed = shell::script(fish, &[share.as_ref(), root.0.path().as_ref()]);
    assert!(completed.starts_with("create-node\t"), "{completed}");
}

/// In a cross build the program does not run, and another one generates the pages and completions.
#[test]
fn another_program_can_generate_the_pages() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let assets = directory.path().join("a place of its own");
    let program = shell::program();
    let generate = |generator: &[&std::ffi::OsStr]| {
        let mut command = shell::command(shell::project(), "build/generate");
        command.arg(&assets).args(generator).output().expect("build/generate")
    };
    // Twice: what is there is replaced.
    for _ in 0..2 {
        let output = generate(&["env".as_ref(), "A=b".as_ref(), program.as_os_str()]);
        assert!(output.status.success(), "{output:?}");
        let pages = fs::read_dir(assets.join("man")).expect("pages").count();
        assert_eq!(pages, COMMANDS.len() + 1);
    }
    let output = generate(&["/nonexistent/crdb-cert".as_ref()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("error: /nonexistent/crdb-cert does not run here"), "{said}");
    assert_eq!(fs::read_dir(assets.join("man")).expect("pages").count(), COMMANDS.len() + 1);
}

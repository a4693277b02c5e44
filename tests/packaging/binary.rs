//! How the program is linked, and that `build/check-binary` sees when it is not linked so.

use std::fs;
use std::process::Command;

use crate::shell;

fn check(program: &std::path::Path) -> (bool, String) {
    let output =
        shell::command(shell::project(), "build/check-binary").arg(program).output().expect("check-binary");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_program_is_hardened_and_knows_nothing_of_the_machine_that_built_it() {
    assert_eq!(check(&shell::program()), (true, String::new()));
}

#[test]
fn each_fault_is_found() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let [source, program] = ["main.c", "main"].map(|name| directory.path().join(name));
    let path = format!("{}/src/main.rs", shell::project().display());
    let text = format!("int main(void) {{ return 0; }}\nconst char path[] = {path:?};\n");
    fs::write(&source, text).expect("main.c");
    let build = |flags: &str| {
        let mut cc = Command::new("cc");
        cc.args(["-o".as_ref(), program.as_os_str(), source.as_os_str()]).args(flags.split(' '));
        shell::succeeds(&mut cc);
        check(&program).1
    };

    let sound = "-pie -fPIE -s -Wl,-z,relro,-z,now -Wl,--gc-sections -fdata-sections -lc";
    for (flags, fault) in [
        ("-no-pie", "is no position-independent executable"),
        ("-Wl,-z,norelro", "has no RELRO segment"),
        ("-Wl,-z,lazy", "has partial RELRO only"),
        ("-Wl,-z,execstack", "has an executable stack"),
        ("-Wl,-rpath,/opt/lib", "has an RPATH"),
        ("-Wl,--no-gc-sections", "has the path"),
        ("-Wl,--no-as-needed -lresolv", "links libresolv.so.2"),
    ] {
        let found = build(&format!("{sound} {flags}"));
        assert!(found.contains(fault), "{flags}: {found}");
    }
    let found = build(&sound.replace("-s ", "-g "));
    assert!(found.contains("is not stripped"), "{found}");
}

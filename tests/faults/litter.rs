//! Parts of keys, and whole ones that nobody knows of any more, do not stay on the disk.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::inspect::{check_answer, inspect, recovers};
use crate::points::Points;
use crate::scenario::{DIRS, Scenario};
use crate::strace;
use crate::world::{Run, leftovers, program, words};

/// The most bytes that a file may get: less than any key has, between a key and a certificate, and more than
/// most have.
const LIMITS: [&str; 6] = ["0", "1", "100", "240", "400", "1000"];

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        points.try_all(
            LIMITS.to_vec(),
            |limit| format!("{}: at most {limit} bytes", scenario.name),
            |limit| {
                let world = scenario.world.copy();
                let mut command =
                    world.command("prlimit", &[&format!("--fsize={limit}"), "--core=0", program()]);
                let run = Run::of(command.args(&scenario.args));
                let seen = inspect(&scenario, &world).with_context(|| format!("{run:?}"))?;
                check_answer(&scenario, &run, &seen, &[])?;
                recovers(&scenario, &world, &seen)
            },
        );
    }
    points.report("limits on the size of files", 48);
}

#[test]
fn no_key_stays_behind_when_the_certs_directory_was_renamed_after_a_kill() {
    let mut points = Points::default();
    for scenario in [Scenario::first_ca(), Scenario::new_ca_key()] {
        points.try_all(
            strace::calls(&scenario.world, &scenario.args, &[]),
            |call| format!("{}: killed at {} #{}, then certs is renamed", scenario.name, call.name, call.nth),
            |call| {
                let world = scenario.world.copy();
                strace::run(&world, &scenario.args, &[strace::signal(call, "SIGKILL")]);
                if world.path("certs").exists() {
                    fs::rename(world.path("certs"), world.path("renamed"))?;
                }
                let run = world.run(&words(&format!("create-ca --ca-key=my-safe-directory/next.key {DIRS}")));
                ensure!(run.success(), "{run:?}");
                let now = world.snapshot();
                let left: Vec<_> = leftovers(&now)
                    .into_iter()
                    .filter(|path| path.starts_with(Path::new("my-safe-directory")))
                    .collect();
                ensure!(left.is_empty(), "left behind: {left:?}");
                Ok(())
            },
        );
    }
    points.report("kills before a renaming", 100);
}

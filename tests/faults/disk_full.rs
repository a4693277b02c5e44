//! A disk that is really full: a small tmpfs in a mount namespace of its own, so that nothing of it is left.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::inspect::{check_answer, inspect, recovers};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call};
use crate::world::{Run, World, program};

/// Fills a file system with all but so many pages or inodes, runs the command there, and brings everything
/// back.
const SCRIPT: &str = r#"set -eu
disk=$1 from=$2 to=$3 kind=$4 free=$5
shift 5
case $kind in
pages) limit=size=1m ;;
inodes) limit=nr_inodes=$(($(find "$from" | wc -l) + free)) ;;
esac
mount -t tmpfs -o "$limit" disk "$disk"
cp -a "$from/." "$disk"
cd "$disk"
if [ "$kind" = pages ]; then
    dd if=/dev/zero of=filler bs=4k 2>/dev/null || :
    truncate -s "-$((free * $(getconf PAGESIZE)))" filler
fi
status=0
"$@" || status=$?
rm -f filler
cp -a . "$to"
exit "$status"
"#;

#[test]
fn the_disk_is_full() {
    let mut points = Points::default();
    match ["-m", "-rm"].into_iter().find(|flags| can_mount(flags)) {
        Some(flags) => {
            for scenario in Scenario::all() {
                let limits =
                    ["pages", "inodes"].into_iter().flat_map(|kind| (0..12).map(move |free| (kind, free)));
                points.try_all(
                    limits.collect(),
                    |(kind, free)| format!("{}: {free} free {kind}", scenario.name),
                    |(kind, free)| run_on_small_disk(&scenario, flags, kind, *free),
                );
            }
            points.report("full disks (tmpfs)", 90);
        }
        None => {
            for scenario in Scenario::all() {
                fill_by_injection(&mut points, &scenario);
            }
            points.report("full disks (by injection, as this user may not mount a tmpfs)", 30);
        }
    }
}

fn unshare(flags: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args([flags, "sh", "-c"]);
    command
}

fn can_mount(flags: &str) -> bool {
    let output = unshare(flags).arg("mount -t tmpfs disk /tmp").output();
    output.is_ok_and(|output| output.status.success())
}

fn run_on_small_disk(scenario: &Scenario, flags: &str, kind: &str, free: u32) -> Result<()> {
    let result = World::nothing();
    let disk = result.beside("disk");
    std::fs::create_dir(&disk)?;
    let mut command = unshare(flags);
    command.arg(SCRIPT).arg("sh").arg(disk).arg(scenario.world.dir()).arg(result.dir());
    command.args([kind, &free.to_string(), program()]).args(&scenario.args);
    let run = Run::of(&mut command);
    let seen = inspect(scenario, &result).with_context(|| format!("{run:?}"))?;
    check_answer(scenario, &run, &seen, &[])?;
    ensure!(run.success() == (free > 10) || (1..=10).contains(&free), "{free} are free: {run:?}");
    recovers(scenario, &result, &seen)
}

/// From each call on that needs room, there is none.
fn fill_by_injection(points: &mut Points, scenario: &Scenario) {
    let needs_room = |call: &Call| ["write", "linkat", "mkdirat", "mkdir"].contains(&&*call.name);
    let calls = strace::calls(&scenario.world, &scenario.args, &[]).into_iter().filter(needs_room);
    points.try_all(
        calls.collect(),
        |call| format!("{}: full from {} #{} on", scenario.name, call.name, call.nth),
        |call| {
            let world = scenario.world.copy();
            let full = format!("{}:error=ENOSPC:when={}", call.name, call.nth);
            let traced = strace::run(&world, &scenario.args, &[full]);
            let seen = inspect(scenario, &world)?;
            check_answer(scenario, &traced.run, &seen, &[])?;
            recovers(scenario, &world, &seen)
        },
    );
}

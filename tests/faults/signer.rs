//! `--sign-with`: killed at any call, before, while and after somebody else signs.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use openssl::pkey::PKey;
use openssl::x509::X509;

use crate::points::Points;
use crate::scenario::DIRS;
use crate::strace;
use crate::world::{Snapshot, World, leftovers, words};

const SIGNER: &str = "--sign-with=openssl x509 -req -copy_extensions copyall -CA certs/ca.crt \
    -CAkey my-safe-directory/ca.key -days 30";

/// A command that has a pair signed.
struct Scenario {
    args: Vec<String>,
    world: World,
    /// Where the pair is.
    dir: &'static str,
    /// The next command that writes there.
    next: Vec<String>,
}

impl Scenario {
    fn all() -> [Self; 3] {
        ["create-node localhost --key-algorithm=ecdsa", "renew node", "apply cluster.yml --out=fleet --jobs=1"]
            .map(|command| {
                let world = World::new();
                world.create(&format!("create-ca --ca-key=my-safe-directory/ca.key {DIRS}"));
                if command == "renew node" {
                    world.create(&format!("create-node localhost --ca-key=my-safe-directory/ca.key {DIRS}"));
                }
                let mut args = words(&format!("{command} --certs-dir=certs"));
                args.push(SIGNER.to_owned());
                let is_fleet = command.starts_with("apply");
                if is_fleet {
                    world.write("cluster.yml", "{defaults: {key-algorithm: ecdsa, lifetime: 20d}, nodes: [a]}");
                }
                let (dir, next) = match is_fleet {
                    true => ("fleet/nodes/a", args.clone()),
                    false => ("certs", words("create-tenant-signing 2 --certs-dir=certs")),
                };
                Self { args, world, dir, next }
            })
    }

    fn file<'a>(&self, snapshot: &'a Snapshot, name: &str) -> Option<&'a [u8]> {
        snapshot.get(&Path::new(self.dir).join(name))?.contents.as_deref()
    }

    /// Is the pair new? Fails if it is neither old nor new.
    fn is_new(&self, before: &Snapshot, now: &Snapshot) -> Result<bool> {
        let [was, is] = [before, now].map(|all| ["node.crt", "node.key"].map(|name| self.file(all, name)));
        if was == is {
            return Ok(false);
        }
        ensure!(was.iter().zip(&is).all(|(was, is)| was != is), "half of the pair is new");
        let certificate = X509::from_pem(is[0].context("no certificate")?)?;
        let key = PKey::private_key_from_pem(is[1].context("no key")?)?;
        ensure!(key.public_eq(&*certificate.public_key()?), "the key is another certificate's");
        Ok(true)
    }

    fn recovers(&self, world: &World, before: &Snapshot) -> Result<()> {
        let now = world.snapshot();
        let pending = now.contains_key(&Path::new(self.dir).join(".crdb-cert.commit/crdb-cert.manifest"));
        if !pending {
            self.is_new(before, &now)?;
        }
        for (path, item) in
            before.iter().filter(|(path, _)| !path.ends_with("node.crt") && !path.ends_with("node.key"))
        {
            ensure!(
                now.get(path).is_some_and(|now| now.contents == item.contents),
                "{} changed",
                path.display()
            );
        }
        let next = world.run(&self.next);
        ensure!(next.success(), "the next command: {next:?}");
        let now = world.snapshot();
        ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
        if !self.is_new(before, &now)? {
            let again = world.run(&self.args);
            ensure!(again.success(), "the same command: {again:?}");
            ensure!(self.is_new(before, &world.snapshot())?, "the same command did nothing");
        }
        Ok(())
    }
}

#[test]
fn killed_while_somebody_else_signs() {
    let mut points = Points::default();
    let survivors = AtomicUsize::new(0);
    for scenario in Scenario::all() {
        let before = scenario.world.snapshot();
        points.try_all(
            strace::calls(&scenario.world, &scenario.args, &[]),
            |call| format!("{}: killed at {} #{}", scenario.args[0], call.name, call.nth),
            |call| {
                let world = scenario.world.copy();
                let traced = strace::run(&world, &scenario.args, &[strace::signal(call, "SIGKILL")]);
                // How often the signer's pipes are read, is not the same each time.
                let is_killed = traced.was_killed_by("SIGKILL");
                ensure!(is_killed || traced.run.success(), "neither killed nor successful: {:?}", traced.run);
                survivors.fetch_add(usize::from(!is_killed), Ordering::Relaxed);
                scenario.recovers(&world, &before)
            },
        );
    }
    let survivors = survivors.into_inner();
    assert!(survivors < 20, "{survivors} were not killed");
    points.report("crash points of --sign-with", 200);
}

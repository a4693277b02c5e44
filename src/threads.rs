//! Work on several threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, Builder};

use anyhow::Result;

use crate::interrupts::Interrupts;

/// Does something for each item on several threads, and hands the results to `take` in the order of the items.
/// Stops early if it is interrupted; returns how many were done. One job needs no thread of its own.
///
/// # Errors
/// Those of `take`.
pub fn each<'t, T: Sync, R: Send>(
    items: &'t [T],
    jobs: usize,
    work: impl Fn(&'t T) -> R + Sync,
    take: impl FnMut(usize, R) -> Result<()>,
) -> Result<usize> {
    // Until all have heard of it.
    let _interrupts = Interrupts::defer();
    match jobs.min(items.len()) {
        0 => Ok(0),
        1 => in_turn(items, work, take),
        jobs => on_threads(items, jobs, work, take),
    }
}

fn in_turn<'t, T, R>(
    items: &'t [T],
    work: impl Fn(&'t T) -> R,
    mut take: impl FnMut(usize, R) -> Result<()>,
) -> Result<usize> {
    let (interrupts, mut done) = (Interrupts::defer(), 0);
    for item in items.iter().take_while(|_| interrupts.check().is_ok()) {
        take(done, work(item))?;
        done += 1;
    }
    Ok(done)
}

fn on_threads<'t, T: Sync, R: Send>(
    items: &'t [T],
    jobs: usize,
    work: impl Fn(&'t T) -> R + Sync,
    mut take: impl FnMut(usize, R) -> Result<()>,
) -> Result<usize> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        let start = |_: &usize| {
            let (sender, next, work) = (sender.clone(), &next, &work);
            let worker = move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    if Interrupts::defer().check().is_err() || sender.send((at, work(item))).is_err() {
                        return;
                    }
                }
            };
            // The system may have no more threads for us.
            Builder::new().spawn_scoped(scope, worker).is_ok()
        };
        if (0..jobs).take_while(start).count() == 0 {
            return in_turn(items, &work, take);
        }
        drop(sender);
        let (mut waiting, mut due, mut done) = (BTreeMap::new(), 0, 0);
        for (at, result) in results {
            done += 1;
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&due) {
                take(due, result)?;
                due += 1;
            }
        }
        // After an interruption there are gaps.
        waiting.into_iter().try_for_each(|(at, result)| take(at, result))?;
        Ok(done)
    })
}

//! Reads a fleet, or one certs directory. Writes nothing, and needs no key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Ca, Cluster, Folder, Held, Leaf, Role, Signer};
use crate::certificate::{Certificate, KeyIdentifier};
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::{CertificateName, is_pending_key};
use crate::certs_dir::{CertsDir, Reading, scan};
use crate::finding::Finding;
use crate::fleet::desired::PLACES;
use crate::interrupts::Interrupted;
use crate::threads::each;
use crate::usage::{KINDS, Usage};

/// The CA files of a directory.
type CaFiles = BTreeMap<Usage, Vec<Certificate>>;

/// Reads the CA directory, and each folder of the fleet or else the directory itself.
///
/// # Errors
/// If the CA directory or a folder cannot be read. A certificate that cannot be is part of the answer.
pub fn cluster(
    certs_dir: &CertsDir,
    fleet: Option<(&Path, Vec<PathBuf>)>,
    jobs: usize,
    findings: &mut Vec<Finding>,
) -> Result<Cluster> {
    certs_dir.must_exist()?;
    let central = central(&certs_dir.read())?;
    let mut all = Interning::default();
    all.central = all.add(&central, |at| if at == 0 { Role::InUse } else { Role::Old });
    let Some((root, paths)) = fleet else {
        let seen = look(certs_dir, &central, &[], findings)?;
        all.take(certs_dir.path(), seen);
        return Ok(all.named());
    };
    let work = |path: &PathBuf| {
        let mut findings = Vec::new();
        let open = CertsDir::open(path);
        let seen = open.and_then(|folder| look(&folder, &central, needs(root, path), &mut findings));
        (seen, findings)
    };
    let done = each(&paths, jobs, work, |at, (seen, more)| {
        findings.extend(more);
        all.take(&paths[at], seen?);
        Ok(())
    })?;
    if done < paths.len() {
        return Err(Interrupted.into());
    }
    Ok(all.named())
}

fn central(reading: &Reading<'_>) -> Result<CaFiles> {
    let mut files = CaFiles::new();
    for kind in KINDS.iter().filter(|kind| kind.usage.is_ca()) {
        let file = CertificateName::of(kind.usage).certificate_file();
        if kind.usage == Usage::Ca || reading.has(&file) {
            files.insert(kind.usage, CertificateFile::load_in(reading, &file, certificate::CA)?.into_all());
        }
    }
    Ok(files)
}

/// The CA files that `apply` puts into a folder here.
fn needs(root: &Path, folder: &Path) -> &'static [Usage] {
    let section = folder.strip_prefix(root).ok().and_then(|path| path.iter().next());
    let place = PLACES.iter().find(|place| section == Some(place.dir.as_ref()));
    place.map_or(&[], |place| place.authorities)
}

/// What is in a directory.
struct Seen {
    files: CaFiles,
    outdated: Vec<Usage>,
    certificates: Vec<(Held, Option<Found>)>,
    awaited: Vec<String>,
}

/// A CA: that of the CA directory, or else of the folder, in this file and at this place.
enum Found {
    Central(Usage, usize),
    Own(Usage, usize),
}

fn look(folder: &CertsDir, central: &CaFiles, needs: &[Usage], findings: &mut Vec<Finding>) -> Result<Seen> {
    let mut reading = folder.read();
    findings.append(&mut reading.findings);
    let names = scan::certificates(folder, &reading, findings)?;
    let (cas, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.usage.is_ca());
    let load = |name: &CertificateName| {
        CertificateFile::load_in(&reading, &name.certificate_file(), certificate::LEAF)
    };
    // A CA file that cannot be read is trusted by nobody.
    let files: CaFiles =
        cas.iter().filter_map(|name| Some((name.usage, load(name).ok()?.into_all()))).collect();
    let certificates: Vec<_> = others
        .into_iter()
        .map(|name| {
            let (usage, file) = (name.usage, name.certificate_file());
            match load(&name) {
                Err(error) => (Held { usage, file, leaf: Err(format!("{error:#}")) }, None),
                Ok(all) => {
                    let (leaf, found) = leaf(usage, &all, central, &files);
                    (Held { usage, file, leaf }, found)
                }
            }
        })
        .collect();
    let signers = certificates.iter().filter_map(|(held, _)| {
        held.usage.kind().signers.iter().find(|signer| central.contains_key(signer)).copied()
    });
    let mut outdated: Vec<_> =
        needs.iter().chain(cas.iter().map(|name| &name.usage)).copied().chain(signers).collect();
    outdated.sort();
    outdated.dedup();
    outdated.retain(|usage| central.get(usage).is_some_and(|all| files.get(usage) != Some(all)));
    Ok(Seen { files, outdated, certificates, awaited: awaited(folder, &reading)? })
}

/// The certificates that keys wait for.
fn awaited(folder: &CertsDir, reading: &Reading<'_>) -> Result<Vec<String>> {
    let Some(dir) = folder.dir() else { return Ok(Vec::new()) };
    let names = dir.names().with_context(|| format!("could not read {}", folder.path().display()))?;
    let names = names.iter().filter_map(|name| name.to_str()).chain(reading.pending_names());
    let waiting = names.filter(|file| is_pending_key(file) && reading.has(file));
    let files = waiting.filter_map(CertificateName::from_key_file).map(|name| name.certificate_file());
    Ok(files.collect::<BTreeSet<_>>().into_iter().collect())
}

fn leaf(
    usage: Usage,
    file: &CertificateFile,
    central: &CaFiles,
    own: &CaFiles,
) -> (Result<Leaf, String>, Option<Found>) {
    let Some((not_before, not_after)) = file.first.not_before.zip(file.first.not_after) else {
        return (Err("its times cannot be read".to_owned()), None);
    };
    let signers = usage.kind().signers;
    let signer = if signers.is_empty() { Signer::Itself } else { Signer::Unknown };
    let find = |files: &CaFiles| {
        let mut all = signers.iter().flat_map(|usage| {
            files.get(usage).into_iter().flatten().enumerate().map(move |(at, ca)| (*usage, at, ca))
        });
        all.find(|(_, _, ca)| file.leads_to(ca)).map(|(usage, at, _)| (usage, at))
    };
    let found = find(central).map(|(usage, at)| Found::Central(usage, at));
    let found = found.or_else(|| find(own).map(|(usage, at)| Found::Own(usage, at)));
    (Ok(Leaf { signer, not_before, not_after }), found)
}

/// Gives each CA certificate one place.
#[derive(Default)]
struct Interning {
    cluster: Cluster,
    places: HashMap<(Usage, Vec<u8>), usize>,
    /// Those of the CA directory, in order.
    central: BTreeMap<Usage, Vec<usize>>,
}

impl Interning {
    fn add(&mut self, files: &CaFiles, role: impl Fn(usize) -> Role) -> BTreeMap<Usage, Vec<usize>> {
        let mut add = |usage, at, certificate: &Certificate| {
            let next = self.cluster.cas.len();
            let place = *self.places.entry((usage, certificate.der().to_vec())).or_insert(next);
            if place == next {
                self.cluster.cas.push(ca(usage, role(at), certificate));
            }
            place
        };
        let mut file = |(usage, all): (&Usage, &Vec<Certificate>)| {
            (*usage, all.iter().enumerate().map(|(at, certificate)| add(*usage, at, certificate)).collect())
        };
        files.iter().map(&mut file).collect()
    }

    fn take(&mut self, path: &Path, seen: Seen) {
        let trusts = self.add(&seen.files, |_| Role::Elsewhere);
        let mut trusted: Vec<_> = trusts.values().flatten().copied().collect();
        trusted.sort_unstable();
        trusted.dedup();
        trusted.into_iter().for_each(|at| self.cluster.cas[at].trusted += 1);
        let mut certificates = Vec::new();
        for (mut held, found) in seen.certificates {
            let at = found.and_then(|found| {
                let (files, usage, at) = match found {
                    Found::Central(usage, at) => (&self.central, usage, at),
                    Found::Own(usage, at) => (&trusts, usage, at),
                };
                files.get(&usage)?.get(at).copied()
            });
            if let (Ok(leaf), Some(at)) = (&mut held.leaf, at) {
                leaf.signer = Signer::Ca(at);
            }
            certificates.push(held);
        }
        for held in &certificates {
            if let Ok(Leaf { signer: Signer::Ca(at), .. }) = held.leaf {
                self.cluster.cas[at].signed += 1;
            }
        }
        self.cluster.folders.push(Folder {
            path: path.to_owned(),
            trusts,
            outdated: seen.outdated,
            certificates,
            awaited: seen.awaited,
        });
    }

    /// No two CAs have one name: those of one key get a number.
    fn named(mut self) -> Cluster {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for ca in &mut self.cluster.cas {
            let count = seen.entry(ca.id.clone()).or_default();
            *count += 1;
            if *count > 1 {
                ca.id += &format!("/{count}");
            }
        }
        self.cluster
    }
}

fn ca(usage: Usage, role: Role, certificate: &Certificate) -> Ca {
    /// So many octets tell keys apart for people.
    const SHOWN: usize = 4;
    let identifier = certificate.subject_key_identifier();
    let identifier = identifier.map_or_else(|| certificate.serial(), |identifier| identifier.0);
    let octets = &identifier[..SHOWN.min(identifier.len())];
    Ca {
        usage,
        role,
        id: KeyIdentifier(octets).to_string(),
        subject: certificate.subject_text(),
        not_before: certificate.not_before.unwrap_or(i64::MIN),
        not_after: certificate.not_after.unwrap_or(i64::MIN),
        trusted: 0,
        signed: 0,
    }
}

//! Does a chain lead from the certificate to the right CA, as the server and its clients build it (REFERENCE.md
//! section 6)?

use super::Context;
use super::advice::Advice;
use super::trust::Trust;
use crate::certificate::Certificate;
use crate::certs_dir::inspect::Inspection;
use crate::certs_dir::layout::CertificateName;
use crate::finding::{Check, Finding, checks};
use crate::login::chain::{self, Objection, Outcome, Presented, Rule, Side, Signatures, Which};
use crate::pki::verify::OpenSsl;
use crate::time::utc;
use crate::usage::Usage;

/// What is wrong.
pub fn findings(inspection: &Inspection<'_>, context: &Context<'_>, advice: &Advice<'_>) -> Vec<Finding> {
    let Some(first) = inspection.certificates.first() else { return Vec::new() };
    let usage = inspection.name.usage;
    if usage.is_ca() {
        return ca(inspection, context);
    }
    let mut findings: Vec<Finding> = Vec::new();
    for side in sides(inspection.name, context) {
        for finding in of_side(inspection, context, advice, *side) {
            // One reason is enough, whatever the side.
            if findings.iter().all(|other| other.check != finding.check) {
                findings.push(finding);
            }
        }
    }
    let issued = inspection.certificates.last().unwrap_or(first);
    findings.extend(signer(inspection, first, issued, &context.trust));
    findings
}

/// On which sides of connections the certificate stands.
fn sides(name: &CertificateName, context: &Context<'_>) -> &'static [Side] {
    let node_client = CertificateName::client_of_nodes().certificate_file();
    match name.usage {
        Usage::Node if context.reading.has(&node_client) => &[Side::Server],
        Usage::Node => &[Side::Server, Side::Client],
        Usage::Ui => &[Side::Server],
        Usage::Client | Usage::TenantClient => &[Side::Client],
        _ => &[],
    }
}

fn of_side(
    inspection: &Inspection<'_>,
    context: &Context<'_>,
    advice: &Advice<'_>,
    side: Side,
) -> Vec<Finding> {
    let [first, others @ ..] = &inspection.certificates[..] else { return Vec::new() };
    let usage = inspection.name.usage;
    let (trusted, file) = match side {
        Side::Client => (&context.for_clients[..], context.trust.signer_of(Usage::Client)),
        Side::Server => {
            let signer = context.trust.signer_of(usage);
            (signer.map_or(&[][..], |(_, all)| all), signer)
        }
    };
    // That the CA is missing is said once.
    let Some((signer, _)) = file else { return Vec::new() };
    let ca = CertificateName::of(signer).certificate_file();
    let is_ca_in_use = |which: &Which| matches!(which, Which::Trusted(1, _));
    let file = inspection.name.certificate_file();
    let presented = Presented { side, leaf: first, intermediates: others, trusted };
    let hinted = |found: Finding, objection: &Objection| match (usage, side) {
        _ if is_ca_in_use(&objection.which) && objection.rule == Rule::Expired => {
            found.hint(advice.renew_ca(signer))
        }
        (Usage::Node, Side::Client) => found.hint(advice.client_of_nodes()),
        _ => found,
    };
    let found = |check: &'static Check, objection: &Objection| {
        let what = match objection.which {
            Which::Leaf => format!("no chain to {ca}: {}", objection.why),
            _ => format!("no chain to {ca}: {objection}"),
        };
        hinted(inspection.found(check, &file, what), objection)
    };
    match chain::judge(presented, context.expected.now, &OpenSsl) {
        Outcome::Trusted => Vec::new(),
        Outcome::NotJudged(objection) => vec![found(&checks::CHAIN_DOUBTFUL, &objection)],
        Outcome::Refused(objections) => {
            let refused = |objection: &Objection| match (objection.rule, &objection.which) {
                // These have findings of their own.
                (Rule::Expired | Rule::NotYetValid | Rule::ExtendedKeyUsage, Which::Leaf) => None,
                (Rule::Issuer, _) if usage == Usage::Ui => {
                    let issuer =
                        inspection.certificates.last().map(Certificate::issuer_text).unwrap_or_default();
                    let what = format!("its CA ({issuer}) is not in {ca}: browsers have to trust it");
                    Some(inspection.found(&checks::UI_OTHER_CA, &file, what))
                }
                (Rule::Issuer, _) => Some(missing_link(inspection, context, advice).unwrap_or_else(|| {
                    hinted(inspection.found(&checks::NOT_TRUSTED, &file, no_issuer(inspection, &ca)), objection)
                })),
                (Rule::Algorithm, _) => Some(found(&checks::WEAK_SIGNATURE, objection)),
                _ => Some(found(&checks::NOT_TRUSTED, objection)),
            };
            objections.iter().filter_map(refused).collect()
        }
    }
}

/// The certificate that signed the last one of the file may be in another file, such as the node's. One that
/// signed itself is no link: a chain ends there.
fn missing_link(inspection: &Inspection<'_>, context: &Context<'_>, advice: &Advice<'_>) -> Option<Finding> {
    let file = inspection.name.certificate_file();
    let last = inspection.certificates.last()?;
    let is_link = |known: &Certificate| {
        known.subject_name() == last.issuer_name() && known.issuer_name() != known.subject_name()
    };
    let (other, _) = context.intermediates.iter().find(|(_, known)| is_link(known))?;
    let issuer = last.issuer_text();
    let what =
        format!("the certificate of its CA ({issuer}) is missing from the file, but is in {other}: append it");
    Some(inspection.found(&checks::CHAIN_INCOMPLETE, &file, what).hint(format!(
        "openssl crl2pkcs7 -nocrl -certfile {} | openssl pkcs7 -print_certs   # then append the CA's to {}",
        advice.word(other),
        advice.word(&file)
    )))
}

/// Why there is no chain, if the certificate that signed the last one of the file is nowhere.
fn no_issuer(inspection: &Inspection<'_>, ca: &str) -> String {
    let issuer = inspection.certificates.last().map(Certificate::issuer_text).unwrap_or_default();
    let client_ca = CertificateName::of(Usage::ClientCa).certificate_file();
    let clients = match inspection.name.usage {
        Usage::Client if ca != client_ca => {
            format!("; if clients have a CA of their own, {client_ca} is missing")
        }
        Usage::Node if ca == client_ca => "; to the other nodes a node is a client".to_owned(),
        _ => String::new(),
    };
    format!(
        "no chain to {ca}: its CA ({issuer}) is not in {ca}, nor is its certificate in the file behind this one{clients}"
    )
}

/// Which CA signed it: the one in use? And for how long?
fn signer(
    inspection: &Inspection<'_>,
    first: &Certificate,
    issued: &Certificate,
    trust: &Trust,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some((ca, all)) = trust.signer_of(inspection.name.usage) else { return findings };
    let (file, ca) = (inspection.name.certificate_file(), CertificateName::of(ca).certificate_file());
    let named: Vec<_> =
        all.iter().enumerate().filter(|(_, ca)| ca.subject_name() == issued.issuer_name()).collect();
    let signed = |ca: &Certificate| match (ca.subject_key_identifier(), issued.authority_key_identifier()) {
        (Some(own), Some(wanted)) if all.len() == 1 => own == wanted,
        _ => OpenSsl.verify(issued, ca) == Some(true),
    };
    let Some((at, issuer)) = named.into_iter().find(|(_, ca)| signed(ca)) else { return findings };
    if at > 0 && all[0].public_key_info() != issuer.public_key_info() {
        let what = format!("certificate {} in {ca} signed it, not the first one, which is in use", at + 1);
        findings.push(inspection.found(&checks::SIGNED_BY_OLDER_CA, &file, what));
    }
    // Those between count, too.
    let others = inspection.certificates.iter().skip(1);
    let last = others.chain([issuer]).filter_map(|above| above.not_after).min();
    if let Some((end, last)) = first.not_after.zip(last).filter(|(end, last)| end > last) {
        let what = format!("it is valid until {}, but its CA only until {}", utc(end), utc(last));
        findings.push(inspection.found(&checks::OUTLIVES_CA, &file, what));
    }
    findings
}

/// A CA certificate that Go cannot parse makes every connection fail: all that is trusted has to be sound.
fn ca(inspection: &Inspection<'_>, context: &Context<'_>) -> Vec<Finding> {
    let file = inspection.name.certificate_file();
    let unsound = |(at, certificate): (usize, &Certificate)| {
        let trusted = std::slice::from_ref(certificate);
        let presented = Presented { side: Side::Server, leaf: certificate, intermediates: &[], trusted };
        let (check, objections) = match chain::judge(presented, context.expected.now, &OpenSsl) {
            Outcome::Trusted => return None,
            Outcome::NotJudged(objection) => (&checks::CHAIN_DOUBTFUL, vec![objection]),
            Outcome::Refused(objections) => (&checks::NOT_TRUSTED, objections),
        };
        let own = |objection: &&Objection| matches!(objection.rule, Rule::Parse | Rule::CriticalExtension);
        let objection = objections.iter().find(own)?;
        Some(inspection.found(check, &file, format_args!("certificate {}: {}", at + 1, objection.why)))
    };
    inspection.certificates.iter().enumerate().filter_map(unsound).collect()
}

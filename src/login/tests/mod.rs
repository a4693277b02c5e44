//! A login to judge, and what the rest of these tests share.

mod names;
mod refusals;
mod rules;

use super::*;

const NOW: i64 = 1_700_000_000;

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A login to judge: a valid certificate with this subject, and a server that was told nothing.
#[derive(Clone)]
struct Case {
    facts: CertificateFacts,
    settings: ServerSettings,
    user: &'static str,
    tenant: Tenant,
    at: i64,
}

fn login(user: &'static str, subject: &str) -> Case {
    let subject = name(subject);
    let values = |wanted: &'static str| {
        let found = subject.attributes().filter(move |a| a.attribute_type() == wanted);
        found.filter_map(|a| a.value().as_str()).map(String::from).collect::<Vec<_>>()
    };
    let facts = CertificateFacts {
        tls: TlsFacts {
            unreadable: None,
            chain: Ok(()),
            client_auth: true,
            not_before: NOW - 10,
            not_after: NOW + 10,
        },
        organizational_units: values("OU"),
        common_name: values("CN").pop().unwrap_or_default(),
        dns_names: vec![],
        uris: vec![],
        subject: Ok(subject),
    };
    Case { facts, settings: ServerSettings::default(), user, tenant: Tenant::default(), at: NOW }
}

impl Case {
    fn facts(mut self, change: impl FnOnce(&mut CertificateFacts)) -> Self {
        change(&mut self.facts);
        self
    }
    fn tls(mut self, change: impl FnOnce(&mut TlsFacts)) -> Self {
        change(&mut self.facts.tls);
        self
    }
    fn uris(mut self, uris: &[&str]) -> Self {
        self.facts.uris = uris.iter().map(ToString::to_string).collect();
        self
    }
    fn dns(mut self, names: &[&str]) -> Self {
        self.facts.dns_names = names.iter().map(ToString::to_string).collect();
        self
    }
    fn role(mut self, subject: &str) -> Self {
        self.settings.role_subject = Some(name(subject));
        self
    }
    fn root(mut self, subject: &str) -> Self {
        self.settings.root_subject = Some(name(subject));
        self
    }
    fn node(mut self, subject: &str) -> Self {
        self.settings.node_subject = Some(name(subject));
        self
    }
    fn required(mut self) -> Self {
        self.settings.subject_required = true;
        self
    }
    fn map(mut self, list: &str) -> Self {
        self.settings.principal_map = list.parse().expect("a principal map");
        self
    }
    fn tenant(mut self, id: u64, name: Option<&str>) -> Self {
        self.tenant = Tenant { id, name: name.map(String::from) };
        self
    }
    fn verdict(&self) -> Verdict {
        judge(&self.facts, &self.settings, self.user, &self.tenant, self.at)
    }
    fn refusal(&self) -> Refusal {
        match self.verdict() {
            Verdict::Refused(refusal) => refusal,
            Verdict::Allowed { because } => panic!("allowed: {because}"),
        }
    }
    fn comparison(&self) -> Comparison {
        self.refusal().comparison.expect("a comparison")
    }
}

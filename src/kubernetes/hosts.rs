//! The names that a node is reached by in a Kubernetes cluster.

use super::layout::Layout;
use super::name::{Namespace, Release, Subdomain};

/// The services that a node's certificate has to cover; `*` stands for the pods of one.
fn services(layout: Layout) -> &'static [&'static str] {
    match layout {
        Layout::Operator => &["{}-public", "*.{}", "{}-join"],
        Layout::Helm | Layout::Statefulset | Layout::Tls => &["{}-public", "*.{}"],
    }
}

/// The hosts of a node's certificate, in the order of the charts; without a namespace, only those without one
/// in them.
pub fn of_node(
    layout: Layout,
    release: &Release,
    namespace: Option<&Namespace>,
    domain: &Subdomain,
) -> Vec<String> {
    let base = layout.base(release);
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    for service in services(layout) {
        let service = service.replace("{}", &base);
        let within = namespace.map(|namespace| format!("{service}.{namespace}"));
        let anywhere = within.as_ref().map(|within| format!("{within}.svc.{domain}"));
        hosts.extend([Some(service), within, anywhere].into_iter().flatten());
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;

    fn hosts(layout: Layout, release: &str) -> String {
        let [namespace, domain] = ["prod", "cluster.local"];
        let namespace: Namespace = namespace.parse().expect("a namespace");
        let domain = domain.parse().expect("a domain");
        of_node(layout, &release.parse().expect(release), Some(&namespace), &domain).join(" ")
    }

    #[test]
    fn they_are_those_of_the_charts_and_the_documents() {
        let statefulset = "localhost 127.0.0.1 db-public db-public.prod db-public.prod.svc.cluster.local \
                           *.db *.db.prod *.db.prod.svc.cluster.local";
        assert_eq!(hosts(Layout::Statefulset, "db"), statefulset);
        assert_eq!(hosts(Layout::Helm, "db"), statefulset.replace("db", "db-cockroachdb"));
        let operator = statefulset.to_owned() + " db-join db-join.prod db-join.prod.svc.cluster.local";
        assert_eq!(hosts(Layout::Operator, "db"), operator.replace("db", "db-cockroachdb"));
    }

    #[test]
    fn create_node_takes_all_of_them() {
        let longest = "a".repeat(53);
        for layout in Layout::ALL {
            for host in hosts(layout, &longest).split(' ') {
                assert!(host.parse::<Host>().is_ok(), "{host}");
            }
        }
    }
}

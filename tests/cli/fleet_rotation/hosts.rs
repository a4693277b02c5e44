//! The hosts of a cluster: directories, with a TLS server and clients that read them when told to.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::ssl::{
    SslAcceptor, SslConnector, SslConnectorBuilder, SslContextBuilder, SslFiletype, SslMethod, SslVerifyMode,
};
use openssl::x509::store::X509StoreBuilder;

/// What a server answers.
const ANSWER: &[u8; 2] = b"ok";

/// Nobody waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two connections of a host.
const PAUSE: Duration = Duration::from_millis(10);

/// What a process has read from its directory.
struct Loaded {
    acceptor: SslAcceptor,
    connector: SslConnector,
}

/// A host: a node, or a client if nobody listens there.
struct Host {
    name: &'static str,
    /// The folder that it gets, and where it has it.
    folder: PathBuf,
    dir: PathBuf,
    /// Its certificate, without `.crt`.
    stem: &'static str,
    /// Where a node listens: a build machine may have no network, not even a loopback.
    socket: Option<PathBuf>,
    loaded: Mutex<Arc<Loaded>>,
}

impl Host {
    /// As a process does when it starts, or on SIGHUP.
    fn load(dir: &Path, stem: &str) -> Result<Loaded, ErrorStack> {
        let file = |name: &str| dir.join(name);
        let own = |context: &mut SslContextBuilder| {
            // Nobody but who is in ca.crt.
            context.set_cert_store(X509StoreBuilder::new()?.build());
            context.set_ca_file(file("ca.crt"))?;
            context.set_certificate_chain_file(file(&format!("{stem}.crt")))?;
            context.set_private_key_file(file(&format!("{stem}.key")), SslFiletype::PEM)?;
            context.check_private_key()
        };
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        own(&mut acceptor)?;
        acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        acceptor.set_session_id_context(b"a test")?;
        let mut connector: SslConnectorBuilder = SslConnector::builder(SslMethod::tls_client())?;
        own(&mut connector)?;
        Ok(Loaded { acceptor: acceptor.build(), connector: connector.build() })
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.lock().expect("no panic").clone()
    }

    fn copy(folder: &Path, dir: &Path) {
        fs::create_dir_all(dir).expect("the host's directory");
        for entry in fs::read_dir(folder).expect("the folder") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), dir.join(entry.file_name())).expect("a copy");
        }
    }

    /// A connection whose both ends check each other.
    fn connects_to(&self, server: &Self) -> Result<(), String> {
        let what = |error: &dyn std::fmt::Display| format!("{} to {}: {error}", self.name, server.name);
        let Some(socket) = &server.socket else { return Ok(()) };
        let stream = UnixStream::connect(socket).map_err(|error| what(&error))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|error| what(&error))?;
        let mut stream = self.loaded().connector.connect(server.name, stream).map_err(|error| what(&error))?;
        let mut answer = [0; ANSWER.len()];
        // With TLS 1.3, here the client learns whether the server took its certificate.
        stream.read_exact(&mut answer).map_err(|error| what(&error))?;
        if answer == *ANSWER { Ok(()) } else { Err(what(&"another answer")) }
    }

    fn serve(&self, stream: UnixStream) {
        let _ = stream.set_read_timeout(Some(PATIENCE));
        // The client says what went wrong.
        if let Ok(mut stream) = self.loaded().acceptor.accept(stream) {
            let _ = stream.write_all(ANSWER).and_then(|()| stream.flush());
            let _ = stream.shutdown();
        }
    }
}

/// Hosts, and clients on each that connect to all nodes all the time.
pub struct Hosts {
    all: Vec<Arc<Host>>,
    servers: Vec<JoinHandle<()>>,
    servers_stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
    clients_stop: Arc<AtomicBool>,
    made: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
}

impl Hosts {
    /// Copies the folders (the host's name, the folder, its certificate) and starts the servers of nodes.
    pub fn start(root: &Path, hosts: &[(&'static str, &str, &'static str)]) -> Self {
        let servers_stop = Arc::new(AtomicBool::new(false));
        let (mut all, mut servers) = (Vec::new(), Vec::new());
        for (name, folder, stem) in hosts.iter().copied() {
            let (folder, dir) = (root.join(folder), root.join("hosts").join(name));
            Host::copy(&folder, &dir);
            let loaded = Mutex::new(Arc::new(Host::load(&dir, stem).expect(name)));
            let socket = (stem == "node").then(|| root.join(format!("{name}.socket")));
            let listener = socket.as_ref().map(|socket| UnixListener::bind(socket).expect("a socket"));
            let host = Arc::new(Host { name, folder, dir, stem, socket, loaded });
            all.push(host.clone());
            if let Some(listener) = listener {
                let stop = servers_stop.clone();
                servers.push(thread::spawn(move || {
                    for stream in listener.incoming() {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        host.serve(stream.expect("a connection"));
                    }
                }));
            }
        }
        let (clients, clients_stop, made, failures) = Default::default();
        Self { all, servers, servers_stop, clients, clients_stop, made, failures }
    }

    /// From now on, all connect to all nodes, until the end.
    pub fn connect_all_the_time(&mut self) {
        for host in self.all.clone() {
            let (all, stop) = (self.all.clone(), self.clients_stop.clone());
            let (made, failures) = (self.made.clone(), self.failures.clone());
            self.clients.push(thread::spawn(move || {
                for server in all.iter().cycle().take_while(|_| !stop.load(Ordering::Relaxed)) {
                    match host.connects_to(server) {
                        Ok(()) => _ = made.fetch_add(1, Ordering::Relaxed),
                        Err(why) => failures.lock().expect("no panic").push(why),
                    }
                    // The steps need the processor too.
                    thread::sleep(PAUSE);
                }
            }));
        }
    }

    /// Copies the folder to this host, and has its processes read it.
    pub fn copy_and_reload(&self, at: usize) {
        let host = &self.all[at];
        Host::copy(&host.folder, &host.dir);
        let loaded = Host::load(&host.dir, host.stem).expect(host.name);
        *host.loaded.lock().expect("no panic") = Arc::new(loaded);
    }

    /// Connects each with each node; what fails.
    pub fn failures(&self) -> Vec<String> {
        let pairs = self.all.iter().flat_map(|host| self.all.iter().map(move |server| (host, server)));
        pairs.filter_map(|(host, server)| host.connects_to(server).err()).collect()
    }

    /// Ends it: how many connections there were all the time, and what failed.
    pub fn stop(mut self) -> (usize, Vec<String>) {
        self.end();
        let failures = std::mem::take(&mut *self.failures.lock().expect("no panic"));
        (self.made.load(Ordering::Relaxed), failures)
    }

    /// Clients first: servers answer to the last.
    fn end(&mut self) {
        self.clients_stop.store(true, Ordering::Relaxed);
        self.clients.drain(..).for_each(|client| _ = client.join());
        self.servers_stop.store(true, Ordering::Relaxed);
        for socket in self.all.iter().filter_map(|host| host.socket.as_ref()) {
            // To see that it is over.
            let _ = UnixStream::connect(socket);
        }
        self.servers.drain(..).for_each(|server| _ = server.join());
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.end();
    }
}

//! Starts `xtask dev` and knows its addresses. It stops when this process ends, however it ends: its standard input does too.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use xtask::services::Service;
use xtask::stack::home::Home;
use xtask::stack::options::DataOption;
use xtask::stack::record::Record;

/// The program under test.
pub const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// A running stack.
pub struct Stack {
    /// Its data folder.
    pub data: PathBuf,
    /// What `dev.json` said when it was ready.
    pub record: Record,
    urls: BTreeMap<Service, String>,
    lines: Arc<Mutex<Vec<String>>>,
    child: Mutex<Child>,
    _stdin: ChildStdin,
}

/// One of the three ways to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// `/graphql` on the router.
    Unified,
    /// `/{service}/graphql` on the router.
    Legacy,
    /// The service's own port.
    Direct,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Unified, Self::Legacy, Self::Direct];
}

impl Stack {
    /// Starts a stack with these variables added to its environment; returns when it is ready.
    pub fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        let data = fresh_folder(name);
        let offset = free_offset();
        let mut command = Command::new(XTASK);
        command.args([
            "dev",
            "--no-watch",
            "--until-stdin-closes",
            "--port-offset",
            &offset.to_string(),
            "--data",
        ]);
        command.arg(&data).args(database(name)).envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (ready, is_ready) = mpsc::channel();
        follow(child.stderr.take().unwrap(), lines.clone(), ready.clone());
        follow(child.stdout.take().unwrap(), lines.clone(), ready);
        let came_up = is_ready.iter().any(|line| line.contains("EventHUB is ready"));
        assert!(came_up, "the stack did not start:\n{}", lines.lock().unwrap().join("\n"));
        let record = Record::read(&data).unwrap();
        let urls = Service::ALL
            .into_iter()
            .map(|service| (service, format!("http://127.0.0.1:{}", service.port() + offset)))
            .collect();
        Self { data, record, urls, lines, child: Mutex::new(child), _stdin: stdin }
    }

    /// The address of a process.
    pub fn url(&self, service: Service) -> &str {
        &self.urls[&service]
    }

    /// Where a service's operations are sent on this way.
    pub fn endpoint(&self, way: Way, service: Service) -> String {
        match way {
            Way::Unified => format!("{}/graphql", self.url(Service::Router)),
            Way::Legacy => format!("{}/{service}/graphql", self.url(Service::Router)),
            Way::Direct => format!("{}/graphql", self.url(service)),
        }
    }

    /// All endpoints that a client can reach: one unified, four by path, four direct.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let mut endpoints = vec![("unified".to_owned(), self.endpoint(Way::Unified, Service::Router))];
        for way in [Way::Legacy, Way::Direct] {
            for service in Service::SUBGRAPHS {
                endpoints.push((format!("{way:?} {service}"), self.endpoint(way, service)));
            }
        }
        endpoints
    }

    /// The process id of a service now.
    pub fn pid(&self, service: Service) -> Option<u32> {
        Record::read(&self.data).ok()?.pid(service)
    }

    /// The process id of `dev` itself.
    pub fn own_pid(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// What the stack has written so far.
    pub fn output(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Waits until `dev` itself has ended; its standard input stays open.
    pub fn wait(&self) -> std::process::ExitStatus {
        self.child.lock().unwrap().wait().unwrap()
    }

    /// Runs `cargo xtask fsck` on the stack's data: whether it passed, and its words.
    pub fn fsck(&self) -> (bool, String) {
        let output =
            Command::new(XTASK).args(["fsck", "--settle", "20", "--data"]).arg(&self.data).output().unwrap();
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    }
}

fn follow(
    stream: impl std::io::Read + Send + 'static,
    lines: Arc<Mutex<Vec<String>>>,
    ready: mpsc::Sender<String>,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line.clone());
            let _ = ready.send(line);
        }
    });
}

/// A new folder; those of earlier runs are taken away, unless a stack still runs in one.
fn fresh_folder(name: &str) -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks");
    std::fs::create_dir_all(&parent).unwrap();
    for entry in std::fs::read_dir(&parent).unwrap().flatten() {
        let folder = entry.path();
        let file_name = entry.file_name();
        // Another test program, as `cargo nextest` starts many, may be about to start a stack in its folder.
        let maker = file_name.to_str().and_then(|file| file.strip_prefix(&format!("{name}-")));
        let is_over = maker.is_some_and(|pid| !Path::new("/proc").join(pid).exists());
        let home = Home::at(&DataOption { folder: Some(folder.clone()) }).unwrap();
        if is_over && !home.is_running() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
    parent.join(format!("{name}-{}", std::process::id()))
}

/// A shift at which all six ports are free now, below the ports that the system hands out by itself. No two calls get the
/// same: a stack that is still starting has not taken its ports yet.
fn free_offset() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = 2000 + u16::try_from(step % 200).unwrap() * 100;
        if Service::ALL
            .iter()
            .all(|service| TcpListener::bind(("127.0.0.1", service.port() + offset)).is_ok())
        {
            return offset;
        }
    }
}

/// On the server that the tests were given, a database a service; otherwise SQLite.
fn database(name: &str) -> Vec<String> {
    let server = std::env::vars().find(|(variable, _)| variable == "EVENTHUB_TEST_MYSQL_URL");
    let Some((_, server)) = server else { return Vec::new() };
    let prefix = format!("{}/{name}_{}_", server.trim_end_matches('/'), std::process::id());
    vec!["--database".to_owned(), format!("mysql={prefix}")]
}

//! Real sockets: what a slow, large, odd or late client meets, and how serving ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use poem::{Route, get, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
    entered: Arc<Notify>,
    released: Arc<Notify>,
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

#[handler]
fn boom() {
    panic!("boom")
}

async fn running(options: Options) -> Running {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (entered, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enter, release) = (Arc::clone(&entered), Arc::clone(&released));
    let wait = poem::endpoint::make(move |_| {
        let (enter, release) = (Arc::clone(&enter), Arc::clone(&release));
        async move {
            enter.notify_one();
            release.notified().await;
            "done"
        }
    });
    let route = Route::new().at("/", get(hello)).at("/boom", get(boom)).at("/wait", get(wait));
    let task = tokio::spawn(serve(listener, route, stop.clone(), options));
    Running { address, stop, task, entered, released }
}

impl Running {
    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        drop(socket.read_to_end(&mut answer).await);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn request(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn a_request_is_answered_with_its_id() {
    let server = running(Options::default()).await;
    let answer = server.exchange(&request("/", "x-request-id: r-1\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-request-id: r-1"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_one_answer_and_the_server_lives() {
    let server = running(Options::default()).await;
    let answer = server.exchange(&request("/boom", "")).await;
    assert!(
        answer.starts_with("HTTP/1.1 500") && answer.contains("errorId") && !answer.contains("boom\""),
        "{answer}"
    );
    assert!(server.exchange(&request("/", "")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let server = running(Options { head_timeout: Duration::from_millis(100), ..Options::default() }).await;
    let started = Instant::now();
    let answer = server.exchange(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    assert!(!answer.contains("200"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn heads_are_bounded_in_number_and_size() {
    let server = running(Options::default()).await;
    let many: String = (0..65).map(|at| format!("x-{at}: 1\r\n")).collect();
    assert!(server.exchange(&request("/", &many)).await.starts_with("HTTP/1.1 431"));
    let large = format!("x-large: {}\r\n", "a".repeat(20_000));
    assert!(server.exchange(&request("/", &large)).await.starts_with("HTTP/1.1 431"));
    let some: String = (0..50).map(|at| format!("x-{at}: 1\r\n")).collect();
    assert!(server.exchange(&request("/", &some)).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_two_servers_might_read_differently_is_refused() {
    let server = running(Options::default()).await;
    for bad in [
        "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nab",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx y: z\r\n\r\n",
    ] {
        let answer = server.exchange(bad.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{bad}: {answer}");
    }
}

#[tokio::test]
async fn a_length_beside_chunks_never_leaves_a_second_request_on_the_wire() {
    let server = running(Options::default()).await;
    let smuggled = "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 44\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /boom HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = server.exchange(smuggled.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(!answer.contains(" 500 "), "{answer}");
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = running(Options::default()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let waiting = {
        let address = server.address;
        tokio::spawn(async move {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(&request("/wait", "")).await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            answer
        })
    };
    server.entered.notified().await;
    server.stop.cancel();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing new is accepted");
    assert!(!server.task.is_finished(), "what is in flight is waited for");
    server.released.notify_one();
    assert!(waiting.await.unwrap().ends_with("done"));
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let server = running(Options { drain_timeout: Duration::from_millis(100), ..Options::default() }).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(&request("/wait", "")).await.unwrap();
    server.entered.notified().await;
    let started = Instant::now();
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(4));
    let mut rest = String::new();
    drop(socket.read_to_string(&mut rest).await);
    assert!(!rest.contains("done"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let server = running(Options { max_connections: 1, ..Options::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(&request("/wait", "")).await.unwrap();
    server.entered.notified().await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(&request("/", "")).await.unwrap();
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(50), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second is not served yet");
    server.released.notify_one();
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hello"));
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let server = running(Options::default()).await;
    let error = bind(server.address).await.unwrap_err().to_string();
    assert!(error.contains(&server.address.to_string()), "{error}");
}

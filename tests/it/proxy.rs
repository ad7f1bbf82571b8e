//! The proxy of the fault tests, against a server that sends back what it gets.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::{Direction, Fault, Harm, Proxy, Reach};

/// Serves until the process ends.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    port
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    // Longer than anything here takes; a stall is told by a shorter one.
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn failing(reach: Reach, direction: Direction, after: u64, harm: Harm) -> Proxy {
    let proxy = Proxy::before(echo());
    proxy.fail(Fault { reach, direction, after, harm });
    proxy
}

/// What comes back before the end or the error.
fn all(mut stream: &TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let (mut got, mut buffer) = (Vec::new(), [0; 64]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (got, None),
            Ok(read) => got.extend(&buffer[..read]),
            Err(error) => return (got, Some(error.kind())),
        }
    }
}

#[test]
fn what_passes_is_counted_and_ends_pass_too() {
    let proxy = Proxy::before(echo());
    for word in ["hello", "you"] {
        let mut stream = connect(&proxy);
        stream.write_all(word.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(&stream), (word.as_bytes().to_vec(), None));
    }
    assert_eq!(proxy.connections(), [[5, 5], [3, 3]]);
    assert_eq!((proxy.passed(Direction::ToServer), proxy.passed(Direction::ToClient)), (8, 8));
}

#[test]
fn a_cut_lets_exactly_so_many_bytes_pass() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        for after in 0..=5 {
            let proxy = failing(Reach::Each, direction, after, Harm::Cut);
            let mut stream = connect(&proxy);
            stream.write_all(b"hello").unwrap();
            let (got, _) = all(&stream);
            assert_eq!(proxy.passed(direction), after, "{direction:?}");
            assert!(got.len() as u64 <= after && b"hello".starts_with(&got), "{got:?}");
            if direction == Direction::ToClient {
                assert_eq!(got.len() as u64, after);
            }
        }
    }
}

#[test]
fn a_reset_is_seen_as_one() {
    let proxy = failing(Reach::Each, Direction::ToClient, 2, Harm::Reset);
    let mut stream = connect(&proxy);
    stream.write_all(b"hello").unwrap();
    assert_eq!(all(&stream).1, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_stall_keeps_the_connection_until_it_is_healed() {
    let proxy = failing(Reach::Each, Direction::ToClient, 2, Harm::Stall);
    let mut stream = connect(&proxy);
    stream.write_all(b"hello").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(all(&stream), (b"he".to_vec(), Some(ErrorKind::WouldBlock)));
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    proxy.heal();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(all(&stream), (b"llo".to_vec(), None));
}

#[test]
fn a_half_close_ends_one_direction() {
    let proxy = failing(Reach::Each, Direction::ToServer, 3, Harm::HalfClose);
    let mut stream = connect(&proxy);
    stream.write_all(b"hello").unwrap();
    // The server sees an end after three bytes, and still answers.
    assert_eq!(all(&stream), (b"hel".to_vec(), None));
}

#[test]
fn a_fault_may_be_for_one_connection_or_for_all() {
    let proxy = failing(Reach::Only(1), Direction::ToClient, 1, Harm::Cut);
    let answers: Vec<usize> = (0..3).map(|_| exchange(&proxy)).collect();
    assert_eq!(answers, [5, 1, 5]);
    let proxy = failing(Reach::All, Direction::ToClient, 7, Harm::Cut);
    let idle = connect(&proxy);
    let answers: Vec<usize> = (0..3).map(|_| exchange(&proxy)).collect();
    assert_eq!(answers, [5, 2, 0]);
    assert_eq!(all(&idle), (Vec::new(), None), "one that sent nothing ends with the others");
    proxy.heal();
    assert_eq!(exchange(&proxy), 5);
}

/// How many bytes of five come back.
fn exchange(proxy: &Proxy) -> usize {
    let mut stream = connect(proxy);
    // A connection that is cut at once may refuse it.
    let _ = stream.write_all(b"hello");
    let _ = stream.shutdown(Shutdown::Write);
    all(&stream).0.len()
}

#[test]
fn a_delay_holds_up_each_direction() {
    let proxy = Proxy::before(echo());
    proxy.delay(Duration::from_millis(30));
    let started = Instant::now();
    assert_eq!(exchange(&proxy), 5);
    assert!(started.elapsed() >= Duration::from_millis(60));
}

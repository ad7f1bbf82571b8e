use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Both sides see an orderly end.
    Cut,
    /// Both sides see a reset.
    Reset,
    /// Nothing passes any more, and both sides keep a connection that looks alive.
    Stall,
    /// The fault's direction ends; the other goes on.
    HalfClose,
}

/// Whose bytes count, and who is harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All connections together; those that come later are harmed at once.
    All,
    /// Each connection by itself.
    Each,
    /// The nth connection alone, counted from 0.
    Only(usize),
}

/// Exactly `after` bytes pass in one direction; with the last of them comes the harm. For 0 bytes it
/// comes in place of the first one.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub reach: Reach,
    pub direction: Direction,
    pub after: u64,
    pub harm: Harm,
}

/// A TCP proxy on a loopback port that counts what passes and breaks where it is told to, so that a
/// test can first measure a conversation and then fail at each of its bytes.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    /// What connections meet that come after a fault of all.
    down: Option<(Harm, Direction)>,
    delay: Duration,
    connections: Vec<Connection>,
    closing: bool,
}

struct Connection {
    /// None once they are to close: the pumps hold the last ones then.
    ends: Option<Ends>,
    to_server: u64,
    to_client: u64,
    harmed: Option<(Harm, Direction)>,
}

#[derive(Clone)]
struct Ends {
    client: Arc<TcpStream>,
    server: Arc<TcpStream>,
}

impl Proxy {
    /// In front of a server on this machine.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        let listening = std::thread::spawn(move || accept(&listener, server, &accepting));
        Self { port, shared, listening: Some(listening) }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on; what has passed already counts.
    pub fn fail(&self, fault: Fault) {
        self.shared.lock().fault = Some(fault);
    }

    /// Nothing fails any more, and what was stalled goes on.
    pub fn heal(&self) {
        let mut state = self.shared.lock();
        state.fault = None;
        state.down = None;
        for connection in &mut state.connections {
            connection.harmed.take_if(|(harm, _)| *harm == Harm::Stall);
        }
        self.shared.changed.notify_all();
    }

    /// Each piece that passes waits so long before.
    pub fn delay(&self, delay: Duration) {
        self.shared.lock().delay = delay;
    }

    /// Bytes that have passed in one direction.
    pub fn passed(&self, direction: Direction) -> u64 {
        self.connections().iter().map(|passed| passed[direction as usize]).sum()
    }

    /// Bytes to the server and to the client, for each connection that there has been.
    pub fn connections(&self) -> Vec<[u64; 2]> {
        self.shared.lock().connections.iter().map(|c| [c.to_server, c.to_client]).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closing = true;
        for connection in &mut state.connections {
            connection.harm(Harm::Cut, Direction::ToServer);
        }
        drop(state);
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.listening.take().map(JoinHandle::join);
    }
}

fn accept(listener: &TcpListener, server: u16, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.lock().closing {
            return;
        }
        // A server that is not there ends the client's connection, as it would without a proxy.
        let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", server))) else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let ends = Ends { client: Arc::new(client), server: Arc::new(server) };
        let mut state = shared.lock();
        let number = state.connections.len();
        let mut connection =
            Connection { ends: Some(ends.clone()), to_server: 0, to_client: 0, harmed: None };
        if let Some((harm, direction)) = state.down {
            connection.harm(harm, direction);
        }
        state.connections.push(connection);
        drop(state);
        for direction in [Direction::ToServer, Direction::ToClient] {
            let (shared, ends) = (Arc::clone(shared), ends.clone());
            std::thread::spawn(move || shared.pump(number, direction, &ends));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Carries one direction of one connection until it ends.
    fn pump(&self, number: usize, direction: Direction, ends: &Ends) {
        let (from, to) = match direction {
            Direction::ToServer => (&ends.client, &ends.server),
            Direction::ToClient => (&ends.server, &ends.client),
        };
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = (&**from).read(&mut buffer).unwrap_or(0);
            let mut rest = &buffer[..read];
            loop {
                let Some(allowed) = self.admit(number, direction, rest.len()) else { return };
                let (now, later) = rest.split_at(allowed);
                if (&**to).write_all(now).is_err() || self.strike(number, direction) {
                    return;
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            if read == 0 {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
    }

    /// How many of `offered` bytes may pass now. Waits while the connection is stalled; none where it
    /// carries nothing more.
    fn admit(&self, number: usize, direction: Direction, offered: usize) -> Option<usize> {
        let delay = self.lock().delay;
        if offered > 0 {
            std::thread::sleep(delay);
        }
        let mut state = self.lock();
        while !state.closing && state.stalled(number) {
            state = self.changed.wait(state).unwrap();
        }
        if state.closing || state.connections[number].is_over(direction) {
            return None;
        }
        let allowed = state.room(number, direction).map_or(offered, |room| offered.min(room));
        *state.connections[number].passed_mut(direction) += allowed as u64;
        Some(allowed)
    }

    /// Does the harm whose byte has passed, and says whether this direction is over.
    fn strike(&self, number: usize, direction: Direction) -> bool {
        let mut state = self.lock();
        if state.room(number, direction) == Some(0)
            && let Some(fault) = state.fault
        {
            if fault.reach == Reach::All {
                state.down = Some((fault.harm, fault.direction));
                for connection in &mut state.connections {
                    connection.harm(fault.harm, fault.direction);
                }
            } else {
                state.connections[number].harm(fault.harm, fault.direction);
            }
        }
        state.connections[number].is_over(direction)
    }
}

impl State {
    fn stalled(&self, number: usize) -> bool {
        matches!(self.connections[number].harmed, Some((Harm::Stall, _)))
    }

    /// What may still pass before the fault; none where there is no fault for it.
    fn room(&self, number: usize, direction: Direction) -> Option<usize> {
        let fault = self.fault.filter(|fault| fault.direction == direction)?;
        let passed = match fault.reach {
            Reach::All => self.connections.iter().map(|c| c.passed(direction)).sum(),
            Reach::Each => self.connections[number].passed(direction),
            Reach::Only(only) if only == number => self.connections[number].passed(direction),
            Reach::Only(_) => return None,
        };
        Some(usize::try_from(fault.after.saturating_sub(passed)).unwrap_or(usize::MAX))
    }
}

impl Connection {
    fn passed(&self, direction: Direction) -> u64 {
        [self.to_server, self.to_client][direction as usize]
    }

    fn passed_mut(&mut self, direction: Direction) -> &mut u64 {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn is_over(&self, direction: Direction) -> bool {
        match self.harmed {
            Some((Harm::Cut | Harm::Reset, _)) => true,
            Some((Harm::HalfClose, ended)) => ended == direction,
            Some((Harm::Stall, _)) | None => false,
        }
    }

    fn harm(&mut self, harm: Harm, direction: Direction) {
        if matches!(self.harmed, Some((Harm::Cut | Harm::Reset, _))) {
            return;
        }
        self.harmed = Some((harm, direction));
        let Some(Ends { client, server }) = &self.ends else { return };
        match harm {
            Harm::Cut => {
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
                self.ends = None;
            }
            Harm::Reset => {
                for end in [client, server] {
                    // Without a time to linger a close is a reset. The pumps wake up and close.
                    let _ = socket2::SockRef::from(&**end).set_linger(Some(Duration::ZERO));
                    let _ = end.shutdown(Shutdown::Read);
                }
                self.ends = None;
            }
            Harm::Stall => {}
            Harm::HalfClose => {
                let end = if direction == Direction::ToServer { server } else { client };
                let _ = end.shutdown(Shutdown::Write);
            }
        }
    }
}

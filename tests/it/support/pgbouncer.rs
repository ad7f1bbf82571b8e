use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};

use super::account;
use super::guard::Guard;
use super::outcome::until;
use super::server::{Server, free_port};

/// A private PgBouncer that pools transactions of one server: two transactions of one client may run
/// in two of the server's sessions.
pub struct PgBouncer {
    port: u16,
    folder: PathBuf,
    process: Option<(Child, Guard)>,
}

impl PgBouncer {
    pub fn before(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(format!("rollbook-pgbouncer-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let (port, behind) = (free_port(), server.port());
        let settings = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={behind} user=postgres\n\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 4\nignore_startup_parameters = extra_float_digits, options\n"
        );
        std::fs::write(&settings, text).unwrap();
        let program = Path::new("/usr/sbin/pgbouncer");
        assert!(program.exists(), "no {}: run ./tests/run, which installs it", program.display());
        let log = File::create(folder.join("log")).unwrap();
        let child = account::ordinary(program)
            .arg(&settings)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let guard = Guard::over(child.id(), "KILL", &folder);
        let pooler = Self { port, folder, process: Some((child, guard)) };
        until("the start of PgBouncer", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        pooler
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        if let Some((mut child, guard)) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
            guard.dismiss();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

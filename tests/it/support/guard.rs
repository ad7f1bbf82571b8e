use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits for its standard input to close, which happens however this process ends; then
/// it ends a server and removes a folder.
pub struct Guard {
    shell: Child,
}

impl Guard {
    pub fn over(pid: u32, signal: &str, folder: &Path) -> Self {
        // A line instead of an end says that the server is gone, and its number perhaps another's.
        // A process that has ended has no program any more, even where nobody has waited for it.
        let script = format!(
            "trap '' INT TERM HUP; read -r line && exit; kill -{signal} {pid}; \
             n=0; while [ -e /proc/{pid}/exe ] && [ $n -lt 200 ]; do n=$((n + 1)); sleep 0.05; done; rm -rf '{}'",
            folder.display()
        );
        let shell = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { shell }
    }

    /// The server has ended by itself, or been ended.
    pub fn dismiss(mut self) {
        let _ = self.shell.stdin.take().unwrap().write_all(b"gone\n");
        let _ = self.shell.wait();
    }
}

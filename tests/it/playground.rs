//! The sandbox over its restarts: what was kept of it still fits together.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::house::PATIENCE;

/// A running sandbox.
struct Sandbox {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Sandbox {
    async fn start(data: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_picdesk"))
            .args(["sandbox", "--seed", "5", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it starts");
        let url = first.unwrap().expect("the first line is its address");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, url, http }
    }

    /// How the desk was started.
    async fn arguments(&self) -> Vec<String> {
        let url = format!("{}/sandbox/api/desk", self.url);
        let desk: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let text = std::fs::read(format!("/proc/{}/cmdline", desk["pid"])).unwrap();
        String::from_utf8(text).unwrap().split('\0').map(str::to_owned).collect()
    }

    async fn stop(mut self) {
        let pid = self.child.id().unwrap().to_string();
        Command::new("kill").arg(pid).status().await.unwrap();
        self.child.wait().await.unwrap();
    }
}

fn after<'a>(arguments: &'a [String], name: &str) -> &'a str {
    let at = arguments.iter().position(|argument| argument == name).expect(name);
    &arguments[at + 1]
}

#[tokio::test]
async fn a_sandbox_starts_again_with_its_time_and_without_the_port_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path()).await;
    let advance = sandbox.http.post(format!("{}/sandbox/api/advance", sandbox.url));
    advance.json(&json!({"seconds": 3_600})).send().await.unwrap().error_for_status().unwrap();
    let before = sandbox.arguments().await;
    assert_eq!(after(&before, "--clock-ahead-s"), "3600");
    sandbox.stop().await;

    let port = folder.path().join("desk.port");
    let port: u16 = std::fs::read_to_string(port).unwrap().parse().unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let sandbox = Sandbox::start(folder.path()).await;
    let again = sandbox.arguments().await;
    assert_eq!(after(&again, "--clock-ahead-s"), "3600");
    assert_ne!(after(&again, "--seed"), after(&before, "--seed"), "no name is given twice");
    assert_eq!(after(&again, "--chat-url"), format!("{}/", sandbox.url));
    sandbox.stop().await;
}

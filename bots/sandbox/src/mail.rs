//! A mail server on loopback: it takes letters by SMTP (RFC 5321), wants a name and a password
//! (RFC 4954, `PLAIN`), and keeps what it took.
//!
//! ```text
//! let mail = MailStandIn::start(MailOptions::default()).await?;
//! mail.smtp_url();                                       // what [mail] smtp_url has to be
//! mail.arm(Armed::times(Fault::Status { status: 451, retry_after_s: 0 }, 1).on("MAIL"));
//! mail.letters();                                        // oldest first
//! ```

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::rest::{Armed, Fault, Faults, locked};

/// Longest letter, bytes.
const BYTES_MAX: usize = 1 << 20;

/// How a stand-in is started.
#[derive(Debug, Clone)]
pub struct MailOptions {
    /// Loopback port; 0 for any free one.
    pub port: u16,
    /// Who may hand letters in.
    pub user: String,
    /// By which password.
    pub password: String,
    /// What it calls now.
    pub clock: Clock,
    /// For chance.
    pub seed: u64,
}

impl Default for MailOptions {
    fn default() -> Self {
        Self {
            port: 0,
            user: "desk".into(),
            password: "sandbox-password-of-the-mail-server".into(),
            clock: Clock::wall(),
            seed: 1,
        }
    }
}

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom it was handed in.
    pub to: String,
    /// Its `Message-ID`.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Its words.
    pub body: String,
    /// When, ms.
    pub at_ms: i64,
}

impl Letter {
    /// The first address in it.
    pub fn url(&self) -> Option<&str> {
        let from = self.body.find("http")?;
        self.body[from..].split_whitespace().next()
    }
}

#[derive(Debug)]
struct State {
    options: MailOptions,
    letters: Mutex<Vec<Letter>>,
    faults: Mutex<Faults>,
    ended: CancellationToken,
}

/// A running stand-in. Clones are the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct MailStandIn {
    state: Arc<State>,
    port: u16,
    _guard: Arc<DropGuard>,
}

impl MailStandIn {
    /// Opens the server.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: MailOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let port = listener.local_addr()?.port();
        let faults = Mutex::new(Faults::new(options.seed));
        let (letters, ended) = (Mutex::default(), CancellationToken::new());
        let state = Arc::new(State { options, letters, faults, ended });
        tokio::spawn(serve(listener, Arc::clone(&state)));
        let guard = Arc::new(state.ended.clone().drop_guard());
        Ok(Self { state, port, _guard: guard })
    }

    /// What `[mail] smtp_url` has to be.
    pub fn smtp_url(&self) -> String {
        let MailOptions { user, password, .. } = &self.state.options;
        format!("smtp://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// How it was started.
    pub fn options(&self) -> &MailOptions {
        &self.state.options
    }

    /// Letters so far, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        locked(&self.state.letters).clone()
    }

    /// Arms a fault. Of those of calls it knows a status, a cut line and a wait; a call is named by
    /// its verb: `MAIL`, `RCPT`, `DATA` once the letter is whole.
    pub fn arm(&self, armed: Armed) {
        locked(&self.state.faults).arm(armed);
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        locked(&self.state.faults).armed()
    }

    /// Disarms everything.
    pub fn clear_faults(&self) {
        locked(&self.state.faults).clear();
    }

    /// One of each kind that can befall it.
    pub fn kinds() -> Vec<Fault> {
        vec![
            Fault::Status { status: 451, retry_after_s: 0 },
            Fault::DropRequest,
            Fault::DropAnswer,
            Fault::Slow { delay_ms: 3000 },
        ]
    }

    /// Moves its clock.
    pub fn advance(&self, by: Duration) {
        self.state.options.clock.advance(by);
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = state.ended.cancelled() => return,
        };
        if let Ok((line, _)) = accepted {
            let state = Arc::clone(&state);
            tokio::spawn(async move {
                tokio::select! {
                    // Whoever breaks off breaks off.
                    _ = talk(line, &state) => {}
                    () = state.ended.cancelled() => {}
                }
            });
        }
    }
}

/// What one connection has said so far.
#[derive(Default)]
struct Said {
    let_in: bool,
    to: Vec<String>,
}

async fn talk(line: TcpStream, state: &State) -> std::io::Result<()> {
    let mut line = BufReader::new(line);
    line.write_all(b"220 mail.sandbox ESMTP\r\n").await?;
    let mut said = Said::default();
    let mut words = String::new();
    loop {
        words.clear();
        if line.read_line(&mut words).await? == 0 || words.len() > BYTES_MAX {
            return Ok(());
        }
        let verb = words.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let letter = if verb == "DATA" && said.let_in && !said.to.is_empty() {
            line.write_all(b"354 End data with <CR><LF>.<CR><LF>\r\n").await?;
            Some(letter_of(&mut line).await?)
        } else {
            None
        };
        let fault = locked(&state.faults).strike_call(&verb);
        match fault {
            Some(Fault::Status { status, .. }) => {
                line.write_all(format!("{status} not now\r\n").as_bytes()).await?;
                continue;
            }
            Some(Fault::DropRequest) => return Ok(()),
            Some(Fault::Slow { delay_ms }) => {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            }
            _ => {}
        }
        let answer = answer(state, &mut said, &verb, words.trim_end(), letter);
        if fault == Some(Fault::DropAnswer) {
            return Ok(());
        }
        line.write_all(answer.as_bytes()).await?;
        if verb == "QUIT" {
            return Ok(());
        }
    }
}

/// The lines up to the one that is a dot, without the dots that were put before dots.
async fn letter_of(line: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut letter = String::new();
    loop {
        let mut words = String::new();
        let ended = line.read_line(&mut words).await? == 0 || words == ".\r\n";
        if ended || letter.len() > BYTES_MAX {
            return Ok(letter);
        }
        letter.push_str(words.strip_prefix('.').unwrap_or(&words));
    }
}

fn answer(
    state: &State,
    said: &mut Said,
    verb: &str,
    words: &str,
    letter: Option<String>,
) -> &'static str {
    match verb {
        "EHLO" => "250-mail.sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n",
        "AUTH" => {
            let MailOptions { user, password, .. } = &state.options;
            let right = STANDARD.encode(format!("\0{user}\0{password}"));
            said.let_in = words.rsplit(' ').next() == Some(&right);
            if said.let_in { "235 welcome\r\n" } else { "535 wrong name or password\r\n" }
        }
        "QUIT" => "221 bye\r\n",
        "MAIL" | "RCPT" | "DATA" if !said.let_in => "530 authenticate first\r\n",
        "HELO" | "NOOP" | "RSET" | "MAIL" => {
            said.to.clear();
            "250 ok\r\n"
        }
        "RCPT" => {
            let address = words.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            match address {
                Some((address, _)) if address.contains('@') => {
                    said.to.push(address.to_owned());
                    "250 ok\r\n"
                }
                _ => "550 no such mailbox\r\n",
            }
        }
        "DATA" => match letter {
            Some(letter) => {
                let at_ms = state.options.clock.now_ms();
                let taken = said.to.drain(..).map(|to| read(to, &letter, at_ms));
                locked(&state.letters).extend(taken);
                "250 taken\r\n"
            }
            None => "503 to whom?\r\n",
        },
        _ => "500 unknown\r\n",
    }
}

/// A letter as a mailbox shows it.
fn read(to: String, letter: &str, at_ms: i64) -> Letter {
    let (head, body) = letter.split_once("\r\n\r\n").unwrap_or((letter, ""));
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut found =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, it)| it.trim());
        found.next_back().unwrap_or_default().to_owned()
    };
    let body = match field("Content-Transfer-Encoding").to_ascii_lowercase().as_str() {
        "base64" => {
            let bytes = STANDARD.decode(body.split_whitespace().collect::<String>());
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        }
        "quoted-printable" => unquoted(&body.replace("=\r\n", ""), false),
        _ => body.to_owned(),
    };
    Letter { to, id: field("Message-ID"), subject: subject(&field("Subject")), body, at_ms }
}

/// A subject with its encoded words read. Source: RFC 2047.
fn subject(field: &str) -> String {
    let mut whole = String::new();
    for word in field.split(' ') {
        let parts: Vec<&str> = word.trim_end_matches("?=").split('?').collect();
        match parts[..] {
            ["=", _, "b" | "B", text] => {
                let bytes = STANDARD.decode(text).unwrap_or_default();
                whole.push_str(&String::from_utf8_lossy(&bytes));
            }
            ["=", _, "q" | "Q", text] => whole.push_str(&unquoted(text, true)),
            _ => {
                if !whole.is_empty() {
                    whole.push(' ');
                }
                whole.push_str(word);
            }
        }
    }
    whole
}

/// `=C3=A9` as é; in a subject `_` is a space. Source: RFC 2045, 6.7; RFC 2047, 4.2.
fn unquoted(text: &str, of_subject: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|digits| hex::decode(digits).ok());
        match (first, hex) {
            (b'=', Some(decoded)) => {
                bytes.extend(decoded);
                rest = &more[2..];
            }
            (b'_', _) if of_subject => {
                bytes.push(b' ');
                rest = more;
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_a_mailbox_does() {
        let letter = "Message-ID: <1@desk>\r\nSubject: =?utf-8?b?5Lit?= =?utf-8?b?5paH?=\r\n\
                      Content-Transfer-Encoding: quoted-printable\r\n\r\n\
                      caf=C3=A9 http://127.0.0.1/a=3Db long=\r\nline\r\n";
        let read = read("a@example.com".into(), letter, 5);
        assert_eq!((&*read.id, &*read.subject), ("<1@desk>", "中文"));
        assert_eq!(read.body, "café http://127.0.0.1/a=b longline\r\n");
        assert_eq!(read.url(), Some("http://127.0.0.1/a=b"));
        assert_eq!(subject("plain words"), "plain words");
    }
}

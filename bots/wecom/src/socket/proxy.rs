//! The way to where the bot's connection is opened: straight, or through a proxy that makes one.
//!
//! Sources: RFC 9110, 9.3.6 (CONNECT); RFC 1928 and 1929 (SOCKS 5 and its passwords).

use std::io::{Error, ErrorKind, Result};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// Longest answer of a proxy to CONNECT, bytes.
const ANSWER_BYTES_MAX: usize = 8 << 10;

/// Opens the way to an address. What its host is called is for the proxy to find out.
pub(super) async fn connect(to: &Url, proxy: Option<&Url>) -> Result<TcpStream> {
    let (host, port) = place(to)?;
    let Some(proxy) = proxy else {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        return Ok(stream);
    };
    let mut stream = TcpStream::connect(place(proxy)?).await?;
    stream.set_nodelay(true)?;
    match proxy.scheme() {
        "http" => by_connect(&mut stream, proxy, host, port).await?,
        "socks5" | "socks5h" => by_socks(&mut stream, proxy, host, port).await?,
        _ => return Err(refused()),
    }
    Ok(stream)
}

fn place(url: &Url) -> Result<(&str, u16)> {
    let usual = match url.scheme() {
        "wss" | "https" => 443,
        "socks5" | "socks5h" => 1080,
        _ => 80,
    };
    let host = url.host_str().ok_or_else(refused)?;
    // An address of version 6 stands in brackets in a URL, and nowhere else.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host, url.port().unwrap_or(usual)))
}

fn refused() -> Error {
    Error::new(ErrorKind::ConnectionRefused, "the proxy makes no connection")
}

/// Name and password of a proxy, as they were before they stood in a URL.
fn login(proxy: &Url) -> Option<(String, String)> {
    let plain = |text: &str| {
        let parsed =
            url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
                .next()
                .map(|(_, value)| value.into_owned());
        parsed.unwrap_or_default()
    };
    let password = proxy.password().unwrap_or_default();
    (!proxy.username().is_empty()).then(|| (plain(proxy.username()), plain(password)))
}

async fn by_connect(stream: &mut TcpStream, proxy: &Url, host: &str, port: u16) -> Result<()> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut asked = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some((name, password)) = login(proxy) {
        let basic = STANDARD.encode(format!("{name}:{password}"));
        asked.extend(["Proxy-Authorization: Basic ", &basic, "\r\n"]);
    }
    asked.push_str("\r\n");
    stream.write_all(asked.as_bytes()).await?;
    // Byte by byte: what follows the answer is no longer the proxy's.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= ANSWER_BYTES_MAX {
            return Err(refused());
        }
        answer.push(stream.read_u8().await?);
    }
    let status = answer.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if answer.starts_with(b"HTTP/1.") && status == b"200" { Ok(()) } else { Err(refused()) }
}

async fn by_socks(stream: &mut TcpStream, proxy: &Url, host: &str, port: u16) -> Result<()> {
    // Version 5 · one way to say who we are · none (0) or a password (2).
    let login = login(proxy);
    stream.write_all(&[5, 1, if login.is_some() { 2 } else { 0 }]).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, login) {
        ([5, 0], _) => {}
        ([5, 2], Some((name, password))) => {
            // Version 1 · length, name · length, password.
            let mut asked = vec![1];
            for text in [&name, &password] {
                asked.push(u8::try_from(text.len()).map_err(|_| refused())?);
                asked.extend(text.as_bytes());
            }
            stream.write_all(&asked).await?;
            let mut answer = [0; 2];
            stream.read_exact(&mut answer).await?;
            if answer[1] != 0 {
                return Err(refused());
            }
        }
        _ => return Err(refused()),
    }
    // Version 5 · connect · reserved · a name (3) · length, name · port, big-endian.
    let mut asked = vec![5, 1, 0, 3, u8::try_from(host.len()).map_err(|_| refused())?];
    asked.extend(host.as_bytes());
    asked.extend(port.to_be_bytes());
    stream.write_all(&asked).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    // The address that the proxy calls from is of no use to us.
    let left = match head {
        [5, 0, _, 1] => 4,
        [5, 0, _, 4] => 16,
        [5, 0, _, 3] => usize::from(stream.read_u8().await?),
        _ => return Err(refused()),
    };
    stream.read_exact(&mut vec![0; left + 2]).await?;
    Ok(())
}

//! What opening and reading a callback costs, beside what AES, SHA-1 and base64 alone cost.
//!
//! Processor time of this thread, so that whatever else runs here does not count.
//!
//! `cargo bench -p picdesk-wecom`

use std::{hint::black_box, time::Duration};

use aes::Aes256Dec;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::cipher::{Array, BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use picdesk_wecom::{
    envelope::{AesKey, Envelope},
    parse::app::read_app,
    verify::{Query, Secret},
    webhook::open_app,
    xml::{self, From},
};
use rustix::time::{ClockId, clock_gettime};
use sha1::{Digest, Sha1};

/// Rounds of a run, and runs; a figure is the median of the runs.
const ROUNDS: u32 = 5_000;
const RUNS: usize = 21;

/// How many times as much as the three alone, and how long: for a message of 1 KB, opened and
/// parsed.
const TIMES_BAR: f64 = 2.0;
const PARSED_BAR: Duration = Duration::from_micros(8);
/// For a body of 64 KiB that is full of attributes.
const FLOOD_BAR: Duration = Duration::from_millis(1);

/// Processor time of this thread so far.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).expect("a clock that only goes on")
}

/// The cases by turns, so that a busy moment meets all of them; for each the median, for one round.
fn measure<const N: usize>(rounds: u32, mut cases: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut runs = [const { Vec::new() }; N];
    for _ in 0..RUNS {
        for (runs, case) in runs.iter_mut().zip(&mut cases) {
            let began = cpu();
            for _ in 0..rounds {
                case();
            }
            runs.push(cpu().saturating_sub(began) / rounds);
        }
    }
    runs.map(|mut runs| {
        runs.sort_unstable();
        runs[RUNS / 2]
    })
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn main() {
    let key_text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let key = AesKey::read(key_text).expect("43 letters");
    let envelope = Envelope::new(Secret::new("ourOwnToken7"), key, "ww00000000example");
    let content = "狐狸在雪地里".repeat(40);
    let message = format!(
        "<xml><ToUserName><![CDATA[ww00000000example]]></ToUserName><FromUserName>\
         <![CDATA[lisi_01]]></FromUserName><CreateTime>1790000000</CreateTime><MsgType>\
         <![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content><MsgId>\
         7381000000000000001</MsgId><AgentID>1000002</AgentID></xml>"
    );
    let encrypted = envelope.encrypt(&message, [7; 16]);
    let signature = envelope.sign("1790000000", "1597212914", &encrypted);
    let query = format!("msg_signature={signature}&timestamp=1790000000&nonce=1597212914");
    let body = format!("<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");

    let mut alone = || {
        let mut sha1 = Sha1::new();
        sha1.update(&encrypted);
        black_box(sha1.finalize());
        let mut bytes = STANDARD.decode(&encrypted).expect("base64");
        let cipher = cbc::Decryptor::<Aes256Dec>::new(&Array::from([7; 32]), &Array::from([7; 16]));
        black_box(cipher.decrypt_padded::<NoPadding>(&mut bytes).expect("whole blocks"));
    };
    let mut open = || {
        let query = Query::read(&query).expect("a good query");
        black_box(envelope.open(&query, &encrypted).expect("rightly sealed"));
    };
    let mut parse = || {
        let message = open_app(&envelope, &query, body.as_bytes()).expect("rightly sealed").message;
        black_box(xml::read(&message, From::WeCom).expect("XML"));
    };
    let mut read = || {
        let message = open_app(&envelope, &query, body.as_bytes()).expect("rightly sealed").message;
        let fields = xml::read(&message, From::WeCom).expect("XML");
        let raw = message.as_bytes().to_vec();
        black_box(read_app(&fields, raw, 1_790_000_900_000));
    };
    let [alone, open, parse, read] =
        measure(ROUNDS, [&mut alone, &mut open, &mut parse, &mut read]);
    let times = parse.as_secs_f64() / alone.as_secs_f64();
    println!("a message of {} bytes; processor time, medians of {RUNS} runs", message.len());
    println!("AES, SHA-1 and base64 alone   {alone:?}");
    println!("opened                        {open:?}");
    println!(
        "opened, and its XML parsed    {parse:?}; bar {PARSED_BAR:?}: {}",
        verdict(parse <= PARSED_BAR)
    );
    println!(
        "  times as much               {times:.2}; bar {TIMES_BAR}: {}",
        verdict(times <= TIMES_BAR)
    );
    println!("and read as an event of ours  {read:?}");

    // As many as fit: 10,000 have only six bytes each.
    let many = " a=\"\"".repeat(10_000);
    let named = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
    for (what, attributes) in [("10,000 attributes", &many[..]), ("named apart", &named[..65_000])]
    {
        let flood = format!("<xml><Encrypt{attributes}>x</Encrypt></xml>");
        let mut refuse = || {
            let refused = open_app(&envelope, &query, black_box(flood.as_bytes()));
            assert!(refused.is_err(), "a flood is refused");
        };
        let [took] = measure(100, [&mut refuse]);
        let met = verdict(took <= FLOOD_BAR);
        println!("64 KiB with {what:<18} refused in {took:?}; bar {FLOOD_BAR:?}: {met}");
    }
}

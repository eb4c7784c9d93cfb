//! What opening and reading a callback costs, beside what AES, SHA-1 and base64 alone cost.
//!
//! `cargo bench -p picdesk-wecom`

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

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
use sha1::{Digest, Sha1};

const ROUNDS: u32 = 20_000;

/// The best of several runs, for one round.
fn measure(mut round: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            round();
        }
        best = best.min(began.elapsed());
    }
    best / ROUNDS
}

fn main() {
    let token = "ourOwnToken7";
    let key_text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let key = AesKey::read(key_text).expect("43 letters");
    let envelope = Envelope::new(Secret::new(token), key, "ww00000000example");
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

    let alone = measure(|| {
        let mut sha1 = Sha1::new();
        sha1.update(&encrypted);
        black_box(sha1.finalize());
        let mut bytes = STANDARD.decode(&encrypted).expect("base64");
        let cipher = cbc::Decryptor::<Aes256Dec>::new(&Array::from([7; 32]), &Array::from([7; 16]));
        black_box(cipher.decrypt_padded::<NoPadding>(&mut bytes).expect("whole blocks"));
    });
    let opened = measure(|| {
        let query = Query::read(&query).expect("a good query");
        black_box(envelope.open(&query, &encrypted).expect("rightly sealed"));
    });
    let read = measure(|| {
        let opened = open_app(&envelope, &query, body.as_bytes()).expect("rightly sealed");
        let message = opened.message;
        let fields = xml::read(&message, From::WeCom).expect("XML");
        let raw = message.as_bytes().to_vec();
        black_box(read_app(&fields, raw, 1_790_000_900_000));
    });
    let attributes: Vec<String> = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect();
    let attributes = attributes.concat();
    let flood = format!("<xml><Encrypt{}>x</Encrypt></xml>", &attributes[..65_000]);
    let flooded = {
        let began = Instant::now();
        black_box(xml::read(&flood, From::Anybody)).expect("attributes are passed over");
        began.elapsed()
    };
    let ratio = read.as_secs_f64() / alone.as_secs_f64();
    println!("a message of {} bytes", message.len());
    println!("AES, SHA-1 and base64 alone  {alone:?}");
    println!("opened                       {opened:?}");
    println!("opened and read as an event  {read:?}, {ratio:.2} times as much");
    println!("64 KiB of attributes         {flooded:?}");
}

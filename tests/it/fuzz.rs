//! Whatever comes from outside, by chance: the targets of libFuzzer on the stable compiler, seeded
//! and counted, so that every run of them is the same run.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::{fmt::Write as _, fs, panic::catch_unwind, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::ImageFormat;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Inputs of a short run, for each target; `FUZZ_RUNS` says otherwise.
const RUNS: usize = 2_000;
/// Where chance begins; `FUZZ_SEED` says otherwise.
const SEED: u64 = 0x0070_6963_6465_736b;
/// The longest input, bytes.
const BYTES_MAX: usize = 32 << 10;

/// What makes readers stumble.
const ODD: &[&[u8]] = &[
    b"<",
    b">",
    b"]]>",
    b"<![CDATA[",
    b"&",
    b"&lt;",
    b"&#0;",
    b"<!--",
    b"<?",
    b"</",
    b"/>",
    b"\0",
    b"null",
    b"-1",
    b"1e999",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"data: ",
    b"event: ",
    b"b64_json",
    b"====",
    b"\xff\xd8",
    b"\xff\xc0",
    b"IDAT",
    b"IHDR",
    b"IEND",
    b"VP8L",
    b"VP8X",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
    b"18446744073709551616",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\xa6\x8a",
    b"&msg_signature=",
    b"%00",
    b"+",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs a target on its seeds, and then on them with chance at work.
fn run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(!seeds.is_empty());
    let runs = number("FUZZ_RUNS").map_or(RUNS, |runs| runs.try_into().unwrap());
    let mut chance = StdRng::seed_from_u64(number("FUZZ_SEED").unwrap_or(SEED));
    for seed in seeds {
        try_one(name, seed, target);
    }
    for _ in 0..runs {
        try_one(name, &mutant(&mut chance, seeds), target);
    }
}

/// What breaks a target is shown, as something to be made a sample of.
fn try_one(name: &str, input: &[u8], target: fn(&[u8])) {
    if catch_unwind(|| target(input)).is_err() {
        let shown = input.iter().take(4096).fold(String::new(), |mut shown, byte| {
            let _ = write!(shown, "{}", std::ascii::escape_default(*byte));
            shown
        });
        panic!("{name} does not hold for {} bytes: b\"{shown}\"", input.len());
    }
}

/// A seed with one to eight changes, or two seeds in one.
fn mutant(chance: &mut StdRng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[chance.random_range(0..seeds.len())].clone();
    for _ in 0..chance.random_range(1..=8) {
        let at = chance.random_range(0..=bytes.len());
        let to = (at + chance.random_range(0..64)).min(bytes.len());
        match chance.random_range(0..9) {
            0 if at < bytes.len() => bytes[at] = chance.random(),
            1 if at < bytes.len() => bytes[at] ^= 1 << chance.random_range(0..8),
            2 => drop(bytes.drain(at..to)),
            3 => bytes.truncate(at),
            4 => {
                let part = bytes[at..to].repeat(chance.random_range(1..8));
                bytes.splice(at..at, part);
            }
            5 => {
                let other = &seeds[chance.random_range(0..seeds.len())];
                let from = chance.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => {
                let random: [u8; 8] = chance.random();
                bytes.splice(at..to, random);
            }
            _ => {
                let odd = ODD[chance.random_range(0..ODD.len())];
                bytes.splice(at..to, odd.iter().copied());
            }
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

/// The files of a folder, from the root of the repository.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn fuzz_wecom_envelope() {
    let query =
        "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=n";
    let body = "<xml><ToUserName><![CDATA[ww1]]></ToUserName><Encrypt><![CDATA[aGVsbG8=]]></Encrypt></xml>";
    let mut seeds = vec![format!("{query}\n{body}").into_bytes(), vec![32; 32], vec![0; 64]];
    seeds.extend(files("bots/wecom/samples/came/app"));
    run("wecom_envelope", &seeds, targets::wecom_envelope);
}

#[test]
fn fuzz_wecom_xml() {
    run("wecom_xml", &files("bots/wecom/samples/came/app"), targets::wecom_xml);
}

#[test]
fn fuzz_wecom_kf_page() {
    run("wecom_kf_page", &files("bots/wecom/samples/came/kf"), targets::wecom_kf_page);
}

#[test]
fn fuzz_wecom_bot() {
    run("wecom_bot", &files("bots/wecom/samples/came/bot"), targets::wecom_bot);
}

#[test]
fn fuzz_telegram_update() {
    run("telegram_update", &files("bots/telegram/samples/updates"), targets::telegram_update);
}

#[test]
fn fuzz_creem_event() {
    run("creem_event", &files("src/creem/samples"), targets::creem_event);
}

#[test]
fn fuzz_images_stream() {
    let picture = STANDARD.encode(small_pictures().concat());
    let event = |name: &str, index: &str| {
        format!(
            "event: image_generation.{name}\ndata: {{\"type\":\"image_generation.{name}\",{index}\
             \"b64_json\":\"{picture}\",\"usage\":{{\"input_tokens\":1}}}}\n\n"
        )
    };
    let partial = event("partial_image", "\"partial_image_index\":0,");
    let seeds = [
        format!("\x07{partial}{}", event("completed", "")),
        format!(
            "\x01: ping\r\n\r\n{}data: [DONE]\n\n",
            event("completed", "").replace('\n', "\r\n")
        ),
        format!(
            "\x28{{\"created\":1,\"data\":[{{\"b64_json\":\"{picture}\"}}],\"size\":\"auto\"}}"
        ),
        "\x03{\"error\":{\"message\":\"no\",\"type\":\"x\",\"code\":null}}".to_owned(),
        "\x02event: error\ndata: {\"type\":\"error\",\"error\":{\"code\":\"x\"}}\n\n".to_owned(),
    ];
    let seeds = seeds.map(String::into_bytes);
    run("images_stream", &seeds, targets::images_stream);
}

#[test]
fn fuzz_picture() {
    run("picture", &small_pictures(), targets::picture);
}

/// One of each kind.
fn small_pictures() -> Vec<Vec<u8>> {
    let mut picture = image::RgbaImage::new(24, 17);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let low = |value: u32| value.to_le_bytes()[0];
        *pixel = image::Rgba([low(x * 9), low(y * 13), low(x * y), 255 - low(x)]);
    }
    let clear = image::DynamicImage::from(picture);
    let opaque = clear.to_rgb8();
    let mut files = Vec::new();
    for (format, picture) in [
        (ImageFormat::Png, clear.clone()),
        (ImageFormat::Png, opaque.clone().into()),
        (ImageFormat::Jpeg, opaque.into()),
        (ImageFormat::WebP, clear),
    ] {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        files.push(file.into_inner());
    }
    files
}

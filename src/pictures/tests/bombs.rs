//! Pictures made to hurt: each is opened in a process of its own, whose memory is measured.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::pictures::samples::{
    exif, flat_png, jpeg, png, png_chunk, png_start, png_with, riff, riff_chunk, segment,
    stored_zlib, vp8x,
};
use crate::pictures::{Fit, Limits, PictureFault, check_and_fit, check_original, clean_into};

/// Says to the process of one bomb which file it is.
const BOMB: &str = "TEST_BOMB";

/// What one bomb may cost, bytes.
const MEMORY_MAX: u64 = 128_000_000;

/// What one bomb may take of a processor each time that it is opened.
const TIME_MAX: Duration = Duration::from_secs(5);

/// What two that have to be turned may cost at once, bytes: whole they have 36 MB each.
const TURNED_MAX: u64 = 64 << 20;

/// The name of a file that has to be turned.
const TURNED: &str = "turned";

/// What each bomb is called, what it is, and by what name it is to be refused.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    use png::{BitDepth, ColorType};
    let small = png(64, 64, false);
    let turn = [png_chunk(*b"eXIf", &exif(6))];
    let see_through = flat_png(3_000, 3_050, ColorType::Rgba, BitDepth::Eight);
    // A hundred million zeros in a hundred thousand bytes.
    let texts = idat(&flat_png(10_000, 10_000, ColorType::Grayscale, BitDepth::Eight));
    let many_texts: Vec<_> = (0..4)
        .flat_map(|_| {
            [
                png_chunk(*b"zTXt", &[b"Comment\0\0", texts.as_slice()].concat()),
                png_chunk(*b"iCCP", &[b"p\0\0", texts.as_slice()].concat()),
            ]
        })
        .collect();
    let start = vec![0xff, 0xd8];
    let frame = |marker, width: u16, height: u16| {
        let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
        segment(marker, &[8, h[0], h[1], w[0], w[1], 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    };
    let scan = segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 0, 0]);
    let end = vec![0xff, 0xd9];
    let progressive = jpeg(1024, 1024, true, &[]);
    let one_scan = segment(0xda, &[1, 1, 0, 1, 63, 0x01]);
    let many_scans =
        [&progressive[..progressive.len() - 2], &one_scan.repeat(50_000), &end].concat();
    vec![
        ("a wall", flat_png(60_000, 6_000, ColorType::Grayscale, BitDepth::One), "side-too-long"),
        ("a field", flat_png(8_000, 8_000, ColorType::Rgba, BitDepth::Eight), "too-many-pixels"),
        ("a large one", flat_png(1_500, 1_500, ColorType::Rgba, BitDepth::Eight), "taken"),
        ("a deep one", flat_png(1_500, 1_500, ColorType::Rgba, BitDepth::Sixteen), "taken"),
        ("one, turned", png_with(&see_through, &turn), "taken"),
        ("seven passes, turned", flat_interlaced(3_000, 3_050, &turn), "taken"),
        ("no pixels", png_start(5_000, 5_000, 8, 6, true), "truncated"),
        ("texts", png_with(&small, &many_texts), "taken"),
        (
            "an empty wall",
            [start.clone(), frame(0xc0, 65_535, 65_535), scan.clone(), end.clone()].concat(),
            "side-too-long",
        ),
        (
            "passes",
            [start.clone(), frame(0xc2, 8_000, 3_000), scan.clone(), end.clone()].concat(),
            "too-costly",
        ),
        ("an empty field", [start, frame(0xc0, 5_000, 5_000), scan, end].concat(), "any"),
        ("scans", many_scans, "too-costly"),
        ("a canvas", riff(&[vp8x(0, 16_384, 16_384)]), "side-too-long"),
        (
            "a hidden frame",
            riff(&[vp8x(0, 8, 8), riff_chunk(*b"VP8L", &[0x2f, 255, 255, 255, 15])]),
            "unreadable",
        ),
        (
            "nothing lossless",
            riff(&[riff_chunk(*b"VP8L", &[0x2f, 0x9f, 0xcf, 0xe3, 0x13, 0, 0])]),
            "any",
        ),
        ("a film", riff(&[vp8x(2, 4_000, 4_000), riff_chunk(*b"ANMF", &[0; 16])]), "too-costly"),
        ("a screen", b"GIF89a\xff\xff\xff\xff\0\0\0;".to_vec(), "side-too-long"),
        ("an empty screen", b"GIF89a\xa0\x0f\xa0\x0f\0\0\0;".to_vec(), "any"),
    ]
}

/// A large PNG that is interlaced and see-through, of as few bytes as can be written by hand.
fn flat_interlaced(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    // Left, top, and how far apart pixels are across and down, in each pass.
    let passes: [(u32, u32, u32, u32); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let bytes = passes.map(|(left, top, across, down)| {
        let row = 1 + (width - left).div_ceil(across).div_ceil(8);
        row * (height - top).div_ceil(down)
    });
    let raw = vec![0; bytes.iter().sum::<u32>() as usize];
    let mut file = png_start(width, height, 1, 0, true);
    file.extend(png_chunk(*b"tRNS", &[0, 1]));
    file.extend(chunks.concat());
    file.extend(png_chunk(*b"IDAT", &stored_zlib(&raw)));
    file.extend(png_chunk(*b"IEND", &[]));
    file
}

/// The compressed pixels of a PNG.
fn idat(file: &[u8]) -> Vec<u8> {
    let (mut all, mut rest) = (Vec::new(), &file[8..]);
    while !rest.is_empty() {
        let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        if &rest[4..8] == b"IDAT" {
            all.extend(&rest[8..8 + length]);
        }
        rest = &rest[length + 12..];
    }
    all
}

/// Opens the file in every way and says how that went, and what it took at most.
fn open(path: &Path) {
    let file = std::fs::read(path).expect("the bomb");
    // As the house does it, and two at once.
    let clean = || clean_into(&file, &tempfile::tempfile().expect("a file"));
    let (cleaned, mut cost) = Cost::of(|| {
        std::thread::scope(|scope| {
            let beside = scope.spawn(clean);
            let cleaned = clean().map(drop);
            let _ = beside.join();
            cleaned
        })
    });
    cost.time /= 2;
    let name = cleaned.as_ref().map_or_else(PictureFault::name, |()| "taken");
    let mut costs = vec![cost];
    if !path.ends_with(TURNED) {
        // Provider pictures get the same suspicion.
        let source = || BufReader::new(File::open(path).expect("the bomb"));
        let roomy = |_: &_| Some(Fit::TELEGRAM_PHOTO);
        costs.push(Cost::of(|| drop(check_original(source(), &Limits::ORIGINAL))).1);
        costs.push(Cost::of(|| drop(check_and_fit(source(), &Limits::ORIGINAL, roomy))).1);
    }
    let memory = costs.iter().map(|cost| cost.memory).max().unwrap_or_default();
    let time = costs.iter().map(|cost| cost.time).max().unwrap_or_default();
    println!("bomb: {name} {memory} {}", time.as_millis());
}

/// What some work took.
struct Cost {
    /// Memory above what was there before, bytes.
    memory: u64,
    /// Of a processor.
    time: Duration,
}

impl Cost {
    fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        // Source: `proc(5)`, `clear_refs`: the peak is counted anew.
        std::fs::write("/proc/self/clear_refs", "5").expect("the peak counted anew");
        let (before, began) = (peak(), processor());
        let outcome = work();
        (outcome, Self { memory: peak() - before, time: processor().saturating_sub(began) })
    }
}

/// Processor time of this process so far.
fn processor() -> Duration {
    /// Of a second. Source: `proc(5)`, `utime` and `stime`; Linux tells user space hundredths.
    const TICK: Duration = Duration::from_millis(10);
    let text = std::fs::read_to_string("/proc/self/stat").expect("a stat");
    let (_, fields) = text.rsplit_once(')').expect("a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    TICK * ticks.map(|ticks| ticks.parse::<u32>().expect("a number")).sum::<u32>()
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[test]
fn a_bomb_is_refused_by_name_or_costs_little() {
    if let Some(path) = std::env::var_os(BOMB) {
        return open(path.as_ref());
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, file, expected) in bombs() {
        let turned = name.ends_with(TURNED);
        let path = folder.path().join(if turned { TURNED } else { "bomb" });
        std::fs::write(&path, file).expect("written");
        let this = std::env::current_exe().expect("this program");
        let test = "pictures::tests::bombs::a_bomb_is_refused_by_name_or_costs_little";
        let done =
            Command::new(this).args([test, "--exact", "--nocapture"]).env(BOMB, &path).output();
        let done = done.expect("a process");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&done.stderr));
        let line = said.lines().find_map(|line| line.split_once("bomb: ")).expect("an outcome").1;
        let [outcome, grew, took] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("three words: {line}")
        };
        println!("{name}: {outcome}, {grew} bytes, {took} ms");
        assert!(expected == "any" || outcome == expected, "{name}: {outcome}");
        let grew: u64 = grew.parse().expect("a number");
        let took = Duration::from_millis(took.parse().expect("a number"));
        assert!(took <= TIME_MAX, "{name}: {outcome} after {took:?}");
        let most = if turned { TURNED_MAX } else { MEMORY_MAX };
        assert!(grew <= most, "{name}: {outcome} after {} MB", grew >> 20);
    }
}

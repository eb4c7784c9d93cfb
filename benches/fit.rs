//! How much work and memory it takes to bring a provider's picture into a chat.
//!
//! A 4096 x 4096 PNG, one that is noisy as pictures are (some 20 MB) and one that is smooth, is
//! checked as an original and fitted as a JPEG: in its size, halved, and by a factor that is no
//! whole number. Prints the processor time (median of seven) and the memory above idle, beside
//! the bar. Then the largest pictures that a customer may send are cleaned, beside what one may
//! cost. Run: `cargo bench --bench fit`.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures to be looked at, and samples within 0 to 255"
)]

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use image::ExtendedColorType::{Rgb8, Rgba8};
use picdesk::pictures::{Fit, Limits, PictureFault, check_original, clean_reference, fit};

/// Pixels a side of the samples.
const SIDE: u32 = 4096;
/// How often each case is measured for its median.
const TIMES: usize = 7;
/// What a case may take.
#[derive(Clone, Copy)]
struct Bar {
    /// Milliseconds of processor time.
    cpu_ms: f64,
    /// Memory above idle, MB.
    memory_mb: f64,
}

/// For a fitted picture.
const FITTED: Bar = Bar { cpu_ms: 200.0, memory_mb: 16.0 };
/// For a customer's picture, whatever it is.
const CLEANED: Bar = Bar { cpu_ms: 5_000.0, memory_mb: 134.2 };

/// What the samples show.
#[derive(Clone, Copy)]
enum Motif {
    /// A gradient with the noise of a photograph.
    Noisy,
    /// Soft waves without any noise.
    Smooth,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // The samples are made in a process of their own, so that this one stays as small as idle.
    if let [make, name, path] = arguments.as_slice()
        && make == "make-sample"
    {
        return make_sample(name, path.as_ref());
    }
    let folder = std::env::temp_dir().join(format!("picdesk-bench-fit-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = measure_originals(&folder).and_then(|()| measure_references(&folder));
    fs::remove_dir_all(&folder)?;
    outcome
}

/// Lets another process make a sample.
fn sample(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    let this = std::env::current_exe()?;
    let made = Command::new(this).arg("make-sample").arg(name).arg(&path).status()?;
    if made.success() { Ok(path) } else { Err(io::Error::other("no sample")) }
}

fn measure_originals(folder: &Path) -> io::Result<()> {
    let Bar { cpu_ms, memory_mb } = FITTED;
    println!("{SIDE} x {SIDE} PNG; the bar is {cpu_ms} ms of CPU and {memory_mb} MB above idle");
    for name in ["noisy", "smooth"] {
        let path = sample(folder, name)?;
        let open = || File::open(&path).map(|file| BufReader::with_capacity(64 << 10, file));
        println!("\n{name}: {:.1} MB", megabytes(fs::metadata(&path)?.len()));
        measure("checked", FITTED, || {
            check_original(open()?, &Limits::ORIGINAL).map_err(io::Error::other)?;
            Ok("whole".to_owned())
        })?;
        for (what, edge) in [("same size", SIDE), ("halved", SIDE / 2), ("to 2560", 2560)] {
            let limits = Fit { longest_edge: Some(edge), ..Fit::TELEGRAM_PHOTO };
            measure(what, FITTED, || {
                let fitted = fit(open()?, &limits).map_err(io::Error::other)?;
                assert_eq!((fitted.width, fitted.height), (edge, edge));
                Ok(format!("{:.1} MB", megabytes(fitted.bytes.len() as u64)))
            })?;
        }
    }
    Ok(())
}

fn measure_references(folder: &Path) -> io::Result<()> {
    let Bar { cpu_ms, memory_mb } = CLEANED;
    println!("\nReferences; one may cost {cpu_ms} ms of CPU and {memory_mb} MB above the file");
    for name in REFERENCES {
        let file = fs::read(sample(folder, name)?)?;
        measure(name, CLEANED, || match clean_reference(&file) {
            Ok(cleaned) => Ok(format!("{:?}", cleaned.kind)),
            Err(PictureFault::Source(error)) => Err(error),
            Err(fault) => Ok(fault.name().to_owned()),
        })?;
    }
    Ok(())
}

/// Runs one case and prints its line.
fn measure(what: &str, bar: Bar, case: impl Fn() -> io::Result<String>) -> io::Result<()> {
    let mut took = Vec::new();
    let mut outcome = String::new();
    reset_peak();
    let idle = status_kb("VmRSS")?;
    for _ in 0..TIMES {
        let before = cpu_ns()?;
        outcome = case()?;
        took.push(cpu_ns()? - before);
    }
    let peak = status_kb("VmHWM")?;
    took.sort_unstable();
    let cpu_ms = took[TIMES / 2] as f64 / 1e6;
    let best_ms = took[0] as f64 / 1e6;
    let memory_mb = megabytes(peak.saturating_sub(idle) * 1024);
    let met = cpu_ms <= bar.cpu_ms && memory_mb <= bar.memory_mb;
    let met = if met { "met" } else { "MISSED" };
    println!(
        "{what:<22} {cpu_ms:>7.1} ms (best {best_ms:>7.1}) {memory_mb:>6.1} MB {met:>7}  {outcome}"
    );
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Lets the peak of the resident memory begin again at what it is now. Where the kernel does not
/// let us, peaks of earlier cases count too.
fn reset_peak() {
    if fs::write("/proc/self/clear_refs", "5").is_err() {
        eprintln!("the peak could not be reset: memory is the largest so far");
    }
}

/// A line of `/proc/self/status`, in KiB.
fn status_kb(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("no such line in /proc/self/status"))
}

/// Processor time of this thread so far, nanoseconds.
fn cpu_ns() -> io::Result<u64> {
    let line = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = line.split_whitespace().next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| io::Error::other("/proc/thread-self/schedstat is empty"))
}

/// The largest that is taken of every kind, and one that is refused for its way of being written.
const REFERENCES: [&str; 6] = [
    "png 5000 rgba",
    "jpeg 5000",
    "jpeg 3500 progressive",
    "jpeg 5000 progressive",
    "webp 3750 lossless",
    "webp 4800 rgba lossless",
];

fn make_sample(name: &str, path: &Path) -> io::Result<()> {
    let words: Vec<&str> = name.split(' ').collect();
    // Noise that nothing compresses would be refused for its bytes.
    let motif = if matches!(words[0], "noisy" | "jpeg") { Motif::Noisy } else { Motif::Smooth };
    let side = words.get(1).and_then(|side| side.parse().ok()).unwrap_or(SIDE);
    let transparent = words.contains(&"rgba");
    match words[0] {
        "jpeg" => {
            let mut encoder = jpeg_encoder::Encoder::new(BufWriter::new(File::create(path)?), 90);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
            encoder.set_progressive(words.contains(&"progressive"));
            let samples = samples(motif, side, transparent);
            let side = u16::try_from(side).map_err(io::Error::other)?;
            encoder
                .encode(&samples, side, side, jpeg_encoder::ColorType::Rgb)
                .map_err(io::Error::other)
        }
        "webp" => {
            let out = BufWriter::new(File::create(path)?);
            let colour = if transparent { Rgba8 } else { Rgb8 };
            image::codecs::webp::WebPEncoder::new_lossless(out)
                .encode(&samples(motif, side, transparent), side, side, colour)
                .map_err(io::Error::other)
        }
        _ => make_png(motif, side, transparent, path),
    }
}

/// Writes a PNG as providers do: adaptive filters, default compression.
fn make_png(motif: Motif, side: u32, transparent: bool, path: &Path) -> io::Result<()> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), side, side);
    encoder.set_color(if transparent { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    let mut chance = CHANCE;
    for y in 0..side {
        stream.write_all(&row(motif, side, transparent, y, &mut chance))?;
    }
    stream.finish()?;
    writer.finish()?;
    Ok(())
}

fn samples(motif: Motif, side: u32, transparent: bool) -> Vec<u8> {
    let mut chance = CHANCE;
    (0..side).flat_map(|y| row(motif, side, transparent, y, &mut chance)).collect()
}

/// Where chance begins: the same noise in every run.
const CHANCE: u64 = 0x9e37_79b9_7f4a_7c15;

fn row(motif: Motif, side: u32, transparent: bool, y: u32, chance: &mut u64) -> Vec<u8> {
    let mut row = Vec::with_capacity(side as usize * 4);
    for x in 0..side {
        let colours =
            pixel(motif, f64::from(x) / f64::from(side), f64::from(y) / f64::from(side), chance);
        row.extend(colours);
        if transparent {
            row.push(255 - colours[2] / 2);
        }
    }
    row
}

/// The colour at a place, across and down from 0 to 1.
fn pixel(motif: Motif, u: f64, v: f64, chance: &mut u64) -> [u8; 3] {
    let wave = |turns: f64, phase: f64| ((u * turns + v * phase) * std::f64::consts::TAU).sin();
    let colours = [wave(1.0, 0.5), wave(2.0, -1.0), wave(0.5, 1.5)].map(|s| 128.0 + 90.0 * s);
    // xorshift64.
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    let grain = match motif {
        Motif::Noisy => NOISE,
        Motif::Smooth => 0.0,
    };
    let noise = |shift: u32| ((*chance >> shift & 0xff) as f64 / 255.0 - 0.5) * grain;
    [colours[0] + noise(0), colours[1] + noise(8), colours[2] + noise(16)].map(|c| c as u8)
}

/// How far the grain of the noisy sample spreads, of 256 levels: 20 MB as a PNG.
const NOISE: f64 = 6.0;

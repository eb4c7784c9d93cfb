//! How much work and memory it takes to bring a provider's picture into a chat.
//!
//! A 4096 x 4096 PNG, one that is noisy as pictures are (some 20 MB) and one that is smooth, is
//! checked as an original and fitted as a JPEG: in its size, halved, and by a factor that is no
//! whole number. Prints the processor time (median of seven) and the memory above idle, beside
//! the bar. Run: `cargo bench --bench fit`.
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

use picdesk::pictures::{Fit, Limits, check_original, fit};

/// Pixels a side of the samples.
const SIDE: u32 = 4096;
/// How often each case is measured for its median.
const TIMES: usize = 7;
/// The bar: milliseconds of processor time for a fitted picture.
const CPU_MS_MAX: f64 = 200.0;
/// The bar: memory above idle, MB.
const MEMORY_MB_MAX: f64 = 16.0;

/// What the samples show.
#[derive(Clone, Copy)]
enum Motif {
    /// A gradient with the noise of a photograph.
    Noisy,
    /// Soft waves without any noise.
    Smooth,
}

impl Motif {
    const ALL: [(Self, &'static str); 2] = [(Self::Noisy, "noisy"), (Self::Smooth, "smooth")];
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    // The samples are made in a process of their own, so that this one stays as small as idle.
    if arguments.next().as_deref() == Some("make-sample") {
        let name = arguments.next().unwrap_or_default();
        let path = PathBuf::from(arguments.next().unwrap_or_default());
        let motif = Motif::ALL.iter().find(|(_, known)| *known == name);
        let (motif, _) = motif.ok_or(io::ErrorKind::InvalidInput)?;
        return make_sample(*motif, &path);
    }
    let folder = std::env::temp_dir().join(format!("picdesk-bench-fit-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = measure_all(&folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure_all(folder: &Path) -> io::Result<()> {
    println!("{SIDE} x {SIDE} PNG; the bar is {CPU_MS_MAX} ms of CPU and {MEMORY_MB_MAX} MB\n");
    println!(
        "{:<8} {:<16} {:>9} {:>9} {:>10} {:>10}",
        "motif", "what", "CPU ms", "MB", "to MB", ""
    );
    for (_, name) in Motif::ALL {
        let path = folder.join(format!("{name}.png"));
        let this = std::env::current_exe()?;
        let made = Command::new(this).arg("make-sample").arg(name).arg(&path).status()?;
        if !made.success() {
            return Err(io::Error::other("no sample"));
        }
        let open = || File::open(&path).map(|file| BufReader::with_capacity(64 << 10, file));
        println!(
            "{name:<8} {:<16} {:>40.1}",
            "the PNG itself",
            megabytes(fs::metadata(&path)?.len())
        );
        measure(name, "checked", || {
            check_original(open()?, &Limits::ORIGINAL).map_err(io::Error::other)?;
            Ok(0)
        })?;
        for (what, edge) in [("same size", SIDE), ("halved", SIDE / 2), ("to 2560", 2560)] {
            let limits = Fit { longest_edge: Some(edge), ..Fit::TELEGRAM_PHOTO };
            measure(name, what, || {
                let fitted = fit(open()?, &limits).map_err(io::Error::other)?;
                assert_eq!((fitted.width, fitted.height), (edge, edge));
                Ok(fitted.bytes.len() as u64)
            })?;
        }
    }
    Ok(())
}

/// Runs one case and prints its line.
fn measure(motif: &str, what: &str, case: impl Fn() -> io::Result<u64>) -> io::Result<()> {
    let mut took = Vec::new();
    let mut bytes = 0;
    reset_peak();
    let idle = status_kb("VmRSS")?;
    for _ in 0..TIMES {
        let before = cpu_ns()?;
        bytes = case()?;
        took.push(cpu_ns()? - before);
    }
    let peak = status_kb("VmHWM")?;
    took.sort_unstable();
    let cpu_ms = took[TIMES / 2] as f64 / 1e6;
    let memory = megabytes(peak.saturating_sub(idle) * 1024);
    let met = if cpu_ms <= CPU_MS_MAX && memory <= MEMORY_MB_MAX { "met" } else { "MISSED" };
    let length = megabytes(bytes);
    println!("{motif:<8} {what:<16} {cpu_ms:>9.1} {memory:>9.1} {length:>10.1} {met:>10}");
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

/// Writes a sample as providers do: adaptive filters, default compression.
fn make_sample(motif: Motif, path: &Path) -> io::Result<()> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    let mut row = Vec::with_capacity(SIDE as usize * 3);
    for y in 0..SIDE {
        row.clear();
        for x in 0..SIDE {
            row.extend(pixel(motif, x, y, &mut chance));
        }
        stream.write_all(&row)?;
    }
    stream.finish()?;
    writer.finish()?;
    Ok(())
}

fn pixel(motif: Motif, x: u32, y: u32, chance: &mut u64) -> [u8; 3] {
    let (u, v) = (f64::from(x) / f64::from(SIDE), f64::from(y) / f64::from(SIDE));
    let wave = |turns: f64, phase: f64| ((u * turns + v * phase) * std::f64::consts::TAU).sin();
    let colours = [wave(1.0, 0.5), wave(2.0, -1.0), wave(0.5, 1.5)].map(|s| 128.0 + 90.0 * s);
    // xorshift64: the same noise in every run.
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

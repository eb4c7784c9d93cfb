//! How much work and memory it takes to bring a provider's picture into a chat.
//!
//! A 4096 x 4096 PNG, one that is noisy as pictures are (some 20 MB) and one that is smooth, goes
//! the whole way: from the base64 of a provider's answer into its object, is checked and fitted as
//! a JPEG (in its size, halved, and by a factor that is no whole number), and is uploaded. Prints
//! the processor time of this process (median of seven) and the memory above idle, beside the bar;
//! then the same of the steps of that way, and of the largest pictures that a customer may send,
//! beside what one may cost. Run: `cargo bench --bench fit`.
#![expect(clippy::cast_precision_loss, reason = "figures to be looked at")]

#[expect(dead_code, reason = "other benches need the middle one")]
mod machine;
mod samples;
mod way;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;

use picdesk::pictures::{Fit, Limits, PictureFault, check_original, clean_reference, fit};
use rustix::time::{ClockId, clock_gettime};
use samples::{SIDE, sample};
use way::Way;

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

/// For a picture on its way into a chat.
const FITTED: Bar = Bar { cpu_ms: 200.0, memory_mb: 16.0 };
/// For a customer's picture, whatever it is.
const CLEANED: Bar = Bar { cpu_ms: 5_000.0, memory_mb: 128.0 };

/// How large the picture becomes: its longest side, pixels.
const FACTORS: [(&str, u32); 3] = [("same size", SIDE), ("halved", SIDE / 2), ("to 2560", 2560)];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [make, name, path] if make == "make-sample" => {
            return Ok(samples::make_sample(name, path.as_ref())?);
        }
        [take, ..] if take == "take-uploads" => return Ok(way::take_uploads()?),
        _ => {}
    }
    println!("{}", machine::describe());
    let folder = std::env::temp_dir().join(format!("picdesk-bench-fit-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = measure_way(&folder)
        .and_then(|()| measure_steps(&folder))
        .and_then(|()| measure_references(&folder));
    fs::remove_dir_all(&folder)?;
    outcome
}

/// From the bytes of the answer to those of the upload.
fn measure_way(folder: &Path) -> anyhow::Result<()> {
    let Bar { cpu_ms, memory_mb } = FITTED;
    println!("{SIDE} x {SIDE} PNG; the bar is {cpu_ms} ms of CPU and {memory_mb} MB above idle");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let way = runtime.block_on(Way::open(folder))?;
    for name in ["noisy", "smooth"] {
        let answer = sample(folder, &format!("{name} streamed"))?;
        let bytes = fs::metadata(&answer)?.len();
        println!("\n{name}, from an answer of {:.1} MB to the upload", megabytes(bytes));
        for (what, edge) in FACTORS {
            let limits = Fit { longest_edge: Some(edge), ..Fit::TELEGRAM_PHOTO };
            measure(what, Some(FITTED), || {
                let walked = runtime.block_on(way.walk(&answer, limits));
                walked.map(|bytes| format!("{:.1} MB", megabytes(bytes as u64)))
            })?;
        }
    }
    Ok(())
}

/// The steps of that way that decode.
fn measure_steps(folder: &Path) -> anyhow::Result<()> {
    for name in ["noisy", "smooth"] {
        let path = sample(folder, name)?;
        let open = || File::open(&path).map(|file| BufReader::with_capacity(64 << 10, file));
        println!("\n{name}, {:.1} MB, alone", megabytes(fs::metadata(&path)?.len()));
        measure("decoded and checked", None, || {
            check_original(open()?, &Limits::ORIGINAL)?;
            Ok("whole".to_owned())
        })?;
        for (what, edge) in FACTORS {
            let limits = Fit { longest_edge: Some(edge), ..Fit::TELEGRAM_PHOTO };
            measure(&format!("and fitted, {what}"), None, || {
                let fitted = fit(open()?, &limits)?;
                assert_eq!((fitted.width, fitted.height), (edge, edge));
                Ok(format!("{:.1} MB", megabytes(fitted.bytes.len() as u64)))
            })?;
        }
    }
    Ok(())
}

fn measure_references(folder: &Path) -> anyhow::Result<()> {
    let Bar { cpu_ms, memory_mb } = CLEANED;
    println!("\nReferences; one may cost {cpu_ms} ms of CPU and {memory_mb} MB with its file");
    for name in REFERENCES {
        let path = sample(folder, name)?;
        measure(name, Some(CLEANED), || match clean_reference(&fs::read(&path)?) {
            Ok(cleaned) => Ok(format!("{:?}", cleaned.kind)),
            Err(PictureFault::Source(error)) => Err(error.into()),
            Err(fault) => Ok(fault.name().to_owned()),
        })?;
    }
    Ok(())
}

/// Runs one case and prints its line.
fn measure(
    what: &str,
    bar: Option<Bar>,
    case: impl Fn() -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let mut took = Vec::new();
    let mut outcome = String::new();
    reset_peak();
    let idle = status_kb("VmRSS")?;
    for _ in 0..TIMES {
        let before = cpu_ms();
        outcome = case()?;
        took.push(cpu_ms() - before);
    }
    let peak = status_kb("VmHWM")?;
    took.sort_unstable_by(f64::total_cmp);
    let (median_ms, best_ms) = (took[TIMES / 2], took[0]);
    let memory_mb = megabytes(peak.saturating_sub(idle) * 1024);
    let met = bar
        .map_or("", |bar| machine::verdict(median_ms <= bar.cpu_ms && memory_mb <= bar.memory_mb));
    println!(
        "{what:<22} {median_ms:>7.1} ms (best {best_ms:>7.1}) {memory_mb:>6.1} MB {met:>7}  {outcome}"
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

/// Processor time of this process so far, of all its threads, milliseconds.
fn cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

/// The largest that is taken of every kind, and one that is refused for its way of being written.
const REFERENCES: [&str; 7] = [
    "png 5000 rgba",
    "png 5000 rgba turned",
    "jpeg 5000",
    "jpeg 3500 progressive",
    "jpeg 5000 progressive",
    "webp 3750 lossless",
    "webp 4800 rgba lossless",
];

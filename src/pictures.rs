//! Pictures: looking at them, checking them, cleaning those that come and fitting those that go.
//!
//! Every picture comes from outside and is suspected. What it is, is told by its first bytes;
//! how large it would become is checked on its header before anything is decoded; what is passed
//! on is written anew, pixels only. What is refused is refused by name (`PictureFault`), so that
//! a person can be told what to send instead.
//!
//! All of it is plain work for the processor and knows no clock and no network; `Darkroom` runs
//! it beside the async tasks, one picture a core, and keeps what it made for a while.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "samples, pixels and sums of them: each is bounded by what it is cast to"
)]

mod bands;
mod check;
mod clean;
mod darkroom;
mod fault;
mod fit;
mod look;
mod open;
mod png_rows;
mod press;
mod rack;
mod room;
mod rows;
#[cfg(test)]
mod samples;
mod shrink;
mod whole;

pub use check::check_original;
pub use clean::{CleanPicture, Cleaned, clean_into, clean_reference};
pub use darkroom::Darkroom;
pub use fault::{OtherKind, PictureFault};
pub use fit::{Fit, Fitted, check_and_fit, fit};
pub use look::{HEADER_BYTES, Limits, Looked, Orientation, PictureKind, Size, examine};

#[cfg(test)]
mod tests;

//! What the house keeps to, asked of its own files.
//!
//! Each rule is a function over files that says what breaks it, so that the test beside it can
//! also show it a file that does.

mod crates;
mod papers;
mod samples;
mod shape;
mod size;
mod source;
mod tree;
mod wording;

/// Fails with everything that breaks a rule, a line each.
#[track_caller]
fn nothing_breaks_it(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

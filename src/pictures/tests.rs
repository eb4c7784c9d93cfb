//! Tests of all of it together: every PNG, and bombs.

mod bombs;
mod every_png;

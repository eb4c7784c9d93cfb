//! x
pub mod envelope;
pub mod verify;
pub mod xml;

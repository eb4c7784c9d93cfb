//! What the whole house keeps to, in one program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod contract;
mod crash;
mod database;
mod fuzz;
mod house;
mod outside;
mod playground;
mod sending;
mod stories;
mod studio;
mod tidy;
mod website;

//! What the whole house keeps to, in one program.
#![cfg(test)]

mod tidy;

//! What the whole house keeps to, in one program.

mod tidy;

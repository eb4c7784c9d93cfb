//! picdesk: the chat front end of a paid AI image service. `ARCHITECTURE.md` beside this file is
//! the map.

pub mod artifacts;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod http;
pub mod images;
pub mod pictures;
pub mod telemetry;
pub mod words;

//! picdesk: the chat front end of a paid AI image service. `ARCHITECTURE.md` beside this file is
//! the map.

pub mod alarm;
pub mod artifacts;
pub mod buttons;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod clockwork;
pub mod commands;
pub mod config;
pub mod errands;
pub mod generate;
pub mod http;
pub mod images;
pub mod inbox;
pub mod outbox;
pub mod pictures;
pub mod run;
pub mod sandbox;
pub mod site;
pub mod store;
pub mod telemetry;
pub mod turn;
pub mod web;
pub mod wecom;
pub mod words;

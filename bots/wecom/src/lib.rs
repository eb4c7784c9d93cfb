//! WeCom (企业微信): its callbacks and API on one side, the seam of the house on the other.
//!
//! Three channels: members of the company ([`WecomApp`]), customers on WeChat by way of customer
//! service ([`WecomKf`]), and the AI bot ([`WecomBot`]). What comes is checked ([`verify`],
//! [`envelope`], [`xml`]), read ([`parse`]) and in the house's inbox before WeCom hears that we
//! have it ([`webhook`], [`kf`], [`socket`]). Messages are rendered ([`render`]) and sent by our
//! own [`client`].

pub mod address;
pub mod answer;
mod app;
mod bot;
pub mod call;
pub mod client;
pub mod config;
mod customer;
pub mod envelope;
mod hand;
pub mod kf;
pub mod menus;
pub mod parse;
pub mod render;
pub mod socket;
pub mod streams;
pub mod token;
pub mod verify;
pub mod webhook;
pub mod xml;

pub use self::{
    app::WecomApp,
    bot::WecomBot,
    config::{
        BotMode, BotSettings, BotWords, HandOver, KfSettings, Patience, Problem, WecomSettings,
    },
    customer::{HandTo, SessionState, WecomKf},
};

/// Tells the time, milliseconds since the epoch.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;

//! What a house is given.

/// What a house is given besides its addresses, as TOML by section.
#[derive(Debug, Clone)]
pub struct Given {
    /// Of `[credits]`.
    pub trial: i64,
    /// Whether there is a provider; without one requests wait in line.
    pub provider: bool,
    /// More of `[server]`.
    pub server: &'static str,
    /// More of `[telegram]`.
    pub telegram: &'static str,
    /// More of `[images]`.
    pub images: &'static str,
    /// `limits.messages_per_min`; 0 = off.
    pub messages_per_min: u32,
    /// For the chance of faults.
    pub seed: u64,
    /// Whether Telegram minds its limits of rates and the desk keeps to them; else neither has any.
    pub rates: bool,
    /// Whether Telegram brings updates; else they are fetched.
    pub webhook: bool,
    /// Whether credits are sold by link.
    pub sells: bool,
    /// Whether credits are sold for Telegram Stars.
    pub takes_stars: bool,
    /// Of `[creem]`: which refunds are given at once.
    pub refunds: &'static str,
    /// Whether what is sold is not what it was.
    pub sold_otherwise: bool,
    /// What is given away, in the plans file.
    pub gifts: &'static str,
    /// More of `[creem]`, where credits are sold.
    pub creem: &'static str,
    /// Whether there is a website whose people sign in.
    pub site: bool,
    /// Of `[ledger]`, with its name.
    pub ledger: &'static str,
    /// Of `[link]`.
    pub link: &'static str,
    /// Whether there is a WeCom too, and how its AI bot's messages come.
    pub wecom: Option<BotWay>,
    /// More of `[wecom.kf]`.
    pub kf: &'static str,
    /// More of `[alarms]`, where there is a WeCom.
    pub alarms: &'static str,
    /// Of `[desk]`; the group of operators on Telegram where nothing else is said.
    pub desk: Option<&'static str>,
}

/// How the AI bot's messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotWay {
    /// WeCom brings them.
    Callback,
    /// On a connection.
    Socket,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            trial: 10,
            provider: true,
            server: "",
            telegram: "",
            images: "stream = false\n",
            messages_per_min: 0,
            seed: 1,
            rates: false,
            webhook: false,
            sells: false,
            takes_stars: false,
            refunds: "never",
            sold_otherwise: false,
            gifts: "",
            creem: "",
            site: false,
            ledger: "",
            link: "",
            wecom: None,
            kf: "",
            alarms: "",
            desk: None,
        }
    }
}

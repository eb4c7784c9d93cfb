//! Finding out where our chats are found from outside, where anybody is invited.

use std::{sync::Arc, time::Duration};

use tracing::warn;

use super::{Serving, stopping::Stops, workers::Workers};

/// How the link of an account is known that people are invited by. Source: WeCom 94677, `scene`.
const SCENE: &str = "invite";

/// Between two tries to get that link.
const AGAIN: Duration = Duration::from_mins(1);

impl Serving {
    /// Tells turns where our chats are, as soon as it is known.
    pub(super) fn open_doors(&self, workers: &Workers, stops: &Stops) {
        if self.desk.house.gifts.referral.is_none() {
            return;
        }
        self.desk.doors.on_telegram(self.chat_address());
        let Some((channel, account)) = self.channels.wecom.first_account() else { return };
        let desk = Arc::clone(&self.desk);
        workers.keep("doors", &stops.work, move |stop| {
            let (channel, account) = (Arc::clone(&channel), account.clone());
            let desk = Arc::clone(&desk);
            async move {
                while !stop.is_cancelled() {
                    match channel.link(&account, SCENE).await {
                        Ok(Some(link)) => {
                            desk.doors.on_wechat(link);
                            return stop.cancelled().await;
                        }
                        Ok(None) => warn!("wecom: there is no link to invite people by"),
                        Err(error) => warn!("wecom: there is no link to invite people by: {error}"),
                    }
                    stop.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
                }
            }
        });
    }
}

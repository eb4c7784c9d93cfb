//! Answers to presses. Every process gives those of its own turns: no channel counts them, and they
//! have their moment only now.

use std::sync::Arc;

use picdesk_core::channel::{Channel, Showing, TapAnswer};
use tokio::{sync::mpsc, task::JoinSet};
use tracing::debug;

use crate::{store::effects::Answer, turn::Desk};

/// Answers that wait to be given; what does not fit has had its moment.
pub const TAPS_MAX: usize = 1024;
/// Answers on their way at once.
const UNDER_WAY_MAX: usize = 64;

/// Answers presses on these channels until nobody turns any more.
pub async fn answer_taps(
    channels: Vec<Arc<dyn Channel>>,
    desk: Arc<Desk>,
    mut answers: mpsc::Receiver<Answer>,
) {
    let mut under_way = JoinSet::new();
    while let Some(answer) = answers.recv().await {
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.join_next().await;
        }
        let mut channels = channels.iter();
        let named = channels.find(|channel| channel.capabilities().name == answer.channel);
        let Some(channel) = named.map(Arc::clone) else { continue };
        let text = answer.say.map_or_else(String::new, |say| {
            desk.words.tap_answer(answer.language, &say, &desk.context)
        });
        let showing = Showing::Answer(TapAnswer { tap: answer.tap, text, alert: answer.alert });
        under_way.spawn(async move {
            if let Err(error) = channel.show(showing).await {
                debug!(error = %error, "a press could not be answered");
            }
        });
    }
    while under_way.join_next().await.is_some() {}
}

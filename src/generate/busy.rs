//! That a picture is being made, for whoever waits for it.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    event::Setting,
    facts::House,
    line::Standing,
    say::{Making, Part, Say},
};

use super::Studio;
use crate::{outbox::Progress, store::line::Claimed};

/// That a picture is being made for somebody, told in private chats only; over when it is dropped.
pub(super) struct Busy<'s> {
    progress: &'s Progress,
    claimed: Option<&'s Claimed>,
}

impl Studio {
    /// From now on a picture is being made.
    pub(super) fn busy<'s>(&'s self, claimed: &'s Claimed) -> Busy<'s> {
        let request = &claimed.request;
        let progress = self.parts.lanes.lane_to(&request.conversation).as_ref();
        if request.setting != Setting::Private {
            return Busy { progress, claimed: None };
        }
        progress.begin(&request.conversation);
        let stands = Standing { place: 0, wait_s: None };
        let words = self.words(claimed, &making(&self.parts.desk.house, claimed, stands));
        progress.drafts.begin(claimed.generation, request.conversation.clone(), words);
        Busy { progress, claimed: Some(claimed) }
    }

    /// Words in the asker's language, or in the house's where that is not known.
    pub(super) fn words(&self, claimed: &Claimed, say: &Say) -> Text {
        let desk = &self.parts.desk;
        let language = claimed.language.unwrap_or(desk.house.language_default);
        desk.words.say(language, say, &desk.context)
    }
}

/// What a placeholder says of a picture that stands there in line.
pub(super) fn making(house: &House, claimed: &Claimed, standing: Standing) -> Say {
    let request = &claimed.request;
    let channel = house.channel(&request.conversation);
    let count = request.options.count;
    Say::Making(Making {
        prompt: request.prompt.clone(),
        options: request.options,
        references: i64::try_from(request.references.len()).unwrap_or(i64::MAX),
        price: Credits(request.price_each.0.saturating_mul(count.max(1).into())),
        part: Part { number: claimed.number, count },
        place: standing.place,
        wait_s: standing.wait_s,
        reduced: false,
        by_word: channel.is_some_and(|channel| channel.one_answer),
    })
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(claimed) = self.claimed {
            self.progress.end(&claimed.request.conversation);
            self.progress.drafts.end(claimed.generation);
        }
    }
}

//! Everything we say, in words: a typed [`Say`] becomes a [`Text`] in the reader's language.
//!
//! The wording lives in `config/texts/*.ftl` (Fluent) and is compiled in; nothing else in the
//! house holds a sentence that a person reads. Three rules hold for every text:
//!
//! - Emphasis is by offset. In the files it is `BOLD($price)`; what a person wrote is never read
//!   for emphasis, and is cleaned of whatever could reorder or break what stands beside it.
//! - What a person wrote is cut to what its place can hold, and a whole text to what Telegram,
//!   the narrowest channel, takes.
//! - The files are resolved once, when the house starts; saying something is then little more
//!   than copying its words.

mod clean;
mod desk;
mod emphasis;
mod gift;
mod label;
mod letter;
mod lexicon;
mod linking;
mod menu;
mod money;
mod page;
mod pattern;
mod plan;
mod request;
mod speaker;
mod stars;
mod units;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use jiff::{civil::Date, tz::TimeZone};
use picdesk_core::{
    account::Language,
    channel::Text,
    credits::Credits,
    facts::Example,
    payment::Item,
    say::{Label, Matter, Say},
};
use picdesk_wecom::BotWords;

pub use self::{
    clean::shorten,
    emphasis::fit,
    letter::LetterWords,
    menu::{Audience, Command},
    money::Sold,
    page::PageText,
};
use self::{lexicon::Lexicon, pattern::Args, speaker::Speaker};
use crate::config::{Config, OfficeHours};

/// Longest text any channel of ours takes in one message, UTF-16 code units. Source: Bot API,
/// `sendMessage`, 4096 characters after entity parsing.
const TEXT_UNITS_MAX: usize = 4096;

/// Longest answer to a tap, UTF-16 code units. Source: Bot API, `answerCallbackQuery`.
const TAP_UNITS_MAX: usize = 200;

/// What people write to reach a human.
const ASK_HUMAN: &str = "/support";

/// What texts say about the house itself; from the configuration.
#[derive(Clone, Debug)]
pub struct SayContext {
    /// What the bots call themselves.
    pub product_name: String,
    /// Where a human is found outside the chat.
    pub support_url: Option<String>,
    /// The address of the long privacy policy.
    pub privacy_url: Option<String>,
    /// The address of the terms.
    pub terms_url: Option<String>,
    /// Where a human is found by e-mail.
    pub support_email: Option<String>,
    /// When people answer, as the configuration has it: `Mon-Fri 09:00-18:00`; may be empty.
    pub hours: String,
    /// The same as it can be reckoned with, in `zone`; nothing where that is not known.
    pub office: Option<Office>,
    /// Within how many minutes people usually answer; zero makes no promise.
    pub promise_min: u32,
    /// In which time zone dates are told.
    pub zone: TimeZone,
    /// Whether promo codes are redeemed.
    pub redeems: bool,
    /// Whether people are rewarded for bringing others.
    pub invites: bool,
}

impl SayContext {
    /// As it is configured.
    pub fn of(config: &Config) -> Self {
        let text = |url: &Option<url::Url>| url.as_ref().map(ToString::to_string);
        Self {
            product_name: config.product.name.clone(),
            support_url: text(&config.desk.support_url),
            privacy_url: text(&config.product.privacy_url),
            terms_url: text(&config.product.terms_url),
            support_email: config.product.support_email.clone(),
            hours: config.desk.hours.to_string(),
            office: Some(Office {
                hours: config.desk.hours.clone(),
                holidays: config.desk.holidays.clone(),
            }),
            promise_min: u32::try_from(config.desk.promise.as_secs() / 60).unwrap_or(0),
            zone: config.desk.time_zone.clone(),
            redeems: !config.plans.gifts.promos.is_empty(),
            invites: config.plans.gifts.referral.is_some(),
        }
    }
}

/// When people answer.
#[derive(Clone, Debug)]
pub struct Office {
    /// The hours of the week.
    pub hours: OfficeHours,
    /// Days nobody answers.
    pub holidays: Vec<Date>,
}

/// The texts in every language, ready to be said.
pub struct Words {
    en: Lexicon,
    zh_cn: Lexicon,
}

impl Words {
    /// Reads the compiled-in texts. Done once, at the start; takes a few milliseconds.
    #[must_use]
    pub fn load() -> Self {
        Self {
            en: Lexicon::load(Language::En, include_str!("../config/texts/en.ftl")),
            zh_cn: Lexicon::load(Language::ZhCn, include_str!("../config/texts/zh-CN.ftl")),
        }
    }

    /// The words of a message. What goes under a picture is cut once more by [`fit`], to the
    /// caption length of its channel.
    #[must_use]
    pub fn say(&self, language: Language, say: &Say, context: &SayContext) -> Text {
        let text = Speaker { lexicon: self.lexicon(language), context }.say(say);
        fit(text, TEXT_UNITS_MAX)
    }

    /// The words of a brief answer to a tap: without addresses, which cannot be opened there and
    /// take the room of the words. Nothing stands below it, so a failure says how to reach a human.
    #[must_use]
    pub fn tap_answer(&self, language: Language, say: &Say, context: &SayContext) -> String {
        let brief = SayContext { support_url: None, support_email: None, ..context.clone() };
        let mut text = self.say(language, say, &brief);
        if say.matter() == Matter::Failure && !text.text.contains(ASK_HUMAN) {
            text.text.push('\n');
            text.text.push_str(self.lexicon(language).word("tap-human"));
        }
        fit(text, TAP_UNITS_MAX).text
    }

    /// What an invoice says of what is bought.
    #[must_use]
    pub fn invoice(
        &self,
        language: Language,
        item: &Item,
        credits: Credits,
        context: &SayContext,
    ) -> Sold {
        Speaker { lexicon: self.lexicon(language), context }.invoice(item, credits)
    }

    /// What stands on a button.
    #[must_use]
    pub fn label(&self, language: Language, label: &Label) -> String {
        label::label(self.lexicon(language), label)
    }

    /// The prompts to begin with, each as it stands on its button. The buttons of a language
    /// count its examples from one.
    #[must_use]
    pub fn examples(&self) -> Vec<Example> {
        let of = |language| {
            (1..=label::EXAMPLES).map(move |which| Example {
                language,
                prompt: label::example(self.lexicon(language), which).to_owned(),
            })
        };
        Language::ALL.into_iter().flat_map(of).collect()
    }

    /// The command menu, in order: each command's word and what it does.
    #[must_use]
    pub fn commands(
        &self,
        language: Language,
        audience: Audience,
        context: &SayContext,
    ) -> Vec<Command> {
        menu::commands(self.lexicon(language), audience, context)
    }

    /// What stands in the empty chat before the first message, at most 512 characters.
    #[must_use]
    pub fn bot_description(&self, language: Language, context: &SayContext) -> String {
        menu::description(self.lexicon(language), context)
    }

    /// The line on the bot's profile, at most 120 characters.
    #[must_use]
    pub fn bot_about(&self, language: Language) -> String {
        self.lexicon(language).word("bot-about").to_owned()
    }

    /// What WeCom's AI bot says of itself, without a turn.
    #[must_use]
    pub fn wecom_bot(&self, language: Language, context: &SayContext) -> BotWords {
        let lexicon = self.lexicon(language);
        let word = |name| lexicon.word(name).to_owned();
        let speaker = Speaker { lexicon, context };
        let help = speaker.support(Args::new());
        BotWords {
            opening: word("wecom-bot-opening"),
            greeting: menu::description(lexicon, context),
            taken_back: word("wecom-bot-taken-back"),
            unanswered: speaker.phrase("wecom-bot-unanswered", &help),
            pressed: word("wecom-bot-pressed"),
            write_instead: word("wecom-bot-write-instead"),
        }
    }

    /// The letter about a new link: its subject, and its words.
    #[must_use]
    pub fn letter(
        &self,
        language: Language,
        words: &LetterWords<'_>,
        zone: &TimeZone,
    ) -> (String, String) {
        letter::letter(self.lexicon(language), words, zone)
    }

    /// A text of the pages in the browser.
    #[must_use]
    pub fn page(&self, language: Language, text: PageText, zone: &TimeZone) -> String {
        page::page(self.lexicon(language), text, zone)
    }

    fn lexicon(&self, language: Language) -> &Lexicon {
        match language {
            Language::En => &self.en,
            Language::ZhCn => &self.zh_cn,
        }
    }
}

//! What people type: commands in two languages, with and without a slash, or words for a picture.

use alloc::string::String;

use crate::{account::Language, code, id::IdentityId, promo, wide::narrow};

/// What a text means, as far as the text alone can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent<'t> {
    /// A command.
    Command(Command<'t>),
    /// A greeting and nothing else.
    Greeting,
    /// Anything else: a prompt, most often. The command that introduces one is taken off.
    Words(&'t str),
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'t> {
    /// The first message of a chat, with the payload of the link it was opened by.
    Start(&'t str),
    /// What one can do.
    Help,
    /// The balance.
    Balance,
    /// What can be bought.
    Buy,
    /// The plan.
    Plan,
    /// Pictures kept.
    History,
    /// The options.
    Settings,
    /// A human, with what to tell them.
    Support(&'t str),
    /// What is kept.
    Privacy,
    /// Payment matters.
    PaySupport,
    /// Take back what can be taken back.
    Cancel,
    /// The language, where one was named.
    Language(Option<Language>),
    /// Link this chat, by the code that was typed behind it; empty for the ways to do it.
    Link(&'t str),
    /// Unlink a chat.
    Unlink,
    /// Redeem the promo code that was typed behind it.
    Redeem(&'t str),
    /// Invite others.
    Invite,
    /// A command that we do not have.
    Unknown,
}

/// Which commands are known without a slash when they are the whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareWords {
    /// The Chinese ones, and the English ones that are no picture: where a slash is the custom.
    Few,
    /// All of them: where nobody types a slash.
    All,
}

impl BareWords {
    /// What people of somebody's channel are used to.
    #[must_use]
    pub fn of(identity: &IdentityId) -> Self {
        if identity.0.starts_with("telegram:") { Self::Few } else { Self::All }
    }
}

/// Reads a text.
#[must_use]
pub fn read(text: &str, bare: BareWords) -> Intent<'_> {
    let text = text.trim();
    match text.strip_prefix('/') {
        Some(command) => slashed(text, command),
        None => whole(text, bare),
    }
}

/// A text that begins with a slash, and what follows the slash.
fn slashed<'t>(text: &'t str, command: &'t str) -> Intent<'t> {
    let end = command.find(char::is_whitespace).unwrap_or(command.len());
    let (word, rest) = command.split_at(end);
    let word = word.split('@').next().unwrap_or_default();
    let rest = rest.trim();
    let lower = word.to_lowercase();
    if matches!(lower.as_str(), "imagine" | "draw" | "画" | "画图") {
        return Intent::Words(rest);
    }
    if let Some(command) = named(&lower, rest) {
        return Intent::Command(command);
    }
    let is_command =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_command { Intent::Command(Command::Unknown) } else { Intent::Words(text) }
}

fn named<'t>(word: &str, rest: &'t str) -> Option<Command<'t>> {
    Some(match word {
        "start" | "开始" => Command::Start(rest),
        "help" | "帮助" => Command::Help,
        "balance" | "credits" | "余额" => Command::Balance,
        "buy" | "topup" | "充值" => Command::Buy,
        "plan" | "套餐" => Command::Plan,
        "history" | "历史" => Command::History,
        "settings" | "options" | "设置" => Command::Settings,
        "support" | "human" | "人工" => Command::Support(rest),
        "privacy" | "隐私" => Command::Privacy,
        "paysupport" | "支付帮助" => Command::PaySupport,
        "cancel" | "stop" | "取消" => Command::Cancel,
        "language" | "lang" | "语言" => Command::Language(language(rest)),
        "link" | "绑定" => Command::Link(rest),
        "unlink" | "解绑" => Command::Unlink,
        "redeem" | "promo" | "兑换" => Command::Redeem(rest),
        "invite" | "邀请" => Command::Invite,
        _ => return None,
    })
}

/// A text that may be a command or greeting as a whole.
fn whole(text: &str, bare: BareWords) -> Intent<'_> {
    /// Longer than any of the words below; longer texts are not even copied.
    const BYTES_MAX: usize = 40;
    if let Some(words) = told_to_a_human(text) {
        return Intent::Command(Command::Support(words));
    }
    if text.len() > BYTES_MAX {
        return Intent::Words(text);
    }
    if let Some(code) = carried(text) {
        return Intent::Command(Command::Link(code));
    }
    if let Some(code) = redeemed(text, bare) {
        return Intent::Command(Command::Redeem(code));
    }
    let is_edge = |c: char| c.is_whitespace() || ".!?。！？~～".contains(c);
    let lower: String = text.trim_matches(is_edge).to_lowercase();
    if is_greeting(&lower) {
        return Intent::Greeting;
    }
    if asks_for_a_human(&lower) {
        return Intent::Command(Command::Support(""));
    }
    let known = match bare {
        BareWords::All => true,
        BareWords::Few => matches!(lower.as_str(), "help" | "cancel") || !lower.is_ascii(),
    };
    match named(&lower, "").filter(|_| known) {
        Some(command) => Intent::Command(command),
        None => Intent::Words(text),
    }
}

/// A code that needs no slash: as we show it, or behind the word.
fn carried(text: &str) -> Option<&str> {
    if code::is_shown(text) {
        return Some(text);
    }
    let (word, rest) = text.split_once(char::is_whitespace)?;
    let is_ours = word.eq_ignore_ascii_case("link") || word == "绑定";
    (is_ours && code::read(rest).is_some()).then_some(rest)
}

/// A promo code behind the word for it. The English one begins a sentence on Telegram, where the
/// command has a slash.
fn redeemed(text: &str, bare: BareWords) -> Option<&str> {
    let (word, rest) = text.split_once(char::is_whitespace)?;
    let is_ours = word == "兑换" || (bare == BareWords::All && word.eq_ignore_ascii_case("redeem"));
    (is_ours && promo::read(rest).is_some()).then(|| rest.trim())
}

/// Whether a message is a command only where the house has it, as its first letter is no slash.
#[must_use]
pub fn is_bare(text: &str) -> bool {
    !text.trim_start().starts_with('/')
}

/// The code that a text of somebody's brings.
#[must_use]
pub fn code(text: &str, by: &IdentityId) -> Option<String> {
    match read(text, BareWords::of(by)) {
        Intent::Command(Command::Link(typed)) => code::read(typed),
        Intent::Command(_) | Intent::Greeting | Intent::Words(_) => None,
    }
}

/// Letters of the longest number of a choice.
const CHOICE_DIGITS_MAX: usize = 2;

/// The number of a choice, where a text is nothing else: `7`, ` 12. `, `３。`.
#[must_use]
pub fn choice(text: &str) -> Option<usize> {
    let text = text.trim().trim_end_matches(['.', '。', '、', '．', ')', '）']);
    if !(1..=CHOICE_DIGITS_MAX).contains(&text.chars().count()) {
        return None;
    }
    let mut number = 0;
    for letter in text.chars() {
        let plain = narrow(letter).to_digit(10)?;
        number = number * 10 + usize::try_from(plain).ok()?;
    }
    (number > 0).then_some(number)
}

fn is_greeting(lower: &str) -> bool {
    matches!(
        lower,
        "hi" | "hello"
            | "hey"
            | "hi there"
            | "hello there"
            | "good morning"
            | "good evening"
            | "你好"
            | "您好"
            | "嗨"
            | "哈喽"
            | "在吗"
            | "早上好"
            | "晚上好"
    )
}

fn asks_for_a_human(lower: &str) -> bool {
    matches!(
        lower,
        "talk to a person"
            | "talk to a human"
            | "talk to someone"
            | "speak to a person"
            | "speak to a human"
            | "ask a human"
            | "ask a person"
            | "人工"
            | "转人工"
            | "人工客服"
            | "真人"
            | "联系客服"
            | "客服"
            | "找客服"
    )
}

/// What somebody tells a human behind the word for one, which has a border: 人工智能 is a picture.
fn told_to_a_human(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("转人工").or_else(|| text.strip_prefix("人工"))?;
    let is_border = |c: char| c.is_whitespace() || "，,：:。！!、".contains(c);
    let words = rest.trim_start_matches(is_border);
    (words.len() < rest.len() && !words.is_empty()).then(|| words.trim())
}

/// A language as people name it.
fn language(name: &str) -> Option<Language> {
    match name.to_lowercase().as_str() {
        "" => None,
        "english" | "英文" | "英语" => Some(Language::En),
        "chinese" | "中文" | "简体中文" | "汉语" => Some(Language::ZhCn),
        tag => Language::from_tag(tag),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn telegram(text: &str) -> Intent<'_> {
        read(text, BareWords::Few)
    }

    #[test]
    fn every_command_has_a_chinese_twin() {
        let twins = [
            ("balance", "余额"),
            ("buy", "充值"),
            ("plan", "套餐"),
            ("link", "绑定"),
            ("unlink", "解绑"),
            ("redeem", "兑换"),
            ("invite", "邀请"),
            ("history", "历史"),
            ("settings", "设置"),
            ("support", "人工"),
            ("privacy", "隐私"),
            ("cancel", "取消"),
            ("help", "帮助"),
            ("language", "语言"),
        ];
        for (english, chinese) in twins {
            let command = alloc::format!("/{english}");
            let twin = alloc::format!("/{chinese}");
            let Intent::Command(meant) = telegram(&command) else { panic!("{english}") };
            assert_eq!(telegram(&twin), Intent::Command(meant), "{chinese} with a slash");
            assert_eq!(telegram(chinese), Intent::Command(meant), "{chinese} without one");
            assert_eq!(read(english, BareWords::All), Intent::Command(meant), "{english} on WeCom");
        }
    }

    #[test]
    fn an_english_word_that_could_be_a_picture_is_a_prompt_on_telegram() {
        assert_eq!(telegram("history"), Intent::Words("history"));
        assert_eq!(telegram("Help!"), Intent::Command(Command::Help));
    }

    #[test]
    fn asking_for_a_person_needs_no_command() {
        for text in ["talk to a person", "Talk to a human.", "人工", "转人工！"] {
            assert_eq!(telegram(text), Intent::Command(Command::Support("")), "{text}");
        }
        assert!(matches!(telegram("a person who talks to a human"), Intent::Words(_)));
        for text in ["人工 我的图片坏了", "转人工，我的图片坏了", "人工：我的图片坏了 "]
        {
            assert_eq!(telegram(text), Intent::Command(Command::Support("我的图片坏了")), "{text}");
        }
        assert!(matches!(telegram("人工智能画的一座城市"), Intent::Words(_)));
    }

    #[test]
    fn the_command_before_a_prompt_is_taken_off() {
        assert_eq!(telegram("/imagine@picdesk_bot a fox"), Intent::Words("a fox"));
        assert_eq!(telegram("/imagine"), Intent::Words(""));
    }

    #[test]
    fn a_link_brings_its_payload_along() {
        assert_eq!(telegram("/start plans"), Intent::Command(Command::Start("plans")));
        assert_eq!(telegram("/start"), Intent::Command(Command::Start("")));
    }

    #[test]
    fn a_bare_number_is_a_choice() {
        let bare =
            [("7", 7), (" 12. ", 12), ("3。", 3), ("１３", 13), ("4、", 4), ("5)", 5), ("07", 7)];
        for (text, number) in bare {
            assert_eq!(choice(text), Some(number), "{text}");
        }
        for other in ["", "0", "00", "123", "4张", "1 2", "-1", "+1", ".", "七", "½"] {
            assert_eq!(choice(other), None, "{other}");
        }
    }

    #[test]
    fn a_language_can_be_named() {
        assert_eq!(
            telegram("/lang zh-hans"),
            Intent::Command(Command::Language(Some(Language::ZhCn)))
        );
        assert_eq!(telegram("/language klingon"), Intent::Command(Command::Language(None)));
    }

    #[test]
    fn an_unknown_command_is_no_prompt_but_a_slash_alone_is_no_command() {
        assert_eq!(telegram("/frobnicate"), Intent::Command(Command::Unknown));
        assert_eq!(telegram("/ a slash of paint"), Intent::Words("/ a slash of paint"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            let _ = telegram(&text);
            let _ = read(&text, BareWords::All);
        }
    }
}

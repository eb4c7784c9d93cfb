//! What holds for every text: it is there in both languages, it is said, it fits, and nobody can
//! write their way out of it.

mod hostile;
mod human;
mod readings;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use picdesk_core::{
    account::Language,
    channel::{Style, Text},
    credits::Credits,
    facts::HISTORY_PAGE,
    generation::Resolution,
    payment::Item,
    say::{Cause, Label, Matter, Say},
};

use super::{
    Audience, Words, fit,
    samples::{Measure, context, half_contexts, labels, pages, says, silent_context},
};

const FILES: [(Language, &str); 2] = [
    (Language::En, include_str!("../../config/texts/en.ftl")),
    (Language::ZhCn, include_str!("../../config/texts/zh-CN.ftl")),
];

/// Longest caption, UTF-16 code units. Source: Bot API, `sendPhoto`.
const CAPTION_UNITS_MAX: usize = 1_024;

/// Longest text of a message to a member or a customer on WeChat, bytes; longest item of a menu
/// that is pressed, and that is a line.
/// Source: developer.work.weixin.qq.com/document/path/90236 and 94677.
const WECHAT_BYTES_MAX: usize = 2_048;
const WECHAT_KEY_BYTES_MAX: usize = 128;
const WECHAT_LINE_BYTES_MAX: usize = 256;

static WORDS: LazyLock<Words> = LazyLock::new(Words::load);

/// Reads a message as it stands in the chat.
fn read(language: Language, say: &Say) -> String {
    WORDS.say(language, say, &context()).text
}

fn english(say: &Say) -> String {
    read(Language::En, say)
}

fn chinese(say: &Say) -> String {
    read(Language::ZhCn, say)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The names of the texts in a file, in order.
fn ids(source: &'static str) -> impl Iterator<Item = &'static str> {
    let named = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    named.filter_map(|line| Some(line.split_once(" =")?.0))
}

/// The arguments of each text.
fn arguments(source: &'static str) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut arguments = BTreeMap::<_, BTreeSet<_>>::new();
    let mut id = "";
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some(named) = ids(line).next() {
            id = named;
            assert!(arguments.insert(id, BTreeSet::new()).is_none(), "{id} is there twice");
        }
        for found in line.split('$').skip(1) {
            let end = found.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(found.len());
            arguments.entry(id).or_default().insert(&found[..end]);
        }
    }
    arguments
}

#[test]
fn every_text_is_in_both_languages_with_the_same_arguments() {
    let [english, chinese] = FILES.map(|(_, source)| arguments(source));
    let shape_of_zh = |id: &str| chinese.get(id).cloned();
    assert_eq!(english.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>());
    for (id, english) in &english {
        assert_eq!(Some(english.clone()), shape_of_zh(id), "arguments of {id}");
    }
    let [english, chinese] = FILES.map(|(_, source)| ids(source).collect::<Vec<_>>());
    assert_eq!(english, chinese, "the files have the same order");
}

#[test]
fn every_text_is_said_and_none_fails() {
    let words = Words::load();
    let contexts = half_contexts().into_iter().chain([context(), silent_context()]);
    for context in contexts {
        for language in Language::ALL {
            for say in says(&Measure::everyday()) {
                let text = words.say(language, &say, &context);
                assert!(!text.text.trim().is_empty(), "{say:?}");
                assert!(!text.text.contains('{'), "{say:?}: {}", text.text);
                assert!(!words.tap_answer(language, &say, &context).is_empty(), "{say:?}");
            }
            for label in labels(Credits(4)) {
                assert!(!words.label(language, &label).is_empty(), "{label:?}");
            }
            for page in pages() {
                assert!(!words.page(language, page, &context.zone).is_empty(), "{page:?}");
            }
            for audience in [Audience::Private, Audience::Group, Audience::Desk] {
                assert!(!words.commands(language, audience, &context).is_empty());
            }
            for item in [Item::Pack("starter".into()), Item::Plan("pro".into())] {
                let sold = words.invoice(language, &item, Credits(100), &context);
                assert!(!sold.title.is_empty() && !sold.description.is_empty(), "{item:?}");
            }
            let letter = super::LetterWords {
                product: "Picture Desk",
                channel: "wecom-kf",
                name: "A•••",
                at_ms: 0,
                url: "https://pic.example/letter/t0ken",
            };
            let (subject, body) = words.letter(language, &letter, &context.zone);
            assert!(!subject.contains('\n') && subject.contains(letter.product), "{subject}");
            assert!(body.lines().any(|line| line == letter.url), "{body}");
            assert!(!words.bot_description(language, &context).is_empty());
            assert!(!words.bot_about(language).is_empty());
            let bot = words.wecom_bot(language, &context);
            assert!(!bot.opening.is_empty() && !bot.greeting.is_empty());
            assert!(!bot.taken_back.is_empty() && !bot.unanswered.is_empty());
            assert!(!bot.pressed.is_empty() && !bot.write_instead.is_empty());
        }
    }
    for language in Language::ALL {
        assert_eq!(words.lexicon(language).unsaid(), Vec::<&str>::new());
    }
}

#[test]
fn the_longest_texts_fit() {
    for language in Language::ALL {
        for say in says(&Measure::longest()) {
            let text = WORDS.say(language, &say, &context());
            assert!(units(&text.text) <= 4_096, "{say:?} has {} units", units(&text.text));
            assert_sound(&text);
            if matches!(say, Say::Making(_) | Say::Drawing { .. } | Say::Receipt(_)) {
                assert!(units(&text.text) <= 400, "{} under a picture", text.text);
            }
            assert!(units(&WORDS.tap_answer(language, &say, &context())) <= 200);
            assert!(units(&fit(text, CAPTION_UNITS_MAX).text) <= CAPTION_UNITS_MAX);
        }
    }
}

#[test]
fn every_text_is_one_message_on_wechat() {
    let mut measure = Measure::longest();
    // What the rules show of a list, and a packing list of an owner's.
    measure.lines = HISTORY_PAGE;
    for language in Language::ALL {
        for say in says(&measure) {
            // What people and operators write is as long as it is, and counts as what it takes.
            if matches!(
                say,
                Say::Answer { .. }
                    | Say::CustomerWrote { .. }
                    | Say::Card(_)
                    | Say::Verbatim(_)
                    // Where one answer is all there is: no kf account.
                    | Say::PictureLinks { .. }
                    | Say::Alarm { .. }
            ) {
                continue;
            }
            let text = WORDS.say(language, &say, &context()).text;
            if matches!(say, Say::History { .. }) {
                // Its buttons make it a menu, which goes on line by line.
                assert!(text.lines().all(|line| line.len() <= WECHAT_LINE_BYTES_MAX), "{text}");
                continue;
            }
            assert!(text.len() <= WECHAT_BYTES_MAX, "{} bytes: {text}", text.len());
        }
        for label in labels(Credits(1_234_567_890)) {
            let label = WORDS.label(language, &label);
            assert!(label.len() <= WECHAT_KEY_BYTES_MAX, "{} bytes: {label}", label.len());
        }
    }
}

#[test]
fn what_is_cut_is_only_what_people_wrote() {
    for language in Language::ALL {
        for say in says(&Measure::longest()) {
            let text = WORDS.say(language, &say, &context()).text;
            let wrote = matches!(
                say,
                Say::Answer { .. } | Say::CustomerWrote { .. } | Say::Card(_) | Say::Verbatim(_)
            );
            assert!(wrote || units(&text) < 4_096, "{say:?} does not fit by itself");
        }
    }
}

#[test]
fn everyday_tap_answers_are_whole() {
    let taps = [
        Say::NotYours,
        Say::Stale,
        Say::Done,
        Say::TooLateToCancel,
        Say::Gone,
        Say::WordsGone,
        Say::ChangeHow,
        Say::Deleted,
        Say::TrayCleared,
        Say::LanguageChanged,
        Say::NoReferences,
        Say::LineFull { in_line: 3, in_line_max: 3, can_cancel: true },
    ];
    for say in taps {
        for language in Language::ALL {
            let mut whole = read(language, &say);
            if say.matter() == Matter::Failure {
                whole = format!("{whole}\n{}", WORDS.lexicon(language).word("tap-human"));
            }
            assert_eq!(WORDS.tap_answer(language, &say, &context()), whole);
        }
    }
}

#[test]
fn a_tap_answer_names_no_address() {
    let url = Some(format!("https://desk.example/{}", "x".repeat(150)));
    let context = super::SayContext { support_url: url, ..context() };
    let says = [
        Say::NotInPlan {
            resolution: Resolution::K4,
            included: Resolution::K1,
            plan: None,
            instead: None,
        },
        Say::CountNotInPlan { count: 10, included: 1, plan: None, instead: None },
    ];
    for say in says {
        for language in Language::ALL {
            let answer = WORDS.tap_answer(language, &say, &context);
            assert!(answer.contains("/support") && !answer.contains("http"), "{answer}");
            assert!(!answer.contains('…'), "{answer}");
        }
    }
}

#[test]
fn buttons_can_be_read_on_a_phone() {
    for language in Language::ALL {
        for label in labels(Credits(160)) {
            let words = WORDS.label(language, &label);
            // What is made at another price has a row to itself.
            let most = if matches!(label, Label::TakeCheaper(_)) { 28 } else { 24 };
            assert!((1..=most).contains(&units(&words)), "{words}");
        }
    }
}

#[test]
fn an_example_is_the_prompt_on_its_button() {
    let examples = WORDS.examples();
    for language in Language::ALL {
        let spoken = examples.iter().filter(|example| example.language == language);
        let prompts = spoken.map(|example| example.prompt.clone()).collect::<Vec<_>>();
        let on_buttons = [1, 2].map(|number| WORDS.label(language, &Label::Example(number)));
        assert_eq!(prompts, on_buttons);
    }
}

#[test]
fn menus_and_profile_fit_telegram() {
    for language in Language::ALL {
        for audience in [Audience::Private, Audience::Group, Audience::Desk] {
            for command in WORDS.commands(language, audience, &context()) {
                assert!((1..=256).contains(&units(&command.description)), "{command:?}");
                let is_plain = |c: char| c.is_ascii_lowercase();
                assert!(command.word.len() <= 32 && command.word.chars().all(is_plain));
            }
        }
        assert!(units(&WORDS.bot_description(language, &context())) <= 512);
        assert!(units(&WORDS.bot_about(language)) <= 120);
    }
}

#[test]
fn texts_quote_buttons_by_what_stands_on_them() {
    for language in Language::ALL {
        let quotes = [
            (Say::PaySupport, Label::Cause(Cause::PaymentFailure)),
            (Say::Privacy, Label::DeleteNow),
            (Say::Privacy, Label::More),
        ];
        for (say, label) in quotes {
            let label = WORDS.label(language, &label);
            assert!(read(language, &say).contains(&label), "{say:?} does not say {label}");
        }
    }
}

#[test]
fn english_is_never_sloppy_about_number() {
    for say in says(&Measure::everyday()) {
        let text = english(&say);
        for sloppy in ["(s)", "(es)", "1 credits", "1 pictures", "Oops", "Sorry"] {
            assert!(!text.contains(sloppy), "{text}");
        }
    }
}

#[test]
fn chinese_has_no_english_left_over() {
    let names = [
        "JPEG", "PNG", "WebP", "Language", "Which", "language", "Shanghai", "UTC", "Telegram",
        "Google", "Stars",
    ];
    for line in FILES[1].1.lines().filter(|line| !line.starts_with('#')) {
        let value = line.split_once(" =").map_or(line, |(_, value)| value);
        let value = value.split_once("] ").map_or(value, |(_, value)| value);
        let (before, placed) = value.split_once('{').unwrap_or((value, ""));
        let after = placed.split('{').filter_map(|part| Some(part.split_once('}')?.1));
        let ours = after.fold(before.to_owned(), |ours, part| ours + " " + part);
        let is_word = |c: char| c.is_ascii_alphabetic() || c == '/';
        for word in ours.split(|c| !is_word(c)) {
            let is_command = word.starts_with('/');
            assert!(word.len() < 2 || is_command || names.contains(&word), "{line}");
        }
        assert!(!ours.contains([',', '!', ';']), "half-width punctuation: {line}");
    }
}

#[test]
fn everyday_texts_in_both_languages() {
    for language in Language::ALL {
        let says = says(&Measure::everyday());
        let texts = says.iter().map(|say| shown(&WORDS.say(language, say, &context())));
        let texts = texts.collect::<Vec<_>>();
        let labels = labels(Credits(4));
        let labels = labels.iter().map(|label| WORDS.label(language, label)).collect::<Vec<_>>();
        let all = format!("{}\n\n[{}]\n", texts.join("\n-----\n"), labels.join("] ["));
        insta::assert_snapshot!(format!("everyday_{}", language.tag()), all);
    }
}

/// The text with what stands out in brackets: ‹italic›, «bold», `code`.
fn shown(text: &Text) -> String {
    let mut shown = text.text.clone();
    for span in text.spans.iter().rev() {
        let (before, after) = match span.style {
            Style::Italic => ("‹", "›"),
            Style::Bold => ("«", "»"),
            Style::Code => ("`", "`"),
        };
        shown.insert_str(span.end, after);
        shown.insert_str(span.start, before);
    }
    shown
}

/// Spans stand on character borders, in order and apart.
fn assert_sound(text: &Text) {
    let mut last = 0;
    for span in &text.spans {
        assert!(span.start < span.end, "{span:?} is empty");
        assert!(span.start >= last, "{span:?} begins inside another");
        assert!(text.text.get(span.start..span.end).is_some(), "{span:?} cuts a character");
        last = span.end;
    }
}

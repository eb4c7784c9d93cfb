//! What holds for every text: it is there in both languages, it is said, it fits, and nobody can
//! write their way out of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use picdesk_core::{
    account::Language,
    channel::{Span, Style, Text},
    credits::Credits,
    generation::{Failure, Options, Quality},
    say::{Cause, Cheaper, Label, Making, Receipt, Say},
};
use proptest::prelude::*;

use super::{
    Place, Words, fit,
    lexicon::ids,
    mark::is_mark,
    samples::{
        DECEMBER_22, Measure, ONE, SECOND_OF_FOUR, context, half_contexts, labels, making, pages,
        receipt, says, silent_context,
    },
};

const FILES: [(Language, &str); 2] = [
    (Language::En, include_str!("../../config/texts/en.ftl")),
    (Language::ZhCn, include_str!("../../config/texts/zh-CN.ftl")),
];

/// Longest caption, UTF-16 code units. Source: Bot API, `sendPhoto`.
const CAPTION_UNITS_MAX: usize = 1_024;

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
            }
            for label in labels(Credits(4)) {
                assert!(!words.label(language, &label).is_empty(), "{label:?}");
            }
            for page in pages() {
                assert!(!words.page(language, page, &context.zone).is_empty(), "{page:?}");
            }
            for place in [Place::Private, Place::Group] {
                assert!(!words.commands(language, place).is_empty());
            }
            assert!(!words.bot_description(language, &context).is_empty());
            assert!(!words.bot_about(language).is_empty());
        }
    }
    for (language, source) in FILES {
        let said = words.lexicon(language).said();
        let unsaid: Vec<_> = ids(source).filter(|id| !said.contains(*id)).collect();
        assert!(unsaid.is_empty(), "nobody says {unsaid:?}");
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
        Say::ChangeHow,
        Say::Deleted,
        Say::TrayCleared,
        Say::LanguageChanged,
    ];
    for say in taps {
        for language in Language::ALL {
            assert_eq!(WORDS.tap_answer(language, &say, &context()), read(language, &say));
        }
    }
}

#[test]
fn buttons_can_be_read_on_a_phone() {
    for language in Language::ALL {
        for label in labels(Credits(160)) {
            let words = WORDS.label(language, &label);
            assert!((1..=24).contains(&units(&words)), "{words}");
        }
    }
}

#[test]
fn an_example_is_the_prompt_on_its_button() {
    let examples = WORDS.examples();
    for (number, example) in (0..).zip(&examples) {
        let on_button = WORDS.label(example.language, &Label::Example(number));
        assert_eq!(example.prompt, on_button);
    }
    assert_eq!(examples.len(), 4);
}

#[test]
fn menus_and_profile_fit_telegram() {
    for language in Language::ALL {
        for place in [Place::Private, Place::Group] {
            for command in WORDS.commands(language, place) {
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
fn a_placeholder_reads_as_promised() {
    let making = Making { place: 2, wait_s: Some(38), ..making(&Measure::everyday()) };
    let say = Say::Making(making.clone());
    assert_eq!(
        english(&say),
        "Making a fox in the snow · 1024×1024 · medium · 2 credits · 2nd in line, about 40 s"
    );
    assert_eq!(
        chinese(&say),
        "正在画 a fox in the snow · 1024×1024 · 标准 · 2 积分 · 排第 2 位，约 40 秒"
    );
    let spans = WORDS.say(Language::En, &say, &context()).spans;
    assert_eq!(spans[0], Span { start: 7, end: 24, style: Style::Italic });
    let unmeasured = Say::Making(Making { place: 0, wait_s: None, ..making });
    assert_eq!(english(&unmeasured), "Making a fox in the snow · 1024×1024 · medium · 2 credits");
}

#[test]
fn a_receipt_reads_as_promised() {
    let one = receipt(&Measure::everyday());
    let partly = Receipt { pictures: 3, asked: 4, available: None, ..one.clone() };
    assert_eq!(english(&Say::Receipt(one.clone())), "2 credits · 41 left · kept until 22 Dec");
    assert_eq!(chinese(&Say::Receipt(one)), "2 积分 · 余 41 · 保存到 12月22日");
    assert_eq!(english(&Say::Receipt(partly)), "3 of 4 pictures · 2 credits · kept until 22 Dec");
}

#[test]
fn a_failure_says_what_happened_and_that_it_cost_nothing() {
    let available = Some(Credits(41));
    let refused = Say::Failed { failure: Failure::Refused, available, part: ONE };
    assert_eq!(
        english(&refused),
        "The safety check said no to this one. Other words may pass.\n\
         Nothing was charged, 41 credits left."
    );
    let unread =
        Say::Failed { failure: Failure::Reference(2), available: None, part: SECOND_OF_FOUR };
    assert_eq!(
        chinese(&unread),
        "第 2 张，共 4 张：\n第 2 张参考图读不出来。请换成 JPEG、PNG 或 WebP 再发。\n没有扣积分。"
    );
    for say in says(&Measure::everyday()) {
        if matches!(say, Say::Failed { .. } | Say::Uncertain { .. } | Say::Cancelled { .. }) {
            assert!(english(&say).contains("Nothing was charged"), "{say:?}");
            assert!(chinese(&say).contains("没有扣积分"), "{say:?}");
        }
    }
}

#[test]
fn plurals_and_ordinals_are_right() {
    let tray = |count| english(&Say::Tray { count });
    assert_eq!(tray(1), "1 picture waiting. What shall I do with it?");
    assert_eq!(tray(2), "2 pictures waiting. What shall I do with them?");
    let free = |credits| english(&Say::Cancelled { available: Some(Credits(credits)) });
    assert_eq!(free(1), "Cancelled. Nothing was charged, 1 credit left.");
    assert_eq!(free(12_500), "Cancelled. Nothing was charged, 12,500 credits left.");
    assert_eq!(free(-5), "Cancelled. Nothing was charged, −5 credits left.");
    let place = |place| english(&Say::Making(Making { place, ..making(&Measure::everyday()) }));
    for (number, expected) in [
        (1, "next in line"),
        (2, "2nd in line"),
        (3, "3rd in line"),
        (4, "4th in line"),
        (11, "11th in line"),
        (12, "12th in line"),
        (13, "13th in line"),
        (21, "21st in line"),
        (112, "112th in line"),
    ] {
        assert!(place(number).ends_with(expected), "{}", place(number));
    }
}

#[test]
fn waiting_times_are_rounded_as_far_as_they_are_meant() {
    let wait = |wait_s| {
        let making = Making { wait_s: Some(wait_s), ..making(&Measure::everyday()) };
        english(&Say::Making(making)).rsplit(" · ").next().map(str::to_owned)
    };
    for (seconds, expected) in [
        (0, "about 5 s"),
        (38, "about 40 s"),
        (90, "about 90 s"),
        (121, "about 3 min"),
        (5_401, "about 2 h"),
    ] {
        assert_eq!(wait(seconds).as_deref(), Some(expected));
    }
}

#[test]
fn a_case_says_when_people_answer() {
    let opened = Say::SupportOpened { code: "S-1042".into() };
    assert_eq!(
        english(&opened),
        "Thank you. A person will answer you here.\nWe answer Mon–Fri 09:00–18:00 (Shanghai \
         time), usually within 2 h.\nCase S-1042."
    );
    assert_eq!(
        chinese(&opened),
        "收到，会有真人在这里回复你。\n我们周一至周五 09:00–18:00（北京时间）在，一般 2 小时内回复。\n\
         编号 S-1042。"
    );
    let silent = WORDS.say(Language::En, &opened, &silent_context()).text;
    assert_eq!(silent, "Thank you. A person will answer you here.\nCase S-1042.");
}

#[test]
fn dates_are_told_in_the_time_zone_of_the_house() {
    let kept = super::PageText::KeptUntil(DECEMBER_22);
    let [east, utc] = [context().zone, silent_context().zone];
    assert_eq!(WORDS.page(Language::En, kept, &east), "Kept until 22 Dec");
    assert_eq!(WORDS.page(Language::En, kept, &utc), "Kept until 21 Dec");
}

#[test]
fn a_price_has_its_cheaper_neighbour() {
    let options = Options { quality: Quality::High, count: 4, ..Options::default() };
    let cheaper =
        Cheaper { options: Options { quality: Quality::Medium, ..options }, price: Credits(8) };
    let say = Say::ConfirmPrice {
        prompt: "a fox".into(),
        options,
        price: Credits(16),
        available: Some(Credits(41)),
        cheaper: Some(cheaper),
    };
    assert_eq!(
        english(&say),
        "a fox · 1024×1024 · high · 4 pictures: 16 credits. You have 41. Shall I make it?\n\
         Cheaper: 1024×1024 · medium · 4 pictures for 8 credits."
    );
    assert_eq!(WORDS.label(Language::En, &Label::TakeCheaper(cheaper)), "1K medium · 8 credits");
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
    let names = ["JPEG", "PNG", "WebP", "Language", "Which", "language", "Shanghai", "UTC"];
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

/// Spans stand on character borders, in order, nested or apart, and no mark is left.
fn assert_sound(text: &Text) {
    assert!(!text.text.contains(is_mark), "a mark is left: {:?}", text.text);
    let mut last = 0;
    for span in &text.spans {
        assert!(span.start < span.end, "{span:?} is empty");
        assert!(span.start >= last, "{span:?} begins inside another");
        assert!(text.text.get(span.start..span.end).is_some(), "{span:?} cuts a character");
        last = span.end;
    }
}

/// What people write: emoji, joiners, accents, both directions, marks of ours, controls, markup.
fn hostile() -> impl Strategy<Value = String> {
    let hostile = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z ]{0,40}",
        prop::sample::select(vec![
            "👨‍👩‍👧‍👦",
            "🇨🇳",
            "👍🏽",
            "e\u{301}",
            "ثعلب في الثلج",
            "狐狸",
            "\u{202E}",
            "\u{2067}",
            "\u{E000}",
            "\u{E001}",
            "\u{E002}",
            "\u{E003}",
            "\n",
            "\r\n",
            "\u{0}",
            "<b>",
            "*",
            "_",
            "{ $left }",
            "](http://x)",
            "\u{200D}",
            "\u{FE0F}",
            "{",
            "}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(hostile, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nobody_writes_their_way_out(wrote in hostile(), name in hostile()) {
        let measure = Measure { short: wrote, long: name, ..Measure::everyday() };
        for language in Language::ALL {
            for say in says(&measure) {
                if matches!(say, Say::Verbatim(_)) {
                    continue;
                }
                let text = WORDS.say(language, &say, &context());
                assert_sound(&text);
                prop_assert!(units(&text.text) <= 4_096);
                assert!(!text.text.contains(['\u{202E}', '\u{2067}', '\u{0}', '\r']));
                let opened = text.text.matches('\u{2068}').count();
                prop_assert_eq!(opened, text.text.matches('\u{2069}').count());
            }
        }
    }

    #[test]
    fn a_prompt_stays_in_its_italics(wrote in hostile()) {
        let say = Say::Drawing { prompt: wrote.clone(), part: ONE };
        let text = WORDS.say(Language::En, &say, &context());
        prop_assert_eq!(text.spans.len(), 1);
        let (start, end) = (text.spans[0].start, text.spans[0].end);
        prop_assert_eq!(&text.text[..start], "Drawing ");
        prop_assert_eq!(&text.text[end..], " now, so it cannot be cancelled any more.");
        prop_assert!(!text.text.contains('\n'));
    }

    #[test]
    fn a_shortened_prompt_is_never_longer(wrote in hostile(), chars_max in 1_usize..50) {
        let short = super::shorten(&wrote, chars_max);
        prop_assert!(short.chars().count() <= chars_max.max(1));
    }

    #[test]
    fn a_fitted_text_fits(wrote in hostile(), units_max in 2_usize..60) {
        let say = Say::Drawing { prompt: wrote, part: ONE };
        let text = fit(WORDS.say(Language::ZhCn, &say, &context()), units_max);
        prop_assert!(units(&text.text) <= units_max);
        assert_sound(&text);
    }
}

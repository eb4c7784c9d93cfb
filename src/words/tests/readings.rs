//! Texts as somebody reads them in the chat.

use picdesk_core::{
    account::Language,
    channel::{Span, Style},
    credits::Credits,
    generation::{Failure, Options, Quality, ReferenceFault},
    say::{Cheaper, Label, Making, Receipt, Say},
};

use super::{
    super::{
        PageText,
        samples::{
            DECEMBER_22, HOUR_MS, Measure, ONE, SECOND_OF_FOUR, context, making, receipt, says,
            silent_context,
        },
    },
    WORDS, chinese, english,
};

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
    let fault = ReferenceFault::WrongKind;
    let failure = Failure::Reference { number: Some(2), fault };
    let unread = Say::Failed { failure, available: None, part: SECOND_OF_FOUR };
    assert_eq!(
        chinese(&unread),
        "第 2 张，共 4 张：\n第 2 张参考图的格式打不开。请换成 JPEG、PNG 或 WebP 再发。\n没有扣积分。"
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
    // 10:40 on a Monday in Shanghai.
    let opened =
        Say::SupportOpened { code: "S-1042".into(), at: DECEMBER_22 + 8 * HOUR_MS, back: None };
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
fn a_case_that_comes_when_nobody_is_there_says_when_they_are_back() {
    // 18:40 on a Monday in Shanghai, before a holiday.
    let opened =
        Say::SupportOpened { code: "S-1042".into(), at: DECEMBER_22 + 16 * HOUR_MS, back: None };
    assert_eq!(
        english(&opened),
        "Thank you. A person will answer you here.\nWe answer Mon–Fri 09:00–18:00 (Shanghai \
         time).\nNobody is there right now. We are back on 24 Dec, 9:00.\nCase S-1042."
    );
    assert_eq!(
        chinese(&opened),
        "收到，会有真人在这里回复你。\n我们周一至周五 09:00–18:00（北京时间）在。\n\
         现在没有人在，12月24日 9:00 回来。\n编号 S-1042。"
    );
}

#[test]
fn dates_are_told_in_the_time_zone_of_the_house() {
    let kept = PageText::KeptUntil(DECEMBER_22);
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
    let label =
        |options| WORDS.label(Language::En, &Label::TakeCheaper(Cheaper { options, ..cheaper }));
    assert_eq!(label(cheaper.options), "4 × 1K medium · 8 credits");
    assert_eq!(label(Options { count: 1, ..cheaper.options }), "1K medium · 8 credits");
}

#[test]
fn what_a_plan_does_not_include_names_what_would_be_made_and_its_price() {
    let options = Options { count: 4, ..Options::default() };
    let say = Say::CountNotInPlan {
        count: 9,
        included: 4,
        plan: None,
        instead: Some(Cheaper { options, price: Credits(8) }),
    };
    assert_eq!(
        english(&say).lines().last(),
        Some("I can make 1024×1024 · medium · 4 pictures for 8 credits.")
    );
    assert_eq!(
        chinese(&say).lines().last(),
        Some("现在可以做：1024×1024 · 标准 · 4 张图，8 积分。")
    );
}

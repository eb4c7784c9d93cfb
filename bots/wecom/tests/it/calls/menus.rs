//! What can be chosen: on cards, and by number where there is too much for them.

use picdesk_core::channel::{Span, Style};
use picdesk_wecom::menus::{Chooses, Menus as _};

use super::*;

#[tokio::test]
async fn numbers_of_a_menu_that_was_too_small_are_remembered() {
    let wecom = StandIn::start().await;
    let mut delivery = words(CUSTOMER);
    let button = |n: usize| {
        let target = ButtonTarget::Token(format!("tok{n}"));
        vec![Button { label: format!("选项{n}"), target }]
    };
    delivery.message.buttons = (1..=12).map(button).collect();
    kf(&wecom).deliver(delivery).await.unwrap();
    let kept = wecom.menus.0.lock().unwrap().clone();
    assert_eq!(kept.get(&(CUSTOMER.to_owned(), 11)).unwrap(), "tok11");
    assert_eq!((kept.len(), kept.get(&(CUSTOMER.to_owned(), 12)).unwrap().as_str()), (2, "tok12"));
    // Who presses cards is shown the choices on them alone; who types numbers, beside them too.
    let words_of = async |chooses| {
        let mut delivery = words(MEMBER);
        delivery.message.id = OutboundId(7_168_100 + wecom.of("message/send").len() as i64);
        delivery.message.buttons = (1..=2).map(button).collect();
        wecom.menus.chose(&MEMBER.into(), chooses).await;
        app(&wecom).deliver(delivery).await.unwrap();
        let sent = wecom.of("message/send");
        let [.., text, card] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!(card.body["msgtype"], "template_card");
        text.body["text"]["content"].as_str().unwrap().to_owned()
    };
    let by_number = words_of(Chooses::ByNumber).await;
    let choices = "\n1 选项1 · 2 选项2";
    assert!(by_number.ends_with(choices), "{by_number}");
    assert_eq!(format!("{}{choices}", words_of(Chooses::ByCard).await), by_number);
}

#[tokio::test]
async fn whoever_presses_cards_reads_emphasis_and_nobody_else_is_sent_any() {
    let wecom = StandIn::start().await;
    let bold = |text: &str| {
        let span = Span { start: 0, end: 1, style: Style::Bold };
        Content::Text(Text { text: text.into(), spans: vec![span] })
    };
    let app = app(&wecom);
    let said = async |id, text: &str| {
        let mut delivery = words(MEMBER);
        (delivery.message.id, delivery.message.content) = (OutboundId(id), bold(text));
        app.deliver(delivery).await.unwrap();
        let body = wecom.of("message/send").pop().unwrap().body;
        let kind = body["msgtype"].as_str().unwrap().to_owned();
        (body[&kind]["content"].as_str().unwrap().to_owned(), kind)
    };
    let text = |words: &str| (words.to_owned(), "text".to_owned());
    assert_eq!(said(1, "2 credits").await, text("2 credits"));
    wecom.menus.chose(&MEMBER.into(), Chooses::ByCard).await;
    assert_eq!(said(2, "2 credits").await, ("**2** credits".into(), "markdown".into()));
    // Markup of somebody's own stays words, an address can be pressed.
    assert_eq!(said(3, "2 [credits]").await, text("2 [credits]"));
    assert_eq!(said(4, "2 at https://a.example").await, text("2 at https://a.example"));
    wecom.menus.chose(&MEMBER.into(), Chooses::ByNumber).await;
    assert_eq!(said(5, "2 credits").await, text("2 credits"));
}

//! Pages that cannot be read, wholly or in part.

use super::*;

/// A page that is no JSON, whose messages cannot be told apart.
fn broken(cursor: &str) -> Reply {
    let page = format!(
        "{{\"errcode\":0,\"errmsg\":\"ok\",\"next_cursor\":\"{cursor}\",\"has_more\":1,\
         \"msg_list\":[{{\"msgid\":\"m2\",\"text\":{{\"content\":\"\"oops\"}}}}]}}"
    );
    Reply::Raw(200, page.into_bytes())
}

fn alarms(wecom: &StandIn) -> Vec<(&'static str, String)> {
    let heard = wecom.alarms.0.lock().unwrap();
    heard.iter().map(|alarm| (alarm.what, alarm.words.clone())).collect()
}

#[tokio::test]
async fn a_message_that_breaks_its_page_is_kept_aside_and_the_others_come() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    wecom
        .reply("kf/sync_msg", broken("C9"))
        .reply("kf/sync_msg", broken("C9"))
        .reply("kf/sync_msg", broken("C9"))
        .reply("kf/sync_msg", page("C1", 1, [text(1, JUST_NOW)]))
        .reply("kf/sync_msg", broken("C9"))
        .reply("kf/sync_msg", broken("C2"))
        .reply("kf/sync_msg", page("C3", 0, [text(3, JUST_NOW)]));
    let (sync, bell) = (sync_of(&wecom), Bell::default());
    run_until(&sync, &bell, wecom.inbox.until(3)).await;
    let asked = wecom.of("kf/sync_msg");
    let sizes: Vec<&Value> = asked.iter().map(|asked| &asked.body["limit"]).take(7).collect();
    assert_eq!(sizes, [1000, 100, 10, 1, 10, 1, 1]);
    assert_eq!(wecom.inbox.stands.lock().unwrap().as_deref(), Some("C3"));
    let names = wecom.inbox.names();
    assert_eq!([&names[0], &names[2]], ["wecom-kf:msg:m1", "wecom-kf:msg:m3"]);
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let Arrival::SetAside { raw, .. } = &accepted[1].0[0] else { panic!("{:?}", accepted[1]) };
    assert!(raw.windows(4).any(|part| part == b"oops"), "it is kept for people");
    drop(accepted);
    let alarms = alarms(&wecom);
    let [(what, words)] = alarms.as_slice() else { panic!("{alarms:?}") };
    assert_eq!(*what, "kf_page");
    assert!(words.contains("wkEXAMPLE1"), "{words}");
}

#[tokio::test]
async fn a_page_that_is_none_at_all_is_told_to_the_owner_and_asked_for_until_it_is_one() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    // Where the next page begins is told twice: one of them may be a customer's words.
    let twice = b"{\"next_cursor\":\"C8\",\"msg_list\":[\"next_cursor\":\"C9\"".to_vec();
    for answer in [b"<html>".to_vec(), Vec::new(), b"<html>".to_vec(), twice, b"[".to_vec()] {
        wecom.reply("kf/sync_msg", Reply::Raw(200, answer));
    }
    wecom.reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    let (sync, bell) = (sync_of(&wecom), Bell::default());
    run_until(&sync, &bell, wecom.inbox.until(1)).await;
    assert_eq!(wecom.inbox.names(), named([1]));
    let asked = wecom.of("kf/sync_msg");
    assert!(asked.iter().take(6).all(|asked| asked.body["cursor"] == "C0"), "{asked:?}");
    let alarms = alarms(&wecom);
    assert_eq!(alarms.len(), 2, "each time that it cannot be smaller: {alarms:?}");
    assert!(alarms[0].1.contains("wkEXAMPLE1"), "{alarms:?}");
}

#[tokio::test]
async fn what_is_odd_about_a_page_does_not_keep_it_from_being_read() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let nothing = json!({ "next_cursor": null, "has_more": 1, "msg_list": null });
    let odd = text(1, JUST_NOW).to_string().replace("\"content\":\"1\"", "\"content\":\"a?b\"");
    let deep = format!("{{\"msgid\":\"m2\",\"x\":{}{}}}", "[".repeat(400), "]".repeat(400));
    let page = format!("{{\"next_cursor\":\"C1\",\"has_more\":0,\"msg_list\":[{odd},{deep}]}}");
    let mut page = page.into_bytes();
    let at = page.windows(3).position(|part| part == b"a?b").unwrap();
    // Half a letter.
    page[at + 1] = 0xe7;
    wecom.reply("kf/sync_msg", Reply::Ok(nothing)).reply("kf/sync_msg", Reply::Raw(200, page));
    let synced = sync_of(&wecom).sync(None).await.unwrap();
    assert_eq!(synced, Synced { pages: 2, arrivals: 2 });
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let said = accepted[0].0.iter().find_map(|one| match one {
        Arrival::Event(received) => Some(&received.event),
        _ => None,
    });
    assert!(
        matches!(said, Some(Event::MessageReceived(message)) if message.text == "a\u{fffd}b"),
        "{said:?}"
    );
    assert!(accepted[0].0.iter().any(|one| matches!(one, Arrival::SetAside { .. })));
    assert_eq!(wecom.inbox.stands.lock().unwrap().as_deref(), Some("C1"));
}

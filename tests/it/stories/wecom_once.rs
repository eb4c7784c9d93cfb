//! What WeCom took before the desk died is there, once, and nothing is said against it.

use picdesk_sandbox::{
    images::Latency,
    wecom::{Armed, Fault},
};

use super::wecom::{bot_says, house, picture_of};

#[tokio::test]
async fn a_picture_that_wecom_took_before_the_desk_died_is_there_once_and_nothing_denies_it() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    house.images.set_latency(Latency::Seconds(2.0));
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    house.until_status("acknowledgement", |it| it["outbox"]["waiting"] == 0).await;
    // It is taken, and the desk never hears of that.
    wecom.arm(Armed::times(Fault::DropAnswer, 99).on("kf/send_msg"));
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    desk.kill().await;
    wecom.clear_faults();
    let before = wecom.counts().repeated;
    let _desk = house.open().await;
    bot_says(&house, "kf-anna", "保存到").await;
    let status = house.until_quiet().await;
    let transcript = wecom.transcript("kf-anna");
    assert!(wecom.counts().repeated > before, "it went out again, under its name");
    assert_eq!(wecom.pictures_twice("kf-anna"), 0, "{transcript}");
    for denied in ["显示不了", "/p/", "不确定"] {
        let said = wecom.chat("kf-anna");
        assert!(said.iter().all(|it| !it.text.contains(denied)), "{transcript}");
    }
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!((&status["outbox"]["refused"], &status["outbox"]["held"]), (&0.into(), &0.into()));
}

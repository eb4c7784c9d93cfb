//! Attacks by XML, each by its name, and what must still be read.

use std::time::Duration;

use picdesk_wecom::xml::{From, NotRead, read};
use rustix::time::{ClockId, clock_gettime};

/// What one attack may cost of processor time, in a build without optimisation; see the bench for
/// what it costs.
const MOST: Duration = Duration::from_millis(50);

/// Processor time of this thread so far.
fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

fn nested(depth: usize) -> String {
    format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))
}

fn fields(count: usize) -> String {
    let fields: Vec<String> = (0..count).map(|n| format!("<f{n}>x</f{n}>")).collect();
    let fields = fields.concat();
    format!("<xml>{fields}</xml>")
}

fn attributes(count: usize) -> String {
    let attributes: Vec<String> = (0..count).map(|n| format!(" a{n}=\"\"")).collect();
    let attributes = attributes.concat();
    format!("<xml><Encrypt{attributes}>x</Encrypt></xml>")
}

fn laughs() -> String {
    let mut entities = "<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let inner = format!("&l{};", level - 1).repeat(10);
        entities.extend([format!("<!ENTITY l{level} \"{inner}\">")]);
    }
    format!("<!DOCTYPE xml [{entities}]><xml><Encrypt>&l9;</Encrypt></xml>")
}

fn attacks() -> Vec<(&'static str, String)> {
    let of = |inner: &str| format!("<xml><Encrypt>{inner}</Encrypt></xml>");
    vec![
        ("billion laughs", laughs()),
        ("quadratic blow-up", format!("<!DOCTYPE x [<!ENTITY a \"{}\">]><xml>&a;</xml>", "a".repeat(30_000))),
        ("external entity", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><Encrypt>&e;</Encrypt></xml>".into()),
        ("external entity over http", "<!DOCTYPE x [<!ENTITY e SYSTEM \"http://127.0.0.1:1/\">]><xml>&e;</xml>".into()),
        ("parameter entity", "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><xml/>".into()),
        ("external subset", "<!DOCTYPE xml SYSTEM \"http://127.0.0.1:1/x.dtd\"><xml/>".into()),
        ("public document type", "<!DOCTYPE xml PUBLIC \"-//x\" \"x\"><xml/>".into()),
        ("empty document type", "<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>".into()),
        ("document type in other letters", "<!doctype xml><xml/>".into()),
        ("document type inside", of("<!DOCTYPE x>")),
        ("entity nobody defined", of("&lol;")),
        ("entity of html", of("&nbsp;")),
        ("entity without its end", of("&amp")),
        ("lone ampersand", of("a & b")),
        ("NUL by number", of("&#0;")),
        ("control character by number", of("&#1;")),
        ("surrogate by number", of("&#xD800;")),
        ("number beyond unicode", of("&#x110000;")),
        ("number too long", of(&format!("&#{};", "9".repeat(5000)))),
        ("NUL in a text", of("a\0b")),
        ("processing instruction", "<?php echo 1 ?><xml/>".into()),
        ("style sheet", "<?xml-stylesheet href=\"x\"?><xml/>".into()),
        ("processing instruction inside", of("<?x y?>")),
        ("declaration twice", "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><xml/>".into()),
        ("declaration inside", of("<?xml version=\"1.0\"?>")),
        ("declared as utf-16", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><xml/>".into()),
        ("declared as utf-7", "<?xml version=\"1.0\" encoding=\"UTF-7\"?><xml/>".into()),
        ("depth of five", nested(5)),
        ("depth of twenty thousand", nested(9_000)),
        ("depth without an end", "<a>".repeat(20_000)),
        ("sixty-five fields", fields(65)),
        ("five thousand fields", fields(4_000)),
        ("field twice", "<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>".into()),
        ("field twice, once empty", "<xml><Encrypt/><Encrypt>b</Encrypt></xml>".into()),
        ("long name", format!("<xml><{0}>x</{0}></xml>", "n".repeat(33))),
        ("name of thirty kilobytes", format!("<{0}/>", "n".repeat(30_000))),
        ("wrong end", "<xml><a></b></xml>".into()),
        ("no end", "<xml><Encrypt>x".into()),
        ("end without a start", "</xml>".into()),
        ("second root", "<xml/><xml/>".into()),
        ("text behind the root", "<xml/>x".into()),
        ("text before the root", "x<xml/>".into()),
        ("text among the fields", "<xml>x<Encrypt>y</Encrypt></xml>".into()),
        ("cdata among the fields", "<xml><![CDATA[x]]></xml>".into()),
        ("cdata without its end", of("<![CDATA[x")),
        ("comment", "<xml><!-- x --><Encrypt>y</Encrypt></xml>".into()),
        ("comment without its end", "<xml><!-- x".into()),
        ("comment in a text", of("a<!-- -->b")),
        ("nothing", String::new()),
        ("blanks", " \n\t".into()),
        ("bare text", "hello".into()),
        ("json", "{\"encrypt\":\"x\"}".into()),
        ("half a tag", "<xml".into()),
        ("ten thousand attributes", attributes(10_000)),
        ("an attribute of sixty kilobytes", format!("<xml a=\"{}\"/>", "y".repeat(60_000))),
        ("thousands of namespaces", attributes(5_000).replace(" a", " xmlns:a")),
        ("the same attribute again and again", format!("<xml{}/>", " a=\"\"".repeat(9_000))),
        ("a flood of angle brackets", "<".repeat(60_000)),
        ("a flood of ampersands", of(&"&".repeat(60_000))),
        ("a flood of empty cdata outside", "<![CDATA[]]>".repeat(5_000)),
    ]
}

#[test]
fn every_attack_is_refused_at_once() {
    let attacks = attacks();
    for (name, attack) in &attacks {
        let began = cpu();
        let outcome = read(attack, From::Anybody);
        let took = cpu().saturating_sub(began);
        assert_eq!(outcome, Err(NotRead), "{name}");
        assert!(took < MOST, "{name} took {took:?}");
    }
    assert!(attacks.len() >= 40);
}

#[test]
fn floods_that_are_no_fault_are_read_at_once() {
    let long = |inner: String| format!("<xml><Encrypt>{inner}</Encrypt></xml>");
    let floods = [
        ("cdata in crumbs", long("<![CDATA[x]]>".repeat(4_000))),
        ("entities in a row", long("&lt;".repeat(15_000))),
        ("a text of sixty kilobytes", long("y".repeat(60_000))),
    ];
    for (name, flood) in floods {
        let began = cpu();
        let outcome = read(&flood, From::Anybody);
        let took = cpu().saturating_sub(began);
        assert!(outcome.is_ok_and(|fields| !fields.text("Encrypt").is_empty()), "{name}");
        assert!(took < MOST, "{name} took {took:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let envelope = crate::envelopes::envelope(crate::envelopes::CORP);
    let (query, encrypted) = crate::envelopes::sealed(&envelope, "x", "n");
    let body = crate::envelopes::outer(&encrypted);
    let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [&[0xff, 0xfe][..], &utf16].concat();
    let latin1 = [body.as_bytes(), &[0xe9]].concat();
    for bytes in [utf16, with_mark, latin1] {
        let opened = picdesk_wecom::webhook::open_app(&envelope, &query, &bytes);
        assert_eq!(opened, Err(picdesk_wecom::webhook::CallbackAnswer::BadRequest));
    }
}

#[test]
fn what_a_sender_may_write_is_read() {
    let text = |xml: &str| read(xml, From::Anybody).unwrap().text("T").to_owned();
    let cases = [
        ("<xml><T>x</T></xml>", "x"),
        ("<xml><T></T></xml>", ""),
        ("<xml><T/></xml>", ""),
        ("<xml><Other>y</Other></xml>", ""),
        ("\u{feff}<xml><T>x</T></xml>", "x"),
        ("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<xml><T>x</T></xml>\n", "x"),
        ("<xml>\n  <T>  keep  me  </T>\n</xml>", "  keep  me  "),
        ("<xml><T><![CDATA[a & <b>]]></T></xml>", "a & <b>"),
        ("<xml><T><![CDATA[a]]]]><![CDATA[>b]]></T></xml>", "a]]>b"),
        ("<xml><T>a&amp;b&lt;c&gt;&quot;&apos;</T></xml>", "a&b<c>\"'"),
        ("<xml><T>&#29392;&#x72D0;&#10;</T></xml>", "狐狐\n"),
        ("<xml><T a=\"1\">x</T></xml>", "x"),
        ("<xml><T>x<inner>y</inner>z</T></xml>", "xz"),
    ];
    for (xml, expected) in cases {
        assert_eq!(text(xml), expected, "{xml}");
    }
}

#[test]
fn wecom_itself_may_go_deeper_and_repeat_what_it_repeats() {
    let deep = "<xml><A><B><C><D>x</D><D>y</D></C></B></A><T>z</T><!-- why --></xml>";
    assert_eq!(read(deep, From::WeCom).unwrap().text("T"), "z");
    assert!(read(deep, From::Anybody).is_err());
    let accounts =
        "<xml><AuthAddOpenKfId>a</AuthAddOpenKfId><AuthAddOpenKfId>b</AuthAddOpenKfId></xml>";
    assert_eq!(read(accounts, From::WeCom).unwrap().len(), 2);
    assert!(read(accounts, From::Anybody).is_err());
    assert!(read("<xml><T>a</T><T>b</T></xml>", From::WeCom).is_err());
}

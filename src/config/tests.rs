//! What a person meets who gets the configuration wrong, and that the file and the types agree.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use picdesk_core::account::Language;
use picdesk_core::credits::Credits as Amount;
use picdesk_core::generation::{Quality, Resolution};

use super::*;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Problems> {
    let variables =
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::compose(Some(("picdesk.toml", text)), variables)
}

fn wrong(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let problems = read(text, variables).expect_err("there is something wrong");
    problems.0.iter().map(ToString::to_string).collect()
}

fn reader_of_the_built_in_file() -> Reader {
    let given = || Givens::parse(BUILT_IN, |_| Origin::BuiltIn, &mut Vec::new());
    Reader::new(given(), given(), Origin::BuiltIn)
}

#[test]
fn every_key_in_the_file_is_read_and_every_key_read_is_in_the_file() {
    let mut problems = Vec::new();
    let in_file: BTreeSet<String> =
        Givens::parse(BUILT_IN, |_| Origin::BuiltIn, &mut problems).values.into_keys().collect();
    let mut reader = reader_of_the_built_in_file();
    Config::of(&mut reader, &mut problems);
    assert_eq!(reader.asked_plain(), in_file);
    problems.extend(reader.finish());
    assert_eq!(problems, []);
}

#[test]
fn every_secret_is_in_the_file_as_a_comment_and_nothing_else_is() {
    let mut section = "";
    let mut commented = BTreeSet::new();
    for line in BUILT_IN.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, _)) = line.strip_prefix("# ").and_then(|l| l.split_once(" = \"")) {
            assert!(commented.insert(format!("{section}.{key}")), "{line}");
        }
    }
    let mut reader = reader_of_the_built_in_file();
    Config::of(&mut reader, &mut Vec::new());
    assert_eq!(reader.asked_secrets(), &commented);
    let default = format!("# url = \"{}\"", store::URL);
    assert!(BUILT_IN.lines().any(|line| line.starts_with(&default)));
}

#[test]
fn every_key_in_the_files_says_what_it_means() {
    for line in BUILT_IN.lines().filter(|line| line.contains(" = ")) {
        let (_, comment) = line.rsplit_once("# ").unwrap_or_default();
        assert!(comment.len() > 10 || line.starts_with("# Every"), "{line}");
    }
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = Config::from_text("").unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080");
    assert_eq!(config.server.shutdown_grace, Duration::from_secs(20));
    assert_eq!(config.store.url.reveal(), "sqlite://data/picdesk.db");
    assert!(!config.store.is_postgres());
    assert!(config.telegram.token.is_none() && config.images.api_key.is_none());
    assert!(matches!(config.telegram.receiving, Receiving::Polling));
    assert_eq!(config.telegram.sends_per_s.map(std::num::NonZeroU32::get), Some(30));
    assert_eq!(config.images.cost_image_out, NanoUsd(30_000));
    assert_eq!(config.images.drain, Duration::from_secs(320));
    assert_eq!(config.credits.trial, Amount(3));
    assert_eq!(config.limits.reference_bytes_max, 20_000_000);
    assert_eq!(config.product.language_default, Language::En);
    assert_eq!(config.desk.hours.to_string(), "Mon-Fri 09:00-18:00");
    assert_eq!(config.plans.prices.of(Resolution::K2, Quality::High), Amount(8));
    assert_eq!(config.plans.packs[0].price.to_string(), "9.90 USD");
    assert_eq!(config.plans.plans[0].credits_expire_days, None);
    let house = config.house(None, Vec::new());
    assert_eq!(house.catalogue.plans[0].entitlement.queue_max, 3);
    assert_eq!(house.catalogue.free.unwrap().max_resolution, Resolution::K1);
    assert_eq!(config.warnings().len(), 2);
}

#[test]
fn a_webhook_that_does_not_fit_is_said() {
    let webhook = "[telegram]\ntoken = \"1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nmode = \"webhook\"\n\
                   webhook_secret = \"0123456789012345678901234567890123456789\"\n[server]\n\
                   public_url = \"https://desk.example\"\n";
    let warned = |more: &str, about: &str| {
        let config = read(&format!("{webhook}{more}"), &[]).unwrap();
        config.warnings().iter().any(|one| one.starts_with(about))
    };
    assert!(warned("", "server.trusted_proxies is empty"));
    assert!(!warned("trusted_proxies = [\"127.0.0.1\"]", "server.trusted_proxies"));
    assert!(warned("connections_max = 99", "server.connections_max is less"));
    assert!(!warned("connections_max = 100", "server.connections_max"));
}

#[test]
fn the_environment_stands_before_the_file_and_the_file_before_the_defaults() {
    let text = "[images]\nmodel = \"of the file\"\nconcurrency = 2\n[server]\ntrusted_proxies = []";
    let variables = [
        ("PICDESK_IMAGES__MODEL", "of the environment"),
        ("PICDESK_SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]"),
        ("PICDESK_SERVER__METRICS_LISTEN", "[::1]:9090"),
        ("PICDESK_IMAGES__STREAM", "false"),
        ("PICDESK_IMAGES__COST_TEXT_IN_USD_PER_MTOK", "0.125"),
        ("PICDESK_DESK__TELEGRAM_CHAT_ID", "-100123"),
        ("PATH", "/bin"),
    ];
    let config = read(text, &variables).unwrap();
    assert_eq!(config.images.model, "of the environment");
    assert_eq!(config.images.concurrency, 2);
    assert_eq!(config.images.partials, 2);
    assert!(!config.images.stream);
    assert_eq!(config.images.cost_text_in, NanoUsd(125));
    assert_eq!(config.server.metrics_listen.unwrap().port(), 9090);
    assert_eq!(config.desk.telegram_chat_id, Some(-100_123));
    let trusted = |address: &str| {
        config.server.trusted_proxies.iter().any(|range| range.contains(address.parse().unwrap()))
    };
    assert!(trusted("10.200.0.1") && trusted("::ffff:10.0.0.1") && trusted("::1"));
    assert!(!trusted("11.0.0.1") && !trusted("::2"));
}

#[test]
fn every_problem_is_said_at_once_by_key_and_place() {
    let text = r#"
[server]
listen = "localhost:8080"
public_url = "ftp://example.org"
connections_max = 0
trusted_proxies = ["10.0.0.0/8", "10.0.0.0/33"]
[log]
level = 3
[telegram]
mode = "webhook"
tokn = "1:a"
sends_per_s = "30"
[desk]
time_zone = "Asia/Beijing"
hours = "9 to 5"
holidays = [2027-01-01]
grant_max = 200
[credit]
trial = 1
[wekom]
[images]
partials = 4
"#;
    let variables = [
        ("PICDESK_LOG__FORMAT", "xml"),
        ("PICDESK_LOG__LEVLE", "info"),
        ("PICDESK_images__model", "x"),
        ("PICDESK_PLANS", "x"),
        ("PICDESK_IMAGES__EDITS", "yes"),
    ];
    assert_eq!(
        wrong(text, &variables),
        [
            "server.listen: must be an address and a port, as in 127.0.0.1:8080 (picdesk.toml \
             line 3)",
            "server.public_url: must be a URL that begins with http:// or https:// \
             (picdesk.toml line 4)",
            "server.connections_max: must be a whole number from 1 to 65536 (picdesk.toml line 5)",
            "server.trusted_proxies: entry 2: must be an address or a range, as in 10.0.0.0/8 \
             (picdesk.toml line 6)",
            "log.level: must be a text in quotes (picdesk.toml line 8)",
            "log.format: must be one of \"text\", \"json\" (PICDESK_LOG__FORMAT)",
            "telegram.mode: is \"webhook\", which needs telegram.webhook_secret (picdesk.toml \
             line 10)",
            "telegram.sends_per_s: must be a whole number (picdesk.toml line 12)",
            "images.partials: must be a whole number from 0 to 3 (picdesk.toml line 22)",
            "images.edits: must be true or false (PICDESK_IMAGES__EDITS)",
            "desk.hours: must be days and hours, as in \"Mon-Fri 09:00-18:00, Sat \
             10:00-14:00\" (picdesk.toml line 15)",
            "desk.time_zone: is not the IANA name of a time zone, as Asia/Shanghai is \
             (picdesk.toml line 14)",
            "desk.holidays: entry 1: must be a text in quotes (picdesk.toml line 16)",
            "desk.grant_per_day: is less than desk.grant_max, which can then not be given \
             (compiled in)",
            "PICDESK_images__model: is not a key; did you mean PICDESK_IMAGES__MODEL?",
            "credit.trial: is not a key; did you mean credits.trial? (picdesk.toml line 19)",
            "PICDESK_LOG__LEVLE: is not a key; did you mean PICDESK_LOG__LEVEL?",
            "PICDESK_PLANS: is not a key",
            "telegram.tokn: is not a key; did you mean telegram.token? (picdesk.toml line 11)",
            "wekom: is not a key (picdesk.toml line 20)",
        ]
    );
}

#[test]
fn a_broken_line_does_not_hide_the_problems_of_the_others() {
    let problems = wrong("[log]\nlevel = info\nformat = \"xml\"\n[telegram\nmode = 1\n", &[]);
    for said in [
        "picdesk.toml line 2: is not TOML",
        "picdesk.toml line 4: is not TOML",
        "log.format: must be one of",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(said)), "{problems:?}");
    }
    assert!(!problems.iter().any(|problem| problem.starts_with("log.level")), "{problems:?}");
}

#[test]
fn a_secret_can_come_from_a_file_without_its_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "42:AAbb_cc-9\n").unwrap();
    let file = file.to_str().unwrap();
    let config = read("", &[("PICDESK_TELEGRAM__TOKEN_FILE", file)]).unwrap();
    assert_eq!(config.telegram.token.unwrap().reveal(), "42:AAbb_cc-9");
    let config = read(&format!("[telegram]\ntoken_file = {file:?}"), &[]).unwrap();
    assert_eq!(config.telegram.token.unwrap().reveal(), "42:AAbb_cc-9");
}

#[test]
fn secrets_that_cannot_be_used_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let empty = write("empty", b"\n");
    let large = write("large", &vec![b'a'; 64 * 1024 + 1]);
    let binary = write("binary", b"\xff\xfe");
    let two_lines = write("two", b"1:a\n1:b\n");
    let problem = |variables: &[(&str, &str)]| {
        let problems = wrong("", variables);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].clone()
    };
    let of_file = |file: &str| problem(&[("PICDESK_IMAGES__API_KEY_FILE", file)]);
    assert!(of_file(&empty).contains("names an empty file"));
    assert!(of_file(&large).contains("larger than 64 KiB"));
    assert!(of_file(&binary).contains("cannot be read"));
    assert!(of_file(&two_lines).contains("control character"));
    assert!(of_file("/nowhere/at/all").contains("cannot be read"));
    let both = [("PICDESK_IMAGES__API_KEY", "k"), ("PICDESK_IMAGES__API_KEY_FILE", &empty)];
    assert!(problem(&both).contains("is set beside images.api_key_file; give one"));
    assert!(problem(&[("PICDESK_TELEGRAM__TOKEN", "abc")]).contains("is not a bot token"));
    assert!(problem(&[("PICDESK_TELEGRAM__TOKEN", " 1:abc")]).contains("white space"));
    assert!(problem(&[("PICDESK_ARTIFACTS__S3_ACCESS_KEY", "a")]).contains("without artifacts."));
    let none = read("[telegram]\ntoken = \"\"", &[("PICDESK_IMAGES__API_KEY", "")]).unwrap();
    assert!(none.telegram.token.is_none() && none.images.api_key.is_none());
}

#[test]
fn no_value_that_was_given_is_ever_shown() {
    let canary = "canary-5533";
    let texts = [
        format!("[telegram]\ntoken = {canary}:x"),
        format!("[telegram]\ntoken = \"{canary}"),
        format!("[telegram]\ntoken = [\"{canary}\"]"),
        format!("[telegram]\ntoken = \"{canary}\"\ntoken = \"{canary}\""),
        format!("[telegram]\ntoken_file = \"{canary}\""),
        format!("[telegram]\ntoken = '{canary}' '{canary}'"),
        format!("[telegram]\nmode = \"{canary}\"\nwebhook_secret = \"{canary} ü\""),
        format!("[store]\nurl = \"mysql://me:{canary}@host\""),
        format!("[http]\nproxy_url = \"gopher://me:{canary}@host\""),
        format!("[server]\npublic_url = \"http://me:{canary}@host\"\nlisten = \"{canary}\""),
        format!("[images]\napi_key = \"{canary}\"\nmodel = \"a\\u0000{canary}\""),
        format!(
            "[desk]\nhours = \"{canary}\"\ntime_zone = \"{canary}\"\nholidays = [\"{canary}\"]"
        ),
        format!("[artifacts]\nurl = \"s3://me:{canary}@bucket\"\ns3_secret_key = \"{canary}\""),
        format!("[product]\nplans_file = \"{canary}\"\nsupport_email = \"{canary}\""),
        format!("[images]\nbase_url = \"{canary}\"\ncost_text_in_usd_per_mtok = \"{canary}\""),
    ];
    for text in texts {
        let problems = read(&text, &[("PICDESK_LOG__LEVEL", canary)]).unwrap_err();
        let shown = format!("{problems} {problems:?}");
        assert!(!shown.contains(canary), "{shown}");
    }
    let text = format!(
        "[telegram]\ntoken = \"1:{canary}\"\nmode = \"webhook\"\nwebhook_secret = \"{canary}\"\n\
         [http]\nproxy_url = \"http://me:{canary}@host\"\n[images]\napi_key = \"{canary}\"\n\
         [store]\nurl = \"postgres://me:{canary}@host/db\"\n\
         [artifacts]\nurl = \"s3://bucket\"\ns3_access_key = \"a\"\ns3_secret_key = \"{canary}\"",
    );
    let config = read(&text, &[]).unwrap();
    assert!(!format!("{config:?} {:?}", config.warnings()).contains(canary));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (text, key) in [
        ("[server]\nmetrics_listen = \"127.0.0.1:8080\"", "server.metrics_listen"),
        ("[artifacts]\ns3_region = \"eu\"", "artifacts.s3_region"),
        ("[artifacts]\ns3_endpoint = \"http://localhost:9000\"", "artifacts.s3_endpoint"),
        ("[artifacts]\nurl = \"s3://b\"\ns3_secret_key = \"x\"", "artifacts.s3_secret_key"),
        ("[desk]\ngrant_per_day = 3", "desk.grant_per_day"),
    ] {
        let problems = read(text, &[]).unwrap_err();
        let keys: Vec<&str> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, [key]);
    }
}

#[test]
fn a_plans_file_is_checked_by_its_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plans.toml");
    let text = plans::BUILT_IN
        .replace("id = \"pro\"", "id = \"starter\"")
        .replace("low = 1\n", "low = 0\n")
        .replace("[prices.4k]", "[prices.8k]")
        .replace("\"9.90 USD\"", "\"free\"")
        .replace("period = \"month\"", "period = \"week\"\ncolour = \"blue\"")
        .replace("queue_max = 1", "queue = 1");
    std::fs::write(&file, text).unwrap();
    let problems = wrong(&format!("[product]\nplans_file = {file:?}"), &[]);
    let expected = [
        "prices.1k.low: must be a whole number from 1 to 1000000000",
        "prices.4k.low: is missing",
        "prices.4k.medium: is missing",
        "prices.4k.high: is missing",
        "packs[0].price: must be an amount and a currency, as in \"9.90 USD\"",
        "plans[0].period: must be one of \"month\", \"year\"",
        "free.queue_max: is missing",
        "free.queue: is not a key; did you mean free.queue_max?",
        "plans[0].colour: is not a key",
        "prices.8k.high: is not a key; did you mean prices.1k.high?",
        "prices.8k.low: is not a key; did you mean prices.1k.low?",
        "prices.8k.medium: is not a key; did you mean prices.1k.medium?",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
        assert!(problem.contains("plans.toml"), "{problem}");
    }
}

#[test]
fn one_id_cannot_be_sold_twice() {
    let twice =
        format!("{}\n[[packs]]\nid = \"pro\"\ncredits = 1\nprice = \"1 USD\"", plans::BUILT_IN);
    let (plans, problems) = Plans::parse("plans.toml", &twice, 30);
    assert!(plans.is_none());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key, "plans[0].id");
}

#[test]
fn a_file_that_is_named_must_exist_and_the_rest_is_checked_all_the_same() {
    let variables = [(OsString::from("PICDESK_LOG__LEVEL"), OsString::from("loud"))];
    let problems = Config::read(Some(Path::new("/nowhere/picdesk.toml")), variables).unwrap_err();
    assert_eq!(problems.0.len(), 2);
    assert!(problems.to_string().starts_with("/nowhere/picdesk.toml: cannot be read"));
    let problems = wrong("[product]\nplans_file = \"/nowhere/plans.toml\"", &[]);
    assert!(problems[0].starts_with("product.plans_file: names a file that cannot be read"));
}

#[test]
fn no_text_makes_the_reader_panic() {
    let mut chance = 1_u64;
    for round in 0..400 {
        let mut text = BUILT_IN.as_bytes().to_vec();
        for _ in 0..=(round % 12) {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(chance >> 33).unwrap() % text.len();
            text[at] = chance.to_be_bytes()[1];
        }
        let text = String::from_utf8_lossy(&text);
        if let Err(problems) = read(&text, &[]) {
            assert!(!problems.0.is_empty());
        }
        let (_, _) = Plans::parse("plans.toml", &text, 30);
    }
}

#[test]
fn an_address_of_the_store_that_would_mean_something_else_is_refused() {
    for url in ["sqlite:x.db", "sqlite://", "sqlite://x.db?mode=ro", "mysql://x"] {
        let problems = wrong(&format!("[store]\nurl = \"{url}\""), &[]);
        assert!(problems.iter().any(|it| it.contains("store.url")), "{url}: {problems:?}");
    }
    let few = "[store]\nurl = \"postgres://x/y\"\nconnections_max = 4";
    let problems = wrong(few, &[]);
    assert!(problems.iter().any(|it| it.contains("store.connections_max")), "{problems:?}");
    read("[store]\nconnections_max = 1", &[]).unwrap();
}

const WECOM: &str = "[wecom]\ncorp_id = \"ww1\"\nsecret = \"s\"\ntoken = \"t\"
    aes_key = \"jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C\"\n";

#[test]
fn wecom_is_on_with_its_secret_and_its_accounts_and_bot_by_themselves() {
    let off = Config::from_text("").unwrap().wecom;
    assert!(off.app.is_none() && off.bot.is_none());
    let app = Config::from_text(WECOM).unwrap().wecom.app.unwrap();
    assert_eq!((app.agent_id, app.kf.is_none(), app.welcome), (1_000_002, true, true));
    let text = format!("{WECOM}[wecom.kf]\naccounts = [\"wk1\"]\nsync_every_s = 60");
    let kf = Config::from_text(&text).unwrap().wecom.app.unwrap().kf.unwrap();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!((kf.sync_every, kf.first_sync_age_max), (minutes(1), minutes(10)));
    assert_eq!(kf.hand_over, HandOver::Pool);
    let socket = "[wecom.bot]\nmode = \"websocket\"\nbot_id = \"b\"\nsecret = \"s\"";
    let bot = Config::from_text(socket).unwrap().wecom.bot.unwrap();
    let BotWay::Socket { url, .. } = &bot.way else { panic!("{bot:?}") };
    assert_eq!(url.as_str(), "wss://openws.work.weixin.qq.com/");
    let given = [("PICDESK_WECOM__KF__ACCOUNTS", "[\"wk1\", \"wk2\"]")];
    let app = read(WECOM, &given).unwrap().wecom.app.unwrap();
    assert_eq!(app.kf.unwrap().accounts, ["wk1", "wk2"]);
}

#[test]
fn what_is_wrong_with_wecom_is_told_by_its_key_and_never_by_its_value() {
    let text = "[wecom]\nsecret = \"Canary-1\"\n[wecom.kf]\naccounts = [\"wk1\", \"wk1\"]
        hand_over = \"servicer\"\n[wecom.bot]\ntoken = \"Canary-2\"";
    let problems = wrong(text, &[]);
    let expected = [
        "wecom.kf.servicers: names nobody",
        "wecom.kf.accounts: names an account twice",
        "wecom.token: is missing",
        "wecom.aes_key: is missing",
        "wecom.bot.aes_key: is missing",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    let short = WECOM.replace("R6q2B2C", "").replace("\"ww1\"", "\"\"");
    let problems = wrong(&short.replace("\"t\"", "\"Canary 3\""), &[]);
    for key in ["wecom.corp_id: ", "wecom.token: ", "wecom.aes_key: "] {
        assert!(problems.iter().any(|it| it.starts_with(key)), "{key}: {problems:#?}");
    }
    assert!(problems.iter().all(|it| !it.contains("Canary") && !it.contains("jWmYm7qr")));
    let problems = wrong("[wecom.kf]\naccounts = [\"wk1\"]", &[]);
    assert!(problems[0].starts_with("wecom.secret: is missing"), "{problems:#?}");
    let problems = wrong("[wecom.bot]\nmode = \"websocket\"", &[]);
    assert!(problems[0].starts_with("wecom.bot.mode: is \"websocket\""), "{problems:#?}");
}

//! The program as a person starts it.

use std::path::Path;
use std::process::{Command, Output};

fn picdesk(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_picdesk"));
    command.current_dir(folder).args(arguments).env_clear().envs(variables.iter().copied());
    command.output().expect("the program starts")
}

#[test]
fn config_check_is_content_with_the_defaults_and_says_what_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let output = picdesk(folder.path(), &["config", "check"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("telegram.token is not set") && said.ends_with("is sound\n"), "{said}");
}

#[test]
fn a_wrong_configuration_ends_with_status_two_and_every_problem() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    let file = folder.path().join("config/picdesk.toml");
    std::fs::write(&file, "[log]\nlevel = \"loud\"\n[images]\nconcurency = 3\n").unwrap();
    let variables = [("PICDESK_TELEGRAM__TOKEN", "canary-8812")];
    let output = picdesk(folder.path(), &["config", "check"], &variables);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "log.level: must be one of",
        "(config/picdesk.toml line 2)",
        "images.concurency: is not a key; did you mean images.concurrency?",
        "telegram.token: is not a bot token",
        "(PICDESK_TELEGRAM__TOKEN)",
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn the_file_named_on_the_command_line_is_the_one_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let output = picdesk(folder.path(), &["config", "check", "--config", "mine.toml"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("mine.toml: cannot be read"));
    std::fs::write(folder.path().join("mine.toml"), "[product]\nname = \"Mine\"\n").unwrap();
    let output = picdesk(folder.path(), &["config", "check", "--config", "mine.toml"], &[]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn wrong_usage_ends_with_status_two() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(picdesk(folder.path(), &["confess"], &[]).status.code(), Some(2));
    assert_eq!(picdesk(folder.path(), &["--version"], &[]).status.code(), Some(0));
}

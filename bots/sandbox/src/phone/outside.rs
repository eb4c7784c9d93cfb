//! Creem, Supabase and the mail server as outside parties of the page.

use std::time::Duration;

use serde_json::{Value, json};

use super::{FaultKind, OutsideControl};
use crate::creem::CreemStandIn;
use crate::mail::{Letter, MailStandIn};
use crate::rest::{self, Armed, Fault};
use crate::supabase::{Mail, SupabaseStandIn};

fn kinds(faults: Vec<Fault>) -> Vec<FaultKind> {
    let kinds = rest::kinds(faults).into_iter();
    kinds.map(|(what, says, takes)| FaultKind { what, says, takes }).collect()
}

/// What can befall Creem: calls and webhooks.
fn of_creem() -> Vec<Fault> {
    [Fault::of_calls(), Fault::of_webhooks()].concat()
}

impl OutsideControl for CreemStandIn {
    fn party(&self) -> &'static str {
        "creem"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        kinds(of_creem())
    }

    fn armed(&self) -> Vec<Value> {
        Self::armed(self).iter().map(rest::describe).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        let armed: Armed = rest::read(of_creem(), fault)?;
        Self::arm(self, armed);
        Ok(())
    }

    fn clear(&self) {
        self.clear_faults();
    }

    fn page_url(&self) -> Option<String> {
        Some(self.dashboard_url())
    }

    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }
}

impl OutsideControl for SupabaseStandIn {
    fn party(&self) -> &'static str {
        "supabase"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        kinds(Fault::of_calls())
    }

    fn armed(&self) -> Vec<Value> {
        Self::armed(self).iter().map(rest::describe).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        let armed = rest::read(Fault::of_calls(), fault)?;
        Self::arm(self, armed);
        Ok(())
    }

    fn clear(&self) {
        self.clear_faults();
    }

    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }

    fn letters(&self) -> Vec<Value> {
        let letter = |mail: &Mail| json!({"to": mail.to, "code": mail.code, "link": mail.link, "at_ms": mail.at});
        self.mails().iter().rev().map(letter).collect()
    }
}

impl OutsideControl for MailStandIn {
    fn party(&self) -> &'static str {
        "mail"
    }

    fn kinds(&self) -> Vec<FaultKind> {
        kinds(Self::kinds())
    }

    fn armed(&self) -> Vec<Value> {
        Self::armed(self).iter().map(rest::describe).collect()
    }

    fn arm(&self, fault: &Value) -> Result<(), String> {
        Self::arm(self, rest::read(Self::kinds(), fault)?);
        Ok(())
    }

    fn clear(&self) {
        self.clear_faults();
    }

    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }

    fn letters(&self) -> Vec<Value> {
        let letter = |it: &Letter| json!({"to": it.to, "subject": it.subject, "link": it.url(), "at_ms": it.at_ms});
        self.letters().iter().rev().map(letter).collect()
    }
}

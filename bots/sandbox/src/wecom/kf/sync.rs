//! `kf/sync_msg`: what happened at an account, page by page.

use serde_json::{Value, json};

use super::require_account;
use crate::wecom::faults::{Fault, Occasion};
use crate::wecom::limits::SYNC_WITHOUT_TOKEN;
use crate::wecom::methods::Call;
use crate::wecom::record::{CodeFor, Fed};
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;

/// Most entries of a page, and how many when none are asked for. Source: document 94670.
const PAGE_MAX: u64 = 1_000;
/// How long entries are kept. Source: document 94670, 3 days.
const KEPT_MS: i64 = 3 * 86_400_000;
/// Longest cursor, bytes. Source: document 94670.
const CURSOR_MAX: usize = 64;
/// Longest token, bytes. Source: document 94670.
const TOKEN_MAX: usize = 128;

/// One page.
pub fn sync(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let text = |name: &str| call.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (cursor, token) = (text("cursor"), text("token"));
    if cursor.len() > CURSOR_MAX || token.len() > TOKEN_MAX {
        return Err(Refusal::parameter("cursor or token too long"));
    }
    let limit = call.body.get("limit").map_or(Some(PAGE_MAX), Value::as_u64).unwrap_or(0);
    if limit == 0 || limit > PAGE_MAX {
        return Err(Refusal::parameter("limit"));
    }
    if token.is_empty() {
        if !state.within(&format!("sync {open_kfid}"), SYNC_WITHOUT_TOKEN) {
            return Err(Refusal::frequency());
        }
    } else {
        let purpose = world.live_code(token, now_ms).map(|code| &code.purpose);
        if purpose != Some(&CodeFor::Sync(open_kfid.clone())) {
            return Err(Refusal::new(95007, "invalid msgtoken"));
        }
    }
    let after = match cursor {
        "" => 0,
        cursor => read_cursor(cursor, &open_kfid).ok_or_else(|| Refusal::parameter("cursor"))?,
    };
    let entries = world.feeds.get(&open_kfid).map_or(&[][..], Vec::as_slice);
    let wanted = |entry: &&Fed| entry.at > after && entry.at_ms > now_ms - KEPT_MS;
    let left: Vec<&Fed> = entries.iter().filter(wanted).collect();
    let mut count = usize::try_from(limit).unwrap_or(usize::MAX).min(left.len());
    let mut has_more = count < left.len();
    match state.strike(Occasion::Page, "kf/sync_msg", &[&open_kfid]) {
        Some(Fault::EmptyPage) => {
            count = 0;
            has_more = true;
        }
        Some(Fault::ShortPage { entries }) => {
            count = count.min(entries);
            has_more = count < left.len();
        }
        _ => {}
    }
    let page = &left[..count];
    let end = page.last().map_or(after, |entry| entry.at);
    let items: Vec<&Value> = page.iter().map(|entry| &entry.item).collect();
    Ok(json!({
        "next_cursor": write_cursor(state, end, &open_kfid),
        "has_more": i64::from(has_more),
        "msg_list": items,
    }))
}

/// A cursor means nothing to its reader, and no two are equal.
fn write_cursor(state: &State, at: u64, open_kfid: &str) -> String {
    format!("{}z{at:x}z{:x}", state.word(11).replace('z', "y"), mark(open_kfid))
}

fn read_cursor(cursor: &str, open_kfid: &str) -> Option<u64> {
    let mut parts = cursor.split('z').skip(1);
    let at = u64::from_str_radix(parts.next()?, 16).ok()?;
    let marked = u32::from_str_radix(parts.next()?, 16).ok()?;
    (marked == mark(open_kfid)).then_some(at)
}

/// What tells the cursors of accounts apart.
fn mark(open_kfid: &str) -> u32 {
    open_kfid.bytes().fold(7, |mark: u32, byte| mark.wrapping_mul(31).wrapping_add(byte.into()))
}

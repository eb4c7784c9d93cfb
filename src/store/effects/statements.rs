//! The statements that effects are carried out with.

pub(super) const INSERT_PURSES: &str = "
    insert into purses (id, granted, posted, pending, refunded, expired, reclaimed, entries, head)
    values {rows}";
pub(super) const INSERT_ACCOUNTS: &str = "
    insert into accounts (id, purse, options, plan, last_tag, created_at) values {rows}";
pub(super) const INSERT_IDENTITIES: &str = "
    insert into identities (id, account, name, language, language_chosen, reachable, created_at,
                            home)
    values {rows}";
pub(super) const KEEP_ORIGIN: &str = "update accounts set origin = $2 where id = $1";
pub(super) const REMEMBER_ORIGIN: &str = "
    insert into coming_origins (identity, origin, at) values ($1, $2, $3)
    on conflict (identity) do update set origin = excluded.origin, at = excluded.at";
pub(super) const TAKE_ORIGIN: &str = "
    update accounts set origin = (select o.origin from coming_origins o where o.identity = $2)
    where id = $1 and exists (select 1 from coming_origins o where o.identity = $2)";
pub(super) const RENAME: &str = "update identities set name = $2 where id = $1";
pub(super) const FOLLOW_LANGUAGE: &str =
    "update identities set language = $2 where id = $1 and language_chosen = 0";
pub(super) const CHOOSE_LANGUAGE: &str =
    "update identities set language = $2, language_chosen = 1 where id = $1";
pub(super) const MARK_REACHABLE: &str = "update identities set reachable = $2 where id = $1";
pub(super) const CHOOSE_OPTIONS: &str = "update accounts set options = $2 where id = $1";
pub(super) const FORGET_AWAITING: &str =
    "delete from awaiting where conversation = $1 and identity = $2";
pub(super) const AWAIT: &str = "
    insert into awaiting (conversation, identity, body) values ($1, $2, $3)
    on conflict (conversation, identity) do update set body = excluded.body";
pub(super) const EMPTY_TRAY: &str = "delete from tray where conversation = $1 and identity = $2";
pub(super) const PUT_IN_TRAY: &str =
    "insert into tray (id, conversation, identity, body) values {rows}";
pub(super) const BEGIN_ALBUMS: &str = "
    insert into albums (conversation, album, began_at, called, settled) values {rows}
    on conflict (conversation, album) do update
      set called = case when excluded.called = 1 then 1 else albums.called end";
pub(super) const INSERT_PARTS: &str = "
    insert into album_parts (conversation, album, message, body) values {rows}
    on conflict (conversation, album, message) do update set body = excluded.body";
pub(super) const SETTLE_ALBUM: &str = "
    insert into albums (conversation, album, began_at, called, settled)
    values ($1, $2, $3, 0, 1)
    on conflict (conversation, album) do update set settled = 1";
pub(super) const FORGET_PARTS: &str =
    "delete from album_parts where conversation = $1 and album = $2";
pub(super) const FORGET_ALBUM: &str = "delete from albums where conversation = $1 and album = $2";
pub(super) const FORGET_EVENT: &str = "delete from inbox_raw where seq = $1";
pub(super) const INSERT_REQUESTS: &str = "
    insert into requests (id, account, purse, identity, conversation, setting, message, body,
                          options, parent, price_each, state, asked_at)
    values {rows}";
pub(super) const UPDATE_REQUEST: &str = "update requests set state = $2 where id = $1";
pub(super) const FIND_BODY: &str = "select body from requests where id = $1";
pub(super) const CHANGE_REQUEST: &str =
    "update requests set body = $2, options = $3, price_each = $4 where id = $1";
pub(super) const INSERT_GENERATIONS: &str = "
    insert into generations (id, request, hold, account, purse, conversation, number, tag, state,
                             attempts, not_before, waiting_since, queued_at, settled_at, untold)
    values {rows}";
pub(super) const TELL_LATER: &str = "update generations set untold = 1 where id = $1";
pub(super) const TOLD: &str = "update generations set untold = 0 where id = $1";
pub(super) const CANCEL_GENERATIONS: &str = "
    with v(id, at) as (values {rows})
    update generations set state = 'cancelled', settled_at = v.at, claimed_by = null
    from v where generations.id = v.id and generations.state in ('held', 'claimed')
    returning generations.id";
pub(super) const SETTLE_GENERATIONS: &str = "
    with v(id, state, failure, at) as (values {rows})
    update generations set state = v.state, failure = v.failure, settled_at = v.at,
                           claimed_by = null
    from v where generations.id = v.id";
pub(super) const INSERT_ARTIFACTS: &str = "
    insert into artifacts (id, generation, request, account, purse, object, sha256, bytes, width,
                           height, kind, cost_micro_usd, made_at, expires_at, state, owed,
                           announced)
    values {rows} on conflict (generation) do nothing";
pub(super) const MARK_OWED: &str = "update artifacts set owed = $2 where id = $1";
pub(super) const DELETE_ARTIFACT: &str =
    "update artifacts set state = 'going', owed = 0 where id = $1 and state = 'kept'";
pub(super) const INSERT_SAMPLES: &str = "
    insert into samples (id, resolution, quality, took_ms) values {rows}
    on conflict (id) do nothing";
pub(super) const INSERT_OUTBOX: &str = "
    insert into outbox (id, conversation, channel, origin, slot, about, state, attempts,
                        not_before, created_at, settled_at, body)
    values {rows}";
pub(super) const INSERT_ESCALATIONS: &str = "
    insert into escalations (id, code, account, identity, conversation, cause, request, consent,
                             words, state, opened_at, answered_at, closed_at, expects_from,
                             expects_until)
    values {rows}";
pub(super) const ANSWER_ESCALATION: &str =
    "update escalations set answered_at = $2 where id = $1 and answered_at = 0";
pub(super) const EXPECT_WORDS: &str =
    "update escalations set expects_from = $2, expects_until = $3 where id = $1";
pub(super) const PLACE_ESCALATION: &str = "update escalations set topic = $2 where id = $1";
pub(super) const UNPLACE_ESCALATION: &str = "update escalations set topic = null where id = $1";
pub(super) const READDRESS: &str = "
    update outbox set id = $3, state = 'waiting', conversation = $2, settled_at = 0, not_before = 0
    where id = $1 and state = 'refused'";
pub(super) const CLOSE_ESCALATION: &str =
    "update escalations set state = $2, closed_at = $3 where id = $1";
pub(super) const MOVES: &[&str] = &[
    "update requests set conversation = $2 where conversation = $1",
    "update generations set conversation = $2 where conversation = $1",
    "update outbox set conversation = $2 where conversation = $1 and state = 'waiting'",
    "update escalations set conversation = $2 where conversation = $1",
    "update escalations set topic = $2 where topic = $1",
    "update checkouts set conversation = $2 where conversation = $1",
    "update tray set conversation = $2 where conversation = $1",
    "delete from album_parts where conversation = $2
       and album in (select album from albums where conversation = $1)",
    "delete from albums where conversation = $2
       and album in (select album from albums where conversation = $1)",
    "update album_parts set conversation = $2 where conversation = $1",
    "update albums set conversation = $2 where conversation = $1",
    "update timers set conversation = $2 where conversation = $1",
    "update errands set conversation = $2 where conversation = $1",
    "delete from awaiting where conversation = $2
       and identity in (select identity from awaiting where conversation = $1)",
    "update awaiting set conversation = $2 where conversation = $1",
    "update identities set home = $2 where home = $1",
];

//! The statements that facts are read with.

macro_rules! request_columns {
    () => {
        "r.id, r.account, r.purse, r.identity, r.conversation, r.setting, r.message, r.body, \
         r.options, r.parent, r.price_each, r.state, r.asked_at"
    };
}

macro_rules! case_columns {
    () => {
        "e.id, e.code, e.account, e.identity, i.language, e.conversation, e.topic, e.cause, \
         e.state, e.closed_at, e.request, e.consent, i.name, e.words, e.opened_at, e.answered_at, \
         coalesce((select w.handed from reply_windows w \
                   where w.conversation = e.conversation), 0), e.expects_from, e.expects_until"
    };
}

macro_rules! artifact_columns {
    () => {
        "a.id, a.object, a.bytes, a.width, a.height, a.kind, a.expires_at"
    };
}

/// With each person, what else there is of them: for nearly everybody nothing, and then nothing
/// more has to be looked for.
pub(super) const FIND_PEOPLE: &str = "
    with seen(identity, conversation) as (values {rows})
    select seen.conversation, i.id, i.name, i.language, i.language_chosen, i.reachable,
           cast(case when exists (select 1 from awaiting w
                                  where w.conversation = seen.conversation
                                    and w.identity = i.id) then 1 else 0 end
                + case when exists (select 1 from tray t
                                    where t.conversation = seen.conversation
                                      and t.identity = i.id) then 2 else 0 end
                + case when exists (select 1 from requests r
                                    where r.account = a.id
                                      and r.state in ('asking', 'unpaid', 'checking', 'open'))
                  then 4 else 0 end
                + case when exists (select 1 from escalations e where e.account = a.id)
                  then 8 else 0 end
                + case when exists (select 1 from artifacts k
                                    where k.account = a.id and k.owed = 1 and k.state = 'kept')
                  then 16 else 0 end
                + case when exists (select 1 from generations g
                                    where g.account = a.id and g.untold = 1)
                  then 32 else 0 end
                + case when exists (select 1 from albums b
                                    where b.conversation = seen.conversation and b.settled = 0)
                  then 64 else 0 end as bigint),
           a.id, a.options, a.plan, a.last_tag,
           p.id, p.granted, p.posted, p.pending, p.refunded, p.expired, p.reclaimed, p.moved,
           p.stopped, i.linked_at, i.side, i.may_spend
    from seen
    join identities i on i.id = seen.identity
    join accounts a on a.id = i.account
    join purses p on p.id = a.purse";
/// Who is of another side, what whoever is of that side has bought since a moment, and what they
/// have spent.
pub(super) const FIND_NEWCOMER: &str = "
    select (select count(*) from identities where account = $1 and side <> $2),
           (select cast(coalesce(sum(p.credits - p.taken), 0) as bigint)
            from identities i
            join checkouts c on c.identity = i.id and c.account = $1
            join payments p on p.request = c.request
            where i.account = $1 and i.side = $2 and p.at >= $3),
           (select cast(coalesce(sum(h.amount), 0) as bigint)
            from identities i
            join requests r on r.identity = i.id and r.account = $1
            join generations g on g.request = r.id
            join holds h on h.id = g.hold
            where i.account = $1 and i.side = $2 and r.asked_at >= $3
              and h.state in ('pending', 'posted'))";
pub(super) const FIND_ACCOUNTS: &str = "
    select a.id, a.options, a.plan, a.last_tag,
           p.id, p.granted, p.posted, p.pending, p.refunded, p.expired, p.reclaimed, p.moved,
           p.stopped
    from accounts a join purses p on p.id = a.purse
    where a.id in ({list})";
pub(super) const FIND_AWAITING: &str = "
    select conversation, identity, body from awaiting
    where (conversation, identity) in (values {rows})";
pub(super) const FIND_TRAY: &str = "
    select conversation, identity, body, id from tray
    where (conversation, identity) in (values {rows}) order by id";
pub(super) const FIND_OPEN: &str = concat!(
    "select ",
    request_columns!(),
    " from requests r where r.account in ({list}) and r.state in ('asking', 'unpaid', 'checking', 'open')
      order by r.id"
);
pub(super) const FIND_REQUESTS: &str =
    concat!("select ", request_columns!(), " from requests r where r.id in ({list})");
pub(super) const FIND_NEWEST: &str = concat!(
    "select ",
    request_columns!(),
    " from requests r where r.account = $1 order by r.id desc limit 1"
);
pub(super) const FIND_STARTED: &str = concat!(
    "select ",
    request_columns!(),
    " from requests r where (r.conversation, r.message) in (values {rows}) order by r.id"
);
pub(super) const FIND_GENERATIONS: &str = "
    select g.id, g.request, g.hold, h.amount, g.state, g.number, a.id, a.expires_at, a.owed
    from generations g
    join holds h on h.id = g.hold
    left join artifacts a on a.generation = g.id and a.state = 'kept'
    where g.request in ({list})
    order by g.request, g.number, g.id";
pub(super) const FIND_REQUEST_OF: &str = "select id, request from generations where id in ({list})";
pub(super) const FIND_CASES: &str = concat!(
    "select ",
    case_columns!(),
    " from escalations e join identities i on i.id = e.identity
      where e.account in ({list}) order by e.id"
);
pub(super) const FIND_CASE: &str = concat!(
    "select ",
    case_columns!(),
    " from escalations e join identities i on i.id = e.identity where e.id in ({list})"
);
pub(super) const FIND_TOPIC_CASES: &str = concat!(
    "select ",
    case_columns!(),
    " from escalations e join identities i on i.id = e.identity
      where e.topic in ({list}) order by e.id"
);
pub(super) const FIND_CASE_OF_CODE: &str = concat!(
    "select ",
    case_columns!(),
    " from escalations e join identities i on i.id = e.identity where e.code = $1"
);
pub(super) const FIND_OPEN_CASES: &str = concat!(
    "select ",
    case_columns!(),
    " from escalations e join identities i on i.id = e.identity
      where e.state = 'open' order by e.id limit 2"
);
pub(super) const FIND_OWED: &str = concat!(
    "select ",
    artifact_columns!(),
    ", a.request, a.generation, a.account from artifacts a
      where a.account in ({list}) and a.owed = 1 and a.state = 'kept' order by a.id"
);
pub(super) const FIND_MISSED: &str = "
    select g.account, g.id, g.request, g.state, h.amount
    from generations g join holds h on h.id = g.hold
    where g.account in ({list}) and g.untold = 1 order by g.id";
pub(super) const FIND_KEPT: &str = concat!(
    "select ",
    artifact_columns!(),
    ", a.owed, ",
    request_columns!(),
    " from artifacts a join requests r on r.id = a.request
      where a.id in ({list}) and a.state = 'kept'"
);
pub(super) const FIND_PLACED: &str = "
    select conversation, message, artifact, escalation, slot from placed
    where (conversation, message) in (values {rows})";
pub(super) const FIND_ALBUMS: &str = "
    select conversation, album, began_at, called, settled from albums
    where (conversation, album) in (values {rows})";
pub(super) const FIND_OPEN_ALBUMS: &str = "
    select conversation, album from albums
    where conversation in ({list}) and called = 1 and settled = 0
    order by conversation, began_at, album";
pub(super) const FIND_PARTS: &str = "
    select conversation, album, body from album_parts
    where (conversation, album) in (values {rows})";
/// The fifth newest line that shows is where a purse's list begins.
pub(super) const FIND_ENTRIES: &str = "
    with v(purse) as (values {rows}), begins(purse, number) as (
        select distinct v.purse, coalesce((
            select l.number from ledger l
            where l.purse = v.purse
              and l.kind not in ('hold', 'void', 'site_in', 'site_out')
            order by l.number desc limit 1 offset 4), 0)
        from v)
    select l.kind, l.amount, l.reason, l.at, l.purse
    from begins join ledger l on l.purse = begins.purse and l.number >= begins.number
    where l.kind not in ('hold', 'void', 'site_in', 'site_out')
    order by l.purse, l.number desc";
pub(super) const FIND_HISTORY: &str = concat!(
    "select ",
    artifact_columns!(),
    ", a.owed, ",
    request_columns!(),
    " from artifacts a join requests r on r.id = a.request
      where a.account = $1 and a.state = 'kept' and a.id < $2 order by a.id desc limit $3"
);
pub(super) const COUNT_KEPT: &str =
    "select count(*) from artifacts where account = $1 and state = 'kept'";
pub(super) const FIND_PAST: &str = "
    select r.id, r.asked_at, r.price_each, r.options, r.state,
           case when g.state = 'delivered' and exists (
                  select 1 from artifacts a
                  where a.generation = g.id and a.owed = 1 and a.state = 'kept') then 'owed'
                when g.state <> 'failed' then g.state
                when g.failure = '\"refused\"' then 'refused'
                when g.failure = '\"overloaded\"' then 'overloaded'
                when g.failure = '\"out_of_service\"' then 'out_of_service'
                when g.failure like '{\"reference%' then 'reference'
                when g.failure in ('\"provider\"', '\"no_picture\"') then 'provider'
                else g.state end,
           count(g.id)
    from (select id, asked_at, price_each, options, state from requests
          where account = $1 order by id desc limit 5) r
    left join generations g on g.request = r.id
    group by 1, 2, 3, 4, 5, 6
    order by r.id desc, min(g.number)";
pub(super) const COUNT_RELAYED: &str = "
    select state, count(*) from outbox where id between $1 and $2 group by state";
pub(super) const FIND_STRIKES: &str = "select strikes from accounts where id = $1";
pub(super) const COUNT_CASES: &str = "select count(*) from escalations where account = $1";
pub(super) const FIND_UNSENT: &str = "select id from outbox
     where state = 'refused' and about = $1 and channel = $2 order by id limit 100";
pub(super) const FIND_IDENTITY: &str = "
    with recursive r(id, successor) as (
      select id, successor from accounts where id = $1
      union all select a.id, a.successor from accounts a join r on a.id = r.successor)
    select i.id from identities i join r on i.account = r.id
    where r.successor is null order by i.reachable desc, i.created_at, i.id limit 1";
pub(super) const FIND_GENERATION_OF: &str = "select generation from artifacts where id = $1";
/// Whoever has another account by now is out of reach for what the old one asked for.
pub(super) const FIND_MANNER: &str = "
    select language, case when account = $2 then reachable else 0 end
    from identities where id = $1";
pub(super) const FIND_OPERATOR: &str = "select name from operators where telegram = $1";
/// User ids are told in either case.
pub(super) const FIND_OPERATOR_OF_WECOM: &str =
    "select name from operators where lower(wecom) = lower($1)";
pub(super) const FIND_PICTURED: &str = "
    select id from generations where request = $1 and state in ('made', 'delivered') limit 1";

-- Errands, and the copies of pictures that the first of them fetches. See 0001_house.sql for how
-- these files are read.

-- Work with an outside party other than delivering and generating. The fence rises with each
-- claim, so that whoever holds an older one ends nothing; attempts are counted with the claim, and
-- those that only had to wait are given back and counted as waits, and those that a process ended
-- over as deaths.
create table errands (
  id bigint primary key,
  kind text not null,
  name text not null,
  conversation text not null,
  state text not null,
  body bytea not null,
  attempts bigint not null,
  waits bigint not null,
  -- Processes that ended while they had it claimed.
  deaths bigint not null default 0,
  fence bigint not null,
  claimed_by bigint,
  not_before bigint not null,
  until bigint not null,
  opened_at bigint not null,
  settled_at bigint not null,
  constraint errand_once unique (name),
  constraint errand_state check (state in ('waiting', 'claimed', 'done', 'failed', 'set_aside'))
);
create index errands_waiting on errands (kind, not_before) where state = 'waiting';
create index errands_claimed on errands (claimed_by) where state = 'claimed';
create index errands_settled on errands (settled_at)
  where state in ('done', 'failed', 'set_aside');
-- Copies of pictures that their channel gives away only for a while, by a hash of the picture's
-- name, and the requests that are made from them.
create table media_copies (
  media bytea primary key,
  object text not null,
  bytes bigint not null,
  kept_at bigint not null,
  state text not null,
  constraint media_copy_state check (state in ('kept', 'going'))
);
create index media_copies_kept on media_copies (kept_at) where state = 'kept';
create index media_copies_going on media_copies (media) where state = 'going';
create index media_copies_object on media_copies (object);
create table media_uses (
  media bytea not null,
  request bigint not null,
  at bigint not null,
  primary key (media, request)
);
create index media_uses_at on media_uses (at);

-- The house: what happened, what follows from it, whose credits pay for it, where it goes.
--
-- One text for both databases, in PostgreSQL's words; src/store/migrate.rs says how SQLite reads
-- it. Times are UTC in milliseconds, credits whole numbers, states words. Columns of type bytea
-- that hold content (prompts, raw updates, names, rendered messages) are sealed: a version byte,
-- then the bytes. Nothing searches in them and nothing is unique on them.

-- What only this installation knows: the key of buttons and addresses.
create table settings (
  name text primary key,
  value bytea not null
);

-- A process that serves. A lane is one of its writing connections; a fenced lane commits nothing.
create table replicas (
  id bigint primary key,
  started_at bigint not null,
  beats bigint not null,
  stopped bigint not null
);
create table lanes (
  replica bigint not null,
  lane bigint not null,
  fenced bigint not null,
  turns bigint not null,
  primary key (replica, lane)
);
-- shard/00 … shard/63, source/<channel>, source/wecom-kf:<account>, sender/<channel>, clock,
-- sweeper, auditor.
create table leases (
  name text primary key,
  replica bigint
);

create table inbox (
  seq bigint generated always as identity primary key,
  external_id text not null,
  -- Of what it came in, where a channel seals that: the first 16 bytes of its SHA-256.
  hash bytea,
  conversation text not null,
  ordering text not null,
  shard bigint not null,
  origin text not null,
  received_at bigint not null,
  state text not null,
  -- Processes that ended while they had it in hand, but for the first, are its deaths.
  attempts bigint not null, deaths bigint not null default 0,
  not_before bigint not null,
  turned_at bigint not null,
  constraint inbox_once unique (external_id),
  constraint inbox_origin check (origin in ('people', 'house')),
  constraint inbox_state check (state in ('waiting', 'turned', 'failed', 'set_aside'))
);
create unique index inbox_envelope on inbox (hash) where hash is not null;
create index inbox_waiting on inbox (seq) where state = 'waiting';
create index inbox_turned on inbox (turned_at) where state = 'turned';
-- Names of people's events whose rows are forgotten, as the first 16 bytes of their SHA-256, and
-- the hashes of what they came in: an update that comes again after a year is no new one.
create table inbox_names (
  hash bytea primary key
);
-- Of what was turned in the commit that wrote it down only the bytes as they came are kept.
create table inbox_raw (
  seq bigint primary key,
  event bytea not null,
  raw bytea not null,
  kept_until bigint not null
);
create index inbox_raw_kept on inbox_raw (kept_until);
create table checkpoints (
  source text primary key,
  position text not null
);

create table purses (
  id bigint primary key,
  granted bigint not null,
  posted bigint not null,
  pending bigint not null,
  refunded bigint not null,
  expired bigint not null,
  reclaimed bigint not null,
  -- What came from other purses, less what went to them.
  moved bigint not null default 0,
  entries bigint not null,
  head text not null,
  -- Whose account was merged into another's: what comes back to it goes on to that purse.
  successor bigint,
  -- Whether nothing may be spent from it: its books were found wrong, or those of a purse that it
  -- succeeded.
  stopped bigint not null default 0,
  constraint purse_never_overdrawn check (
    granted + moved - posted - pending - refunded - expired >= 0),
  constraint purse_signs check (
    granted >= 0 and posted >= 0 and pending >= 0 and refunded >= 0 and expired >= 0
    and reclaimed >= 0 and entries >= 0)
);
-- Append only. Each line names the one before it by its hash, so that none can be altered, left
-- out or put in between.
create table ledger (
  id bigint primary key,
  purse bigint not null,
  number bigint not null,
  kind text not null,
  amount bigint not null,
  hold bigint,
  source text not null,
  reason text not null,
  note bytea,
  note_sha256 text not null,
  at bigint not null,
  hash text not null,
  constraint ledger_once unique (source),
  constraint ledger_number unique (purse, number),
  constraint ledger_kind check (
    kind in ('grant', 'hold', 'post', 'void', 'refund', 'expire', 'reclaim',
             'move_out', 'move_in', 'debt_out', 'debt_in', 'site_in', 'site_out')),
  constraint ledger_amount check (amount >= 0)
);
create index ledger_hold on ledger (hold, kind);
create table holds (
  id bigint primary key,
  purse bigint not null,
  generation bigint not null,
  amount bigint not null,
  state text not null,
  opened_at bigint not null,
  resolved_at bigint not null,
  -- Where it goes on to, should it be given back: whoever set it aside has parted with their own.
  back_to bigint,
  constraint hold_generation unique (generation),
  constraint hold_state check (state in ('pending', 'posted', 'voided', 'expired'))
);
create index holds_pending on holds (purse) where state = 'pending';
create index purses_stopped on purses (id) where stopped = 1;
create index purses_successor on purses (successor) where successor is not null;

-- What somebody's next words in a conversation mean; no row for a prompt.
create table awaiting (
  conversation text not null,
  identity text not null,
  body bytea not null,
  primary key (conversation, identity)
);
create table tray (
  id bigint primary key,
  conversation text not null,
  identity text not null,
  body bytea not null
);
create index tray_place on tray (conversation, identity);
-- An album of which no part called us is forgotten once it is whole.
create table albums (
  conversation text not null,
  album text not null,
  began_at bigint not null,
  called bigint not null,
  settled bigint not null,
  primary key (conversation, album)
);
create index albums_began on albums (began_at);
create table album_parts (
  conversation text not null,
  album text not null,
  message text not null,
  body bytea not null,
  primary key (conversation, album, message)
);
create table timers (
  id text primary key,
  due_at bigint not null,
  conversation text not null,
  event bytea not null
);
create index timers_due on timers (due_at);

create table requests (
  id bigint primary key,
  account bigint not null,
  purse bigint not null,
  identity text not null,
  conversation text not null,
  setting text not null,
  message text,
  body bytea not null,
  options text not null,
  parent bigint,
  price_each bigint not null,
  state text not null,
  asked_at bigint not null,
  forgotten bigint not null default 0,
  constraint request_state check (
    state in ('asking', 'unpaid', 'checking', 'open', 'settled', 'cancelled', 'lapsed', 'failed'))
);
create index requests_open on requests (account, id)
  where state in ('asking', 'unpaid', 'checking', 'open');
create index requests_checking on requests (conversation) where state = 'checking';
create index requests_account on requests (account, id);
create index requests_message on requests (conversation, message);
create index requests_due on requests (asked_at) where forgotten = 0;
-- A picture to be made. waiting_since is when it first went back in line for a reason that was not
-- its own, zero before. Tokens and cost are what its call was charged, where the provider tells,
-- whether a picture came of it or not.
create table generations (
  id bigint primary key,
  request bigint not null,
  hold bigint not null,
  account bigint not null,
  purse bigint not null,
  conversation text not null,
  number bigint not null,
  tag bigint not null,
  state text not null,
  failure text,
  claimed_by bigint,
  attempts bigint not null, deaths bigint not null default 0,
  not_before bigint not null,
  waiting_since bigint not null,
  queued_at bigint not null,
  settled_at bigint not null,
  object text,
  -- Whether its end has yet to be told to somebody who could not be reached.
  untold bigint not null,
  tokens_text_in bigint,
  tokens_image_in bigint,
  tokens_out bigint,
  cost_micro_usd bigint,
  constraint generation_hold unique (hold),
  constraint generation_state check (
    state in ('held', 'claimed', 'submitting', 'submitted', 'made', 'delivered', 'failed',
              'uncertain', 'cancelled'))
);
create index generations_line on generations (tag, id) where state = 'held';
create index generations_deadly on generations (deaths, id) where state = 'held' and deaths > 0;
create index generations_busy on generations (claimed_by)
  where state in ('claimed', 'submitting', 'submitted');
create index generations_open on generations (conversation)
  where state in ('held', 'claimed', 'submitting', 'submitted', 'made');
create index generations_request on generations (request);
create index generations_object on generations (object) where object is not null;
create index generations_untold on generations (account) where untold = 1;

create table artifacts (
  id bigint primary key,
  generation bigint not null,
  request bigint not null,
  account bigint not null,
  purse bigint not null,
  object text not null,
  sha256 text not null,
  bytes bigint not null,
  width bigint not null,
  height bigint not null,
  kind text not null,
  cost_micro_usd bigint,
  made_at bigint not null,
  expires_at bigint not null,
  state text not null,
  owed bigint not null,
  -- Whether its coming end was announced, or is not worth it.
  announced bigint not null,
  constraint artifact_generation unique (generation),
  constraint artifact_state check (state in ('kept', 'going', 'expired'))
);
create index artifacts_due on artifacts (expires_at) where state = 'kept';
create index artifacts_unannounced on artifacts (expires_at) where state = 'kept' and announced = 0;
create index artifacts_going on artifacts (id) where state = 'going';
create index artifacts_account on artifacts (account, id) where state = 'kept';
create index artifacts_owed on artifacts (account) where owed = 1;
create index artifacts_request on artifacts (request) where state = 'kept';
create index artifacts_object on artifacts (object);
-- Handles by which a channel can be given the same file again.
create table artifact_files (
  artifact bigint not null,
  channel text not null,
  form text not null,
  handle text not null,
  primary key (artifact, channel, form)
);
create table samples (
  id bigint primary key,
  resolution text not null,
  quality text not null,
  took_ms bigint not null
);

create table outbox (
  id bigint primary key,
  conversation text not null,
  channel text not null,
  origin text not null,
  slot text,
  about text,
  state text not null,
  attempts bigint not null, deaths bigint not null default 0,
  not_before bigint not null,
  created_at bigint not null,
  settled_at bigint not null,
  body bytea not null, bounced text,
  constraint outbox_state check (
    state in ('waiting', 'sending', 'held', 'delivered', 'unknown', 'refused', 'dropped'))
);
create index outbox_first on outbox (channel, conversation, id)
  where state in ('waiting', 'sending');
create index outbox_refused on outbox (about) where state = 'refused';
create index outbox_settled on outbox (settled_at) where state not in ('waiting', 'sending');
-- Words that wait until they write again, on a channel that counts ours.
create index outbox_held on outbox (conversation, id) where state = 'held';
-- What such a channel still takes after their last message, and until when.
create table reply_windows (
  conversation text primary key,
  opened_at bigint not null,
  closes_at bigint not null,
  replies_left bigint not null,
  -- Whether our people have the chat: then the bot is silent.
  handed bigint not null
);
-- Where our messages stand at the channel: how a placeholder is found again, and how a reply
-- finds the picture it answers.
create table placed (
  slot text primary key,
  conversation text not null,
  message text not null,
  picture bigint not null,
  artifact bigint,
  escalation bigint,
  at bigint not null
);
create index placed_message on placed (conversation, message);
create index placed_at on placed (at);

create table escalations (
  id bigint primary key,
  code text not null,
  account bigint not null,
  identity text not null,
  conversation text not null,
  topic text,
  cause text not null,
  request bigint,
  consent bigint not null,
  words bytea not null,
  state text not null,
  opened_at bigint not null,
  -- When an operator first answered; zero before.
  answered_at bigint not null,
  closed_at bigint not null,
  -- From when on and until when its customer may mean it by words that answer nothing.
  expects_from bigint not null,
  expects_until bigint not null,
  constraint escalation_code unique (code),
  constraint escalation_state check (state in ('open', 'resolved'))
);
create index escalations_account on escalations (account, id);
create index escalations_topic on escalations (topic);
create index escalations_open on escalations (id) where state = 'open';
create table operators (
  name text primary key,
  role text not null,
  telegram text,
  wecom text,
  added_at bigint not null,
  constraint operator_role check (role in ('agent', 'lead', 'owner')),
  constraint operator_telegram unique (telegram),
  constraint operator_wecom unique (wecom)
);
-- WeCom's access token of each app, sealed, and until when one replica alone may fetch another.
create table wecom_tokens (
  app text primary key,
  token bytea,
  renew_at bigint not null,
  claimed_until bigint not null
);
-- Answers of the AI bot in the making. open = 1 until their end is told, or known to be lost.
-- number counts those of a conversation: WeCom tells whole seconds.
create table wecom_streams (
  id text primary key,
  conversation text not null,
  begun_at bigint not null,
  number bigint not null,
  version bigint not null,
  open bigint not null,
  said text,
  body bytea not null
);
create index wecom_streams_latest on wecom_streams (conversation, begun_at);
create index wecom_streams_open on wecom_streams (begun_at) where open = 1;
create index wecom_streams_begun on wecom_streams (begun_at);
-- The last menu of a conversation whose lines are answered by their number, and when whoever
-- answers there pressed a card, if they have not chosen by a number since; else 0.
create table wecom_menus (
  conversation text primary key,
  tokens bytea not null,
  by_card bigint not null,
  at bigint not null
);
create index wecom_menus_at on wecom_menus (at);
-- What an account of customer service said last when it had news, for the replica that fetches.
create table wecom_doorbells (
  account text primary key,
  token bytea not null
);
-- Counts that survive pruning.
create table counters (
  name text primary key,
  value bigint not null
);

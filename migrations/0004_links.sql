-- Who is who: accounts, who they are on channels, and how they become one: codes that are carried
-- from chat to chat, what is counted of whoever tries, and what was brought together.

create table accounts (
  id bigint primary key,
  purse bigint not null,
  options text not null,
  plan text,
  last_tag bigint not null,
  created_at bigint not null,
  -- Where they came from, as the link said that brought them.
  origin bytea,
  -- The account it was merged into, which has everything that was this one's.
  successor bigint,
  -- As whom it is signed in at the site: never an address. The hint is the address, masked.
  subject text,
  hint text,
  -- Addresses of its gallery that were given out before do not open: a chat was unlinked then.
  galleries_from bigint not null default 0,
  -- How often their words were not let through the screening.
  strikes bigint not null default 0,
  constraint account_purse unique (purse),
  constraint account_subject unique (subject)
);
create index accounts_successor on accounts (successor) where successor is not null;
create table identities (
  id text primary key,
  account bigint not null,
  name bytea not null,
  language text not null,
  -- Whether they chose it; else it follows their client.
  language_chosen bigint not null,
  reachable bigint not null,
  created_at bigint not null,
  -- Where they are talked with alone, where that has another name than they have.
  home text,
  -- When their account was linked or signed in, zero when never; on which side they were then, by
  -- the link, above zero where they came; and what they may spend in the first day.
  linked_at bigint not null default 0,
  side bigint not null default 0,
  may_spend bigint not null default 0
);
create index identities_account on identities (account);
-- Where people came from who may yet write, by the name under which they would.
create table coming_origins (
  identity text primary key,
  origin bytea not null,
  at bigint not null
);
create index coming_origins_at on coming_origins (at);

-- Codes that link chats, found by a keyed hash: what was typed stands nowhere.
create table link_codes (
  id bigint primary key,
  hash text not null,
  -- Who made it in a chat, and the account it opens; or who signed in in a browser, for the one
  -- who asked for it there.
  account bigint,
  identity text,
  subject text,
  hint text,
  only_for text,
  claimed_by text,
  spent bigint not null,
  expires_at bigint not null,
  constraint link_code_hash unique (hash),
  constraint link_code_opens check (account is not null or subject is not null)
);
create index link_codes_identity on link_codes (identity);
create index link_codes_expiry on link_codes (expires_at);
-- How often whoever links did something since when.
create table link_counts (
  scope text primary key,
  began_at bigint not null,
  count bigint not null
);
create index link_counts_began on link_counts (began_at);
-- How accounts became one: entry is the line in the purse that ended. parted_at is zero while they
-- are one. taken is what had been taken back by then of what whoever came had bought. gone is what
-- went of what came, with others who had come to that account before and parted since.
create table links (
  id bigint primary key,
  back bigint not null,
  back_purse bigint not null,
  brought_by text not null,
  entry bigint not null,
  made_at bigint not null,
  parted_at bigint not null,
  taken bigint not null default 0,
  gone bigint not null default 0
);
create index links_back on links (back);
create table link_identities (
  link bigint not null,
  identity text not null,
  primary key (link, identity)
);
-- What whoever came has bought since is looked up when they part.

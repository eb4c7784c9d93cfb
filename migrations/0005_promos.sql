-- What is given away: credits for promo codes, and rewards for whoever brings somebody. See
-- 0001_house.sql for how these files are read.

-- How many accounts have had a code: counted in the commit that gives its credits.
create table promos (
  code text primary key,
  uses bigint not null
);
-- Who has had a code, by the chat in which it was redeemed and by the account that chat is of now.
create table promo_uses (
  code text not null,
  identity text not null,
  account bigint not null,
  -- The line of the ledger that gave its credits.
  entry bigint not null,
  at bigint not null,
  primary key (code, identity)
);
create index promo_uses_account on promo_uses (account);
create index promo_uses_entry on promo_uses (entry);
-- Codes in the links by which people invite others, and who asked for them.
create table invite_codes (
  code text primary key,
  account bigint not null,
  identity text not null,
  made_at bigint not null
);
create index invite_codes_account on invite_codes (account);
-- Who came by such a link: a chat is invited once. Rewards are decided some time after the first
-- payment; what was promised then stands here.
create table invitations (
  identity text primary key,
  account bigint not null,
  inviter bigint not null,
  code text not null,
  credits bigint not null,
  invited_credits bigint not null,
  state text not null,
  payment text,
  came_at bigint not null,
  ended_at bigint not null,
  constraint invitation_state check (state in ('came', 'bought', 'rewarded', 'nothing')),
  constraint invitation_payment check ((payment is null) = (state = 'came') or state = 'nothing')
);
create index invitations_account on invitations (account);
create index invitations_inviter on invitations (inviter);

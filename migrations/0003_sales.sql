-- What is sold, what was paid for it, and what went back. See 0001_house.sql for how these files
-- are read.

-- Purchases that were asked for, by our own names for them: written down before anybody is asked
-- for a payment link.
create table checkouts (
  request text primary key,
  account bigint not null,
  purse bigint not null,
  identity text not null,
  conversation text not null,
  item text not null,
  credits bigint not null,
  price_minor bigint not null,
  currency text not null,
  product text not null,
  mode text not null,
  state text not null,
  link text,
  url bytea,
  asked_at bigint not null,
  constraint checkout_state check (state in ('asked', 'open', 'told', 'paid', 'failed'))
);
create index checkouts_account on checkouts (account, item, asked_at);
create index checkouts_open on checkouts (asked_at) where state in ('open', 'told');
-- What was paid, by what the provider calls it, and what was given for it; with a doubt, nothing.
-- What is left of its credits when they lapse is taken once, and announced before.
create table payments (
  id text primary key,
  request text,
  purse bigint,
  credits bigint not null,
  taken bigint not null,
  doubt text,
  item text,
  price_minor bigint not null,
  currency text,
  lapses_at bigint not null,
  lapse text not null default 'coming',
  at bigint not null,
  constraint payment_taken check (taken >= 0 and taken <= credits),
  constraint payment_lapse check (lapse in ('coming', 'announced', 'over'))
);
create index payments_request on payments (request);
create index payments_lapsing on payments (lapses_at) where lapses_at > 0 and lapse <> 'over';
create index payments_purse on payments (purse) where lapses_at > 0 and lapse <> 'over';
-- Each time money went back; also before we heard that it had come.
create table reversals (
  id text primary key,
  payment text not null,
  kind text not null,
  minor bigint not null,
  total bigint not null,
  of_minor bigint not null,
  at bigint not null,
  constraint reversal_kind check (kind in ('refund', 'dispute'))
);
create index reversals_payment on reversals (payment);
-- Plans that somebody pays for or has paid for, as they were told of last.
create table plans (
  subscription text primary key,
  request text not null,
  account bigint not null,
  plan text not null,
  state text not null,
  until bigint not null,
  changed_at bigint not null,
  told_at bigint not null,
  customer text,
  wish text
);
create index plans_account on plans (account);
create index plans_request on plans (request);
-- Refunds that somebody asked for, one for each payment.
create table refunds (
  payment text primary key,
  account bigint not null,
  price_minor bigint not null,
  currency text not null,
  credits bigint not null,
  state text not null,
  code text,
  asked_at bigint not null,
  constraint refund_state check (
    state in ('with_people', 'declined', 'under_way', 'pending', 'sent', 'failed'))
);
create index refunds_account on refunds (account, asked_at);

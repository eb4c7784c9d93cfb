-- What was asked of the website's own functions where they keep its people's credits: each once, in
-- the commit of the turn that asked. What is posted or void has the name of what was held.
create table site_operations (
  operation text not null,
  function text not null,
  subject text not null,
  purse bigint not null,
  amount bigint not null,
  hold bigint,
  at bigint not null,
  primary key (operation, function),
  constraint site_function check (function in ('hold', 'post', 'void', 'grant'))
);
create index site_operations_hold on site_operations (hold) where hold is not null;

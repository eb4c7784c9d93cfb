
-- Lines of the ledger are only ever added. The owner's words beside one may be erased.
create function refuse_to_alter() returns trigger language plpgsql as $$
begin
  raise exception '% is only ever added to', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger ledger_is_not_altered
  before update of id, purse, number, kind, amount, hold, source, reason, note_sha256, at, hash
  on ledger for each row execute function refuse_to_alter();
create trigger ledger_is_not_deleted
  before delete on ledger for each row execute function refuse_to_alter();
create trigger ledger_is_not_emptied
  before truncate on ledger for each statement execute function refuse_to_alter();


-- Lines of the ledger are only ever added. The owner's words beside one may be erased.
create trigger ledger_is_not_altered
before update of id, purse, number, kind, amount, hold, source, reason, note_sha256, at, hash
on ledger begin
  select raise(abort, 'ledger is only ever added to');
end;
create trigger ledger_is_not_deleted before delete on ledger begin
  select raise(abort, 'ledger is only ever added to');
end;

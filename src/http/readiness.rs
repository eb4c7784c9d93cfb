//! Whether this process can do its work, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that must hold for us to be ready. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, Option<String>>>>);

/// One thing that must hold. Unmet until somebody says otherwise.
#[derive(Debug, Clone)]
pub struct Condition {
    readiness: Readiness,
    name: &'static str,
}

impl Readiness {
    /// A condition that must hold from now on; `reason` says why it does not yet, in words without
    /// content or secrets: load balancers show it. Asking for a name again gives the same one.
    pub fn condition(&self, name: &'static str, reason: impl Into<String>) -> Condition {
        self.reasons().entry(name).or_insert_with(|| Some(reason.into()));
        Condition { readiness: self.clone(), name }
    }

    /// Why we are not ready, a line each; empty when we are.
    pub fn unmet(&self) -> Vec<String> {
        let reasons = self.reasons();
        let unmet = reasons.iter().filter_map(|(name, reason)| Some((name, reason.as_ref()?)));
        unmet.map(|(name, reason)| format!("{name}: {reason}")).collect()
    }

    fn reasons(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// It holds.
    pub fn meet(&self) {
        self.readiness.reasons().insert(self.name, None);
    }

    /// It does not (or no longer) hold.
    pub fn fail(&self, reason: impl Into<String>) {
        self.readiness.reasons().insert(self.name, Some(reason.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_ready_when_every_condition_is_met() {
        let readiness = Readiness::default();
        let store = readiness.condition("store", "not opened yet");
        let workers = readiness.condition("workers", "not started yet");
        assert_eq!(readiness.unmet(), ["store: not opened yet", "workers: not started yet"]);
        store.meet();
        workers.meet();
        assert!(readiness.unmet().is_empty());
        readiness.condition("store", "asked for again").fail("cannot be written");
        assert_eq!(readiness.unmet(), ["store: cannot be written"]);
    }
}

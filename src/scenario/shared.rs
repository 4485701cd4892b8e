//! What was read from data files, shared by the points of an experiment.
//!
//! Owns each result once, by its file and what was asked of it. Must not know what is read.
//!
//! Five hundred points that replay a file of a million rows would otherwise parse it five hundred
//! times and keep as many copies.
//!
//! Invariant: only what was read without a fault is kept, so that each point tells its own faults.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

type Kept = Option<Arc<dyn Any + Send + Sync>>;

/// Results by their keys.
#[derive(Debug, Default)]
pub struct SharedData(Mutex<BTreeMap<String, Arc<Mutex<Kept>>>>);

impl SharedData {
    /// What is kept under `key`, or what `make` gives, which is kept. Others that want the same
    /// wait for it. A key stands for one type.
    pub(super) fn get<T: Any + Send + Sync>(
        &self,
        key: String,
        make: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        let slot = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key).or_default())
        };
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.clone().and_then(|known| known.downcast::<T>().ok()) {
            return Some(known);
        }
        let new = Arc::new(make()?);
        *kept = Some(Arc::<T>::clone(&new));
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_fault_is_made_once() {
        let shared = SharedData::default();
        assert_eq!(shared.get::<u32>("a".into(), || None), None);
        let first = shared.get("a".into(), || Some(7_u32)).expect("was made");
        let again = shared.get("a".into(), || panic!("it is kept")).expect("is kept");
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(shared.get("b".into(), || Some(8_u32)).as_deref(), Some(&8));
    }
}

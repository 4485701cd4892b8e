//! How many bytes functions take: foreseen from settings, and counted while they grow.
//!
//! Owns the sums over what is laid out for them. Must not know what is too much. All sums saturate.

use super::Functions;
use super::batch::Batch;
use super::environments::Pool;
use super::function::Function;
use super::reading::Reader;
use crate::core::event::Event;
use crate::kernel::calendar::Calendar;
use crate::ledger::config::MAX_BATCH;
use crate::ledger::{Delivery, Ledger};
use crate::model::functions::{Account, FunctionConfig};

impl Functions {
    /// Bytes of a function whose mapping has grown as far as it may.
    pub fn bytes_of_function(config: &FunctionConfig, account: Account) -> u64 {
        let most = u64::from(config.most(account));
        let readers = most.min(u64::from(config.readers(config.most(account))));
        let room = (config.batch as usize).max(MAX_BATCH) * size_of::<Delivery>();
        let batch = size_of::<Batch>() + room + Calendar::<Event>::BYTES_PER_EVENT;
        let reader = size_of::<Reader>() + Ledger::BYTES_PER_CALLER + 2 * size_of::<u32>();
        let each = batch + Pool::BYTES_EACH;
        (size_of::<Function>() as u64)
            .saturating_add(most.saturating_mul(each as u64))
            .saturating_add(readers.saturating_mul(reader as u64))
    }
}

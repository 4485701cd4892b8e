//! How functions take other settings on.
//!
//! Owns what becomes of limits, shares and readers at a fork. Must not know which settings may
//! change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: functions that take on what they follow already are not touched. Invocations, calls
//! and windows that are under way end as they were begun.

use super::Functions;
use crate::core::Core;
use crate::core::event::FunctionEvent;
use crate::facts::observer::Observer;
use crate::model::functions::{Account, FunctionConfig};
use crate::model::scenario::Named;

impl Functions {
    /// Follows `to` and `account` from now on; `from` is what they followed.
    pub fn follow<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        from: &[Named<FunctionConfig>],
        to: &[Named<FunctionConfig>],
        account: Account,
    ) {
        let other_account = self.account != account;
        self.account = account;
        let mut changed = Vec::new();
        for (number, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            let sizes = &core.ledger.config(to.config.queue).message_size;
            let function = &mut self.all[number as usize];
            let same = from.config == to.config && function.sizes == *sizes;
            if same && !other_account {
                continue;
            }
            changed.push(number);
            self.reserve_as(number, &from.config, &to.config);
            let function = &mut self.all[number as usize];
            function.sizes = sizes.clone();
            function.config = to.config.clone();
            function.weigh();
            let was = function.mapping.limit();
            function.mapping.follow(&to.config, account);
            self.tell_limit(core, number, was);
        }
        self.share();
        for number in changed {
            self.keep_warm_as_told(core, number);
            self.fill(core, number);
        }
    }

    /// Its invocations under way count where they do from now on.
    fn reserve_as(&mut self, number: u32, from: &FunctionConfig, to: &FunctionConfig) {
        let running = self.all[number as usize].environments.running();
        match (from.reserved, to.reserved) {
            (None, Some(_)) => self.shared_in_use -= running,
            (Some(_), None) => self.shared_in_use += running,
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// Environments grow cold after another time.
    fn keep_warm_as_told<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = self.all[number as usize].id;
        if core.calendar.cancel(FunctionEvent::Cool(id)) {
            self.cool(core, number);
        }
    }
}

//! How functions are laid out.
//!
//! Owns the making of them. Must not know what they do later.

use super::Functions;
use super::function::Function;
use crate::core::Core;
use crate::core::calls::Calls;
use crate::facts::deed::{Deed, FunctionId};
use crate::facts::observer::Observer;
use crate::model::functions::{Account, FunctionConfig};
use crate::model::scenario::Named;

impl Functions {
    /// Those of a scenario, whose readers poll.
    pub fn new<O: Observer>(
        core: &mut Core<O>,
        named: &[Named<FunctionConfig>],
        account: Account,
    ) -> Functions {
        let place = |(number, Named { name, config }): (u32, &Named<FunctionConfig>)| {
            let (id, path) = (FunctionId(number), format!("consumers.{name}"));
            let sizes = &core.ledger.config(config.queue).message_size;
            Function::new(id, &path, config, sizes, account, core.streams)
        };
        let mut functions = Functions {
            all: (0..).zip(named).map(place).collect(),
            readers: Vec::new(),
            batches: Calls::new(),
            account,
            shared: 0,
            shared_in_use: 0,
        };
        functions.share();
        for number in 0..named.len() as u32 {
            let limit = functions.all[number as usize].mapping.limit();
            let deed = Deed::LimitChanged { function: FunctionId(number), limit, was: 0 };
            core.observer.deed(core.now, &deed);
            functions.read(core, number);
        }
        functions
    }

    /// What nobody has reserved is shared.
    pub(super) fn share(&mut self) {
        let reserved = self.all.iter().filter_map(|function| function.config.reserved);
        let reserved = reserved.fold(0, u32::saturating_add);
        self.shared = self.account.concurrency.saturating_sub(reserved);
    }
}

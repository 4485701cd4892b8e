//! Functions: AWS Lambda behind event source mappings.
//!
//! Owns [`Functions`], all functions with their mappings, the batches on their way and the
//! environments that run them, and what they do at their events. Must not know other clients, nor
//! the loop.
//!
//! A mapping's readers receive messages; what they bring is gathered into batches; a batch takes a
//! place within the mapping's limit and is invoked, if the function has concurrency and an
//! environment for it; what was processed is deleted, and the place is free.
//!
//! | module | owns |
//! |---|---|
//! | [`mapping`] | how many invocations a mapping may have at once |
//! | `function` | the state of one function |
//! | `environments` | which of a function's environments are warm |
//! | `batch` | a batch on its way |
//! | `reading` | how readers poll |
//! | `gathering` | how what they bring becomes batches |
//! | `invoking` | how batches are invoked, throttled and given up |
//! | `ending` | how invocations end, and what is deleted then |
//! | `work` | how long the work takes, and which messages fail |
//! | `layout` | how functions are laid out |
//! | `fork` | how they take other settings on |
//! | `footprint` | how many bytes they take |

mod batch;
mod ending;
mod environments;
mod footprint;
mod fork;
mod function;
mod gathering;
mod invoking;
mod layout;
pub mod mapping;
mod reading;
mod work;

use batch::{Batch, Stage};
use function::Function;
use reading::Reader;

use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::event::FunctionEvent;
use crate::facts::deed::FunctionId;
use crate::facts::observer::Observer;
use crate::ledger::Receipt;
use crate::model::functions::{Account, FunctionConfig};

/// All functions of a run.
#[derive(Clone, Debug)]
pub struct Functions {
    all: Vec<Function>,
    readers: Vec<Reader>,
    batches: Calls<Batch>,
    account: Account,
    /// Concurrency of the account that no function has reserved, and how much of it is in use.
    shared: u32,
    shared_in_use: u32,
}

impl Functions {
    /// Lets an event of theirs happen.
    #[inline]
    pub fn handle<O: Observer>(&mut self, core: &mut Core<O>, event: FunctionEvent) {
        match event {
            FunctionEvent::Batch(batch) => self.batch_due(core, batch),
            FunctionEvent::Reader(reader) => self.reader_due(core, reader),
            FunctionEvent::Grow(FunctionId(function)) => self.grow(core, function),
            FunctionEvent::Cool(FunctionId(function)) => self.cool(core, function),
        }
    }

    /// What a batch waited for has come.
    #[inline]
    fn batch_due<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        match self.batches.get(batch).stage {
            Stage::Running | Stage::TimingOut => self.end_invocation(core, batch),
            Stage::Deleting => self.delete(core, batch),
            Stage::Resting => self.leave_place(core, batch),
            Stage::Closed => self.retry(core, batch),
            Stage::Open => self.window_ends(core, batch),
            Stage::Arriving => unreachable!("its reader waits for it"),
        }
    }

    /// What a function was told.
    pub fn config(&self, function: FunctionId) -> &FunctionConfig {
        &self.all[function.0 as usize].config
    }

    /// How all functions stand, in order.
    pub fn standings(&self) -> impl Iterator<Item = Standing> {
        self.all.iter().map(|function| Standing {
            function: function.id,
            limit: function.mapping.limit(),
            in_use: function.in_use,
            running: function.environments.running(),
            waiting: function.waiting,
            reading: function.reading,
        })
    }

    /// Rows that [`Functions::unfinished`] looks at.
    pub fn batches(&self) -> usize {
        self.batches.rows().len()
    }

    /// Deliveries that are held and whose work is still to come or under way.
    pub fn unfinished(&self) -> impl Iterator<Item = Receipt> {
        let unfinished = self.batches.rows().iter().filter(|batch| batch.is_unfinished());
        unfinished.flat_map(|batch| &batch.deliveries).map(|delivery| delivery.receipt)
    }
}

/// How a function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub function: FunctionId,
    /// Batches that its mapping may have on their way at once.
    pub limit: u32,
    /// Those that it has.
    pub in_use: u32,
    /// Environments at work.
    pub running: u32,
    /// Long polls that wait.
    pub waiting: u32,
    /// Receives under way, those that wait included.
    pub reading: u32,
}

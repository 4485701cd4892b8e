//! Checks of prices.
//!
//! Owns the order of the tiers, and that what repeats is over before it comes again. Must not know
//! what is billed.

use super::Check;
use crate::kernel::time::Span;
use crate::model::functions::FunctionPrices;
use crate::model::scenario::{Prices, Tier};
use crate::scenario::file::{Price, ScenarioFile};

impl Check<'_> {
    /// What is paid.
    pub(super) fn prices(&mut self, file: &ScenarioFile) -> Prices {
        let at = self.root.field("prices");
        let tiers = at.field("requests");
        let written = &file.prices.requests;
        if tiers.is_whole(written) {
            if written.first().is_none_or(|&(from, _)| from > 0) {
                let what = "the first price must be that of the first request of a month";
                self.push(&tiers, what).help =
                    vec!["begin with `(0, …)`, such as `[(0, \"$0.40\")]`".into()];
            }
            for (index, pair) in written.windows(2).enumerate() {
                let [(before, _), (from, _)] = pair else { continue };
                if before >= from {
                    let what = format!("the tier from `{from}` does not follow that from {before}");
                    self.push(&tiers.item(index + 1).item(0), what)
                        .help
                        .push("list them from few requests a month to many".into());
                }
            }
        }
        let tier = |&(from, price): &(u64, _)| Tier { from, per_million: price_of(price) };
        let fleets = file.consumers.0.iter().filter_map(|(_, consumer)| consumer.workers());
        let functions = &file.prices.functions;
        Prices {
            requests: written.iter().map(tier).collect(),
            free_requests: file.prices.free_requests,
            worker_hour: fleets.map(|fleet| fleet.price_per_hour.map(price_of)).collect(),
            functions: FunctionPrices {
                per_million: price_of(functions.requests),
                per_million_gb_seconds: price_of(functions.gb_seconds),
                poller_hour: price_of(functions.poller_hour),
            },
            every: self.every(file),
        }
    }

    /// What comes again ends before it does.
    fn every(&mut self, file: &ScenarioFile) -> Option<Span> {
        let every = file.every?.0;
        let measured = self.duration.saturating_sub(file.warm_up.0);
        if every < measured {
            let what = format!("what is measured lasts {measured}: it cannot come every {every}");
            self.push(&self.root.field("every"), what).help = vec![
                "write how much later it begins again, such as \"24h\"; the measured time is from \
                 `warm_up` to `duration`"
                    .into(),
            ];
        }
        Some(every)
    }
}

fn price_of(price: Price) -> u64 {
    price.0
}

//! Text to checked settings, with every fault located.

mod cloudwatch;
pub mod data_files;
mod stamps;
pub mod units;

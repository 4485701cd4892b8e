//! What scales a fleet, against its rules.
//!
//! | module | owns |
//! |---|---|
//! | `settings` | the settings that AWS, KEDA and Kubernetes have by default |
//! | `fleet` | workers that come when they are wanted, and a scaler that is asked in time |
//! | `oracles` | courses that follow from the rules by hand |
//! | `rooms` | where replicas are placed, by hand |

mod fleet;
mod oracles;
mod rooms;
mod settings;

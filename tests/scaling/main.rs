//! What scales a fleet, against its rules and a second implementation of them.
//!
//! | module | owns |
//! |---|---|
//! | `settings` | the settings that AWS, KEDA and Kubernetes have by default |
//! | `fleet` | workers that come when they are wanted, and a scaler that is asked in time |
//! | `oracles` | courses that follow from the rules by hand |
//! | `rooms` | where replicas are placed, by hand |
//! | `plain` | the rules once more, slow and plain, with whole histories |
//! | `written` | what a file says of a scaler, and what that becomes |
//! | `histories` | random settings and backlogs, on which both must agree |

mod fleet;
mod histories;
mod oracles;
mod plain;
mod rooms;
mod settings;
mod written;

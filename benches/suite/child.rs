//! Each workload in a process of its own, so that none sees the memory of another.
//!
//! Owns the way to such a process and back: this program again, called with the name of a
//! workload, which answers with one line of JSON. Must not know what is measured there.

use std::env;
use std::io;
use std::process::{Command, Stdio};

use crate::measure::{Measurement, measure};
use crate::workloads::{self, Sizes, Workload};

/// The argument that makes this program a child; workload, size and number of runs follow.
pub(crate) const CHILD: &str = "--child";

/// The child's part: measures what its arguments say; its answer is to be printed.
pub(crate) fn answer(args: &[String]) -> Option<String> {
    let [name, size, runs] = args else { return None };
    let workload = workloads::find(name)?;
    let size = workloads::size(&workload.sizes, size)?;
    serde_json::to_string(&measure(workload, size, runs.parse().ok()?)).ok()
}

/// Has a workload measured; `None` if the child failed, which has said why.
///
/// # Errors
/// The child cannot be started.
pub(crate) fn measured(
    workload: &Workload,
    size: &str,
    runs: usize,
) -> io::Result<Option<Measurement>> {
    let mut child = Command::new(env::current_exe()?);
    child.args([CHILD, workload.name, size, &runs.to_string()]);
    let output = child.stderr(Stdio::inherit()).output()?;
    Ok(serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success()))
}

/// Instructions of each message or heartbeat, counted by valgrind: what a longer run has more than
/// a shorter one, so that what both begin with falls out.
///
/// # Errors
/// There is no valgrind, or it gives no count.
pub(crate) fn instructions(name: &str, sizes: &Sizes) -> io::Result<f64> {
    let more = counted(name, "quick")? as f64 - counted(name, "short")? as f64;
    Ok(more / (sizes.quick.units - sizes.short.units) as f64)
}

/// Instructions of a whole process.
fn counted(name: &str, size: &str) -> io::Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(env::current_exe()?).args([CHILD, name, size, "1"]);
    let said = String::from_utf8_lossy(&valgrind.output()?.stderr).into_owned();
    // ==123== I   refs:      1,234,567
    let line = said.lines().rfind(|line| line.contains("refs:"));
    let digits = line.and_then(|line| line.rsplit(':').next()).unwrap_or(&said);
    digits.trim().replace(',', "").parse().map_err(|_| io::Error::other(said.trim().to_owned()))
}

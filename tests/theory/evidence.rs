//! When a simulated mean agrees with theory.
//!
//! Owns replications, their standard error and the verdict. The replications of a fixed seed are
//! independent, so the mean over them has a standard error that needs no theory; theory passes if
//! it lies within four of them. With 40 replications Student's t is beyond four in one comparison
//! of 3,600, and as the seeds are fixed a verdict never changes by itself.
//!
//! A test that is too short to see anything would pass always. So each comparison also says how
//! precise it must be: the standard error, relative to theory, has a ceiling.
//!
//! How long a run must be is known for M/M/1: the variance of the mean wait of n customers is
//! `ρ(ρ³ − 4ρ² + 5ρ + 2)/(1 − ρ)⁴/n` (D. J. Daley, "The serial correlation coefficients of waiting
//! times in a stationary single server queue", J. Australian Math. Soc. 8, 1968; time unit: the
//! mean work). What is left of the empty start fades with the relaxation time `1/(1 − √ρ)²`
//! (J. Abate and W. Whitt, "Transient behavior of the M/M/1 queue", Queueing Systems 2, 1987).

use std::fmt::Write as _;

use sqsim::kernel::num;
use sqsim::kernel::time::Span;
use sqsim::observe::distribution::Cell;
use sqsim::observe::measured::Latency;

/// Standard errors between theory and a simulated mean that are too many.
const TOO_FAR: f64 = 4.0;

/// One quantity: what theory expects and what one replication measured.
pub(crate) struct Reading {
    what: String,
    expected: f64,
    measured: f64,
    precision: Option<f64>,
}

/// One quantity: what theory expects and what one replication measured.
pub(crate) fn reading(what: impl Into<String>, expected: f64, measured: f64) -> Reading {
    Reading { what: what.into(), expected, measured, precision: None }
}

impl Reading {
    /// Sets the precision of this reading apart from that of the others. Tails of a law and higher
    /// moments rest on fewer busy periods than its mean.
    pub(crate) fn to(self, precision: f64) -> Reading {
        Reading { precision: Some(precision), ..self }
    }
}

/// Panics unless the mean of each reading over the replications agrees with theory and is known
/// to a standard error of `precision`, relative to theory, unless the reading names its own.
#[expect(clippy::print_stdout, reason = "shown with --nocapture, and when a test fails")]
pub(crate) fn agree(
    title: &str,
    replications: u64,
    precision: f64,
    replicate: impl Fn(u64) -> Vec<Reading>,
) {
    assert!(replications >= 20, "a standard error needs replications");
    let runs: Vec<Vec<Reading>> = (0..replications).map(replicate).collect();
    let mut report = format!("{title}, {replications} replications\n");
    let mut passed = true;
    for (place, reading) in runs[0].iter().enumerate() {
        let Reading { what, expected, .. } = reading;
        let values: Vec<f64> = runs.iter().map(|readings| readings[place].measured).collect();
        let (mean, error) = mean_and_error(&values);
        let z = if mean.to_bits() == expected.to_bits() { 0.0 } else { (mean - expected) / error };
        let relative = error / expected.abs();
        let ceiling = reading.precision.unwrap_or(precision);
        let good = z.abs() < TOO_FAR && relative <= ceiling;
        passed &= good;
        let mark = if good { ' ' } else { '!' };
        let _ = writeln!(
            report,
            "{mark} {what:<28} theory {expected:>12.6}  simulated {mean:>12.6} \
             ± {:>6.3} of {:>4.1} %  z {z:>6.2}",
            100.0 * relative,
            100.0 * ceiling
        );
    }
    println!("{report}");
    assert!(passed, "{report}asked for: |z| < {TOO_FAR}, and a standard error below its ceiling");
}

/// The mean of independent values and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, num::sqrt(squares / (count - 1.0) / count))
}

/// How long a queue at load `rho` is simulated.
#[derive(Clone, Copy)]
pub(crate) struct Length {
    /// Customers in all.
    pub(crate) customers: f64,
    /// From the empty start to the first measured customer, in mean works.
    pub(crate) warm_up: f64,
}

impl Length {
    /// Customers that give the mean wait in M/M/1 at load `rho` to within `half_width` (0.01 is
    /// ±1 %) with 95 % confidence, and twenty relaxation times of warm-up. Both grow with the
    /// variability of the work, here as the heavy-traffic limit does: (1 + `cv2`)/2.
    pub(crate) fn at(rho: f64, half_width: f64, cv2: f64) -> Length {
        let spare = (1.0 - rho) * (1.0 - rho);
        let variance =
            rho * (rho * rho * rho - 4.0 * rho * rho + 5.0 * rho + 2.0) / (spare * spare);
        let wait = rho / (1.0 - rho);
        let needed = 1.96 / (half_width * wait);
        let away = 1.0 - num::sqrt(rho);
        let scale = f64::midpoint(1.0, cv2);
        Length {
            customers: variance * needed * needed * scale,
            warm_up: 20.0 / (away * away) * scale,
        }
    }
}

/// A length of `secs` seconds, which need not be whole.
pub(crate) fn seconds(secs: f64) -> Span {
    Span::round_nanos(secs * 1e9)
}

/// The mean in seconds.
pub(crate) fn mean(latency: &Latency) -> f64 {
    latency.mean_nanos() / 1e9
}

/// The share of all values that are above `secs` seconds. As a mean of zeros and ones it has no
/// bias, which a quantile of a finite sample has.
pub(crate) fn share_above(latency: &Latency, secs: f64) -> f64 {
    1.0 - latency.distribution.up_to(seconds(secs).as_nanos()) / latency.count() as f64
}

/// The second moment in square seconds, of lengths that lie in the middle of their cells.
pub(crate) fn second_moment(latency: &Latency) -> f64 {
    let square = |cell: &Cell| {
        let middle = u64::midpoint(cell.least, cell.most) as f64 / 1e9;
        cell.count as f64 * middle * middle
    };
    latency.distribution.cells().iter().map(square).sum::<f64>() / latency.count() as f64
}

#[test]
fn run_lengths_are_those_of_the_published_table() {
    for (rho, customers, relaxation) in [
        (0.5, 1.11e6, 11.657),
        (0.7, 2.37e6, 37.481),
        (0.8, 4.74e6, 89.721),
        (0.9, 1.70e7, 379.737),
    ] {
        let length = Length::at(rho, 0.01, 1.0);
        assert!((length.customers / customers - 1.0).abs() < 0.005, "{}", length.customers);
        assert!((length.warm_up / 20.0 / relaxation - 1.0).abs() < 1e-4, "{}", length.warm_up);
    }
}

#[test]
#[should_panic(expected = "asked for: |z| < 4")]
fn a_mean_four_standard_errors_away_disagrees() {
    // Values ±1 around 1 have a standard error of 1/√24 here.
    let value = |replication: u64| if replication.is_multiple_of(2) { 0.0 } else { 2.0 };
    agree("biased", 25, 1.0, |r| vec![reading("mean", 1.9, value(r))]);
}

#[test]
#[should_panic(expected = "± 20.851 of 10.0 %")]
fn a_mean_that_is_known_too_vaguely_proves_nothing() {
    let value = |replication: u64| if replication.is_multiple_of(2) { 0.0 } else { 2.0 };
    agree("vague", 24, 0.1, |r| vec![reading("mean", 1.0, value(r))]);
}

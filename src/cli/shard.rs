//! A share of an experiment's runs.
//!
//! Owns the notation, and what job arrays call their index and size: Slurm
//! (<https://slurm.schedmd.com/job_array.html>), AWS Batch
//! (<https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html>), Kubernetes Indexed
//! Jobs (<https://kubernetes.io/docs/concepts/workloads/controllers/job/>). Must not know which
//! runs there are.

use super::failure::Failure;

/// Share `number` (from 1) of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    number: u64,
    of: u64,
}

/// As typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShardArg {
    /// `2/8`.
    Given(Shard),
    /// `auto`, or `auto/8` where the size stands in no variable.
    Auto(Option<u64>),
}

impl Shard {
    /// Whether the job at this place is its own. Shares are interleaved, so that slow points are
    /// spread over all.
    pub(super) fn owns(self, place: usize) -> bool {
        place as u64 % self.of == self.number - 1
    }

    /// `2-of-8`, for a file's name.
    pub(super) fn name(self) -> String {
        format!("{}-of-{}", self.number, self.of)
    }

    /// `2 of 8`, for people.
    pub(super) fn words(self) -> String {
        format!("{} of {}", self.number, self.of)
    }
}

const FORM: &str = "expected I/N with I from 1 to N, such as 2/8, or auto";

/// Reads `2/8`, `auto` or `auto/8`.
pub(super) fn parse_shard(text: &str) -> Result<ShardArg, String> {
    let (number, of) = match text.split_once('/') {
        Some((number, of)) => (number, Some(of.parse().ok().filter(|&of| of > 0).ok_or(FORM)?)),
        None => (text, None),
    };
    if number == "auto" {
        return Ok(ShardArg::Auto(of));
    }
    let (number, of) = (number.parse().map_err(|_| FORM)?, of.ok_or(FORM)?);
    if number == 0 || number > of {
        return Err(FORM.to_owned());
    }
    Ok(ShardArg::Given(Shard { number, of }))
}

/// The variables of one job array: index, its least value, its step, how many.
struct Array {
    index: &'static str,
    least: Option<&'static str>,
    step: Option<&'static str>,
    count: Option<&'static str>,
}

const ARRAYS: [Array; 3] = [
    Array {
        index: "SLURM_ARRAY_TASK_ID",
        least: Some("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Array {
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        least: None,
        step: None,
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Array { index: "JOB_COMPLETION_INDEX", least: None, step: None, count: None },
];

/// The share that was typed, or that of the job array in whose environment this runs.
///
/// # Errors
/// There is no such array, or it does not say its size.
pub(super) fn resolve(arg: ShardArg) -> Result<Shard, Failure> {
    #[expect(clippy::disallowed_methods, reason = "which share to do is the environment's to say")]
    resolve_in(arg, |name| std::env::var(name).ok())
}

/// As [`resolve`], in the environment that `variable` knows.
fn resolve_in(arg: ShardArg, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, Failure> {
    let given = match arg {
        ShardArg::Given(shard) => return Ok(shard),
        ShardArg::Auto(given) => given,
    };
    let number = |name: &str| variable(name).and_then(|text| text.trim().parse::<u64>().ok());
    let found = ARRAYS.iter().find_map(|array| Some((array, number(array.index)?)));
    let Some((array, index)) = found else {
        let names: Vec<&str> = ARRAYS.iter().map(|array| array.index).collect();
        return Err(Failure::usage(
            format!("`--shard auto` finds no job array: none of {} is set", names.join(", ")),
            "name the share: `--shard 1/8`",
        ));
    };
    let Some(of) = given.or_else(|| array.count.and_then(number)) else {
        return Err(Failure::usage(
            format!("`{}` is {index}, but nothing says how many shares there are", array.index),
            "say so: `--shard auto/8`",
        ));
    };
    let least = array.least.and_then(number).unwrap_or(0);
    let step = array.step.and_then(number).unwrap_or(1).max(1);
    let place = index.saturating_sub(least) / step;
    if place >= of {
        return Err(Failure::usage(
            format!("`{}` is {index}: share {} of {of} does not exist", array.index, place + 1),
            "say how many shares there are: `--shard auto/8`",
        ));
    }
    Ok(Shard { number: place + 1, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(of: Option<u64>, set: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let shard = resolve_in(ShardArg::Auto(of), variable);
        shard.map(Shard::words).map_err(|failure| failure.faults.to_string())
    }

    #[test]
    fn notations() {
        let shard = |number, of| Ok(ShardArg::Given(Shard { number, of }));
        assert_eq!(parse_shard("2/8"), shard(2, 8));
        assert_eq!(parse_shard("1/1"), shard(1, 1));
        assert_eq!(parse_shard("auto"), Ok(ShardArg::Auto(None)));
        assert_eq!(parse_shard("auto/8"), Ok(ShardArg::Auto(Some(8))));
        for text in ["", "0/8", "9/8", "2", "2/0", "auto/0", "a/b", "1/2/3"] {
            assert_eq!(parse_shard(text), Err(FORM.to_owned()), "{text}");
        }
    }

    #[test]
    fn job_arrays_say_which_share_this_is() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "8"),
        ];
        assert_eq!(auto(None, &slurm), Ok("4 of 8".to_owned()));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        assert_eq!(auto(None, &batch), Ok("1 of 10".to_owned()));
        let indexed = [("JOB_COMPLETION_INDEX", "3")];
        assert_eq!(auto(Some(5), &indexed), Ok("4 of 5".to_owned()));
        assert!(auto(None, &indexed).unwrap_err().contains("how many shares"));
        assert!(auto(Some(3), &indexed).unwrap_err().contains("share 4 of 3 does not exist"));
        assert!(auto(None, &[]).unwrap_err().contains("finds no job array"));
    }

    #[test]
    fn shares_are_disjoint_and_complete() {
        for place in 0..100 {
            let owners = (1..=7).filter(|&number| Shard { number, of: 7 }.owns(place)).count();
            assert_eq!(owners, 1);
        }
    }
}

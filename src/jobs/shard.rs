//! One share of a job that several machines do.

use std::fmt;

use super::{Error, Result};

/// Share `index` of `count`: rows or files are dealt out in turn, as cards are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// Reads `I/N`, or `auto/N` and `auto`, for which the environment of an array job tells: of
    /// SLURM (`SLURM_ARRAY_TASK_ID`, with `_MIN`, `_STEP` and `_COUNT` where they are set) or of a
    /// Kubernetes indexed job (`JOB_COMPLETION_INDEX`, which knows no number of shards).
    ///
    /// Only `auto` looks at the environment: a step of an array job that is given its own file
    /// must not do a part of it without having been asked to.
    ///
    /// * `variable`: the environment
    ///
    /// # Errors
    /// When it is none of these, the index is not below the count, or a variable is missing.
    pub fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let fail = |reason: String| Error::Shard { shard: text.into(), reason };
        let number = |text: &str, what: &str| {
            text.trim().parse::<u64>().map_err(|_| fail(format!("{what} is {text:?}, no number")))
        };
        let optional = |name: &str| variable(name).map(|text| number(&text, name)).transpose();
        let (index, count) = match text.split_once('/') {
            Some((index, count)) => (index, Some(number(count, "the number of shards")?)),
            None if text == "auto" => (text, None),
            None => return Err(fail("there is no /".into())),
        };
        let (index, told) = if index != "auto" {
            (number(index, "the index")?, None)
        } else if let Some(id) = optional("SLURM_ARRAY_TASK_ID")? {
            let least = optional("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = optional("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            (id.saturating_sub(least) / step, optional("SLURM_ARRAY_TASK_COUNT")?)
        } else if let Some(index) = optional("JOB_COMPLETION_INDEX")? {
            (index, None)
        } else {
            let neither = "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set";
            return Err(fail(neither.into()));
        };
        let Some(count) = count.or(told) else {
            return Err(fail("the environment does not tell how many there are".into()));
        };
        if index >= count {
            return Err(fail(format!("the index is {index}, of {count} shards from 0")));
        }
        Ok(Self { index, count })
    }

    /// Whether item `number`, from 0, is in this share.
    #[must_use]
    pub fn has(self, number: u64) -> bool {
        number % self.count == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

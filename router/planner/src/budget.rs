//! Bounds on the work of one planning run, so that no operation can keep the planner busy.

/// The most steps of search that one operation may take. Ordinary operations take tens to hundreds.
pub(crate) const STEPS: u32 = 200_000;
/// The most fields that all requests of one plan may select together.
pub(crate) const FIELDS: u32 = 100_000;

/// The budget of a run is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// What is left of a run's budget.
#[derive(Debug)]
pub(crate) struct Budget(u32);

impl Budget {
    pub(crate) fn new(steps: u32) -> Self {
        Self(steps)
    }

    pub(crate) fn spend(&mut self) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }
}

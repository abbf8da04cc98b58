//! Faults on demand, for tests of those who depend on the scheduler. Off unless configured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

/// What goes wrong with every request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing.
    #[default]
    None,
    /// It answers HTTP 500.
    Fail,
    /// It takes the request and never answers.
    Hang,
    /// It says no to every block, and answers everything else.
    Refuse,
}

impl Mode {
    const ALL: [Self; 4] = [Self::None, Self::Fail, Self::Hang, Self::Refuse];
}

/// The mode that is set now; copies share it.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<AtomicU8>);

impl Faults {
    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let set = self.0.load(Ordering::Relaxed);
        Mode::ALL.into_iter().find(|mode| *mode as u8 == set).unwrap_or_default()
    }

    /// From now on, this mode.
    pub fn set(&self, mode: Mode) {
        self.0.store(mode as u8, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_shared_by_copies() {
        let faults = Faults::default();
        assert_eq!(faults.mode(), Mode::None);
        for mode in Mode::ALL {
            faults.clone().set(mode);
            assert_eq!(faults.mode(), mode);
        }
    }
}

//! Whether a check holds, after the failures that are let pass. Pure.

use super::Verdict;

/// What became of one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::watch) enum Step {
    /// As before, or not sure yet.
    Same,
    /// It failed, and is asked again soon.
    Doubt,
    Down {
        failures: u32,
    },
    Up,
}

#[derive(Debug, Clone, Copy, Default)]
pub(in crate::watch) struct Standing {
    failures: u32,
    /// It was told that it is down.
    down: bool,
    /// By an earlier life of the program, which may have ended in the middle of telling.
    perhaps_untold: bool,
}

impl Standing {
    /// It was down when the program ended.
    pub(in crate::watch) fn down_before(down: bool) -> Self {
        Self {
            failures: 0,
            down,
            perhaps_untold: down,
        }
    }

    pub(in crate::watch) fn take(&mut self, verdict: &Verdict, retries: u32) -> Step {
        match (verdict, self.down) {
            (Ok(()), true) => {
                *self = Self::default();
                Step::Up
            }
            (Ok(()), false) => {
                self.failures = 0;
                Step::Same
            }
            (Err(_), down) => {
                self.failures = self.failures.saturating_add(1);
                let is_sure = self.failures > retries;
                self.down = down || is_sure;
                let is_known = down && !(self.perhaps_untold && is_sure);
                self.perhaps_untold &= !is_sure;
                match (is_known, is_sure) {
                    (true, _) => Step::Same,
                    (false, true) => Step::Down {
                        failures: self.failures,
                    },
                    (false, false) => Step::Doubt,
                }
            }
        }
    }

    /// It could not be told; the next result says it again.
    pub(in crate::watch) fn untold(&mut self, step: Step) {
        self.down = matches!(step, Step::Up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::check::Trouble;

    #[test]
    fn only_failures_in_a_row_count_and_each_turn_is_told_once() {
        let (up, down) = (Ok(()), Err(Trouble::from("no")));
        let mut standing = Standing::default();
        let mut take = |verdict: &Verdict| standing.take(verdict, 1);
        let steps = [&down, &up, &down, &down, &down, &up, &up].map(&mut take);
        let expected = [
            Step::Doubt,
            Step::Same,
            Step::Doubt,
            Step::Down { failures: 2 },
            Step::Same,
            Step::Up,
            Step::Same,
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_was_down_before_a_restart_is_told_once_more() {
        let mut standing = Standing::down_before(true);
        let down = Err(Trouble::from("no"));
        assert_eq!(standing.take(&down, 0), Step::Down { failures: 1 });
        assert_eq!(standing.take(&down, 0), Step::Same);
        assert_eq!(standing.take(&Ok(()), 0), Step::Up);
        standing.untold(Step::Up);
        assert_eq!(standing.take(&Ok(()), 0), Step::Up);
    }
}

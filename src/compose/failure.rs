//! What a failed program said: the step of a build at which it stopped, and its last lines. Pure.

/// So many lines are shown of a log that is kept longer.
const SHOWN: usize = 15;

/// The build step at which a log ends, as the classic builder and `BuildKit` write it.
pub fn failing_step(log: &str) -> Option<String> {
    buildkit(log).or_else(|| classic(log))
}

/// `#8 ERROR: …` names a number; `#8 [web 3/5] RUN npm ci` says what that was.
fn buildkit(log: &str) -> Option<String> {
    let failed = log.lines().rev().find_map(|line| {
        let (number, _) = line.trim().strip_prefix('#')?.split_once(" ERROR")?;
        number.chars().all(|c| c.is_ascii_digit()).then_some(number)
    })?;
    let head = format!("#{failed} [");
    let step = log
        .lines()
        .find(|line| line.trim_start().starts_with(&head))?;
    let (_, words) = step.trim().split_once(' ')?;
    Some(words.to_owned())
}

/// `Step 3/5 : RUN npm ci`; the last one that was begun.
fn classic(log: &str) -> Option<String> {
    let step = |line: &str| {
        let rest = line.trim().strip_prefix("Step ")?;
        let (number, words) = rest.split_once(" : ")?;
        number
            .contains('/')
            .then(|| format!("step {number} {words}"))
    };
    log.lines().rev().find_map(step)
}

/// What stands somewhere above the last line, and says more than it.
pub fn reason(log: &str) -> Option<&'static str> {
    let full = |line: &str| line.to_lowercase().contains("no space left on device");
    log.lines().any(full).then_some("no space left on device")
}

/// The last lines that say something, in their order.
pub fn last_lines(log: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = log
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(SHOWN)
        .collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_found_in_either_builders_log() {
        let classic = "Step 1/3 : FROM x\n ---> 1\nStep 2/3 : RUN false\n ---> Running in 2\n\
                       The command '/bin/sh -c false' returned a non-zero code: 1\n";
        assert_eq!(failing_step(classic).as_deref(), Some("step 2/3 RUN false"));
        let buildkit = "#5 [web 1/2] FROM x\n#5 DONE 0.0s\n#6 [web 2/2] RUN false\n\
                        #6 0.2 oops\n#6 ERROR: process \"/bin/sh -c false\" did not complete\n";
        assert_eq!(
            failing_step(buildkit).as_deref(),
            Some("[web 2/2] RUN false")
        );
        assert_eq!(failing_step("pulling\nno such host\n"), None);
    }

    #[test]
    fn the_last_lines_keep_their_order() {
        let log: String = (0..40).map(|n| format!("line {n}\n\n")).collect();
        let lines = last_lines(&log);
        assert_eq!(
            (lines.len(), lines.first(), lines.last()),
            (15, Some(&"line 25"), Some(&"line 39"))
        );
    }
}

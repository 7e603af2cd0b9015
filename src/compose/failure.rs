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

/// How building the image of a service failed, where it is that service at which the log ends.
pub fn build_of(service: &str, log: &str) -> Option<String> {
    let step = failing_step(log)?;
    let classic = format!("Service '{service}' failed to build");
    let target = format!("target {service}: failed");
    let own_step = [format!("[{service} "), format!("[{service}]")];
    let is_it = log.contains(&classic)
        || log.contains(&target)
        || own_step.iter().any(|head| step.starts_with(head));
    let log = without_colours(log);
    let said = last_said(&log).map_or_else(String::new, |said| format!(": {said}"));
    is_it.then(|| format!("it failed to build at {step}{said}"))
}

/// The classic builder writes what a step complained of in red; a log that is kept has the mark of an
/// escape in its place.
fn without_colours(log: &str) -> String {
    let mut parts = log.split(['\u{1b}', '\u{241b}']);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        let colour = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        let is_colour = |code: &str| code.chars().all(|c| c.is_ascii_digit() || c == ';');
        let rest = colour
            .filter(|(code, _)| is_colour(code))
            .map(|(_, rest)| rest);
        plain + rest.unwrap_or(part)
    })
}

/// The last line that the failing step itself wrote.
fn last_said(log: &str) -> Option<&str> {
    let failed = log.lines().rev().find_map(|line| {
        let (number, _) = line.strip_prefix('#')?.split_once(" ERROR")?;
        Some(format!("#{number} "))
    });
    if let Some(head) = failed {
        let own = log.lines().filter_map(|line| line.strip_prefix(&head));
        // `0.207 what it wrote`
        let timed = own.filter_map(|line| line.split_once(' '));
        let mut said = timed.filter(|(time, _)| time.starts_with(|c: char| c.is_ascii_digit()));
        return said.next_back().map(|(_, said)| said.trim());
    }
    let (_, after) = log.rsplit_once(" ---> Running in ")?;
    let own = after.lines().skip(1);
    let own =
        own.take_while(|line| !line.starts_with("Building ") && !line.starts_with("The command '"));
    own.map(str::trim).filter(|line| !line.is_empty()).last()
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
    fn a_failed_build_tells_its_service_its_step_and_its_last_word() {
        let classic = "Step 1/2 : FROM x\n ---> 1\nStep 2/2 : RUN make\n ---> Running in 2\n\
                       cc\n\u{241b}[91mno rule to make it\n\u{241b}[0m\nBuilding web\nThe command '/bin/sh -c make' returned a \
                       non-zero code: 2\nService 'web' failed to build : Build failed\n";
        let told = build_of("web", classic);
        assert_eq!(
            told.as_deref(),
            Some("it failed to build at step 2/2 RUN make: no rule to make it")
        );
        assert_eq!(build_of("api", classic), None, "not the one that failed");
        let buildkit = "#5 [web 1/2] FROM x\n#6 [web 2/2] RUN make\n#6 0.2 cc\n#6 0.3 no rule\n\
                        #6 ERROR: process \"/bin/sh -c make\" did not complete successfully\n\
                        target web: failed to solve: process\n";
        assert_eq!(
            build_of("web", buildkit).as_deref(),
            Some("it failed to build at [web 2/2] RUN make: no rule")
        );
        assert_eq!(build_of("web", "Pulling web\n"), None);
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

//! A page: its status, its body, its certificate, its speed.

use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::kinds::Page;
use crate::clock::Clock;
use crate::say;
use crate::text::Clean;
use crate::watch::ask::{Asker, Question, Reply};

pub(super) async fn look(asker: &Asker, page: &Page) -> Verdict {
    let question = Question {
        method: page.method,
        url: &page.url,
        wants_body: page.body.is_some(),
    };
    let reply = asker.ask(question).await?;
    // certificates are about the world's time, whatever a test makes of ours
    judge(page, &reply, Clock::System.now())
}

fn judge(page: &Page, reply: &Reply, now: Timestamp) -> Verdict {
    status(&page.status, reply.status)?;
    if let Some(pattern) = &page.body
        && !pattern.is_in(&String::from_utf8_lossy(&reply.body))
    {
        return Err("the body does not hold what it should".into());
    }
    if let Some(limit) = page.slower_than.filter(|limit| reply.took > *limit) {
        let (took, limit) = (reply.took.as_millis(), limit.as_millis());
        let [took, limit] = [took, limit].map(|ms| u64::try_from(ms).unwrap_or(u64::MAX));
        return Err(say!("it took {} ms, more than {} ms", took, limit).into());
    }
    match reply.valid_until {
        Some(end) => certificate(end, page.tls_days, now),
        None => Ok(()),
    }
}

/// As the settings want it, else any success or redirection.
pub(super) fn status(wanted: &[u16], found: u16) -> Verdict {
    let right = if wanted.is_empty() {
        (200..400).contains(&found)
    } else {
        wanted.contains(&found)
    };
    if right {
        return Ok(());
    }
    let wanted: Vec<Clean> = wanted.iter().map(|code| say!("{}", code)).collect();
    let wanted = if wanted.is_empty() {
        "200 to 399".into()
    } else {
        Clean::join(&wanted, ", ")
    };
    Err(say!("HTTP {} instead of {}", found, wanted).into())
}

fn certificate(end: Timestamp, days: u16, now: Timestamp) -> Verdict {
    let left = end.duration_since(now);
    if left >= SignedDuration::from_hours(i64::from(days) * 24) {
        return Ok(());
    }
    Err(say!(
        "the certificate ends in {} days, on {}",
        left.as_hours() / 24,
        end
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_before_it_ends() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, end) = (at("2026-11-20T03:00:00Z"), at("2026-11-26T03:00:00Z"));
        assert!(certificate(end, 6, now).is_ok());
        let told = certificate(end, 7, now).unwrap_err().why;
        assert_eq!(
            told.as_str(),
            "the certificate ends in 6 days, on 2026-11-26T03:00:00Z"
        );
    }

    #[test]
    fn redirections_are_right_unless_something_else_is_wanted() {
        assert!(status(&[], 302).is_ok() && status(&[401], 401).is_ok());
        let told = status(&[200, 204], 302).unwrap_err().why;
        assert_eq!(told.as_str(), "HTTP 302 instead of 200, 204");
    }
}

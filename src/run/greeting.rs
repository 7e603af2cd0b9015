//! What a server says first when it is greeted in its own language, and what that means to people.
//! Pure: who connects is `probe`.

use crate::action::Speaks;
use crate::say;
use crate::text::Clean;

/// The bytes of a greeting, as `printf` writes them; `$1` is the host. `None`: connecting is enough.
pub(super) fn asked(speaks: Speaks) -> Option<&'static str> {
    match speaks {
        Speaks::Tcp => None,
        Speaks::Http => Some("printf 'GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"$1\""),
        Speaks::Redis => Some("printf 'PING\\r\\n'"),
        // eight bytes that ask whether TLS is spoken: `S` or `N` is the answer
        Speaks::Postgres => Some("printf '\\000\\000\\000\\010\\004\\322\\026\\057'"),
    }
}

/// What an answer means; `None`: whoever answers there speaks something else.
pub(super) fn meaning(speaks: Speaks, answer: &Clean) -> Option<Clean> {
    let text = answer.as_str();
    match speaks {
        Speaks::Tcp => Some(answer.clone()),
        Speaks::Http => text.starts_with("HTTP").then(|| answer.clone()),
        Speaks::Redis if text.starts_with("+PONG") => Some(say!("redis answers")),
        Speaks::Redis if text.starts_with("-NOAUTH") => {
            Some(say!("redis answers, and wants a password"))
        }
        Speaks::Redis => text
            .starts_with('-')
            .then(|| say!("redis answers: {}", answer)),
        Speaks::Postgres => match text {
            "N" => Some(say!("PostgreSQL answers, without TLS")),
            "S" => Some(say!("PostgreSQL answers, and offers TLS")),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Redactor;

    fn heard(speaks: Speaks, text: &str) -> Option<String> {
        let answer = Redactor::shapes_only().clean(text);
        meaning(speaks, &answer).map(|meaning| meaning.to_string())
    }

    #[test]
    fn whoever_speaks_something_else_is_not_taken_for_what_is_meant() {
        assert_eq!(heard(Speaks::Postgres, "HTTP/1.1 400 Bad Request"), None);
        assert_eq!(heard(Speaks::Redis, "N"), None);
        assert_eq!(heard(Speaks::Http, "-ERR unknown command"), None);
        let said = heard(Speaks::Redis, "-NOAUTH Authentication required.");
        assert_eq!(said.as_deref(), Some("redis answers, and wants a password"));
    }
}

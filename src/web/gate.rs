//! Who may see pages. Reports name hosts and faults: they are for browsers of this machine, or for
//! a proxy that asks who comes. A page of somebody else's that points a name of its own at this
//! address gets nothing.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;

const ELSEWHERE: &str =
    "reports are shown on loopback addresses only; put a proxy that asks who comes in front\n";
const STRANGE: &str = "reports are shown under `localhost`, a loopback address or the host of `http.public_url` only\n";

pub(super) async fn pages(State(web): State<Web>, request: Request, next: Next) -> Response {
    if !web.loopback {
        return (StatusCode::FORBIDDEN, ELSEWHERE).into_response();
    }
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if named.is_some_and(|host| is_ours(host, web.public_host.as_deref())) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, STRANGE).into_response()
    }
}

/// A browser says in `Host` which name it was sent to.
fn is_ours(host: &str, public: Option<&str>) -> bool {
    if public.is_some_and(|public| public.eq_ignore_ascii_case(host)) {
        return true;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// `ops.example.org` of `https://ops.example.org/dogwatch`.
pub(super) fn host_of(url: &str) -> Option<String> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    (!authority.is_empty()).then(|| authority.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "127.0.0.9",
            "[::1]:8080",
            "LOCALHOST",
        ] {
            assert!(is_ours(ours, None), "{ours}");
        }
        for strange in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
            "[::2]",
            "localhost.evil.example",
        ] {
            assert!(!is_ours(strange, None), "{strange}");
        }
        let public = host_of("https://ops.example.org/dogwatch");
        assert!(is_ours("ops.example.org", public.as_deref()));
        assert!(!is_ours("ops.example.org.evil.example", public.as_deref()));
    }
}

//! Slack's way of writing what a person typed, turned back into what they typed.

/// Without a mention at its start, with links as they read and entities as they were typed.
pub(super) fn typed(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim();
    while addressed_to_us(rest) {
        let Some((_, after)) = rest.split_once('>') else {
            break;
        };
        rest = after.trim_start();
    }
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((inside, after)) = after.split_once('>') else {
            plain.push('<');
            rest = after;
            continue;
        };
        plain.push_str(shown(inside));
        rest = after;
    }
    plain.push_str(rest);
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

/// `<http://db.internal|db.internal>` reads `db.internal`, `<#C1|ops>` reads `ops`.
fn shown(inside: &str) -> &str {
    match inside.split_once('|') {
        Some((_, label)) => label,
        None => inside,
    }
}

/// It begins with somebody's mention.
pub(super) fn addressed_to_us(text: &str) -> bool {
    text.trim_start().starts_with("<@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_it_was_typed() {
        let cases = [
            ("<@U0BOT> status shop", "status shop"),
            ("  <@U0BOT>   <@U0BOT> help ", "help"),
            (
                "logs api --grep a&lt;b&amp;&amp;c",
                "logs api --grep a<b&&c",
            ),
            (
                "diagnose <http://api.local|api.local>",
                "diagnose api.local",
            ),
            ("status <https://x.example>", "status https://x.example"),
            ("a &amp;lt; b", "a &lt; b"),
            ("1 < 2", "1 < 2"),
            ("<@U0BOT", "<@U0BOT"),
        ];
        for (sent, meant) in cases {
            assert_eq!(typed(sent), meant);
        }
    }
}

//! Secrets known by shape: what the issuers of tokens promise about them, and the few commands
//! that take a password without naming it. Data first; the reader of the table is at the end.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::spans::Spans;
use super::value;

/// One issuer's tokens. A pattern is tried only on text that holds one of its hints; the secret is
/// the pattern's first group, or all of it where it has none.
struct Shape {
    hints: &'static [&'static str],
    pattern: &'static str,
    is_secret: fn(&str) -> bool,
}

const fn token(hints: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape {
        hints,
        pattern,
        is_secret: |_| true,
    }
}

/// A shape that ordinary words can have too.
const fn mixed(hints: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape {
        hints,
        pattern,
        is_secret: is_mixed,
    }
}

/// A password behind a word or flag; placeholders stay.
const fn password(hints: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape {
        hints,
        pattern,
        is_secret: |secret| value::is_worth_hiding("password", secret),
    }
}

const SHAPES: &[Shape] = &[
    // JSON web tokens
    token(
        &["eyJ"],
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    ),
    // clouds
    token(
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)",
    ),
    token(&["AIza"], r"(?-u:\b)AIza[A-Za-z0-9_-]{35}"),
    token(&["ya29."], r"(?-u:\b)ya29\.[A-Za-z0-9_-]{20,}"),
    token(&["GOCSPX-"], r"(?-u:\b)GOCSPX-[A-Za-z0-9_-]{20,}"),
    token(
        &["AccountKey", "AccessKey", "AccessSignature"],
        r"(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^;\s'&\x22]+)",
    ),
    token(&["sig="], r"[?&]sig=([^&\s'\x22]+)"),
    token(
        &["X-Amz-"],
        r"(?i)[?&]X-Amz-(?:Signature|Security-Token|Credential)=([^&\s'\x22]+)",
    ),
    token(
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"(?-u:\b)do[opr]_v1_[a-f0-9]{40,}",
    ),
    token(&["LTAI"], r"(?-u:\b)LTAI[A-Za-z0-9]{16,20}(?-u:\b)"),
    token(&["HRKU-"], r"(?-u:\b)HRKU-[A-Za-z0-9_-]{20,}"),
    token(
        &["fo1_", "FlyV1"],
        r"(?-u:\b)(?:fo1_[A-Za-z0-9_-]{30,}|FlyV1 [A-Za-z0-9+/=_,-]{30,})",
    ),
    // code and packages
    token(
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{20,}",
    ),
    token(&["github_pat_"], r"(?-u:\b)github_pat_[A-Za-z0-9_]{20,}"),
    token(
        &["gl"],
        r"(?-u:\b)gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_.-]{16,}",
    ),
    token(&["npm_"], r"(?-u:\b)npm_[A-Za-z0-9]{30,}"),
    token(&["pypi-"], r"(?-u:\b)pypi-[A-Za-z0-9_-]{40,}"),
    token(&["rubygems_"], r"(?-u:\b)rubygems_[a-f0-9]{48}"),
    token(&["dckr_"], r"(?-u:\b)dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    token(
        &["ATATT3", "ATCTT3", "ATBB"],
        r"(?-u:\b)(?:AT[AC]TT3[A-Za-z0-9_=-]{40,}|ATBB[A-Za-z0-9]{32})",
    ),
    token(&["lin_api_"], r"(?-u:\b)lin_api_[A-Za-z0-9]{32,}"),
    token(&["PMAK-"], r"(?-u:\b)PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    // chat
    token(
        &["xox", "xapp-", "xwfp-"],
        r"(?-u:\b)(?:xoxe\.)?(?:xox[abceoprsd]|xapp|xwfp)-[A-Za-z0-9-]{8,}",
    ),
    token(
        &["hooks.slack"],
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]+)",
    ),
    token(
        &["/webhooks/"],
        r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/([A-Za-z0-9_-]+)",
    ),
    token(
        &["webhook.office.com"],
        r"webhook\.office\.com/(webhookb2/[^\s'\x22<>]+)",
    ),
    mixed(
        &["."],
        r"(?-u:\b)[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}",
    ),
    token(&[":AA"], r"(?-u:\b)[0-9]{8,10}:(AA[A-Za-z0-9_-]{32,})"),
    // payment, mail, messages
    token(
        &["k_live_", "k_test_", "k_prod_"],
        r"(?-u:\b)[rsp]k_(?:live|test|prod)_[A-Za-z0-9]{10,}",
    ),
    token(&["whsec_"], r"(?-u:\b)whsec_[A-Za-z0-9+/=]{16,}"),
    token(
        &["SG."],
        r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
    token(&["SK"], r"(?-u:\b)SK[0-9a-f]{32}(?-u:\b)"),
    token(&["key-"], r"(?-u:\b)key-[0-9a-f]{32}(?-u:\b)"),
    token(
        &["xkeysib-"],
        r"(?-u:\b)xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
    ),
    token(&["shp"], r"(?-u:\b)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    // models
    mixed(
        &["sk-"],
        r"(?-u:\b)sk-(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}",
    ),
    token(&["hf_"], r"(?-u:\b)hf_[A-Za-z0-9]{30,}"),
    token(
        &["gsk_", "r8_", "xai-"],
        r"(?-u:\b)(?:gsk_|r8_|xai-)[A-Za-z0-9]{32,}",
    ),
    // operations
    token(
        &["hvs.", "hvb.", "hvr."],
        r"(?-u:\b)hv[sbr]\.[A-Za-z0-9_-]{20,}",
    ),
    token(
        &["glsa_", "glc_"],
        r"(?-u:\b)(?:glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/=]{32,})",
    ),
    token(&["NRAK-"], r"(?-u:\b)NRAK-[A-Z0-9]{27}"),
    token(&["dapi"], r"(?-u:\b)dapi[a-f0-9]{32}"),
    token(
        &[".atlasv1."],
        r"(?-u:\b)[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}",
    ),
    token(
        &["pscale_"],
        r"(?-u:\b)pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{30,}",
    ),
    token(&["sbp_"], r"(?-u:\b)sbp_[a-f0-9]{40}"),
    token(
        &["dp.pt.", "dp.st."],
        r"(?-u:\b)dp\.[ps]t\.[A-Za-z0-9_.-]{30,}",
    ),
    token(&["tskey-"], r"(?-u:\b)tskey-[a-z]+-[A-Za-z0-9-]{16,}"),
    token(
        &["sntrys_", "sntryu_"],
        r"(?-u:\b)sntry[su]_[A-Za-z0-9+/=_]{32,}",
    ),
    token(&["AGE-SECRET-KEY-"], r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    token(&["SWMTKN-"], r"SWMTKN-1-[a-z0-9]{40,}-[a-z0-9]{20,}"),
    // headers and commands that name no password
    mixed(
        &["bearer"],
        r"(?i)(?-u:\b)bearer[ \t]+([A-Za-z0-9._~+/=-]{8,})",
    ),
    mixed(
        &["basic "],
        r"(?i)(?-u:\b)basic[ \t]+([A-Za-z0-9+/]{8,}={0,2})",
    ),
    password(
        &["identified", "password"],
        r"(?i)(?-u:\b)(?:password|identified(?: with [a-z0-9_]+)? by)[ \t]+'([^'\n]+)'",
    ),
    mixed(
        &["password is", "password set to"],
        r"(?i)(?-u:\b)password (?:is|set to)[: \t]+['\x22]?([^\s'\x22]{6,})",
    ),
    password(
        &["requirepass", "masterauth"],
        r"(?i)(?-u:\b)(?:requirepass|masterauth)[ \t]+\x22?([^\s\x22]+)",
    ),
    password(
        &["auth"],
        r"(?i)\x22auth\x22[ \t]+(?:\x22[^\x22\n]{1,64}\x22[ \t]+)?\x22([^\x22\n]+)\x22",
    ),
    password(
        &["login"],
        r"(?-u:\b)login[ \t]+[^\s]{1,64}[ \t]+password[ \t]+([^\s]+)",
    ),
    password(
        &["mysql", "mariadb"],
        r"(?-u:\b)(?:mysql|mariadb)[a-z_-]*[ \t][ -:<-{}]{0,120}?-p([^\s'\x22\],]+)",
    ),
    password(
        &["mongo", "sshpass", "docker"],
        r"(?-u:\b)(?:mongo[a-z]*|sshpass|docker login)[ \t](?:[ -:<-{}]{0,120}?[ \t])?-p[ =]?([^\s'\x22\],]+)",
    ),
    mixed(
        &["vault"],
        r"(?-u:\b)vault login(?:[ \t]+-[a-z-]+)*[ \t]+([A-Za-z0-9._-]{8,})",
    ),
    password(
        &["redis-cli"],
        r"(?-u:\b)redis-cli[ \t](?:[ -:<-{}]{0,120}?[ \t])?-a[ \t]+([^\s'\x22\],]+)",
    ),
    password(
        &["curl"],
        r"(?-u:\b)curl[ \t](?:[ -{}]{0,120}?[ \t])?(?:-u|--user)[ =]?['\x22]?[^\s:'\x22]{1,64}:([^\s'\x22]+)",
    ),
    password(
        &["</"],
        r"(?i)<[a-z_.:-]*(?:password|passwd|secret|token|apikey)>([^<\s]+)</",
    ),
];

/// A digit, or capitals among small letters: words of a sentence have neither.
fn is_mixed(secret: &str) -> bool {
    let inner = secret.get(1..).unwrap_or_default();
    let has = |kind: fn(&char) -> bool| inner.chars().any(|c| kind(&c));
    has(char::is_ascii_digit)
        || secret.ends_with('=')
        || (has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase))
}

/// The table, ready to use.
struct Table {
    hints: AhoCorasick,
    /// Which shape each hint belongs to.
    shape_of_hint: Vec<usize>,
    patterns: Vec<Regex>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let hints = SHAPES.iter().flat_map(|shape| shape.hints);
    Table {
        hints: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(hints)
            .expect("a few literals"),
        shape_of_hint: SHAPES
            .iter()
            .enumerate()
            .flat_map(|(index, shape)| shape.hints.iter().map(move |_| index))
            .collect(),
        patterns: SHAPES
            .iter()
            .map(|shape| Regex::new(shape.pattern).expect("a constant pattern"))
            .collect(),
    }
});

pub(super) fn find(text: &str, spans: &mut Spans) {
    let mut hinted = vec![false; SHAPES.len()];
    for hint in TABLE.hints.find_overlapping_iter(text) {
        let shape = TABLE.shape_of_hint.get(hint.pattern().as_usize());
        if let Some(hinted) = shape.and_then(|shape| hinted.get_mut(*shape)) {
            *hinted = true;
        }
    }
    for ((shape, pattern), hinted) in SHAPES.iter().zip(&TABLE.patterns).zip(hinted) {
        if hinted {
            find_shape(shape, pattern, text, spans);
        }
    }
}

fn find_shape(shape: &Shape, pattern: &Regex, text: &str, spans: &mut Spans) {
    for found in pattern.captures_iter(text) {
        let secret = found.get(1).or_else(|| found.get(0));
        let span: Option<Range<usize>> = secret
            .filter(|secret| (shape.is_secret)(secret.as_str()))
            .map(|secret| secret.range());
        if let Some(span) = span {
            spans.add(span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_shape_has_a_hint() {
        assert_eq!(TABLE.patterns.len(), SHAPES.len());
        assert!(SHAPES.iter().all(|shape| !shape.hints.is_empty()));
    }
}

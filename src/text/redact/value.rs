//! Whether the value that follows a secret's name is a secret at all, or a placeholder, a path, a
//! count, a piece of code or the rest of a sentence. How far it goes is `extent`'s business.

/// What stands in for a value that is not there.
const PLACEHOLDERS: &[&str] = &[
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "empty",
    "unset",
    "redacted",
    "filtered",
    "masked",
    "hidden",
    "omitted",
    "nan",
    "string",
    "str",
    "optional",
];

/// How a sentence goes on after "password:" or "token:".
const PROSE: &[&str] = &[
    "a",
    "an",
    "and",
    "are",
    "authentication",
    "be",
    "but",
    "can",
    "cannot",
    "can't",
    "check",
    "contains",
    "could",
    "did",
    "does",
    "error",
    "expected",
    "expired",
    "failed",
    "failure",
    "field",
    "for",
    "from",
    "got",
    "has",
    "have",
    "identifier",
    "if",
    "in",
    "incorrect",
    "invalid",
    "is",
    "it",
    "length",
    "malformed",
    "mismatch",
    "missing",
    "must",
    "name",
    "needs",
    "not",
    "of",
    "or",
    "permission",
    "please",
    "provided",
    "punc",
    "rejected",
    "required",
    "requires",
    "should",
    "signature",
    "the",
    "this",
    "to",
    "too",
    "unable",
    "unexpected",
    "unknown",
    "use",
    "using",
    "was",
    "while",
    "with",
    "wrong",
    "you",
    "your",
];

/// Objects that code reads secrets from; a traceback shows the code, not the secret.
const CODE_ROOTS: &[&str] = &[
    "self.",
    "this.",
    "os.",
    "settings.",
    "config.",
    "cfg.",
    "conf.",
    "process.env",
    "args.",
    "options.",
    "opts.",
    "request.",
    "req.",
    "env.",
    "std::",
    "params.",
    "ctx.",
];

/// What stands after `…_AUTH` where it says how somebody proves who they are, and not with what.
const METHODS: &[&str] = &[
    "anonymous",
    "basic",
    "bearer",
    "cert",
    "certificate",
    "cram-md5",
    "default",
    "digest",
    "disabled",
    "enabled",
    "external",
    "internal",
    "jwt",
    "key",
    "ldap",
    "login",
    "md5",
    "need",
    "ntlm",
    "oauth",
    "oauth2",
    "oidc",
    "ok",
    "password",
    "plain",
    "requested",
    "required",
    "saml",
    "scram-sha-256",
    "token",
    "trust",
    "want",
    "x509",
    "xoauth2",
];

/// Where files live; a value below one of these is a path, however it looks.
const PATH_ROOTS: &[&str] = &[
    "/run/",
    "/etc/",
    "/var/",
    "/usr/",
    "/opt/",
    "/home/",
    "/root/",
    "/app/",
    "/srv/",
    "/data/",
    "/tmp/",
    "/mnt/",
    "/config/",
    "/secrets/",
    "/certs/",
    "/dev/",
    "/proc/",
    "./",
    "../",
    "~/",
];

/// Whether the value of a secret name is a secret, or says only where or whether there is one.
pub(super) fn is_worth_hiding(key: &str, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_placeholder(value) || is_code(value) || is_path(value) {
        return false;
    }
    let key = key.to_ascii_lowercase();
    if key == "pwd" && value.starts_with('/') {
        return false;
    }
    // An address helps, and its password goes by its place; `TOKEN_SERVICE` is not a token anyway.
    if value.contains("://")
        && !["password", "secret", "token", "key"]
            .iter()
            .any(|end| key.ends_with(end))
    {
        return false;
    }
    !is_count(&key, value) && !is_method(&key, value)
}

fn is_method(key: &str, value: &str) -> bool {
    key.ends_with("auth")
        && METHODS
            .iter()
            .any(|method| value.eq_ignore_ascii_case(method))
}

/// `token: 42`, `pass=12 fail=0`, `max_tokens=4096` and `random_seed=42` count something.
fn is_count(key: &str, value: &str) -> bool {
    let first = value.split([' ', ',', ';']).next().unwrap_or_default();
    let is_number = first.chars().all(|c| c.is_ascii_digit() || c == '.');
    let short = matches!(key, "token" | "pass") && first.len() < 6
        || key.ends_with("auth") && first.len() < 4;
    // what numbers are drawn from is a number; what codes are made from is not
    is_number && (short || key.ends_with("tokens") || key.ends_with("seed"))
}

fn is_placeholder(value: &str) -> bool {
    let wrapped = [
        ("${", "}"),
        ("$(", ")"),
        ("{{", "}}"),
        ("<", ">"),
        ("%(", ")s"),
        ("[", "]"),
    ]
    .iter()
    .any(|(open, close)| value.starts_with(open) && value.ends_with(close));
    let variable = value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    });
    wrapped
        || variable
        || matches!(value, "%s" | "%v" | "%q" | "?" | "{}")
        || !value.chars().any(char::is_alphanumeric)
        || value.chars().all(|c| matches!(c, 'x' | 'X'))
        || PLACEHOLDERS
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}

fn is_code(value: &str) -> bool {
    let calls = value.ends_with(['(', ')'])
        && value.split_once('(').is_some_and(|(function, _)| {
            !function.is_empty()
                && function
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | ':'))
        });
    let annotates = value
        .split_once(" = ")
        .is_some_and(|(kind, _)| is_placeholder(kind));
    calls || annotates || CODE_ROOTS.iter().any(|root| value.starts_with(root))
}

fn is_path(value: &str) -> bool {
    PATH_ROOTS.iter().any(|root| value.starts_with(root))
}

/// Whether what follows a colon is a sentence about the secret.
pub(super) fn is_prose(value: &str) -> bool {
    let first = value.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches([',', '.', ';', ':', '!']);
    PROSE.iter().any(|word| first.eq_ignore_ascii_case(word))
}

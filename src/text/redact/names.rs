//! Which names of variables, fields and flags announce a secret. `DB_PASSWORD` does,
//! `token_count` and `PGPASSFILE` do not.

/// A word that ends with one of these names a secret: `PGPASSWORD`, `accesstoken`.
const ROOTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "accountkey",
    "authkey",
    "sharedkey",
    "sharedaccesskey",
    "requirepass",
    "masterauth",
    "authorization",
];

/// These name a secret as the last word only: `DB_PASS`, not `bypass` or `PASS_THROUGH`.
const LAST_WORDS: &[&str] = &[
    "pass", "pw", "pwd", "dsn", "pat", "cookie", "cred", "creds", "salt", "pepper",
];

/// These do only where something stands before them: `REDIS_AUTH`, but not `auth: md5`.
const OWNED_WORDS: &[&str] = &["auth", "seed"];

/// What a last word may be glued to: `SSHPASS`, `ADMINPW`.
const GLUED: &[&str] = &["pass", "pw"];

/// They end so and are words of their own.
const NOT_GLUED: &[&str] = &[
    "allpass",
    "bandpass",
    "bypass",
    "compass",
    "encompass",
    "highpass",
    "lowpass",
    "multipass",
    "onepass",
    "overpass",
    "proxypass",
    "singlepass",
    "surpass",
    "trespass",
    "underpass",
    "wrongpass",
];

/// `…_KEY` is a secret after one of these words; a `cache_key` is not.
const KEY_OWNERS: &[&str] = &[
    "access",
    "account",
    "admin",
    "anon",
    "api",
    "app",
    "auth",
    "cipher",
    "client",
    "cookie",
    "crypto",
    "deploy",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "role",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "ssl",
    "storage",
    "tls",
    "webhook",
];

/// A name that ends with one of these says something about a secret, not the secret itself.
const BENIGN_ENDINGS: &[&str] = &[
    "addr",
    "address",
    "age",
    "alg",
    "algorithm",
    "at",
    "attempts",
    "audience",
    "authentication",
    "backend",
    "bits",
    "bucket",
    "budget",
    "count",
    "day",
    "dir",
    "directory",
    "driver",
    "enabled",
    "encryption",
    "endpoint",
    "env",
    "error",
    "errors",
    "exists",
    "expiration",
    "expires",
    "expiry",
    "failed",
    "field",
    "file",
    "filename",
    "format",
    "host",
    "hour",
    "id",
    "in",
    "interval",
    "issuer",
    "kind",
    "len",
    "length",
    "level",
    "lifetime",
    "limit",
    "manager",
    "max",
    "method",
    "min",
    "minute",
    "mode",
    "name",
    "names",
    "needed",
    "path",
    "per",
    "plugin",
    "policy",
    "port",
    "prefix",
    "prompt",
    "proto",
    "protocol",
    "provider",
    "rate",
    "ref",
    "refresh",
    "required",
    "reset",
    "retries",
    "rotation",
    "scope",
    "second",
    "set",
    "size",
    "source",
    "status",
    "stdin",
    "store",
    "strength",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "used",
    "valid",
    "validation",
    "version",
];

/// `token.js:12:5` is a place in a program.
const FILE_ENDINGS: &[&str] = &[
    "c", "cc", "cjs", "conf", "cpp", "cs", "css", "ex", "go", "h", "html", "ini", "java", "js",
    "json", "jsx", "kt", "log", "md", "mjs", "php", "py", "rb", "rs", "scala", "sh", "sql", "toml",
    "ts", "tsx", "txt", "vue", "yaml", "yml",
];

pub(super) fn is_secret(key: &str) -> bool {
    // The shell's working directory, present in every environment.
    if matches!(key, "PWD" | "OLDPWD") {
        return false;
    }
    if key
        .rsplit_once('.')
        .is_some_and(|(_, ending)| FILE_ENDINGS.contains(&ending))
    {
        return false;
    }
    let words = words(key);
    let Some(last) = words.last() else {
        return false;
    };
    if words.len() >= 2 && words.ends_with(&["secret".to_owned(), "id".to_owned()]) {
        return true; // half of a Vault AppRole login
    }
    if BENIGN_ENDINGS.contains(&last.as_str())
        || words.first().is_some_and(|word| word == "proxy") && last == "pass"
    {
        return false;
    }
    let last = without_number(last);
    LAST_WORDS.contains(&last)
        || (words.len() > 1 && OWNED_WORDS.contains(&last))
        || is_glued(last)
        || words.iter().any(|word| ends_with_root(word))
        || names_key(&words)
}

/// `password2` is a password too.
fn without_number(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn is_glued(word: &str) -> bool {
    GLUED.iter().any(|end| word.ends_with(end)) && !NOT_GLUED.contains(&word)
}

fn ends_with_root(word: &str) -> bool {
    let word = without_number(word);
    let singular = word.strip_suffix('s').unwrap_or(word);
    ROOTS
        .iter()
        .any(|root| word.ends_with(root) || singular.ends_with(root))
}

fn names_key(words: &[String]) -> bool {
    words.windows(2).any(|pair| match pair {
        [owner, key] => {
            matches!(key.as_str(), "key" | "keys") && KEY_OWNERS.contains(&owner.as_str())
        }
        _ => false,
    })
}

/// `dbPassword`, `DB_PASSWORD` and `db-password` are the same two words.
fn words(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in key.chars() {
        let ends = !c.is_alphanumeric() || (after_lower && c.is_uppercase());
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

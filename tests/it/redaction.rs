//! Secrets do not come through the redactor; ordinary logs come through unchanged.

use dogwatch::text::{Raw, Redactor};
use proptest::prelude::*;

/// `[[secret]]` marks what has to go; everything outside the marks has to stay.
const MUST_MASK: &[&str] = &[
    // addresses
    "connecting to postgres://shop:[[s3cr3t!]]@db:5432/shop?sslmode=disable",
    "redis://:[[hunter22]]@cache:6379/0 is not reachable",
    "amqp://guest:[[guest]]@rabbit:5672/, amqp://guest:[[guest]]@rabbit2:5672/",
    "mongodb+srv://root:[[p@ss]]@cluster0.example.net/?retryWrites=true",
    "postgres://u:[[pa/ss]]@db:5432/app",
    "https://[[0123456789abcdef0123456789abcdef]]@sentry.example.org/7",
    "dsn is shop:[[pw-1]]@tcp(mysql:3306)/shop?parseTime=true",
    "cannot reach root:[[toor99]]@db.internal:5432",
    "SENTRY_DSN=https://[[0123456789abcdef0123456789abcdef]]@sentry.example.org/7",
    "spring.datasource.url=jdbc:oracle:thin:shop/[[tiger99]]@db:1521/XE",
    "jdbc:oracle:thin:shop/[[tiger99]]@//db:1521/XE is not reachable",
    // pairs
    "POSTGRES_PASSWORD=[[postgres]]",
    "SSHPASS=[[hunter2]]",
    "PGPASS=[[hunter2]]",
    "DBPASS=[[hunter2]]",
    "ADMINPW=[[hunter2]]",
    "NEO4J_AUTH=[[neo4j/hunter2]]",
    "FLOWER_BASIC_AUTH=[[user:hunter2]]",
    "SMTP_AUTH=[[user:hunter2]]",
    "REDIS_AUTH=[[hunter2]]",
    "OTP_SEED=[[JBSWY3DPEHPK3PXP]]",
    "PASSWORD_SALT=[[a9f3kd02]]",
    "PEPPER=[[a9f3kd02]]",
    "DB_CRED=[[hunter2]]",
    "$ vault login [[s.7Hq2kd9fJ3mN5pQ8]]",
    "vault login -no-print [[6a9f3kd0-22f1-77ab]]",
    "POSTGRES_PASSWORD=[[two words]]",
    "      - MYSQL_ROOT_PASSWORD=[[ro;ot,1]]",
    "export API_KEY=[[abc def]]",
    "  password: [[correct horse battery staple]]",
    "starting with user=app password=[[hunter2]] host=db",
    "user=app,password=[[hunter2]],host=db",
    "Server=db;Uid=app;Pwd=[[hunter2]];Database=shop",
    r#"{"user":"app","password":"[[hun\"ter2]]","host":"db"}"#,
    r#"{"level":"info","msg":"{\"apiKey\":\"[[abc123]]\",\"n\":1}"}"#,
    r#"    "Env": ["PATH=/usr/bin", "DB_PASSWORD=[[a b c]]", "TZ=UTC"]"#,
    "config {User:app Password:[[hunter2]] Host:db Port:5432}",
    "{'clientSecret': '[[abc def]]', 'clientId': 'x1'}",
    r#":password=>"[[hunter2]]", :host=>"db""#,
    "spring.datasource.password=[[hunter2]]",
    "GET /callback?code=1&access_token=[[abc123]]&state=9 HTTP/1.1",
    "secret_id: [[2f0e4b1c-8a3e-4d0f-9c58-7d1f0e7a2b11]]",
    r#"{"name": "DB_PASSWORD", "value": "[[hunter2]]"}"#,
    "- name: JWT_SECRET\n  value: [[hunter2]]\n- name: TZ\n  value: UTC",
    "GENERATED ROOT PASSWORD: [[eiZ7ahng4Ohghe]]",
    "aws_secret_access_key = [[wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]]",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=[[abcDEF123+/==]];EndpointSuffix=core",
    "password=[[x1]]",
    r#"Parameters: {"email"=>"bob@example.org", "password"=>"[[hunter2]]"}"#,
    "jdbc:mysql://app:[[hunter2]]@db:3306/app?useSSL=false&password=[[hunter2]]",
    "host=db port=5432 user=app password='[[my secret]]' dbname=app",
    "passwordHash=[[$2b$10$abc]]",
    "Initial admin password is: [[Xk39dkSk]]",
    "the api key: [[abc123def]]",
    "password: [[hunter2]], token: [[abcdef]]",
    "git clone https://x-access-token:[[abc123]]@github.com/example/shop.git",
    "smtp://mailer@example.org:[[apppass]]@smtp.example.org:587",
    "sasl.jaas.config=PlainLoginModule required username=\"app\" password=\"[[hunter2]]\";",
    // headers
    "Authorization: Bearer [[abc.def-123]]",
    "authorization: Basic [[dXNlcjpwYXNz]]",
    r#"{"Authorization":"Bearer [[abcdef]]","Accept":"*/*"}"#,
    "curl -H 'Authorization: token [[abcdef]]' https://api.example.org",
    "X-Api-Key: [[abcdef0]]",
    "Cookie: [[sid=abc; theme=dark]]",
    "sent header bearer [[A1b2C3d4E5]] to upstream",
    // commands
    "docker login -u bot -p [[hunter2]] registry.example.org",
    "mysqldump -uroot -p[[hunter2]] shop",
    "sshpass -p [[hunter2]] ssh root@vps",
    "redis-cli -h cache -a [[hunter2]] ping",
    "curl -u admin:[[hunter2]] http://localhost:9200",
    "app --db-password [[hunter2]] --verbose",
    "app --token=[[abc123def]] --verbose",
    r#"["app", "--password", "[[hunter2]]", "--verbose"]"#,
    "ALTER USER shop WITH PASSWORD '[[hunter2]]';",
    "CREATE USER x IDENTIFIED BY '[[hunter2]]'",
    "requirepass [[hunter2]]",
    r#"1700000000.1 [0 127.0.0.1:5000] "AUTH" "[[hunter2]]""#,
    "machine git.example.org login bot password [[hunter2]]",
    "<db><password>[[hunter2]]</password></db>",
    // tokens by shape
    "jwt [[eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2lnbmF0dXJl]] refused",
    "[[AKIAIOSFODNN7EXAMPLE]] used",
    "cloned with [[ghp_abcdefghijklmnopqrstuvwxyz0123456789]]",
    "[[github_pat_11ABCDEFG0abcdefghij_klmnopqrstuvwxyz]]",
    "[[glpat-abcdefghij0123456789]]",
    "[[xoxb-1234567890-abcdefghijkl]] and [[xapp-1-A123-456-abcdef]]",
    "https://hooks.slack.com/services/[[T000/B000/XXXXabcd]]",
    "https://discord.com/api/webhooks/123456/[[abc_DEF-123]]",
    "[[MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs]]",
    "[[sk_live_abcdefghij0123456789]]",
    "[[sk-ant-api03-abcdefghij0123456789]] rate limited",
    "[[AIzaSyA-abcdefghijklmnopqrstuvwxyz01234]]",
    "//registry.npmjs.org/:_authToken=[[npm_abcdefghijklmnopqrstuvwxyz0123456789]]",
    "[[pypi-AgEIcHlwaS5vcmcCJGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3]]",
    "[[SG.abcdefghijklmnop.abcdefghijklmnopqrstuvwxyz]]",
    "[[SK0123456789abcdef0123456789abcdef]]",
    "123456789:[[AAabcdefghijklmnopqrstuvwxyz012345678]]",
    "[[hvs.abcdefghijklmnopqrstuvwxyz]]",
    "[[dckr_pat_abcdefghijklmnopqrstuvwxyz]]",
    // keys
    "-----BEGIN RSA PRIVATE KEY-----\n[[MIIEpAIBAAKCAQEA]]\n[[abcd]]\n-----END RSA PRIVATE KEY-----\nready",
    "api-1  | -----BEGIN PRIVATE KEY-----\napi-1  | [[MIIEvQIBADANBgkqhkiG9w0B]]\napi-1  | [[xyz=]]\napi-1  | -----END PRIVATE KEY-----",
    r#"{"key":"-----BEGIN PRIVATE KEY-----[[\nMIIEvQ\nabc\n]]-----END PRIVATE KEY-----\n","a":1}"#,
    "[[b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW]]",
];

/// Ordinary words of ordinary programs.
const MUST_NOT_MASK: &[&str] = &[
    "2026-11-20 03:09:41.120 UTC [71] FATAL:  password authentication failed for user \"postgres\"",
    "2026-11-20 03:09:41.120 UTC [1] LOG:  listening on IPv4 address \"0.0.0.0\", port 5432",
    "DETAIL:  Connection matched file \"/var/lib/postgresql/data/pg_hba.conf\" line 128: \"host all all all scram-sha-256\"",
    "FATAL:  no pg_hba.conf entry for host \"172.18.0.5\", user \"shop\", database \"shop\", no encryption",
    "password_encryption = scram-sha-256",
    "PGPASSFILE=/root/.pgpass",
    "POSTGRES_PASSWORD_FILE=/run/secrets/db_password",
    "PWD=/usr/src/app",
    "token_count=5 max_tokens=4096 total_tokens: 128",
    "token: 42, next",
    "SyntaxError: Unexpected token < in JSON at position 0",
    "SyntaxError: Unexpected token: punc (})",
    "Error: secret: not found",
    "password: must be at least 8 characters",
    "POSTGRES_PASSWORD=${DB_PASSWORD}",
    "POSTGRES_PASSWORD=",
    "password=null token=None secret=***",
    "Error: Database is uninitialized and superuser password is not specified.",
    "You must specify POSTGRES_PASSWORD to a non-empty value for the superuser. For example, \"-e POSTGRES_PASSWORD=<password>\" on \"docker run\".",
    "Warning: Using a password on the command line interface can be insecure.",
    "use the --password flag or --password-stdin",
    "10.0.0.1 - - [20/Nov/2026:03:09:41 +0000] \"GET /api/orders?page=2&sort=asc HTTP/1.1\" 502 157 \"-\" \"curl/8.5.0\"",
    "[error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://172.18.0.4:3000/\", host: \"localhost:8080\"",
    "        proxy_pass http://api:3000;",
    "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)",
    "Error: getaddrinfo ENOTFOUND db\n    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:109:26) {\n  errno: -3008,\n  code: 'ENOTFOUND',\n  syscall: 'getaddrinfo',\n  hostname: 'db'\n}",
    "Traceback (most recent call last):\n  File \"/app/main.py\", line 12, in <module>\n    password=os.environ[\"DB_PASSWORD\"],\n  File \"<frozen os>\", line 685, in __getitem__\nKeyError: 'DB_PASSWORD'",
    "    token = request.headers.get(\"Authorization\")",
    "    password = get_password()",
    "redis.exceptions.AuthenticationError: Authentication required.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1",
    "redis:7@sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1",
    "commit 1b10e5597d703156ce1f089270b015955fb357ac",
    "550e8400-e29b-41d4-a716-446655440000 done",
    "container 3f4e8b1c2d5a6f7089ab started",
    "OOMKilled true, exit 137, restart policy no",
    "key=value cache_key=user:42 primary key: id",
    "duplicate key value violates unique constraint \"users_pkey\"",
    "tokenizer=bert secretary=anna compass=north bypass=true",
    "pass=12 fail=0",
    "-v /srv/data:/data -p 8080:80 -p 5432:5432",
    "psql -h db -p 5432 -U shop",
    "git@github.com:example/shop.git mail bob@example.org",
    "npm warn deprecated lodash@4.17.20 npm:foo@1.2.3",
    "http://localhost:8080/healthz https://example.org:443/a@b",
    "Bearer authentication failed",
    "task-manager-with-a-very-long-name disk-usage-of-all-the-volumes",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl root@vps",
    "2026-11-20T03:09:41Z INFO request method=GET path=/ status=200 duration=1.2ms trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
    "{\"level\":30,\"time\":1700000000000,\"pid\":1,\"hostname\":\"3f4e8b1c2d5a\",\"msg\":\"listening on 3000\"}",
    "expected -----BEGIN PRIVATE KEY----- in file /certs/tls.key\nexiting",
    "WARN auth_method=password user=shop",
    "MountVolume.SetUp failed for volume \"db-secret\" : secret \"db-credentials\" not found",
    "Error: couldn't find key DB_PASSWORD in Secret default/db",
    "secretKeyRef: {name: db, key: password}",
    "secrets: [db_password, api_token]",
    "Missing required environment variable: JWT_SECRET",
    "JWT_SECRET: Field required [type=missing, input_value={}, input_type=dict]",
    "Error: Access denied for user 'root'@'localhost' (using password: YES)",
    "    at Object.token (/app/node_modules/x/token.js:12:5)",
    "password: [FILTERED], token: [FILTERED]",
    "PASSWORD=$(cat /run/secrets/pw)",
    "Get \"https://auth.docker.io/token?scope=repository%3Ax%3Apull&service=registry.docker.io\": net/http: TLS handshake timeout",
    "www-authenticate: Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
    "no basic auth credentials",
    "POSTGRES_HOST_AUTH_METHOD=trust",
    "the new password is required and the old password is invalid",
    "auth token expired at 2026-11-20T03:00:00Z",
    "kafka: group.id=shop key.deserializer=org.apache.kafka.StringDeserializer",
    "Basic Authentication required",
    "SSL_KEY=/etc/ssl/private/key.pem",
    "SMTP_AUTH=login HTTP_AUTH=true BASIC_AUTH=enabled auth=md5",
    "random_seed=42 seed=1700000000 seed: tests/data",
    "lowpass=3000 multipass=ready WRONGPASS=none",
    "salt-minion: starting, seeded: 12 rows, peppered=no",
    "vault login failed: permission denied",
    "usage: vault login [options] [AUTH K=V...]",
    "jdbc:oracle:thin:@db:1521/XE",
    "basic auth: user shop is unknown",
];

fn shown(text: &str) -> String {
    Redactor::shapes_only().clean(text).as_str().to_owned()
}

/// The line without marks, and the line as it should come out.
fn marked(line: &str) -> (String, String) {
    let mut plain = String::new();
    let mut masked = String::new();
    for (index, piece) in line.split("[[").enumerate() {
        let (secret, rest) = match piece.split_once("]]") {
            Some((secret, rest)) if index > 0 => (secret, rest),
            _ => ("", piece),
        };
        plain.extend([secret, rest]);
        masked.push_str(if secret.is_empty() {
            ""
        } else {
            "••••"
        });
        masked.push_str(rest);
    }
    (plain, masked)
}

#[test]
fn secrets_go_and_what_is_around_them_stays() {
    let mut wrong = Vec::new();
    for line in MUST_MASK {
        let (plain, masked) = marked(line);
        let got = shown(&plain);
        if got != masked {
            wrong.push(format!(
                "   line: {plain}\n   want: {masked}\n    got: {got}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn ordinary_logs_stay_as_they_are() {
    let mut wrong = Vec::new();
    for line in MUST_NOT_MASK {
        let got = shown(line);
        if got != *line {
            wrong.push(format!("   line: {line}\n    got: {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn with(secret: &str) -> Redactor {
    Redactor::builder().secret(secret).build()
}

#[test]
fn a_known_secret_goes_in_every_form_it_is_written_in() {
    let redactor = with("p@ss \"word\" 7/x");
    for (line, want) in [
        ("it is p@ss \"word\" 7/x here", "it is •••• here"),
        (r#"it is p@ss \"word\" 7/x here"#, "it is •••• here"),
        ("it is p%40ss%20%22word%22%207%2Fx here", "it is •••• here"),
        ("it is p%40ss%20%22word%22%207%2fx here", "it is •••• here"),
        ("it is cEBzcyAid29yZCIgNy94 here", "it is •••• here"),
    ] {
        assert_eq!(redactor.clean(line).as_str(), want);
    }
    // base64 of `user:` in front of it shifts every character
    let shifted = redactor.clean("header dXNlcjpwQHNzICJ3b3JkIiA3L3g= sent");
    assert!(!shifted.as_str().contains("QHNzICJ3b3JkIiA"), "{shifted}");
}

#[test]
fn a_known_secret_of_several_lines_goes_line_by_line() {
    let redactor = with("first line of it\nsecond line of it\nend");
    let text = "a first line of it\nb second line of it\nend of text";
    assert_eq!(redactor.clean(text).as_str(), "a ••••\nb ••••\nend of text");
}

#[test]
fn overlapping_secrets_leave_no_rest() {
    let redactor = Redactor::builder()
        .secret("abcdefgh")
        .secret("efghijkl")
        .build();
    assert_eq!(redactor.clean("x abcdefghijkl y").as_str(), "x •••• y");
}

#[test]
fn a_password_that_is_a_word_goes_only_where_a_password_stands() {
    let vars = [
        ("POSTGRES_PASSWORD", Raw::new("postgres")),
        ("DATABASE_URL", Raw::new("postgres://shop:gateway@db/shop")),
        ("API_TOKEN", Raw::new("q7")),
        ("NEO4J_AUTH", Raw::new("neo4j/gr4ph-s3cret")),
        (
            "DB_URL",
            Raw::new("jdbc:oracle:thin:shop/tiger-99-x@db:1521/XE"),
        ),
        ("REDIS_PASSWORD", Raw::new("Tr0ub4dor&3")),
        ("CACHE_URL", Raw::new("redis://:s3cr3t-cache@cache:6379")),
        ("PATH", Raw::new("/usr/local/bin")),
    ];
    let redactor = Redactor::builder()
        .environment(vars.iter().map(|(key, value)| (*key, value)))
        .known_names(["gateway", "db"].into_iter())
        .build();
    for (line, want) in [
        ("neo4j logs in with gr4ph-s3cret", "neo4j logs in with ••••"),
        ("ora: tiger-99-x is wrong", "ora: •••• is wrong"),
        (
            "database system of postgres on gateway is ready",
            "database system of postgres on gateway is ready",
        ),
        ("password=postgres q7", "password=•••• q7"),
        (
            "postgres://postgres:postgres@db/x",
            "postgres://postgres:••••@db/x",
        ),
        (r#"{"password": "postgres"}"#, r#"{"password": "••••"}"#),
        (
            "wrong: Tr0ub4dor&3 and s3cr3t-cache in /usr/local/bin",
            "wrong: •••• and •••• in /usr/local/bin",
        ),
    ] {
        assert_eq!(redactor.clean(line).as_str(), want);
    }
}

#[test]
fn an_environment_value_is_shown_unless_its_name_says_secret() {
    let redactor = Redactor::shapes_only();
    let shown = |key: &str, value: &str| redactor.value(key, &Raw::new(value)).as_str().to_owned();
    assert_eq!(shown("POSTGRES_PASSWORD", "postgres"), "••••");
    assert_eq!(shown("POSTGRES_PASSWORD", ""), "");
    assert_eq!(
        shown("POSTGRES_PASSWORD_FILE", "/run/secrets/pw"),
        "/run/secrets/pw"
    );
    assert_eq!(
        shown("DATABASE_URL", "postgres://u:pw@db/x"),
        "postgres://u:••••@db/x"
    );
    assert_eq!(shown("NODE_ENV", "production"), "production");
    assert_eq!(
        shown("TOKEN_SERVICE", "http://tokens:80"),
        "http://tokens:80"
    );
    assert_eq!(
        shown("SENTRY_DSN", "https://0123456789abcdef0123@sentry/1"),
        "https://••••@sentry/1"
    );
}

#[test]
fn names_that_announce_a_secret_are_told_from_names_about_one() {
    for key in [
        "PASSWORD",
        "DB_PASS",
        "MYSQL_PWD",
        "PGPASSWORD",
        "password2",
        "dbPassword",
        "SECRET_KEY_BASE",
        "API_KEY",
        "apiKeys",
        "X-Api-Key",
        "AWS_SECRET_ACCESS_KEY",
        "aws_session_token",
        "GITHUB_TOKEN",
        "authToken",
        "CREDENTIALS",
        "private_key",
        "TLS_KEY",
        "SENTRY_DSN",
        "PASSWORD_HASH",
        "Authorization",
        "secret_id",
        "GH_PAT",
        "APP_KEY",
        "SSHPASS",
        "PGPASS",
        "dbpass",
        "ADMINPW",
        "NEO4J_AUTH",
        "smtpAuth",
        "OTP_SEED",
        "HASH_SALT",
        "PEPPER",
        "DB_CRED",
    ] {
        assert!(Redactor::is_secret_name(key), "{key}");
    }
    for key in [
        "",
        "_",
        "PWD",
        "OLDPWD",
        "PATH",
        "token_count",
        "PGPASSFILE",
        "POSTGRES_PASSWORD_FILE",
        "tokenizer",
        "SECRET_NAME",
        "KEY",
        "cache_key",
        "primaryKey",
        "PUBLIC_KEY",
        "token_type",
        "PASSWORD_MIN_LENGTH",
        "bypass",
        "proxy_pass",
        "TOKEN_URL",
        "MONKEY",
        "secretary",
        "client_id",
        "SSH_AUTH_SOCK",
        "HOSTNAME",
        "PASS_THROUGH",
        "cookie_secure",
        "TOKENS_PER_MINUTE",
        "auth",
        "seed",
        "compass",
        "LOWPASS",
        "REQUIRE_AUTH_METHOD",
        "TOKEN_SERVICE_PORT_80_TCP_ADDR",
    ] {
        assert!(!Redactor::is_secret_name(key), "{key}");
    }
}

#[test]
fn neither_redactor_nor_builder_shows_what_it_knows() {
    let builder = Redactor::builder().secret("Tr0ub4dor&3");
    assert!(!format!("{builder:?}").contains("Tr0ub"));
    assert!(!format!("{:?}", builder.build()).contains("Tr0ub"));
}

/// Pieces that mean something to the redactor, so that random text meets its rules.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        prop::sample::select(vec![
            "password=",
            "token: ",
            "\"secret\":\"",
            "://u:",
            "@db",
            "\n",
            "'",
            "\"",
            "\\",
            "••••",
            "•",
            "ghp_",
            "Bearer ",
            "Authorization: ",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "--password ",
            "eyJ",
            ".",
            ",",
            " = ",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "name: DB_PASSWORD\n  value: ",
            "Cookie: ",
            "-p",
            "mysql ",
            "${",
            "}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cleaning_twice_is_cleaning_once(text in noise()) {
        let once = shown(&text);
        prop_assert_eq!(shown(&once), once);
    }

    #[test]
    fn lines_stay_lines(text in noise()) {
        prop_assert_eq!(shown(&text).matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn a_planted_secret_is_gone(
        secret in "[!-~]{4}[A-Za-z0-9]{4,20}[!-~]{0,4}", before in noise(), after in noise(),
    ) {
        let redactor = with(&secret);
        let cleaned = redactor.clean(&format!("{before}{secret}{after}"));
        prop_assert!(!cleaned.as_str().contains(&secret), "{}", cleaned);
        prop_assert_eq!(redactor.clean(cleaned.as_str()), cleaned);
    }
}

//! The shop's own programs: two api servers, a worker, the pages, and the gateway before them.

use super::{MIB, service, up_for};
use crate::sim::behaviour::{Behaviour, Need, OnTerm, Stream};
use crate::sim::spec::{ContainerSpec, HealthSpec};

pub(super) const DATABASE_URL: &str = "postgres://shop:correct-horse-battery@db:5432/shop";
const QUEUE_URL: &str = "amqp://shop:carrot-and-stick@queue:5672";
const HEALTHY: &str = "service_healthy";

/// The release that runs.
const API_IMAGE: &str = "shop/api:2.4.1";

pub(super) fn api(number: u8) -> ContainerSpec {
    let failing = "curl: (22) The requested URL returned error: 503\n";
    let db = Need::of(&["shop-db-1"], failing).complains(
        700,
        Stream::Stderr,
        &[
            r#"{"level":"error","time":"{iso}","msg":"query failed","err":"connect ECONNREFUSED 172.18.0.2:5432","code":"ECONNREFUSED"}"#,
            r#"{"level":"error","time":"{iso}","msg":"query failed","err":"getaddrinfo ENOTFOUND db","code":"ENOTFOUND"}"#,
            r#"{"level":"error","time":"{iso}","msg":"request failed","method":"GET","url":"/orders","status":503,"err":"getaddrinfo ENOTFOUND db"}"#,
        ],
    );
    let cache = Need::of(&["shop-cache-1"], failing).complains(
        700,
        Stream::Stderr,
        &[r#"{"level":"error","time":"{iso}","msg":"cache unavailable","err":"getaddrinfo ENOTFOUND cache"}"#],
    );
    let behaviour = Behaviour::idle()
        .says(200, r#"{"level":"info","time":"{iso}","msg":"api 2.4.1 starting","node":"v22.11.0"}"#)
        .says(500, r#"{"level":"info","time":"{iso}","msg":"listening","port":3000}"#)
        .chats(
            2000,
            Stream::Stdout,
            &[
                r#"{"level":"info","time":"{iso}","msg":"request completed","method":"GET","url":"/orders","status":200,"ms":12}"#,
                r#"{"level":"info","time":"{iso}","msg":"request completed","method":"GET","url":"/products?page=2","status":200,"ms":8}"#,
                r#"{"level":"info","time":"{iso}","msg":"request completed","method":"POST","url":"/cart","status":201,"ms":21}"#,
            ],
        )
        .ready_after(500)
        .needs(db)
        .needs(cache)
        .memory(92 * MIB)
        .cpus(0.12)
        .on_term(OnTerm::exits(150, 0, &[r#"{"level":"info","time":"{iso}","msg":"SIGTERM, closing"}"#]))
        .processes(&["node server.js"]);
    service(
        "api",
        number,
        API_IMAGE,
        &[("db", HEALTHY), ("cache", "service_started")],
    )
    .command(&["node", "server.js"])
    .env("NODE_ENV", "production")
    .env("PORT", "3000")
    .env("DATABASE_URL", DATABASE_URL)
    .env("REDIS_URL", "redis://cache:6379")
    .env("QUEUE_URL", QUEUE_URL)
    .env("JWT_SECRET", "3f9a1c55e07b4d2f8a6e")
    .port(3000, None)
    .memory_limit(256 * MIB)
    .nano_cpus(1_000_000_000)
    .health(
        HealthSpec::shell("curl -fsS http://localhost:3000/healthz")
            .prints(
                "{\"ok\":true}\n",
                "curl: (7) Failed to connect to localhost port 3000\n",
            )
            .start_period(5),
    )
    .behaviour(behaviour)
    .begins(up_for(26))
}

/// No health check: its trouble shows in its log only.
pub(super) fn worker() -> ContainerSpec {
    let db = Need::of(&["shop-db-1"], "").complains(
        900,
        Stream::Stderr,
        &[
            "{iso} ERROR worker: job order.confirm failed (attempt {n}): could not translate host name \"db\" to address: Name or service not known",
            "{iso} WARN  worker: retrying in 1s",
        ],
    );
    let queue = Need::of(&["shop-queue-1"], "").complains(
        900,
        Stream::Stderr,
        &["{iso} ERROR worker: connection to queue:5672 refused, retry {n}"],
    );
    let behaviour = Behaviour::idle()
        .says(
            300,
            "{iso} INFO  worker: started, 4 consumers on order.confirm, invoice.send",
        )
        .chats(
            5000,
            Stream::Stdout,
            &[
                "{iso} INFO  worker: job order.confirm done in 84 ms",
                "{iso} INFO  worker: job invoice.send done in 231 ms",
            ],
        )
        .ready_after(300)
        .needs(db)
        .needs(queue)
        .memory(74 * MIB)
        .cpus(0.06)
        .processes(&["python -m shop.worker"]);
    service(
        "worker",
        1,
        "shop/worker:2.4.1",
        &[("db", HEALTHY), ("queue", HEALTHY)],
    )
    .command(&["python", "-m", "shop.worker"])
    .env("DATABASE_URL", DATABASE_URL)
    .env("QUEUE_URL", QUEUE_URL)
    .memory_limit(192 * MIB)
    .behaviour(behaviour)
    .begins(up_for(26))
}

/// Serves pages from what it has: it stays well while the api is away.
pub(super) fn web() -> ContainerSpec {
    let behaviour = Behaviour::idle()
        .says(400, "{iso} web: ready on http://0.0.0.0:8000")
        .chats(
            4000,
            Stream::Stdout,
            &[
                "{iso} web: GET / 200 18ms",
                "{iso} web: GET /checkout 200 25ms",
            ],
        )
        .ready_after(400)
        .memory(61 * MIB)
        .cpus(0.03)
        .processes(&["node .output/server/index.mjs"]);
    service("web", 1, "shop/web:2.4.0", &[])
        .command(&["node", ".output/server/index.mjs"])
        .env("API_URL", "http://api:3000")
        .port(8000, None)
        .memory_limit(192 * MIB)
        .health(
            HealthSpec::shell("wget -qO- http://localhost:8000/ping")
                .prints("pong\n", "wget: can't connect\n"),
        )
        .behaviour(behaviour)
        .begins(up_for(50))
}

pub(super) fn gateway() -> ContainerSpec {
    let failing = "curl: (22) The requested URL returned error: 502\n";
    let api = Need::of(&["shop-api-1", "shop-api-2"], failing)
        .complains(
            600,
            Stream::Stderr,
            &[r#"{nginx} [error] 29#29: *{n} upstream prematurely closed connection while reading response header from upstream, client: 203.0.113.24, server: shop.example, request: "GET /api/orders HTTP/1.1", upstream: "http://172.18.0.8:3000/orders", host: "shop.example""#],
        )
        .complains(
            600,
            Stream::Stdout,
            &[r#"203.0.113.24 - - [{clf}] "GET /api/orders HTTP/1.1" 502 157 "-" "Mozilla/5.0""#],
        );
    let web = Need::of(&["shop-web-1"], failing).complains(
        600,
        Stream::Stderr,
        &[r#"{nginx} [error] 29#29: *{n} web could not be resolved (3: Host not found), client: 203.0.113.24, server: shop.example, request: "GET / HTTP/1.1", host: "shop.example""#],
    );
    let behaviour = Behaviour::idle()
        .says(
            20,
            "/docker-entrypoint.sh: Configuration complete; ready for start up",
        )
        .chats(
            1500,
            Stream::Stdout,
            &[
                r#"203.0.113.24 - - [{clf}] "GET /api/orders HTTP/1.1" 200 4181 "-" "Mozilla/5.0""#,
                r#"198.51.100.7 - - [{clf}] "GET / HTTP/1.1" 200 12044 "-" "Mozilla/5.0""#,
                r#"198.51.100.7 - - [{clf}] "POST /api/cart HTTP/1.1" 201 96 "-" "Mozilla/5.0""#,
            ],
        )
        .ready_after(100)
        .needs(api)
        .needs(web)
        .memory(11 * MIB)
        .cpus(0.02)
        .processes(&[
            "nginx: master process nginx -g daemon off;",
            "nginx: worker process",
        ]);
    service(
        "gateway",
        1,
        "nginx:1.27",
        &[("api", HEALTHY), ("web", HEALTHY)],
    )
    .command(&["nginx", "-g", "daemon off;"])
    .port(80, Some(8080))
    .bind("/srv/shop/nginx.conf", "/etc/nginx/nginx.conf")
    .memory_limit(64 * MIB)
    .health(
        HealthSpec::shell("curl -fsS http://localhost/healthz")
            .prints("ok\n", "curl: (7) Failed to connect to localhost port 80\n"),
    )
    .behaviour(behaviour)
    .begins(up_for(76))
}

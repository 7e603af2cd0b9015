//! What the shop stands on: its database, its cache, its queue, and the migration that ran once.

use super::{MIB, service, up_for};
use crate::sim::behaviour::{Behaviour, OnTerm, Stream};
use crate::sim::spec::{ContainerSpec, HealthSpec, Restart};

/// Little memory, and nothing that brings it back: the two mistakes the outage is made of.
pub(super) fn db() -> ContainerSpec {
    let behaviour = Behaviour::idle()
        .warns(
            10,
            "{pg} [1] LOG:  starting PostgreSQL 16.4 (Debian 16.4-1.pgdg120+1) on x86_64-pc-linux-gnu",
        )
        .warns(
            12,
            "{pg} [1] LOG:  listening on IPv4 address \"0.0.0.0\", port 5432",
        )
        .warns(
            40,
            "{pg} [29] LOG:  database system was interrupted; automatic recovery in progress",
        )
        .warns(900, "{pg} [29] LOG:  redo done at 0/1A2B3C8 system usage: CPU: user: 0.01 s")
        .warns(
            1100,
            "{pg} [1] LOG:  database system is ready to accept connections",
        )
        .chats(
            30_000,
            Stream::Stderr,
            &[
                "{pg} [27] LOG:  checkpoint starting: time",
                "{pg} [27] LOG:  checkpoint complete: wrote 44 buffers (0.3%); 0 WAL file(s) added, 0 removed, 0 recycled",
            ],
        )
        .ready_after(1100)
        .memory(41 * MIB)
        .cpus(0.08)
        .on_term(OnTerm::exits(
            120,
            0,
            &[
                "{pg} [1] LOG:  received fast shutdown request",
                "{pg} [1] LOG:  database system is shut down",
            ],
        ))
        .processes(&[
            "postgres",
            "postgres: checkpointer",
            "postgres: background writer",
            "postgres: walwriter",
            "postgres: shop shop 172.18.0.8(41822) idle",
        ]);
    service("db", 1, "postgres:16", &[])
        .command(&["postgres"])
        .env("POSTGRES_USER", "shop")
        .env("POSTGRES_PASSWORD", "correct-horse-battery")
        .env("POSTGRES_DB", "shop")
        .env("PGDATA", "/var/lib/postgresql/data")
        .port(5432, None)
        .volume("shop_pgdata", "/var/lib/postgresql/data")
        .memory_limit(64 * MIB)
        .nano_cpus(1_000_000_000)
        .restart(Restart::No)
        .health(
            HealthSpec::shell("pg_isready -U shop")
                .prints(
                    "/var/run/postgresql:5432 - accepting connections\n",
                    "/var/run/postgresql:5432 - rejecting connections\n",
                )
                .start_period(5),
        )
        .behaviour(behaviour)
        .begins(up_for(76))
}

pub(super) fn cache() -> ContainerSpec {
    let behaviour = Behaviour::idle()
        .says(
            5,
            "1:C {redis} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
        )
        .says(30, "1:M {redis} * Ready to accept connections tcp")
        .chats(
            60_000,
            Stream::Stdout,
            &[
                "1:M {redis} * 100 changes in 300 seconds. Saving...",
                "1:M {redis} * Background saving terminated with success",
            ],
        )
        .ready_after(30)
        .memory(9 * MIB)
        .cpus(0.01)
        .processes(&["redis-server *:6379"]);
    service("cache", 1, "redis:7", &[])
        .command(&["redis-server"])
        .port(6379, None)
        .volume("shop_cachedata", "/data")
        .memory_limit(64 * MIB)
        .health(
            HealthSpec::shell("redis-cli ping").prints("PONG\n", "Could not connect to Redis\n"),
        )
        .behaviour(behaviour)
        .begins(up_for(76))
}

pub(super) fn queue() -> ContainerSpec {
    let behaviour = Behaviour::idle()
        .says(800, "{iso} [info] <0.9.0> Server startup complete; 4 plugins started.")
        .chats(
            45_000,
            Stream::Stdout,
            &["{iso} [info] <0.711.0> accepting AMQP connection <0.711.0> (172.18.0.10:51336 -> 172.18.0.4:5672)"],
        )
        .ready_after(800)
        .memory(118 * MIB)
        .cpus(0.04)
        .processes(&["/usr/lib/erlang/bin/beam.smp -W w -MBas ageffcbf"]);
    service("queue", 1, "rabbitmq:3.13", &[])
        .command(&["rabbitmq-server"])
        .env("RABBITMQ_DEFAULT_USER", "shop")
        .env("RABBITMQ_DEFAULT_PASS", "carrot-and-stick")
        .port(5672, None)
        .volume("shop_queuedata", "/var/lib/rabbitmq")
        .memory_limit(256 * MIB)
        .health(
            HealthSpec::shell("rabbitmq-diagnostics -q ping")
                .prints(
                    "Ping succeeded\n",
                    "Error: unable to perform an operation\n",
                )
                .start_period(10),
        )
        .behaviour(behaviour)
        .begins(up_for(76))
}

/// Ran once, long ago, and ended well: not every container that stands still is broken.
pub(super) fn migrate() -> ContainerSpec {
    let behaviour = Behaviour::idle()
        .says(200, "{iso} migrate: database is at version 41")
        .says(
            900,
            "{iso} migrate: applied 0042_order_items_price, now at version 42",
        )
        .exits(1000, 0);
    service("migrate", 1, "shop/api:2.4.1", &[("db", "service_healthy")])
        .command(&["node", "migrate.js"])
        .env("DATABASE_URL", super::front::DATABASE_URL)
        .restart(Restart::No)
        .behaviour(behaviour)
        .begins(up_for(26))
}

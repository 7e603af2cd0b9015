//! The stack `shop` and the outage that is waiting for it: `db` outgrows its memory limit, and
//! everything that needs it falls over one after the other.

mod backing;
mod front;

use std::time::Duration;

use super::behaviour::{Line, Stream};
use super::spec::{Begins, ContainerSpec, Restart};
use super::world::{Fault, World};

const MIB: u64 = 1024 * 1024;
const NETWORK: &str = "shop_default";
/// With what an earlier release and an earlier build left behind.
const IMAGES: [(Option<&str>, u64); 9] = [
    (Some("nginx:1.27"), 188),
    (Some("postgres:16"), 432),
    (Some("rabbitmq:3.13"), 251),
    (Some("redis:7"), 117),
    (Some("shop/api:2.4.0"), 318),
    (Some("shop/api:2.4.1"), 319),
    (Some("shop/web:2.4.0"), 204),
    (Some("shop/worker:2.4.1"), 276),
    (None, 316),
];
/// How long `db` takes to run out of memory once it begins.
const FILLING: Duration = Duration::from_millis(1500);

/// A shop that has run for days. `begin_outage` makes `db` run out of memory within two seconds;
/// whoever needs it is unhealthy two seconds later, and well again soon after `db` is.
pub fn demo_world() -> World {
    let specs = [
        backing::db(),
        backing::cache(),
        backing::queue(),
        backing::migrate(),
        front::api(1),
        front::api(2),
        front::worker(),
        front::web(),
        front::gateway(),
    ];
    let stocked = IMAGES.iter().fold(World::new(), |world, (tag, mib)| {
        world.with_image(*tag, mib * MIB)
    });
    specs
        .into_iter()
        .fold(stocked, World::with)
        .with_build_cache(1310 * MIB)
        .with_outage([db_outgrows_its_limit()])
}

fn db_outgrows_its_limit() -> Fault {
    let report = "SELECT c.id, c.email, sum(i.price * i.quantity) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id GROUP BY c.id, c.email ORDER BY 3 DESC";
    let line = |after, text: &str| Line::new(after, Stream::Stderr, text);
    Fault::FillMemory {
        name: "db".to_owned(),
        within: FILLING,
        says: vec![
            line(
                300,
                "{pg} [412] LOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp412.0\", size 18874368",
            ),
            line(300, &format!("{{pg}} [412] STATEMENT:  {report}")),
            line(
                900,
                "{pg} [412] LOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp412.1\", size 37748736",
            ),
            line(900, &format!("{{pg}} [412] STATEMENT:  {report}")),
            line(
                1300,
                &format!("{{pg}} [412] LOG:  duration: 1004.218 ms  statement: {report}"),
            ),
        ],
    }
}

/// A container of the stack, labelled and named as compose does it.
fn service(name: &str, number: u8, image: &str, needs: &[(&str, &str)]) -> ContainerSpec {
    let depends_on: Vec<String> = needs
        .iter()
        .map(|(service, condition)| format!("{service}:{condition}:false"))
        .collect();
    let container = format!("shop-{name}-{number}");
    ContainerSpec::new(&container, image)
        .label("com.docker.compose.project", "shop")
        .label("com.docker.compose.service", name)
        .label("com.docker.compose.container-number", &number.to_string())
        .label("com.docker.compose.depends_on", &depends_on.join(","))
        .label("com.docker.compose.project.working_dir", "/srv/shop")
        .label(
            "com.docker.compose.project.config_files",
            "/srv/shop/docker-compose.yml",
        )
        .label("com.docker.compose.oneoff", "False")
        .label("com.docker.compose.version", "2.29.7")
        .network(NETWORK, &[name, &container])
        .restart(Restart::UnlessStopped)
}

fn up_for(hours: u64) -> Begins {
    Begins::Running(Duration::from_hours(hours))
}

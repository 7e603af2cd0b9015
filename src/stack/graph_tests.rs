//! Edges as people declare and imply them.

use super::super::inventory::tests::replica;
use super::*;
use crate::action::container::Attachment;
use crate::text::Raw;

fn with_env(mut container: Container, pairs: &[(&str, &str)]) -> Container {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Raw::new(*value)));
    container.settings.environment.extend(pairs);
    container
}

fn on(mut container: Container, network: &str) -> Container {
    container.networks.push(Attachment {
        network: network.to_owned(),
        ..Attachment::default()
    });
    container
}

fn edges(containers: Vec<Container>) -> Vec<String> {
    let graph = Graph::new(&Inventory::new(containers));
    graph
        .edges
        .iter()
        .map(|edge| format!("{} -> {} ({})", edge.from, edge.to, edge.why.say()))
        .collect()
}

#[test]
fn declared_and_implied() {
    let mut gateway = replica("shop", "gateway", 1);
    gateway.labels.insert(
        DEPENDS_ON.to_owned(),
        "api:service_healthy:false, cache:service_started:true".to_owned(),
    );
    let api = with_env(
        replica("shop", "api", 1),
        &[
            ("DATABASE_URL", "postgres://app:pw@db:5432/app?sslmode=off"),
            ("REDIS", "cache:6379"),
            ("MODE", "db"),
            ("SEARCH_HOST", "search"),
            ("SELF_URL", "http://api:3000"),
        ],
    );
    let mut worker = replica("shop", "worker", 1);
    worker.settings.command = vec![Raw::new("work"), Raw::new("--broker=amqp://queue:5672")];
    let others = ["db", "cache", "search", "queue"].map(|name| replica("shop", name, 1));
    let mut all = vec![gateway, api, worker];
    all.extend(others);
    insta::assert_snapshot!(edges(all).join("\n"), @"
    shop/api -> shop/cache (named in REDIS)
    shop/api -> shop/db (named in DATABASE_URL)
    shop/api -> shop/search (named in SEARCH_HOST)
    shop/gateway -> shop/api (depends_on, service_healthy)
    shop/gateway -> shop/cache (depends_on, service_started)
    shop/worker -> shop/queue (named in its command)
    ");
}

#[test]
fn the_same_name_in_another_stack_is_another_service() {
    let api = with_env(
        on(replica("shop", "api", 1), "shop_default"),
        &[("DB_HOST", "db")],
    );
    let other = on(replica("blog", "db", 1), "blog_default");
    assert_eq!(edges(vec![api.clone(), other]), Vec::<String>::new());
    let shared = on(replica("data", "db", 1), "shop_default");
    assert_eq!(
        edges(vec![api, shared]),
        ["shop/api -> data/db (named in DB_HOST)"]
    );
}

#[test]
fn walks_and_orders_also_in_a_circle() {
    let link = |name: &str, to: &str| with_env(replica("s", name, 1), &[("NEXT_HOST", to)]);
    let inventory = Inventory::new(vec![
        link("a", "b"),
        link("b", "c"),
        link("c", "a"),
        link("d", "a"),
    ]);
    let graph = Graph::new(&inventory);
    let key = |name: &str| Key::new(Some("s"), name);
    assert_eq!(graph.all_needs(&key("d")), [key("a"), key("b"), key("c")]);
    assert_eq!(
        graph.all_needed_by(&key("c")),
        [key("b"), key("a"), key("d")]
    );
    let order = graph.start_order(&[key("d"), key("c"), key("b"), key("a")]);
    assert_eq!(order, [key("a"), key("c"), key("b"), key("d")]);
}

proptest::proptest! {
    #[test]
    fn reading_hosts_never_panics(value in ".{0,60}") {
        let _unused = addresses_in(&value, true);
    }
}

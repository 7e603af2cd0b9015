//! `dogwatch demo` without a terminal: the whole story, in order, with nothing but the binary.

use crate::support::program::Place;

#[test]
fn the_demo_plays_from_alert_to_report_by_itself() {
    let place = Place::without_engine();
    let answer = place.run(&["demo"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    let story = [
        "all 8 services are well",
        "shop/db ran out of memory",
        "shop/gateway turned unhealthy",
        "diagnose gateway",
        "oom-killed",
        "memory limit 64 MiB",
        "Fix",
        "restart db api gateway",
        "needs approval",
        "approve ",
        "recovered",
        "Verify",
        "passed",
        "report ",
    ];
    let mut rest = answer.out.as_str();
    for part in story {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("`{part}` does not follow in:\n{}", answer.out));
        rest = after;
    }
    let (_, repaired) = answer.out.split_once("approve ").unwrap();
    let (_, repaired) = repaired.split_once("recovered").unwrap();
    assert!(
        !repaired.contains('✗'),
        "after the repair all passes:\n{repaired}"
    );
    assert!(!answer.out.contains('\u{1b}'), "no colour in a pipe");
    let left = std::fs::read_dir(place.path(".")).unwrap().count();
    assert_eq!(
        left, 0,
        "the demo keeps nothing in the state directory or at home"
    );
}

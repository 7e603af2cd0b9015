//! The grammar, seen from outside.

use super::*;

fn error(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn every_word_parses_its_own_example() {
    for word in WORDS {
        parse(word.example).unwrap_or_else(|error| panic!("{}: {error}", word.example));
    }
}

#[test]
fn reads_flags_in_any_place_and_form() {
    let Command::Logs(logs) =
        parse("/ops logs --since=15m api --tail 5 shop/worker --grep 'a b' --follow").unwrap()
    else {
        panic!("not logs")
    };
    assert_eq!(
        logs.targets
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["api", "shop/worker"]
    );
    assert_eq!(logs.since, Some(Duration::from_mins(15)));
    assert_eq!(
        (logs.tail, logs.follow, logs.timestamps),
        (Some(5), true, false)
    );
    assert!(logs.grep.unwrap().is_match("xa by"));
}

#[test]
fn says_what_is_wrong_and_what_to_do() {
    insta::assert_snapshot!(error("statsu"), @"`statsu` is not a command; did you mean `status`?");
    insta::assert_snapshot!(error("xyzzy"), @"`xyzzy` is not a command; try `help`");
    insta::assert_snapshot!(error("logs"), @"`logs` needs SERVICE; usage: logs SERVICE… [--since TIME] [--until TIME] [--tail N] [--grep RE] [--follow] [--timestamps]");
    insta::assert_snapshot!(error("logs api --sicne 5m"), @"`logs` has no flag `--sicne`; did you mean `--since`?");
    insta::assert_snapshot!(error("logs api --since soon"), @"`soon` is not right for `--since`: say a time like 90s, 15m, 2h or 1d");
    insta::assert_snapshot!(error("logs api --tail -3"), @"`-3` is not right for `--tail`: say a whole number, like 100");
    insta::assert_snapshot!(error("logs api --grep ["), @"`[` is not right for `--grep`: unclosed character class");
    insta::assert_snapshot!(error("logs api --since"), @"`--since` needs a value: how far back to look: 90s, 15m, 2h, 1d");
    insta::assert_snapshot!(error("diagnose api db"), @"`diagnose` does not know what to do with `db`; usage: diagnose SERVICE");
    insta::assert_snapshot!(error("diagnose a;b"), @"`a;b` has `;` in it; names have letters, digits, `.`, `_` and `-`");
    insta::assert_snapshot!(error("prune volumes"), @"`volumes` cannot be pruned; say one of containers, images, networks, cache (volumes are never pruned)");
    insta::assert_snapshot!(error("kill api --signal BOOM"), @"`BOOM` is not right for `--signal`: say one of KILL, TERM, INT, HUP, QUIT, USR1, USR2, ABRT, STOP, CONT, WINCH");
    insta::assert_snapshot!(error("   "), @"nothing was typed; try `help`");
    insta::assert_snapshot!(error(&"x".repeat(9000)), @"the line has 9000 characters; at most 8192 are read");
}

proptest::proptest! {
    #[test]
    fn never_panics(line in ".{0,80}") {
        let _unused = parse(&line);
    }

    #[test]
    fn never_panics_near_the_grammar(line in "(status|logs|kill|deny|prune|approve) [a-z/:@, ]{0,12}( --(since|tail|grep|signal|follow)[= ]?[a-z0-9(\\[*]{0,6}){0,3}") {
        let _unused = parse(&line);
    }
}

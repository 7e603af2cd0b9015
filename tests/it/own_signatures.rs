//! Log signatures of the owner's own: held to their examples by `dogwatch check`, and heard before the
//! built-in ones, without a restart.

use std::fs;

use dogwatch::diagnose::Cause;
use dogwatch::survey::own::OwnSignatures;

use crate::support::program::{Answer, Place};

const GRUE: &str = r#"signatures:
  - id: grue
    cause: config-invalid
    level: dying
    pattern: 'a grue ate (?P<directive>\w+)'
    examples: ["fatal: a grue ate lantern"]
    not: ["a grue ate", "no grue here"]
"#;

fn check(signatures: &str) -> Answer {
    let place = Place::without_engine();
    fs::create_dir_all(place.path("own/pack")).unwrap();
    place.write("own/pack/signatures.yml", signatures);
    place.write("dogwatch.yaml", "runbooks: { directory: own }");
    place.run(&["check"])
}

#[test]
fn check_counts_those_that_keep_their_word() {
    let said = check(GRUE).done();
    assert!(said.contains("1 files of your own included"), "{said}");
}

#[test]
fn check_names_what_is_wrong_and_where() {
    let unknown = check(&GRUE.replace("fatal: a grue ate lantern", "all is well")).failed(2);
    assert!(
        unknown.contains("does not know its example \"all is well\""),
        "{unknown}"
    );
    assert!(unknown.contains("own/pack/signatures.yml:2:"), "{unknown}");
    let greedy = check(&GRUE.replace("no grue here", "a grue ate me")).failed(2);
    assert!(greedy.contains("it takes \"a grue ate me\""), "{greedy}");
    let cause = check(&GRUE.replace("config-invalid", "config-invalit")).failed(2);
    assert!(cause.contains("config-invalit"), "{cause}");
    let taken = check(&GRUE.replace("id: grue", "id: node-heap")).failed(2);
    assert!(taken.contains("another one has this id"), "{taken}");
}

#[test]
fn they_stand_before_the_built_in_ones_and_are_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("signatures.yml");
    let own = OwnSignatures::new(Some(directory.path().to_owned()));
    let cause_of = |line: &str| {
        own.now()
            .signatures
            .find(line)
            .map(|(_, found)| found.cause)
    };
    let line = "Error: connect ECONNREFUSED 10.0.0.1:80, a grue ate lantern";
    assert_eq!(cause_of(line), Some(Cause::ConnectionRefused));
    fs::write(&file, GRUE).unwrap();
    assert_eq!(cause_of(line), Some(Cause::ConfigInvalid));
    fs::write(&file, GRUE.replace("config-invalid", "rate-limited")).unwrap();
    assert_eq!(cause_of(line), Some(Cause::RateLimited));
    fs::remove_file(&file).unwrap();
    assert_eq!(cause_of(line), Some(Cause::ConnectionRefused));
}

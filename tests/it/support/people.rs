//! Who may do what in the tests of chats: somebody on call, an owner beside them, somebody who may
//! only look.

use dogwatch::access::{Allow, Policy};

pub(crate) fn rules(texts: &[&str]) -> Vec<Allow> {
    let rules = texts.iter().map(|text| Allow::parse(text).unwrap());
    rules.collect()
}

/// `members` are named as in the configuration; who sits at the console is an owner.
pub(crate) fn policy(oncall: &[&str], owners: &[&str], viewers: &[&str]) -> Policy {
    let all = rules(&["*:read", "*:change", "*:destructive"]);
    let given = |who: &[&str], role: &str| {
        let member = |who: &&str| ((*who).to_owned(), vec![role.to_owned()]);
        who.iter().map(member).collect::<Vec<_>>()
    };
    let members = [
        given(oncall, "oncall"),
        given(owners, "owner"),
        given(viewers, "viewer"),
        given(&["console:*"], "owner"),
    ];
    Policy::new(
        vec![
            ("oncall".into(), all.clone()),
            ("owner".into(), all),
            ("viewer".into(), rules(&["*:read"])),
        ],
        members.concat(),
    )
}

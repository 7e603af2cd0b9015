//! A configured secret that somebody types as an ordinary value goes nowhere.

use dogwatch::bot::Outcome;

use crate::support::two_people::Place;

const SECRET: &str = "correct-horse-42";
const SET: &str = "name: setpw\ntitle: Set a password\nrisk: change\nparams:\n  value: { type: string, required: true }\nsteps:\n  - container.exec:\n      service: shop/db\n      argv: [set-password, \"{{value}}\"]\n";

#[tokio::test]
async fn a_known_secret_is_no_ordinary_value() {
    let place = Place::with(&[SET], |bot| {
        bot.secrets.push(SECRET.to_owned());
        let named = ("pg-password".to_owned(), SECRET.to_owned());
        bot.conduct.secrets.extend([named]);
    });
    for line in [
        format!("run setpw value={SECRET}"),
        format!("plan setpw value=x{SECRET}y"),
        format!("run setpw {SECRET}"),
    ] {
        let (outcome, text) = place.says("anna", &line).await;
        assert_eq!(outcome, Outcome::Usage, "{text}");
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("`value`: it holds a secret"), "{text}");
    }
    assert!(place.runs().await.is_empty());
    let (_, text) = place.says("anna", "plan setpw value=other").await;
    assert!(text.contains("set-password other"), "{text}");
}

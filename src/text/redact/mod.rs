//! Takes secrets out of observed text. The only maker of `Clean` from foreign words.
//! Secrets are known by value (`known`), by shape (`shapes`, `pem`) or by place (`place`, `url`).

mod extent;
mod known;
mod names;
mod pem;
mod place;
mod shapes;
mod spans;
mod url;
mod value;

use std::sync::LazyLock;

use super::{Clean, Raw};
use known::KnownValues;
use spans::Spans;

pub use known::RedactorBuilder;

/// What stands where a secret stood.
pub const MASK: &str = "••••";

/// A mask can lay bare a token that was glued to a secret, so the text is looked at again until
/// nothing more is found. Real text is done in two looks; this bounds text made to be slow.
const LOOKS: usize = 6;

/// Knows the secrets at hand and the shapes that secrets have.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    known: KnownValues,
}

impl Redactor {
    /// Knows no values, only shapes: tokens, passwords in URLs, private keys.
    pub fn shapes_only() -> &'static Self {
        static SHAPES_ONLY: LazyLock<Redactor> = LazyLock::new(Redactor::default);
        &SHAPES_ONLY
    }

    pub fn builder() -> RedactorBuilder {
        RedactorBuilder::default()
    }

    pub fn clean(&self, text: &str) -> Clean {
        Clean::sealed(self.mask(text))
    }

    pub fn raw(&self, text: &Raw) -> Clean {
        self.clean(text.expose())
    }

    /// An environment value for display: gone as a whole when its name says that it is a secret.
    pub fn value(&self, key: &str, value: &Raw) -> Clean {
        if Self::is_secret_name(key) && value::is_worth_hiding(key, value.expose()) {
            Clean::from_static(MASK)
        } else {
            self.raw(value)
        }
    }

    /// Whether a variable, field or flag of this name usually holds a secret.
    pub fn is_secret_name(key: &str) -> bool {
        names::is_secret(key)
    }

    fn mask(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for _ in 0..LOOKS {
            let again = self.look(&shown);
            if again == shown {
                return shown;
            }
            shown = again;
        }
        spans::mask_every_line(&shown)
    }

    fn look(&self, text: &str) -> String {
        let mut spans = Spans::default();
        self.known.find(text, &mut spans);
        shapes::find(text, &mut spans);
        pem::find(text, &mut spans);
        url::find(text, &mut spans);
        place::find(text, &mut spans);
        spans.mask(text)
    }
}

impl RedactorBuilder {
    pub fn build(self) -> Redactor {
        Redactor {
            known: KnownValues::new(&self),
        }
    }
}

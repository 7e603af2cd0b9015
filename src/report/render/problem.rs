//! What is wrong with a template, in words that say where and what to do.

use std::fmt;

use handlebars::{RenderError, RenderErrorReason, TemplateError, TemplateErrorReason};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateProblem {
    /// As it is named below the templates' directory: `report/text.hbs`.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file, self.message);
        }
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )
    }
}

impl std::error::Error for TemplateProblem {}

impl TemplateProblem {
    pub(super) fn of_file(file: &str, message: String) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            message,
        }
    }

    pub(super) fn parsing(file: &str, error: &TemplateError) -> Self {
        let (line, column) = error.pos().unwrap_or_default();
        let message = match error.reason() {
            TemplateErrorReason::MismatchingClosedHelper(opened, closed)
            | TemplateErrorReason::MismatchingClosedDecorator(opened, closed) => {
                format!("`{opened}` is opened but `{closed}` is closed; close them in order")
            }
            TemplateErrorReason::InvalidSyntax(_) => {
                "this is not valid handlebars; look for a brace or a closing tag that is missing"
                    .to_owned()
            }
            reason => reason.to_string(),
        };
        Self {
            file: file.to_owned(),
            line,
            column,
            message,
        }
    }

    pub(super) fn rendering(file: &str, error: &RenderError) -> Self {
        Self {
            file: error
                .template_name
                .clone()
                .unwrap_or_else(|| file.to_owned()),
            line: error.line_no.unwrap_or_default(),
            column: error.column_no.unwrap_or_default(),
            message: rendering_message(error.reason()),
        }
    }
}

fn rendering_message(reason: &RenderErrorReason) -> String {
    match reason {
        RenderErrorReason::MissingVariable(name) => {
            let name = name.as_deref().unwrap_or("?");
            format!("`{name}` is not a field here; the built-in template shows which there are")
        }
        RenderErrorReason::HelperNotFound(name) => {
            format!("`{name}` is not a helper; the built-in template shows which there are")
        }
        RenderErrorReason::PartialNotFound(name) => {
            format!("there is no template `{name}` to include")
        }
        RenderErrorReason::NestedError(error) => match error.downcast_ref::<RenderError>() {
            Some(error) => rendering_message(error.reason()),
            None => error.to_string(),
        },
        reason => reason.to_string(),
    }
}

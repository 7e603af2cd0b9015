//! Reports through templates: the only home of handlebars. Built-in templates are part of the
//! program; a directory of the same file names overrides them one by one.

mod helpers;
mod load;
mod problem;
mod screen;
mod view;

use std::path::Path;

use handlebars::Handlebars;
use serde::Serialize;

use super::{IncidentRow, Report, ReportRow};
use crate::text::{Clean, Dialect, Message, Outgoing, write};
use view::{IncidentsView, PageView, ReportView};

pub use problem::TemplateProblem;

const TEXT: &str = "report/text.hbs";
const MARKDOWN: &str = "report/markdown.hbs";
const HTML: &str = "report/html.hbs";
const REPORTS_PAGE: &str = "page/reports.hbs";
const INCIDENTS_PAGE: &str = "page/incidents.hbs";
const INCIDENT_PAGE: &str = "page/incident.hbs";
/// Where in its page the document of an incident goes; escaped text can't hold it.
const HERE: &str = "<!-- here -->";

/// All templates, parsed and tried. One registry for each way of escaping.
#[derive(Debug)]
pub struct Templates {
    text: Handlebars<'static>,
    markdown: Handlebars<'static>,
    html: Handlebars<'static>,
}

impl Templates {
    /// The templates that come with the program.
    pub fn built_in() -> Self {
        // A test loads them with every check; a broken one never leaves the house.
        load::registries(&[]).0
    }

    /// The built-in templates with those of a directory in their place.
    pub fn load(override_dir: Option<&Path>) -> Result<Self, Vec<TemplateProblem>> {
        match override_dir {
            Some(dir) => Self::with(&load::read(dir)?),
            None => Ok(Self::built_in()),
        }
    }

    /// The same from sources at hand: pairs of file name and content.
    pub fn with(overrides: &[(String, String)]) -> Result<Self, Vec<TemplateProblem>> {
        load::checked(overrides)
    }

    pub fn report(&self, report: &Report, dialect: &Dialect) -> Result<Outgoing, TemplateProblem> {
        let text = match dialect {
            Dialect::Plain | Dialect::Terminal { .. } => self.text(report, dialect)?,
            Dialect::Markdown => {
                let view = ReportView::new(report, dialect);
                tidy(&render(&self.markdown, MARKDOWN, &view)?)
            }
            Dialect::Html => render(&self.html, HTML, &ReportView::new(report, dialect))?,
            Dialect::Slack | Dialect::Discord => {
                let text = dialect.escape_code(&self.text(report, &PHONE)?);
                format!("```\n{text}```\n")
            }
        };
        Ok(Outgoing::sealed(*dialect, text))
    }

    /// The page that lists stored reports, in the order given.
    pub fn reports_page(&self, rows: &[ReportRow]) -> Result<Outgoing, TemplateProblem> {
        let page = render(&self.html, REPORTS_PAGE, &PageView::new(rows))?;
        Ok(Outgoing::sealed(Dialect::Html, page))
    }

    /// The page that lists incidents, in the order given.
    pub fn incidents_page(&self, rows: &[IncidentRow]) -> Result<Outgoing, TemplateProblem> {
        let page = render(&self.html, INCIDENTS_PAGE, &IncidentsView::new(rows))?;
        Ok(Outgoing::sealed(Dialect::Html, page))
    }

    /// The page around the document of an incident.
    pub fn incident_page(
        &self,
        id: i64,
        title: &Clean,
        document: &Message,
    ) -> Result<Outgoing, TemplateProblem> {
        let data = serde_json::json!({ "id": id, "title": title });
        let page = render(&self.html, INCIDENT_PAGE, &data)?;
        let document = write(document, &Dialect::Html).into_string();
        let page = page.replacen(HERE, &document, 1);
        Ok(Outgoing::sealed(Dialect::Html, page))
    }

    fn text(&self, report: &Report, dialect: &Dialect) -> Result<String, TemplateProblem> {
        let view = ReportView::new(report, dialect);
        Ok(tidy(&render(&self.text, TEXT, &view)?))
    }
}

/// A chat shows a whole report as one block of text, as wide as a phone held sideways.
const PHONE: Dialect = Dialect::Terminal {
    colour: false,
    width: 72,
};

fn render(
    registry: &Handlebars<'_>,
    template: &str,
    data: &impl Serialize,
) -> Result<String, TemplateProblem> {
    registry
        .render(template, data)
        .map_err(|error| TemplateProblem::rendering(template, &error))
}

/// A section that is left out leaves its empty line behind: one is enough, and none at the end.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut gap = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            gap = true;
            continue;
        }
        if gap && !tidy.is_empty() {
            tidy.push('\n');
        }
        gap = false;
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}

//! Gathers templates: the built-in ones, a directory's in their place. Every problem is found at
//! once, also those that show only when a template is used.

use std::path::Path;

use handlebars::Handlebars;

use super::{
    HTML, INCIDENT_PAGE, INCIDENTS_PAGE, MARKDOWN, REPORTS_PAGE, TEXT, TemplateProblem, Templates,
    helpers,
};
use crate::report::{ReportRow, sample};
use crate::text::Dialect;

const LAYOUT: &str = "page/layout.hbs";

/// Every template by its file name.
const BUILT_IN: &[(&str, &str)] = &[
    (TEXT, include_str!("../../../templates/report/text.hbs")),
    (
        MARKDOWN,
        include_str!("../../../templates/report/markdown.hbs"),
    ),
    (HTML, include_str!("../../../templates/report/html.hbs")),
    (
        REPORTS_PAGE,
        include_str!("../../../templates/page/reports.hbs"),
    ),
    (
        INCIDENTS_PAGE,
        include_str!("../../../templates/page/incidents.hbs"),
    ),
    (
        INCIDENT_PAGE,
        include_str!("../../../templates/page/incident.hbs"),
    ),
    (LAYOUT, include_str!("../../../templates/page/layout.hbs")),
];

type Problems = Vec<TemplateProblem>;

/// The templates found below a directory. Files that override nothing are mistakes.
pub(super) fn read(dir: &Path) -> Result<Vec<(String, String)>, Problems> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for group in ["report", "page"] {
        let folder = dir.join(group);
        for file in files(&folder) {
            let name = format!("{group}/{file}");
            match std::fs::read_to_string(folder.join(&file)) {
                Ok(source) => sources.push((name, source)),
                Err(error) => problems.push(TemplateProblem::of_file(
                    &name,
                    format!("cannot be read: {error}"),
                )),
            }
        }
    }
    if !dir.is_dir() {
        let name = dir.display().to_string();
        problems.push(TemplateProblem::of_file(
            &name,
            "there is no such directory of templates".to_owned(),
        ));
    }
    if problems.is_empty() {
        Ok(sources)
    } else {
        Err(problems)
    }
}

/// Names of templates in a folder, sorted; a folder that is not there overrides nothing.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "hbs")
        })
        .collect();
    names.sort();
    names
}

/// All templates, or everything that is wrong with them.
pub(super) fn checked(overrides: &[(String, String)]) -> Result<Templates, Problems> {
    let (templates, mut problems) = registries(overrides);
    if problems.is_empty() {
        problems = tried(&templates);
    }
    problems.sort();
    problems.dedup();
    if problems.is_empty() {
        Ok(templates)
    } else {
        Err(problems)
    }
}

pub(super) fn registries(overrides: &[(String, String)]) -> (Templates, Problems) {
    let mut templates = Templates {
        text: registry(escape_line(Dialect::Plain)),
        markdown: registry(escape_line(Dialect::Markdown)),
        html: registry(|text| Dialect::Html.escape(text)),
    };
    helpers::for_screens(&mut templates.text);
    helpers::for_markdown(&mut templates.markdown);
    let mut problems = unknown(overrides);
    for (name, built_in) in BUILT_IN {
        let source = overrides.iter().find(|(file, _)| file == name);
        let source = source.map_or(*built_in, |(_, source)| source.as_str());
        problems.extend(raw_output(name, source));
        let registry = match *name {
            TEXT => &mut templates.text,
            MARKDOWN => &mut templates.markdown,
            _ => &mut templates.html,
        };
        if let Err(error) = registry.register_template_string(name, source) {
            problems.push(TemplateProblem::parsing(name, &error));
        }
    }
    (templates, problems)
}

fn registry(escape: impl Fn(&str) -> String + Send + Sync + 'static) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape);
    registry
}

/// Where a line break has a meaning, a foreign one becomes a space.
fn escape_line(dialect: Dialect) -> impl Fn(&str) -> String {
    move |text| dialect.escape(&text.replace('\n', " "))
}

fn unknown(overrides: &[(String, String)]) -> Problems {
    let known = |file: &str| BUILT_IN.iter().any(|(name, _)| *name == file);
    let names: Vec<String> = BUILT_IN
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let problem = |(file, _): &(String, String)| {
        TemplateProblem::of_file(
            file,
            format!("overrides nothing; the templates are {}", names.join(", ")),
        )
    };
    overrides
        .iter()
        .filter(|(file, _)| !known(file))
        .map(problem)
        .collect()
}

/// Output that skips escaping would be a hole in the gate.
fn raw_output(file: &str, source: &str) -> Problems {
    let mut problems = Vec::new();
    for (line, text) in source.lines().enumerate() {
        for opening in ["{{{", "{{~{", "{{&", "{{~&"] {
            for (at, _) in text.match_indices(opening) {
                problems.push(TemplateProblem {
                    file: file.to_owned(),
                    line: line + 1,
                    column: text.get(..at).map_or(0, |before| before.chars().count()) + 1,
                    message: format!("`{opening}` puts out text unescaped; write `{{{{…}}}}`"),
                });
            }
        }
    }
    problems
}

/// Uses every template once in every way it will be used.
fn tried(templates: &Templates) -> Problems {
    let mut problems = Vec::new();
    for report in sample::all() {
        for dialect in [Dialect::Plain, Dialect::Markdown, Dialect::Html] {
            problems.extend(templates.report(&report, &dialect).err());
        }
    }
    let rows: Vec<ReportRow> = sample::all().iter().map(ReportRow::of).collect();
    problems.extend(templates.reports_page(&rows).err());
    problems.extend(templates.reports_page(&[]).err());
    problems.extend(templates.incidents_page(&sample::incidents()).err());
    problems.extend(templates.incidents_page(&[]).err());
    let (title, document) = (crate::say!("db is down"), crate::text::Message::new());
    problems.extend(templates.incident_page(1, &title, &document).err());
    problems
}

//! What templates can call besides handlebars' own words. A helper that adds markup of ours escapes
//! what it is given; everything else in a template is escaped by the registry.

use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, StringOutput,
};
use serde_json::Value;

use super::screen::{Section, TAB};
use crate::text::write::grid::VERBATIM;
use crate::text::write::{markdown, style};
use crate::text::{Dialect, Style};

/// The helpers of templates that are laid out on a screen.
pub(super) fn for_screens(registry: &mut Handlebars<'_>) {
    registry.register_helper("section", Box::new(section));
    registry.register_helper("style", Box::new(styled));
    registry.register_helper("command", Box::new(command));
    registry.register_helper("tab", Box::new(tab));
}

/// The helpers of Markdown templates.
pub(super) fn for_markdown(registry: &mut Handlebars<'_>) {
    registry.register_helper("code", Box::new(code));
    registry.register_helper("fence", Box::new(fence));
}

/// `{{#section "Label" remark=… indent=…}} lines {{/section}}`
fn section<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    render: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let dialect = dialect(context);
    let label = dialect.escape(&text(helper, 0)?);
    let remark = hash(helper, "remark")?
        .as_str()
        .map(|remark| dialect.escape(remark));
    let section = Section {
        label: &style::paint(Style::Strong, &label, &dialect),
        remark: &style::paint(Style::Dim, &remark.unwrap_or_default(), &dialect),
        indent: hash(helper, "indent")?
            .as_u64()
            .and_then(|indent| usize::try_from(indent).ok()),
        width: dialect.width().unwrap_or_default(),
    };
    let template = helper
        .template()
        .ok_or(RenderErrorReason::BlockContentRequired)?;
    let mut body = StringOutput::new();
    template.render(registry, context, render, &mut body)?;
    let body = body.into_string().map_err(RenderError::from)?;
    out.write(&section.lay_out(&body))?;
    Ok(())
}

/// `{{style "bad" words}}`
fn styled(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    context: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let name = text(helper, 0)?;
    let style = style_of(&name).ok_or_else(|| {
        other(format!("`{name}` is not a style; there are strong, dim, code, good, warn, bad, read, change, destructive"))
    })?;
    let dialect = dialect(context);
    let words = dialect.escape(&text(helper, 1)?.replace('\n', " "));
    out.write(&style::paint(style, &words, &dialect))?;
    Ok(())
}

/// A risk is a style too.
fn style_of(name: &str) -> Option<Style> {
    Some(match name {
        "plain" | "" => Style::Plain,
        "strong" => Style::Strong,
        "dim" | "read" => Style::Dim,
        "code" => Style::Code,
        "good" => Style::Good,
        "warn" | "change" => Style::Warn,
        "bad" | "destructive" => Style::Bad,
        _ => return None,
    })
}

/// `{{command words}}`: rows whose second cell is to be copied as it is.
fn command(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    context: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let dialect = dialect(context);
    for line in text(helper, 0)?.lines() {
        let line = style::paint(Style::Code, &dialect.escape(line), &dialect);
        out.write(&format!("{TAB}{VERBATIM}{line}\n"))?;
    }
    Ok(())
}

/// `{{tab}}` goes to the next cell of the row.
fn tab(
    _: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&TAB.to_string())?;
    Ok(())
}

/// `{{code words}}`
fn code(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&markdown::code_span(&text(helper, 0)?))?;
    Ok(())
}

/// `{{fence lines language="sh" indent=3}}`
fn fence(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let language = hash(helper, "language")?.as_str().unwrap_or_default();
    let indent = hash(helper, "indent")?.as_u64().unwrap_or_default();
    let fenced = markdown::fence(&text(helper, 0)?, language);
    for line in fenced.lines() {
        for _ in 0..indent {
            out.write(" ")?;
        }
        out.write(line)?;
        out.write("\n")?;
    }
    Ok(())
}

/// A parameter as text. A field that is not there is a mistake of the template, as it is outside helpers.
fn text(helper: &Helper<'_>, index: usize) -> Result<String, RenderError> {
    let parameter = helper
        .param(index)
        .ok_or_else(|| other(format!("`{}` needs {} arguments", helper.name(), index + 1)))?;
    if parameter.is_value_missing() {
        return Err(RenderError::strict_error(parameter.relative_path()));
    }
    Ok(match parameter.value() {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    })
}

/// A named argument; null where it is not given.
fn hash<'h>(helper: &'h Helper<'_>, name: &str) -> Result<&'h Value, RenderError> {
    match helper.hash_get(name) {
        Some(argument) if argument.is_value_missing() => {
            Err(RenderError::strict_error(argument.relative_path()))
        }
        Some(argument) => Ok(argument.value()),
        None => Ok(&Value::Null),
    }
}

fn other(message: String) -> RenderError {
    RenderErrorReason::Other(message).into()
}

/// The screen that the report is written for; see `view::Screen`.
fn dialect(context: &Context) -> Dialect {
    let screen = context.data().get("screen");
    let field = |name| screen.and_then(|screen| screen.get(name));
    let width = field("width").and_then(Value::as_u64).unwrap_or_default();
    Dialect::Terminal {
        colour: field("colour").and_then(Value::as_bool).unwrap_or_default(),
        width: usize::try_from(width).unwrap_or_default(),
    }
}

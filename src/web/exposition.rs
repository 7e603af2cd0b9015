//! From `OpenMetrics` to the older text form of Prometheus, for whoever reads only that. The samples
//! are the same; what is said of them differs.

/// The older form. In it a counter is described under the name of its sample, and `info` is unknown.
pub(super) fn older(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        match line.split_once(' ') {
            // said together with the type, which decides the name
            Some(("#", rest)) if rest.starts_with("HELP ") => help = Some(rest),
            Some(("#", rest)) => {
                if let Some(told) = rest
                    .strip_prefix("TYPE ")
                    .and_then(|told| described(told, help.take()))
                {
                    out.push_str(&told);
                }
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

fn described(told: &str, help: Option<&str>) -> Option<String> {
    let (name, kind) = told.split_once(' ')?;
    let (suffix, kind) = match kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        other => ("", other),
    };
    let help = help
        .and_then(|help| help.strip_prefix("HELP "))
        .and_then(|help| help.strip_prefix(name))
        .map(|help| format!("# HELP {name}{suffix}{help}\n"));
    Some(format!(
        "{}# TYPE {name}{suffix} {kind}\n",
        help.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_samples() {
        let text = "# HELP a_b What it is.\n# TYPE a_b counter\na_b_total{c=\"# d\"} 3\n\
                    # HELP up Up.\n# TYPE up gauge\n# UNIT up seconds\nup 1\n\
                    # HELP build V.\n# TYPE build info\nbuild_info{version=\"1\"} 1\n# EOF\n";
        let expected = "# HELP a_b_total What it is.\n# TYPE a_b_total counter\na_b_total{c=\"# d\"} 3\n\
                        # HELP up Up.\n# TYPE up gauge\nup 1\n\
                        # HELP build_info V.\n# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n";
        assert_eq!(older(text), expected);
    }
}

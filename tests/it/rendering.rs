//! Messages and reports in every form: they say the same, nothing in them is markup that we did
//! not write, and they fit where they go.

use std::sync::LazyLock;

use dogwatch::report::{
    RelatedService, Report, ReportRow, TemplateProblem, Templates, TimelineEntry, report_json,
    sample,
};
use dogwatch::say;
use dogwatch::text::{
    Clean, Dialect, Line, Message, Raw, Redactor, Style, Table, fit, split, write,
};
use insta::assert_snapshot;
use proptest::prelude::*;

const SCREEN: Dialect = Dialect::Terminal {
    colour: false,
    width: 60,
};
const COLOURS: Dialect = Dialect::Terminal {
    colour: true,
    width: 60,
};
const ALL: &[Dialect] = &[
    Dialect::Plain,
    SCREEN,
    COLOURS,
    Dialect::Markdown,
    Dialect::Html,
    Dialect::Slack,
    Dialect::Discord,
];

fn foreign(text: &str) -> Clean {
    Redactor::shapes_only().raw(&Raw::new(text))
}

fn message() -> Message {
    let mut table = Table::new(&["service", "state", ">memory", "image"]);
    table.row([
        Line::new().strong("api"),
        Line::new().styled(Style::Good, "running"),
        "412 MiB".into(),
        "registry.example.org/shop/api-with-a-long-name:1.2.3".into(),
    ]);
    table.row([
        Line::new().strong("データ"),
        Line::new().styled(Style::Bad, "exited"),
        "0 MiB".into(),
        "postgres:16".into(),
    ]);
    Message::new()
        .heading("shop on local")
        .line(
            Line::new()
                .plain(say!("{} of {} services run; ", 1, 2))
                .code("docker ps -a")
                .plain(" shows both"),
        )
        .list(vec![
            "the first thing to look at is the memory of the database".into(),
            "a_b *c* <d>".into(),
        ])
        .fields(vec![
            ("limit".into(), "32 MiB".into()),
            ("restart policy".into(), "no".into()),
        ])
        .table(table)
        .code(vec![foreign("Error: <boom> & `bang`\n    at x.js:1")])
}

#[test]
fn a_message_on_a_screen() {
    assert_snapshot!(write(&message(), &SCREEN), @r#"
    shop on local
    1 of 2 services run; docker ps -a shows both
    - the first thing to look at is the memory of the database
    - a_b *c* <d>

    limit           32 MiB
    restart policy  no

    service  state     memory  image
    api      running  412 MiB  registry.example.org/shop/api-wi…
    データ   exited     0 MiB  postgres:16

      Error: <boom> & `bang`
          at x.js:1
    "#);
}

#[test]
fn colours_show_on_a_screen_that_has_them() {
    let line = Message::new().line(
        Line::new()
            .plain("a ")
            .strong("b ")
            .dim("c ")
            .code("d ")
            .styled(Style::Good, "e ")
            .styled(Style::Bad, "f"),
    );
    assert_snapshot!(write(&line, &COLOURS).as_str().replace('\x1b', "ESC"), @r#"a ESC[1mbESC[0m ESC[2mcESC[0m ESC[36mdESC[0m ESC[32meESC[0m ESC[1;31mfESC[0m"#);
    assert_snapshot!(write(&line, &Dialect::Plain), @r#"a b c d e f"#);
}

#[test]
fn a_message_in_markdown() {
    assert_snapshot!(write(&message(), &Dialect::Markdown), @r#"
    ### shop on local

    1 of 2 services run; `docker ps -a` shows both

    - the first thing to look at is the memory of the database
    - a_b \*c\* \<d\>

    - **limit**: 32 MiB
    - **restart policy**: no

    | service | state | memory | image |
    | --- | --- | ---: | --- |
    | **api** | running | 412 MiB | registry.example.org/shop/api-with-a-long-name:1.2.3 |
    | **データ** | **exited** | 0 MiB | postgres:16 |

    ```
    Error: <boom> & `bang`
        at x.js:1
    ```
    "#);
}

#[test]
fn a_message_in_html() {
    assert_snapshot!(write(&message(), &Dialect::Html), @r#"
    <h3>shop on local</h3>
    <p>1 of 2 services run; <code>docker ps -a</code> shows both</p>
    <ul><li>the first thing to look at is the memory of the database</li><li>a_b *c* &lt;d&gt;</li></ul>
    <dl><dt>limit</dt><dd>32 MiB</dd><dt>restart policy</dt><dd>no</dd></dl>
    <table><thead><tr><th>service</th><th>state</th><th class="right">memory</th><th>image</th></tr></thead><tbody><tr><td><strong>api</strong></td><td><span class="good">running</span></td><td class="right">412 MiB</td><td>registry.example.org/shop/api-with-a-long-name:1.2.3</td></tr><tr><td><strong>データ</strong></td><td><span class="bad">exited</span></td><td class="right">0 MiB</td><td>postgres:16</td></tr></tbody></table>
    <pre>Error: &lt;boom&gt; &amp; `bang`
        at x.js:1</pre>
    "#);
}

#[test]
fn a_message_in_chat() {
    assert_snapshot!(write(&message(), &Dialect::Slack), @r#"
    *shop on local*
    1 of 2 services run; `docker ps -a` shows both
    • the first thing to look at is the memory of the database
    • a_b *c* &lt;d&gt;
    *limit* 32 MiB
    *restart policy* no
    ```
    service  state     memory  image
    api      running  412 MiB  registry.example.org/shop/api-with-a-long-na…
    データ   exited     0 MiB  postgres:16
    ```
    ```
    Error: &lt;boom&gt; &amp; `bang`
        at x.js:1
    ```
    "#);
    assert_snapshot!(write(&message(), &Dialect::Discord), @r#"
    **shop on local**
    1 of 2 services run; `docker ps -a` shows both
    • the first thing to look at is the memory of the database
    • a_b \*c\* \<d\>
    **limit** 32 MiB
    **restart policy** no
    ```
    service  state     memory  image
    api      running  412 MiB  registry.example.org/shop/api-with-a-long-na…
    データ   exited     0 MiB  postgres:16
    ```
    ```
    Error: <boom> & `bang`
        at x.js:1
    ```
    "#);
}

#[test]
fn text_keeps_its_meaning_only_for_people() {
    let nasty = "<!channel> <@U1> @everyone @here *b* _i_ snake_case `c` [l](u) # | ~s~ & \x1b[2J\x07\u{202e}\r\n1. x";
    for (dialect, want) in [
        (
            Dialect::Plain,
            "<!channel> <@U1> @everyone @here *b* _i_ snake_case `c` [l](u) # | ~s~ & ␛[2J␇\u{fffd}\n1. x",
        ),
        (
            Dialect::Markdown,
            "\\<!channel\\> \\<@U1\\> @everyone @here \\*b\\* \\_i\\_ snake_case \\`c\\` \\[l\\](u) # \\| \\~s\\~ \\& ␛\\[2J␇\u{fffd}\n1\\. x",
        ),
        (
            Dialect::Html,
            "&lt;!channel&gt; &lt;@U1&gt; @everyone @here *b* _i_ snake_case `c` [l](u) # | ~s~ &amp; ␛[2J␇\u{fffd}\n1. x",
        ),
        (
            Dialect::Slack,
            "&lt;!channel&gt; &lt;@U1&gt; @\u{200b}everyone @\u{200b}here *b* _i_ snake_case `c` [l](u) # | ~s~ &amp; ␛[2J␇\u{fffd}\n1. x",
        ),
        (
            Dialect::Discord,
            "\\<!channel\\> \\<@U1\\> @\u{200b}everyone @\u{200b}here \\*b\\* \\_i\\_ snake_case \\`c\\` \\[l\\](u) # \\| \\~s\\~ & ␛\\[2J␇\u{fffd}\n1\\. x",
        ),
    ] {
        assert_eq!(dialect.escape(nasty), want, "{dialect:?}");
    }
}

#[test]
fn code_ends_where_we_end_it() {
    let message = Message::new()
        .line(Line::new().code(foreign("a `` b")))
        .code(vec![foreign("```\n<!channel>")]);
    assert_snapshot!(write(&message, &Dialect::Markdown), @r#"
    ```a `` b```

    ````
    ```
    <!channel>
    ````
    "#);
    let chat = write(&message, &Dialect::Slack);
    assert_eq!(chat.as_str().matches("```").count(), 2, "{chat}");
    assert!(!chat.as_str().contains("<!"), "{chat}");
}

#[test]
fn long_text_keeps_head_and_tail() {
    assert_eq!(fit("short", 5), "short");
    assert_eq!(
        fit(&"x".repeat(100), 40),
        format!(
            "{} …[88 characters left out]… {}",
            "x".repeat(6),
            "x".repeat(6)
        )
    );
    assert_eq!(fit("abcdef", 3), "a…f");
    assert_eq!(fit("abcdef", 1), "…");
    assert_eq!(fit("abcdef", 0), "");
    assert_eq!(fit("äöü…ß€", 5), "äö…ß€");
}

#[test]
fn pieces_end_at_line_breaks_where_they_can() {
    assert_eq!(split("one\ntwo\nthree", 8), ["one\ntwo\n", "three"]);
    assert_eq!(split("abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(split("ab", 0), ["a", "b"]);
    assert!(split("", 3).is_empty());
}

static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::built_in);

fn report(report: &Report, dialect: Dialect) -> String {
    let outgoing = TEMPLATES.report(report, &dialect);
    outgoing
        .expect("built-in templates render every report")
        .into_string()
}

#[test]
fn a_report_in_the_terminal_answers_in_its_first_line() {
    assert_snapshot!(report(&sample::fault(), Dialect::Terminal { colour: false, width: 100 }), @"
    db was killed for lack of memory; api and gateway fail because they need it

    Where      shop on local · certain
    Affected   db       exited     exit code 137, limit 32 MiB  the cause
               api      unhealthy  14 checks failed in a row
               gateway  unhealthy  502 from its upstream

    Root cause oom-killed: killed for lack of memory · db
      inspect  db   03:09:41  OOMKilled true, exit code 137, restart policy no
      events   db   03:09:41  oom, then die; nobody stopped it
      stats    db   03:09:40  31.8 of 32 MiB used in the last sample
      logs     api  03:09:42  Error: getaddrinfo ENOTFOUND db (a name that resolved until 03:09:41)
      compose  db             mem_limit: 32m
    Also       dependency-not-ready  api  api starts without waiting for db to be healthy

    Fix        1  raise the memory limit of db to 640 MiB (it needs 412 MiB at rest)  change
                  --- docker-compose.yml
                  -    mem_limit: 32m
                  +    mem_limit: 640m
               2  start db, wait until it is healthy, then api, then gateway          change
                  docker compose -p shop up -d --wait db api gateway
                  /ops run ordered-restart stack=shop groups=db,api,gateway

    Verify     ✓  docker inspect -f '{{.State.Status}}' shop-db-1  running                passed
               ✗  curl -fsS http://localhost:8080/healthz          200                    failed
               –  docker exec shop-db-1 pg_isready                 accepting connections  not run

    Checked    ✓  logs                4 lines kept, none of them tells of trouble
               ✓  environment         3 variables set, 0 of them empty
               ✓  ports               0 published
               ✓  volume permissions  1 mounts, 0 of them read-only
               !  memory and cpu      it does not run; the kernel killed it for memory
               ✓  network             on shop_default; needs 0 other services
               ✓  configuration       runs `postgres`, restart policy no
               –  engine              could not be looked at

    Prevent    - an alert on memory at 85 % of the limit
               - depends_on with condition: service_healthy on api
    Change     docker-compose.yml
                  services:
                    db:
                 -    mem_limit: 32m
                 +    mem_limit: 640m
    Watch      worker  uses the same database
               backup  its next run is at 04:00 UTC
    Not seen   - the kernel log (no permission on this host)

    Timeline   03:09:41  db was killed by the kernel
               03:09:42  api lost its database
               03:10:05  gateway answered 503

    report 01KAFAX4W8J2B5R7T9V1X3Z5C7  ·  2026-11-20 03:20:52 UTC  ·  looked at 9 containers in 0.8 s
    ");
}

#[test]
fn a_report_on_a_narrow_screen_wraps_under_itself() {
    assert_snapshot!(report(&sample::fault(), Dialect::Terminal { colour: false, width: 56 }), @"
    db was killed for lack of memory; api and gateway fail
    because they need it

    Where
      shop on local · certain
    Affected
      db       exited     exit code 137, limit 32  the cause
                          MiB
      api      unhealthy  14 checks failed in a
                          row
      gateway  unhealthy  502 from its upstream

    Root cause
      oom-killed: killed for lack of memory · db
      inspect  db   03:09:41  OOMKilled true, exit code 137,
                              restart policy no
      events   db   03:09:41  oom, then die; nobody stopped
                              it
      stats    db   03:09:40  31.8 of 32 MiB used in the
                              last sample
      logs     api  03:09:42  Error: getaddrinfo ENOTFOUND
                              db (a name that resolved until
                              03:09:41)
      compose  db             mem_limit: 32m
    Also
      dependency-not-ready  api  api starts without waiting
                                 for db to be healthy

    Fix
      1  raise the memory limit of db to 640 MiB (it  change
         needs 412 MiB at rest)
         --- docker-compose.yml
         -    mem_limit: 32m
         +    mem_limit: 640m
      2  start db, wait until it is healthy, then     change
         api, then gateway
         docker compose -p shop up -d --wait db api gateway
         /ops run ordered-restart stack=shop groups=db,api,gateway

    Verify
      ✓  docker inspect -f    running                passed
         '{{.State.Status}}'
         shop-db-1
      ✗  curl -fsS            200                    failed
         http://localhost:80
         80/healthz
      –  docker exec          accepting connections  not run
         shop-db-1
         pg_isready

    Checked
      ✓  logs                4 lines kept, none of them
                             tells of trouble
      ✓  environment         3 variables set, 0 of them
                             empty
      ✓  ports               0 published
      ✓  volume permissions  1 mounts, 0 of them read-only
      !  memory and cpu      it does not run; the kernel
                             killed it for memory
      ✓  network             on shop_default; needs 0 other
                             services
      ✓  configuration       runs `postgres`, restart policy
                             no
      –  engine              could not be looked at

    Prevent
      - an alert on memory at 85 % of the limit
      - depends_on with condition: service_healthy on api
    Change
      docker-compose.yml
         services:
           db:
        -    mem_limit: 32m
        +    mem_limit: 640m
    Watch
      worker  uses the same database
      backup  its next run is at 04:00 UTC
    Not seen
      - the kernel log (no permission on this host)

    Timeline
      03:09:41  db was killed by the kernel
      03:09:42  api lost its database
      03:10:05  gateway answered 503

    report 01KAFAX4W8J2B5R7T9V1X3Z5C7  ·  2026-11-20
    03:20:52 UTC  ·  looked at 9 containers in 0.8 s
    ");
}

#[test]
fn a_report_without_a_fault() {
    assert_snapshot!(report(&sample::healthy(), Dialect::Plain), @"
    api is healthy: it runs and its check passes

    Where      shop on local · certain

    Seen       inspect  api  03:20:50  running for 6 days, 0 restarts
               health   api  03:20:48  the last 5 checks passed

    report 01KAFAX4W8HEALTHY000000000  ·  2026-11-20 03:20:52 UTC  ·  looked at 9 containers in 0.8 s
    ");
}

#[test]
fn a_report_that_does_not_decide() {
    assert_snapshot!(report(&sample::inconclusive(), Dialect::Plain), @"
    worker ended with code 3; the evidence does not say why

    Where      shop on local · inconclusive
    Affected   worker  exited  exit code 1

    Root cause inconclusive: the evidence does not decide
      inspect  worker  03:12:07  exit code 1, not out of memory

    Next       1  start it with its log level raised and read what it writes  change
                  docker compose -p shop run --rm -e LOG_LEVEL=debug worker

    Not seen   - the log of worker (its log driver keeps nothing)

    report 01KAFAX4W8UNDECIDED0000000  ·  2026-11-20 03:20:52 UTC  ·  looked at 9 containers in 0.8 s
    ");
}

#[test]
fn a_report_in_markdown() {
    assert_snapshot!(report(&sample::fault(), Dialect::Markdown), @r"
    ## Container Operations Report

    ### Issue: db was killed for lack of memory; api and gateway fail because they need it

    shop on local · certain · 2026-11-20 03:20:52 UTC

    ### Services Affected

    - **db**: exited (exit code 137, limit 32 MiB), the cause
    - **api**: unhealthy (14 checks failed in a row)
    - **gateway**: unhealthy (502 from its upstream)

    ### Root Cause

    `oom-killed` in **db**: killed for lack of memory.

    | Source | Service | Time (UTC) | What was seen |
    | --- | --- | --- | --- |
    | inspect | db | 03:09:41 | OOMKilled true, exit code 137, restart policy no |
    | events | db | 03:09:41 | oom, then die; nobody stopped it |
    | stats | db | 03:09:40 | 31.8 of 32 MiB used in the last sample |
    | logs | api | 03:09:42 | Error: getaddrinfo ENOTFOUND db (a name that resolved until 03:09:41) |
    | compose | db |  | mem_limit: 32m |

    Contributing:

    - `dependency-not-ready` in **api**: api starts without waiting for db to be healthy

    ### Resolution Steps

    1. raise the memory limit of db to 640 MiB (it needs 412 MiB at rest) (change)

       ```sh
       --- docker-compose.yml
       -    mem_limit: 32m
       +    mem_limit: 640m
       ```

    2. start db, wait until it is healthy, then api, then gateway (change)

       ```sh
       docker compose -p shop up -d --wait db api gateway
       ```

       ```
       /ops run ordered-restart stack=shop groups=db,api,gateway
       ```

    ### Verification

    - ✓ db runs: passed, expects `running`
    - ✗ gateway answers: failed, expects `200`
    - – db takes connections: not run, expects `accepting connections`

    ```sh
    docker inspect -f '{{.State.Status}}' shop-db-1
    curl -fsS http://localhost:8080/healthz
    docker exec shop-db-1 pg_isready
    ```

    ### Prevention

    - an alert on memory at 85 % of the limit
    - depends_on with condition: service_healthy on api

    In `docker-compose.yml`:

    ```diff
     services:
       db:
    -    mem_limit: 32m
    +    mem_limit: 640m
    ```

    ### What Was Checked

    - ✓ **logs**: 4 lines kept, none of them tells of trouble
    - ✓ **environment**: 3 variables set, 0 of them empty
    - ✓ **ports**: 0 published
    - ✓ **volume permissions**: 1 mounts, 0 of them read-only
    - ! **memory and cpu**: it does not run; the kernel killed it for memory
    - ✓ **network**: on shop_default; needs 0 other services
    - ✓ **configuration**: runs \`postgres\`, restart policy no
    - – **engine**: could not be looked at

    ### Related Services to Monitor

    - **worker**: uses the same database
    - **backup**: its next run is at 04:00 UTC

    ### Timeline

    - 03:09:41 db was killed by the kernel
    - 03:09:42 api lost its database
    - 03:10:05 gateway answered 503

    ### Not Seen

    - the kernel log (no permission on this host)

    Report `01KAFAX4W8J2B5R7T9V1X3Z5C7`, looked at 9 containers in 0.8 s.
    ");
}

#[test]
fn a_report_page_needs_nothing_from_elsewhere() {
    let rows: Vec<ReportRow> = sample::all().iter().map(ReportRow::of).collect();
    let list = TEMPLATES.reports_page(&rows).unwrap();
    assert!(
        list.as_str()
            .contains("href=\"/reports/01KAFAX4W8J2B5R7T9V1X3Z5C7\"")
    );
    let empty = TEMPLATES.reports_page(&[]).unwrap();
    assert!(empty.as_str().contains("No report"));
    let mut bare = sample::fault();
    bare.verification.clear(); // its commands name an address
    for page in [list.as_str(), empty.as_str(), &report(&bare, Dialect::Html)] {
        assert!(page.starts_with("<!doctype html>"));
        assert!(page.trim_end().ends_with("</html>"));
        for outside in [
            "http:", "https:", "<script", "<link", "@import", "url(", " src=",
        ] {
            assert!(!page.contains(outside), "{outside} in {page}");
        }
    }
}

#[test]
fn a_report_in_json_has_the_promised_shape() {
    let json = report_json(&sample::fault());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["schema"], "dogwatch.report/1");
    assert_eq!(value["created_at"], "2026-11-20T03:20:52Z");
    assert_eq!(value["root_cause"]["cause"], "oom-killed");
    assert_eq!(value["root_cause"]["confidence"], "certain");
    assert_eq!(
        value["root_cause"]["evidence"][4]["at"],
        serde_json::Value::Null
    );
    assert_eq!(value["resolution_steps"][0]["risk"], "change");
    assert_eq!(value["verification"][2]["result"], "not-run");
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    for key in [
        "id",
        "host",
        "project",
        "issue",
        "services_affected",
        "contributing",
        "prevention",
        "related_services",
        "timeline",
    ] {
        assert!(keys.iter().any(|known| *known == key), "{key}");
    }
    let back: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(back, sample::fault());
}

fn overridden(sources: &[(&str, &str)]) -> Result<Templates, Vec<TemplateProblem>> {
    let owned = |(file, source): &(&str, &str)| ((*file).to_owned(), (*source).to_owned());
    Templates::with(&sources.iter().map(owned).collect::<Vec<_>>())
}

#[test]
fn the_built_in_templates_pass_their_own_checks() {
    overridden(&[]).unwrap();
    Templates::load(None).unwrap();
}

#[test]
fn a_directory_overrides_templates_by_file_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("report")).unwrap();
    std::fs::write(
        dir.path().join("report/markdown.hbs"),
        "# {{headline}}\n{{> page/layout.hbs}}",
    )
    .unwrap();
    let problems = Templates::load(Some(dir.path())).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    std::fs::write(dir.path().join("report/markdown.hbs"), "# {{headline}}\n").unwrap();
    let templates = Templates::load(Some(dir.path())).unwrap();
    assert_eq!(
        templates
            .report(&sample::healthy(), &Dialect::Markdown)
            .unwrap()
            .as_str(),
        "# api is healthy: it runs and its check passes\n"
    );
    let missing = Templates::load(Some(&dir.path().join("nowhere"))).unwrap_err();
    assert!(
        missing[0]
            .to_string()
            .ends_with("there is no such directory of templates"),
        "{}",
        missing[0]
    );
}

#[test]
fn every_problem_of_a_template_is_told_with_its_place() {
    let problems = overridden(&[
        ("report/text.hbs", "{{#each steps}}\n{{/if}}\n"),
        (
            "report/markdown.hbs",
            "fine\n  {{{issue}}} and {{&issue}}\n",
        ),
        ("report/txt.hbs", ""),
    ])
    .unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_snapshot!(told.join("\n"), @"
    report/markdown.hbs:2:3: `{{{` puts out text unescaped; write `{{…}}`
    report/markdown.hbs:2:19: `{{&` puts out text unescaped; write `{{…}}`
    report/text.hbs:2:1: `each` is opened but `if` is closed; close them in order
    report/txt.hbs: overrides nothing; the templates are `report/text.hbs`, `report/markdown.hbs`, `report/html.hbs`, `page/reports.hbs`, `page/incidents.hbs`, `page/incident.hbs`, `page/layout.hbs`
    ");
}

#[test]
fn a_template_that_fails_only_in_use_fails_when_it_is_loaded() {
    let told = |source: &str| {
        let problems = overridden(&[("report/text.hbs", source)]).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        told.join("\n")
    };
    assert_snapshot!(told("ok\n {{isue}}"), @r#"report/text.hbs:2:2: `isue` is not a field here; the built-in template shows which there are"#);
    assert_snapshot!(told("{{#each steps}}{{style risc text}}{{/each}}"), @r#"report/text.hbs:1:16: `risc` is not a field here; the built-in template shows which there are"#);
    assert_snapshot!(told("{{#setcion \"x\"}}{{/setcion}}"), @r#"report/text.hbs:1:1: `setcion` is not a helper; the built-in template shows which there are"#);
    assert_snapshot!(told("{{style \"loud\" issue}}"), @r#"report/text.hbs:1:1: `loud` is not a style; there are strong, dim, code, good, warn, bad, read, change, destructive"#);
}

/// A report whose every text holds `text`.
fn filled(text: &Clean) -> Report {
    let mut report = sample::fault();
    report.issue = text.clone();
    for service in &mut report.services_affected {
        service.status = text.clone();
        service.symptoms = vec![text.clone(), text.clone()];
    }
    report.root_cause.summary = text.clone();
    for citation in &mut report.root_cause.evidence {
        citation.text = text.clone();
    }
    for contributing in &mut report.contributing {
        contributing.summary = text.clone();
    }
    for step in &mut report.resolution_steps {
        step.text = text.clone();
        step.command = Some(text.clone());
        step.runbook = Some(text.clone());
    }
    for check in &mut report.verification {
        check.text = text.clone();
        check.command = text.clone();
        check.expect = text.clone();
    }
    report.prevention = vec![text.clone()];
    report.related_services = vec![RelatedService {
        service: "a".into(),
        why: text.clone(),
    }];
    report.timeline = vec![TimelineEntry {
        at: report.created_at,
        text: text.clone(),
    }];
    report.not_seen = vec![text.clone()];
    report.looked_at = text.clone();
    report
}

/// A message whose every text is `text`, in every style.
fn spoken(text: &Clean) -> Message {
    let mut line = Line::new();
    for style in [
        Style::Plain,
        Style::Strong,
        Style::Dim,
        Style::Code,
        Style::Good,
        Style::Warn,
        Style::Bad,
    ] {
        line = line.styled(style, text.clone());
    }
    let mut table = Table::new(&["a", ">b", "c"]);
    table.row([line.clone(), "1".into(), line.clone()]);
    Message::new()
        .heading(line.clone())
        .line(line.clone())
        .list(vec![line.clone(), line.clone()])
        .fields(vec![(text.clone(), line)])
        .table(table)
        .code(vec![text.clone()])
}

fn without_colours(text: &str) -> String {
    ["0m", "1m", "2m", "36m", "32m", "33m", "1;31m"]
        .iter()
        .fold(text.to_owned(), |text, code| {
            text.replace(&format!("\x1b[{code}"), "")
        })
}

/// What hostile text is made of.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        "[a-z ]{0,40}",
        prop::sample::select(vec![
            "<script>",
            "<!channel>",
            "<@U1>",
            "@everyone",
            "```",
            "`",
            "**",
            "_",
            "\x1b[2J",
            "\x1b]0;x\x07",
            "\r",
            "\n",
            "\t",
            "\u{9b}31m",
            "\u{202e}",
            "\u{fdd0}",
            "|",
            "\\",
            "](",
            "[",
            "# ",
            "{{issue}}",
            "&lt;",
            "'",
            "\"",
            "- ",
            "1. ",
            "データ",
            "👩‍👩‍👧",
            "e\u{301}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_leaves_in_any_form(
        secret in "[A-Za-z0-9/+&<\"]{2}[A-Za-z0-9]{9,20}[A-Za-z0-9_\\-=&<\"]{2}", before in hostile(), after in hostile(),
    ) {
        let redactor = Redactor::builder().secret(&secret).build();
        let text = redactor.clean(&format!("{before}{secret}{after}"));
        let report = filled(&text);
        let templates = &TEMPLATES;
        let mut forms = vec![report_json(&report)];
        for dialect in ALL {
            forms.push(templates.report(&report, dialect).unwrap().into_string());
            forms.push(write(&spoken(&text), dialect).into_string());
        }
        let rows = [ReportRow::of(&report)];
        forms.push(templates.reports_page(&rows).unwrap().into_string());
        for form in forms {
            prop_assert!(!form.contains(&secret), "{}", form);
            // also not in the writing of another dialect
            for dialect in ALL {
                prop_assert!(!form.contains(&dialect.escape(&secret)), "{}", form);
            }
        }
    }

    #[test]
    fn foreign_text_cannot_steer_a_terminal(text in hostile()) {
        let text = foreign(&text);
        for dialect in [Dialect::Plain, SCREEN, COLOURS] {
            for shown in [report(&filled(&text), dialect), write(&spoken(&text), &dialect).into_string()] {
                let shown = without_colours(&shown);
                prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{:?}", shown);
                prop_assert!(!shown.contains(['\u{202e}', '\u{fdd0}']), "{:?}", shown);
                prop_assert!(shown.lines().all(|line| !line.ends_with(' ')), "{:?}", shown);
            }
        }
    }

    #[test]
    fn nothing_but_code_is_wider_than_the_screen(text in hostile(), width in 30_usize..130) {
        use unicode_width::UnicodeWidthChar;
        let columns = |line: &str| line.chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
        let text = foreign(&text);
        let mut report = filled(&text);
        for step in &mut report.resolution_steps {
            (step.command, step.runbook) = (None, None);
        }
        report.verification.clear();
        let mut message = spoken(&text);
        message.blocks.pop();
        let screen = Dialect::Terminal { colour: false, width };
        let shown = TEMPLATES.report(&report, &screen).unwrap();
        let said = write(&message, &screen);
        for line in shown.as_str().lines().chain(said.as_str().lines()) {
            prop_assert!(columns(line) <= width, "{} > {}: {:?}", columns(line), width, line);
        }
    }

    #[test]
    fn html_has_no_tags_but_ours(text in hostile()) {
        let harmless = report(&filled(&foreign("words")), Dialect::Html);
        let shown = report(&filled(&foreign(&format!("x{text}"))), Dialect::Html);
        // an empty command leaves its `<pre>` out, so only text that shows is compared
        if !foreign(&text).as_str().trim().is_empty() {
            prop_assert_eq!(shown.matches('<').count(), harmless.matches('<').count());
        }
        prop_assert!(!Dialect::Html.escape(&text).contains(['<', '>', '"', '\'']));
    }

    #[test]
    fn slack_text_calls_nobody(text in hostile()) {
        for shown in [Dialect::Slack.escape(&text), write(&spoken(&foreign(&text)), &Dialect::Slack).into_string()] {
            prop_assert!(!shown.contains(['<', '>']));
            prop_assert!(!shown.contains("@everyone") && !shown.contains("@here") && !shown.contains("@channel"));
            prop_assert!(shown.split('&').skip(1).all(|rest| ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity))));
        }
    }

    #[test]
    fn markup_characters_are_escaped(text in hostile()) {
        for dialect in [Dialect::Markdown, Dialect::Discord] {
            let escaped = dialect.escape(&text).replace("\\\\", "");
            let mut before = ' ';
            for c in escaped.chars() {
                prop_assert!(before == '\\' || !"`*~|<>[]".contains(c), "{}", escaped);
                before = c;
            }
        }
        prop_assert!(!Dialect::Discord.escape(&text).contains("@everyone"));
    }

    #[test]
    fn text_fits_its_limit_with_head_and_tail(text in hostile(), limit in 0_usize..80) {
        let short = fit(&text, limit);
        let length = text.chars().count();
        prop_assert!(short.chars().count() <= limit);
        if length <= limit {
            prop_assert_eq!(&short, &text);
        } else if limit >= 3 {
            prop_assert_eq!(short.chars().next(), text.chars().next());
            prop_assert_eq!(short.chars().next_back(), text.chars().next_back());
        }
        for dialect in ALL {
            prop_assert!(dialect.escape_to_fit(&text, limit).chars().count() <= limit);
        }
    }

    #[test]
    fn splitting_loses_nothing(text in hostile(), limit in 0_usize..40) {
        let pieces = split(&text, limit);
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.chars().count() <= limit.max(1)));
        prop_assert_eq!(pieces.concat(), text);
    }
}

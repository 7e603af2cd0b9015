//! The programs of the contract suite, each twice: as a script for the simulation and as a shell
//! command for a real container. Whatever the suite asks, both have to answer alike.

use dogwatch::sim::{Behaviour, ContainerSpec, HealthSpec, OnTerm, Reply, Restart};

pub(crate) const MIB: u64 = 1024 * 1024;

/// What a job does once it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Says `ready`, and leaves with 0 when it is asked to.
    Patient,
    /// Lives on through SIGTERM.
    Stubborn,
    /// Ends with 1 at once, and is always brought back.
    Failing,
    /// Wants more memory than the 16 MiB it may have.
    Greedy,
    /// Its health check passes.
    Checked,
}

impl Program {
    /// For `docker run`: options, then the script.
    pub(crate) fn real(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Patient => (&[], PATIENT),
            Self::Stubborn => (&[], "trap '' TERM; echo ready; while :; do sleep 1; done"),
            Self::Failing => (&["--restart", "always"], "exit 1"),
            Self::Greedy => (&["--memory", "16m"], "sleep 1; exec busybox tail /dev/zero"),
            Self::Checked => (
                &["--health-cmd", "true", "--health-interval", "1s"],
                PATIENT,
            ),
        }
    }

    pub(crate) fn simulated(self, name: &str, image: &str) -> ContainerSpec {
        let spec = ContainerSpec::new(name, image)
            .command(&["sh", "-c", self.real().1])
            .network("none", &[]);
        let patient = Behaviour::idle().says(10, "ready");
        match self {
            Self::Patient => spec.behaviour(patient),
            Self::Stubborn => spec.behaviour(patient.on_term(OnTerm::Ignores)),
            Self::Failing => spec
                .restart(Restart::Always)
                .behaviour(Behaviour::idle().exits(5, 1)),
            Self::Greedy => spec
                .memory_limit(16 * MIB)
                .behaviour(patient.memory(MIB).grows(10 * MIB)),
            Self::Checked => spec.health(HealthSpec::shell("true")).behaviour(patient),
        }
    }
}

const PATIENT: &str = "trap 'exit 0' TERM; echo ready; while :; do sleep 1000 & wait $!; done";

/// The containers of the project, by their short names, with `docker run` options and script.
pub(crate) fn real_project() -> [(&'static str, Vec<&'static str>, &'static str); 5] {
    let web = "trap 'exit 0' TERM; echo one; echo oops >&2; echo two; echo three; while :; do sleep 1000 & wait $!; done";
    [
        (
            "web",
            vec![
                "--network-alias=web",
                "--env=DATABASE_URL=postgres://u:p@db:5432/x",
                "--memory=64m",
                "--cpus=0.5",
                "--pids-limit=50",
                "--expose=8080",
                "--health-cmd=echo fine",
                "--health-interval=1s",
                "--health-retries=2",
                "--label=tier=front",
            ],
            web,
        ),
        ("db", vec!["--network-alias=db"], PATIENT),
        ("crash", vec!["--restart=on-failure:2"], "echo boom; exit 3"),
        (
            "sick",
            vec![
                "--health-cmd=echo not today; exit 1",
                "--health-interval=1s",
                "--health-retries=2",
            ],
            PATIENT,
        ),
        ("idle", vec![], "exit 0"),
    ]
}

/// The same project for the simulation; `prefix` goes before every name.
pub(crate) fn simulated_project(prefix: &str, image: &str) -> Vec<ContainerSpec> {
    let spec = |short: &str| {
        let script = real_project().into_iter().find(|(name, ..)| *name == short);
        let script = script.map_or("", |(_, _, script)| script);
        ContainerSpec::new(&format!("{prefix}-{short}"), image)
            .command(&["sh", "-c", script])
            .label("com.docker.compose.project", prefix)
            .network(&format!("{prefix}-net"), &[short])
    };
    let mut web = spec("web")
        .label("tier", "front")
        .env("DATABASE_URL", "postgres://u:p@db:5432/x")
        .memory_limit(64 * MIB)
        .nano_cpus(500_000_000)
        .port(8080, None)
        .volume(&format!("{prefix}-vol"), "/data")
        .health(HealthSpec::shell("echo fine").prints("fine\n", ""))
        .behaviour(web());
    web.pids_limit = Some(50);
    vec![
        web,
        spec("db").behaviour(Behaviour::idle().says(5, "ready")),
        spec("crash")
            .restart(Restart::OnFailure(2))
            .behaviour(Behaviour::idle().says(1, "boom").exits(20, 3)),
        spec("sick")
            .health(HealthSpec::shell("echo not today; exit 1").prints("", "not today\n"))
            .behaviour(Behaviour::idle().never_ready()),
        spec("idle").behaviour(Behaviour::idle().exits(10, 0)),
    ]
}

fn web() -> Behaviour {
    let same = |reply: Reply| (reply.clone(), reply);
    let (echo, mixed, slow) = (
        same(Reply::stdout("hello\n")),
        same(Reply {
            stdout: "out\n".to_owned(),
            ..Reply::fails(4, "err\n")
        }),
        same(Reply::default().takes(30_000)),
    );
    Behaviour::idle()
        .says(1, "one")
        .warns(2, "oops")
        .says(3, "two")
        .says(4, "three")
        .cpus(0.01)
        .answers(&["echo", "hello"], echo.0, echo.1)
        .answers(
            &["sh", "-c", "echo out; echo err >&2; exit 4"],
            mixed.0,
            mixed.1,
        )
        .answers(&["sleep", "30"], slow.0, slow.1)
}

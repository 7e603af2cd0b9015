//! Running a program inside a container, by argument vector, bounded in time and output.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::TryStreamExt;

use super::containers::segment;
use super::decode::{HeadTail, scrub};
use super::failure::{self, Subject};
use super::request::within;
use super::{Engine, EngineError};
use crate::action::container::ExecResult;
use crate::say;
use crate::text::{Name, Raw};

/// Of each stream this much is kept from the beginning and from the end.
const KEPT: usize = 64 * 1024;

type Output = HeadTail<KEPT, KEPT>;

impl Engine {
    /// Runs `argv` and waits for its end. When `limit` is over we stop waiting; the engine has
    /// no way to end the program, so it may run on.
    pub async fn exec(
        &self,
        id: &str,
        argv: &[String],
        limit: Duration,
    ) -> Result<ExecResult, EngineError> {
        self.exec_with(id, (argv, &[]), limit).await
    }

    /// The same with variables, each as `NAME=value`.
    pub async fn exec_with(
        &self,
        id: &str,
        (argv, env): (&[String], &[String]),
        limit: Duration,
    ) -> Result<ExecResult, EngineError> {
        let program = argv.first().map_or("", String::as_str);
        let what = say!(
            "`{}` in `{}`, which may run on,",
            Name::new(program),
            Name::new(id)
        );
        within(limit, what, self.run(id, argv, env)).await
    }

    async fn run(
        &self,
        id: &str,
        argv: &[String],
        env: &[String],
    ) -> Result<ExecResult, EngineError> {
        let about = Subject::container(id);
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.to_vec()),
            env: (!env.is_empty()).then(|| env.to_vec()),
            ..CreateExecOptions::default()
        };
        let request = self.docker().create_exec(segment(&about, id)?, options);
        let exec = self.ask(&about, request).await?.id;
        let started = self
            .ask(&about, self.docker().start_exec(&exec, None))
            .await?;
        let (stdout, stderr) = self.output(started, &about).await?;
        let ended = self.ask(&about, self.docker().inspect_exec(&exec)).await?;
        let exit_code = ended
            .exit_code
            .ok_or_else(|| failure::broken("the program's exit code is not known"))?;
        let cut = stdout.left_out() + stderr.left_out() > 0;
        Ok(ExecResult {
            exit_code,
            stdout: text(stdout),
            stderr: text(stderr),
            cut,
        })
    }

    async fn output(
        &self,
        started: StartExecResults,
        about: &Subject,
    ) -> Result<(Output, Output), EngineError> {
        let (mut stdout, mut stderr) = (Output::default(), Output::default());
        let StartExecResults::Attached { mut output, .. } = started else {
            return Ok((stdout, stderr));
        };
        loop {
            let piece = output
                .try_next()
                .await
                .map_err(|error| failure::explain(&error, self.endpoint(), about))?;
            match piece {
                Some(LogOutput::StdErr { message }) => stderr.push(&message),
                Some(other) => stdout.push(other.as_ref()),
                None => return Ok((stdout, stderr)),
            }
        }
    }
}

fn text(output: Output) -> Raw {
    let left_out = output.left_out();
    Raw::new(match output.into_parts() {
        (whole, None) => scrub(&whole),
        (head, Some(tail)) => {
            let (head, tail) = (scrub(&head), scrub(&tail));
            format!("{head}\n…[{left_out} bytes cut]…\n{tail}")
        }
    })
}

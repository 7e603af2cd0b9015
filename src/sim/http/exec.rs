//! Running programs inside containers: create, start over a taken-over connection, inspect.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::Answer;
use super::logs::put_frame;
use crate::sim::behaviour::{Reply, Stream};
use crate::sim::live::LiveWorld;
use crate::sim::refusal::Refusal;

/// Requests to start are a few words long.
const LONGEST_REQUEST: usize = 64 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Wanted {
    cmd: Option<Vec<String>>,
    attach_stdout: Option<bool>,
    attach_stderr: Option<bool>,
}

pub(super) async fn create(
    State(world): State<LiveWorld>,
    Path(name): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Answer<(StatusCode, Json<Value>)> {
    let argv = wanted.cmd.unwrap_or_default();
    let attached = (
        wanted.attach_stdout.unwrap_or(false),
        wanted.attach_stderr.unwrap_or(false),
    );
    let id = world.change(|world, now| world.create_exec(&name, argv, attached, now))?;
    Ok((StatusCode::CREATED, Json(json!({ "Id": id }))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct How {
    detach: bool,
    tty: bool,
}

pub(super) async fn start(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
    mut request: Request,
) -> Answer<Response<Body>> {
    let upgrade = request
        .headers()
        .contains_key(UPGRADE)
        .then(|| hyper::upgrade::on(&mut request));
    let how = read_how(request).await?;
    let reply = world.change(|world, now| world.start_exec(&id, now))?;
    let attached = world.look(|world, _| world.exec(&id).map(|exec| (exec.stdout, exec.stderr)))?;
    let output = output_of(&reply, how.tty, attached);
    if how.detach {
        tokio::spawn(finish(world, id, reply));
        return Ok(Response::new(Body::empty()));
    }
    let Some(upgrade) = upgrade else {
        finish(world, id, reply).await;
        return Ok(raw_stream(StatusCode::OK, Body::from(output)));
    };
    tokio::spawn(take_over(upgrade, output, finish(world, id, reply)));
    let mut response = raw_stream(StatusCode::SWITCHING_PROTOCOLS, Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("tcp"));
    Ok(response)
}

async fn read_how(request: Request) -> Answer<How> {
    let bad = |why: String| Refusal::BadParameter(why);
    let body = axum::body::to_bytes(request.into_body(), LONGEST_REQUEST)
        .await
        .map_err(|why| bad(why.to_string()))?;
    if body.is_empty() {
        return Ok(How::default());
    }
    serde_json::from_slice(&body).map_err(|why| bad(why.to_string()))
}

/// The connection is the program's now: its output, then silence until it ends, then nothing.
async fn take_over(upgrade: OnUpgrade, output: Bytes, finish: impl Future<Output = ()>) {
    let Ok(connection) = upgrade.await else {
        return finish.await;
    };
    let mut connection = TokioIo::new(connection);
    let written = connection.write_all(&output).await;
    finish.await;
    if written.is_ok() {
        // The caller may have left meanwhile, which ends it just as well.
        drop(connection.shutdown().await);
    }
}

async fn finish(world: LiveWorld, id: String, reply: Reply) {
    tokio::time::sleep(reply.takes).await;
    world.change(|world, now| world.finish_exec(&id, reply.code, now));
}

fn output_of(reply: &Reply, tty: bool, (stdout, stderr): (bool, bool)) -> Bytes {
    let mut bytes = BytesMut::new();
    let parts = [
        (stdout, Stream::Stdout, &reply.stdout),
        (stderr, Stream::Stderr, &reply.stderr),
    ];
    for (attached, stream, text) in parts {
        if !attached || text.is_empty() {
            continue;
        }
        if tty {
            bytes.extend_from_slice(text.as_bytes());
        } else {
            put_frame(&mut bytes, stream, text.as_bytes());
        }
    }
    bytes.freeze()
}

fn raw_stream(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/vnd.docker.raw-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

pub(super) async fn inspect(
    State(world): State<LiveWorld>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    world.look(|world, _| {
        let exec = world.exec(&id)?;
        let (program, arguments) = exec
            .argv
            .split_first()
            .map_or(("", [].as_slice()), |(program, rest)| (program, rest));
        Ok(Json(json!({
            "ID": exec.id,
            "Running": exec.running,
            "ExitCode": exec.code,
            "ProcessConfig": {
                "tty": false,
                "entrypoint": program,
                "arguments": arguments,
                "privileged": false,
            },
            "OpenStdin": false,
            "OpenStderr": exec.stderr,
            "OpenStdout": exec.stdout,
            "CanRemove": false,
            "ContainerID": exec.container,
            "DetachKeys": "",
            "Pid": 0,
        })))
    })
}

//! Logs as engines send them, and bytes as nobody should.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const AT: &str = "2026-11-20T03:09:41.000000001Z";

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 0, 0, 0][..], &length, payload].concat()
}

fn stdout(text: &str) -> Vec<u8> {
    frame(1, text.as_bytes())
}

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<LogLine> {
    let mut decoder = LogDecoder::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, |line| lines.push(line));
    }
    decoder.finish(|line| lines.push(line));
    lines
}

fn texts(bytes: &[u8]) -> Vec<String> {
    let lines = decode([bytes]);
    lines
        .iter()
        .map(|line| line.text.expose().to_owned())
        .collect()
}

#[test]
fn two_streams_come_apart_and_keep_their_times() {
    let bytes = [
        stdout(&format!("{AT} ready\n")),
        frame(2, b"2026-11-20T03:09:42Z failed\n"),
    ]
    .concat();
    let lines = decode([bytes.as_slice()]);
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.stream,
                line.at.unwrap().to_string(),
                line.text.expose(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (LogStream::Stdout, AT.to_owned(), "ready"),
            (
                LogStream::Stderr,
                "2026-11-20T03:09:42Z".to_owned(),
                "failed"
            ),
        ]
    );
}

#[test]
fn a_line_in_several_frames_is_one_line() {
    let bytes = [
        stdout(&format!("{AT} first half, ")),
        frame(2, format!("{AT} between\n").as_bytes()),
        stdout(&format!("{AT} second half\n")),
    ]
    .concat();
    assert_eq!(texts(&bytes), ["between", "first half, second half"]);
}

#[test]
fn a_terminal_has_no_frames() {
    let bytes = format!("{AT} \u{1b}[32mone\u{1b}[0m\r\n{AT} \u{0}two\r\n{AT} \r\n{AT} no end");
    let lines = decode([bytes.as_bytes()]);
    assert!(lines.iter().all(|line| line.stream == LogStream::Stdout));
    assert_eq!(texts(bytes.as_bytes()), ["one", "two", "", "no end"]);
}

#[test]
fn of_a_progress_bar_the_last_state_stays() {
    let bytes = stdout(&format!("{AT} 10 %\r50 %\r100 %\r\u{1b}[K\r\n"));
    assert_eq!(texts(&bytes), ["100 %"]);
}

#[test]
fn a_line_without_a_time_is_kept_whole() {
    let bytes = frame(3, b"Error grabbing logs: invalid character\n");
    let lines = decode([bytes.as_slice()]);
    assert_eq!((lines[0].at, lines[0].stream), (None, LogStream::Stderr));
    assert_eq!(
        lines[0].text.expose(),
        "Error grabbing logs: invalid character"
    );
}

#[test]
fn a_line_that_just_fits_is_not_cut() {
    let text = "x".repeat(LONGEST_LINE);
    let lines = decode([stdout(&format!("{AT} {text}\n")).as_slice()]);
    assert_eq!(
        (lines[0].text.expose(), lines[0].cut),
        (text.as_str(), false)
    );
}

#[test]
fn of_a_huge_line_both_ends_stay_and_the_gap_is_named() {
    let pieces = 700;
    let mut bytes = stdout(&format!("{AT} BEGIN"));
    for _ in 0..pieces {
        bytes.extend(stdout(&format!("{AT} {}", "é".repeat(8 * 1024))));
    }
    bytes.extend(stdout(&format!("{AT} END\n{AT} next\n")));
    let lines = decode(bytes.chunks(5000));
    let text = lines[0].text.expose();
    assert!(lines[0].cut && text.len() <= LONGEST_LINE);
    assert!(text.starts_with("BEGINé") && text.ends_with("éEND"));
    assert!(text.contains(" bytes cut]… "));
    assert!(!text.contains(AT), "the repeated times are gone");
    assert_eq!((lines[1].text.expose(), lines[1].cut), ("next", false));
}

#[test]
fn the_gap_of_a_line_only_little_too_long_is_exact() {
    let text = "x".repeat(LONGEST_LINE + 1);
    let lines = decode([stdout(&format!("{AT} {text}\n")).as_slice()]);
    let gap = LONGEST_LINE + 1 - 2 * HALF;
    let half = "x".repeat(HALF);
    let expected = format!("{half} …[{gap} bytes cut]… {half}");
    assert_eq!(lines[0].text.expose(), expected);
}

#[test]
fn a_stream_that_breaks_off_in_a_header_or_a_frame_loses_nothing_before() {
    let whole = stdout(&format!("{AT} whole\n"));
    let torn = [whole.as_slice(), &[1, 0, 0]].concat();
    assert_eq!(texts(&torn), ["whole"]);
    let torn = [whole.as_slice(), &[1, 0, 0, 0, 255, 255, 255, 255], b"rest"].concat();
    assert_eq!(texts(&torn), ["whole", "rest"]);
}

/// Bytes that look enough like a log to get far: frames, times, escapes, returns, garbage.
fn log_bytes() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        Just(format!("{AT} ").into_bytes()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\x1b[1;31m".to_vec()),
        Just(b"\x1b]0;title\x07".to_vec()),
        Just("…é🦀".as_bytes().to_vec()),
        vec(any::<u8>(), 0..40),
        (any::<u8>(), 0..3 * LONGEST_LINE).prop_map(|(byte, count)| vec![byte; count]),
    ];
    let payload = vec(text, 0..6).prop_map(|parts| parts.concat());
    let framed = (0..4_u8, payload.clone()).prop_map(|(kind, bytes)| frame(kind, &bytes));
    prop_oneof![
        4 => vec(framed, 0..8).prop_map(|frames| frames.concat()),
        1 => payload,
        1 => vec(any::<u8>(), 0..400),
    ]
}

fn cut_at(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2)
        .map(|pair| bytes[pair[0]..pair[1]].to_vec())
        .collect()
}

proptest! {
    #[test]
    fn chunking_changes_nothing(bytes in log_bytes(), cuts in vec(any::<prop::sample::Index>(), 0..12)) {
        let chunks = cut_at(&bytes, &cuts);
        prop_assert_eq!(decode(chunks.iter().map(Vec::as_slice)), decode([bytes.as_slice()]));
    }

    #[test]
    fn every_line_is_short_and_free_of_controls(bytes in log_bytes()) {
        for line in decode([bytes.as_slice()]) {
            let text = line.text.expose();
            prop_assert!(text.len() <= LONGEST_LINE, "{} bytes", text.len());
            prop_assert!(text.chars().all(|c| !c.is_control() || c == '\t'), "{text:?}");
        }
    }
}

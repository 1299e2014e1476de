//! The body of an HTTP answer: read to its end, unpacked.
//!
//! Comes in: an answer whose body is still on the wire. Goes out: the bytes of the body, or why they are not to be had.
//! Always true: no more than [`ANSWER_SIZE_MAX`] is held, packed or unpacked; bytes that nobody here can unpack are never
//! taken for the body.

use super::NodeError;
use super::http::NoAnswer;
use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use std::io::{self, Write};

/// Bytes of an answer's body, unpacked.
const ANSWER_SIZE_MAX: usize = 16 * 1024 * 1024;

/// What is asked for: [`read`] unpacks it.
pub(super) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip");

/// How a body is packed.
#[derive(Debug, PartialEq)]
enum Packing {
    Plain,
    Gzip,
    Unknown,
}

/// Takes the headers that say how the body was packed out of the answer, where they no longer hold.
pub(super) async fn read(response: &mut Response) -> Result<Bytes, NoAnswer> {
    match packing(response.headers()) {
        Packing::Plain => plain(response).await,
        Packing::Gzip => {
            let body = unpacked(response).await?;
            response.headers_mut().remove(CONTENT_ENCODING);
            response.headers_mut().remove(CONTENT_LENGTH);
            Ok(body)
        }
        Packing::Unknown => unreadable(response).await,
    }
}

fn packing(headers: &HeaderMap) -> Packing {
    let mut packing = Packing::Plain;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            packing = match packing {
                packing if name.is_empty() || is("identity") => packing,
                // A second one is packed once more.
                Packing::Plain if is("gzip") || is("x-gzip") => Packing::Gzip,
                Packing::Plain | Packing::Gzip | Packing::Unknown => Packing::Unknown,
            };
        }
    }
    packing
}

async fn plain(response: &mut Response) -> Result<Bytes, NoAnswer> {
    // Small answers come in one piece and are not copied.
    let Some(first) = chunk(response).await? else { return Ok(Bytes::new()) };
    let Some(second) = chunk(response).await? else { return within_limit(first) };
    let mut body = BytesMut::from(within_limit(first)?);
    body.extend_from_slice(&second);
    while let Some(more) = chunk(response).await? {
        if body.len() + more.len() > ANSWER_SIZE_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&more);
    }
    within_limit(body.freeze())
}

/// The body may be several packed ones, one behind the other.
async fn unpacked(response: &mut Response) -> Result<Bytes, NoAnswer> {
    let is_success = response.status().is_success();
    let mut decoder = MultiGzDecoder::new(Limited(Vec::new()));
    let mut is_empty = true;
    let mut written = Ok(());
    while let Some(packed) = chunk(response).await? {
        is_empty &= packed.is_empty();
        written = written.and_then(|()| decoder.write_all(&packed));
        if written.is_err() {
            break;
        }
    }
    if is_empty {
        return Ok(Bytes::new());
    }
    match written.and_then(|()| decoder.finish()) {
        Ok(body) => Ok(body.0.into()),
        Err(error) if is_success => Err(damaged(&error)),
        // A failure is one whatever its body says.
        Err(_) => Ok(Bytes::new()),
    }
}

/// A failure is one whatever its body says, and where there is no body there is nothing to unpack.
async fn unreadable(response: &mut Response) -> Result<Bytes, NoAnswer> {
    if !response.status().is_success() || plain(response).await?.is_empty() {
        return Ok(Bytes::new());
    }
    let names = response.headers().get_all(CONTENT_ENCODING).iter();
    let names = names.map(|name| String::from_utf8_lossy(name.as_bytes())).collect::<Vec<_>>().join(", ");
    let message = format!("the answer is packed as `{names}`, and only gzip can be unpacked here");
    Err(NoAnswer::last("BAD_ANSWER", &super::failure::one_line(&message).unwrap_or(message)))
}

async fn chunk(response: &mut Response) -> Result<Option<Bytes>, NoAnswer> {
    response.chunk().await.map_err(|error| NoAnswer::transport(&error))
}

fn within_limit(body: Bytes) -> Result<Bytes, NoAnswer> {
    if body.len() > ANSWER_SIZE_MAX { Err(too_large()) } else { Ok(body) }
}

fn too_large() -> NoAnswer {
    NoAnswer::last("ANSWER_TOO_LARGE", "the answer is larger than 16 MiB")
}

fn damaged(error: &io::Error) -> NoAnswer {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(),
        // On the way, perhaps.
        _ => NoAnswer {
            error: NodeError::new("BAD_ANSWER", "the answer is packed as gzip, and damaged"),
            retryable: true,
        },
    }
}

/// Holds what is written, up to the limit.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > ANSWER_SIZE_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packings_have_names_in_any_case() {
        let check = |lines: &[&'static str], expected: Packing| {
            let lines = lines.iter().map(|line| (CONTENT_ENCODING, HeaderValue::from_static(line)));
            assert_eq!(packing(&lines.collect()), expected);
        };
        check(&[], Packing::Plain);
        check(&["identity", ""], Packing::Plain);
        check(&["GZip"], Packing::Gzip);
        check(&["identity, x-gzip"], Packing::Gzip);
        for unknown in ["br", "deflate", "gzip, gzip", "gzip, br", "br, gzip"] {
            check(&[unknown], Packing::Unknown);
        }
        check(&["gzip", "gzip"], Packing::Unknown);
    }
}

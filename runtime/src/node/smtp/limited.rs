//! A stream on which the other side cannot talk without end.
//!
//! Comes in: a connection to a mail server, encrypted or not. Goes out: the same bytes, or [`Endless`].
//! Always true: between two of our writes no more than [`HEARD_MAX`] bytes and [`LINES_MAX`] lines are heard.
//!
//! lettre measures a line of a reply when it has all of it: one without an end would take all memory there is. With every
//! line it reads the whole reply again: ten thousand short ones take seconds in which nothing else runs.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The replies to what is said at a time: a hundred recipients and a line of 512 bytes for each (RFC 5321, 4.5.3.1.5).
const HEARD_MAX: usize = 64 * 1024;

/// As many replies, of some lines each.
const LINES_MAX: usize = 1000;

#[derive(Debug)]
pub(super) struct Limited<S> {
    stream: S,
    /// Bytes since we said something, and the ends of lines among them.
    heard: usize,
    lines: usize,
}

/// The server has said more than any reply needs.
#[derive(Debug)]
pub(super) struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply without an end")
    }
}

impl Error for Endless {}

impl<S> Limited<S> {
    pub(super) fn new(stream: S) -> Limited<S> {
        Limited { stream, heard: 0, lines: 0 }
    }
}

impl<S: AsyncTokioStream> AsyncTokioStream for Limited<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let now = &buffer.filled()[before..];
        self.heard += now.len();
        self.lines += now.iter().filter(|byte| **byte == b'\n').count();
        match self.heard > HEARD_MAX || self.lines > LINES_MAX {
            true => Poll::Ready(Err(io::Error::other(Endless))),
            false => polled,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if polled.is_ready() {
            (self.heard, self.lines) = (0, 0);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

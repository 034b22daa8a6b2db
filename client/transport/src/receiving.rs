//! Reading from a connection.

use core::ops::Range;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use countersign_protocol::Received;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection_core::Core;
use crate::ended::Side;
use crate::error::TransportError;
use crate::inbound::Record;
use crate::upkeep::UpkeepEvent;
use crate::wakers::Waiting;

impl<S: AsyncRead + AsyncWrite + Unpin> Core<S> {
    /// Reads content as [`AsyncRead`] does: nothing read is the peer's close. Message boundaries do not show.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), TransportError>> {
        while into.remaining() > 0 {
            let Some(record) = ready!(self.poll_record(cx))? else { break };
            if self.inbound.deliver(record, into) > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The next whole message; `None` is the peer's close.
    pub(crate) fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, TransportError>> {
        loop {
            let Some(record) = ready!(self.poll_record(cx))? else {
                return Poll::Ready(self.inbound.check_finished().map(|()| None));
            };
            if let Some(message) = self.inbound.collect(record)? {
                return Poll::Ready(Ok(Some(message)));
            }
        }
    }

    /// Reads, and drops, what the peer still sends until its close.
    pub(crate) fn poll_peer_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while ready!(self.poll_record(cx))?.is_some() {}
        Poll::Ready(Ok(()))
    }

    /// Reads one record where the application has taken the one before, and does what it says. Ready where something
    /// came, if only the end.
    pub(crate) fn poll_arrival(&mut self) -> Poll<()> {
        let Self { stream, inbound, readable, .. } = self;
        let arrived = ready!(inbound.poll_frame(&mut Context::from_waker(readable), Pin::new(stream)));
        match arrived {
            Ok(frame) => self.open(frame),
            Err(error) => self.inbound.end(error),
        }
        Poll::Ready(())
    }

    /// The record at hand or the next one; `None` is the peer's close.
    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Record>, TransportError>> {
        self.wakers.wait(Waiting::Reader, cx.waker());
        let record = self.poll_record_waiting(cx);
        if record.is_ready() {
            self.wakers.leave(Waiting::Reader);
        }
        record
    }

    fn poll_record_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Record>, TransportError>> {
        self.drain();
        loop {
            if let Some(ended) = self.ended {
                return Poll::Ready(Err(self.inbound.fail(ended.into())));
            }
            if let Some(there) = self.inbound.take() {
                return Poll::Ready(there);
            }
            if self.poll_arrival().is_pending() {
                return self.inbound.poll_idle(cx).map(Err);
            }
        }
    }

    fn open(&mut self, frame: Range<usize>) {
        let (now, start) = (self.now_ms(), frame.start);
        let bytes = self.inbound.bytes_mut(frame);
        let address = bytes.as_ptr().addr();
        match self.channel.open(bytes, now) {
            Ok(Received::Data { content, ends_message }) => {
                let start = start + content.as_ptr().addr().saturating_sub(address);
                let place = start..start + content.len();
                self.inbound.keep(Record { place, ends_message });
            }
            Ok(Received::Close) => {
                self.inbound.close();
                self.shut_where_both_closed();
            }
            Ok(Received::Aborted(why)) => drop(self.end(Side::Peer, why)),
            Ok(Received::EpochRequested) if self.outbound.takes_control() => {
                self.tell_upkeep(UpkeepEvent::Requested);
            }
            Ok(Received::EpochBegun) => self.tell_upkeep(UpkeepEvent::EpochBegun),
            Ok(Received::EpochRefused(why)) => self.tell_upkeep(UpkeepEvent::Refused(why)),
            // Nothing can be answered any more.
            Ok(Received::EpochRequested | Received::Ignored) => {}
            Err(error) => self.inbound.break_off(error.into()),
        }
        self.send_control();
    }
}

//! A session between standard input and standard output.

use std::io;
use std::pin::pin;
use std::time::Duration;

use countersign::Session;
use countersign::transport::TransportError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::session_report::Renewed;

/// How many bytes went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// What to do once the peer has said its last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterPeerClose {
    /// Close too: the dialler decides when a session ends, and standard input is a person or serves later sessions.
    Close,
    /// First send what standard input still holds.
    SendTheRest,
}

/// Carries bytes both ways until both sides have closed. The end of `input` closes this direction only; what the
/// peer still sends goes to `output`. An interrupt closes the session properly before it is reported.
/// Every new epoch is told.
pub(crate) async fn pipe(
    context: &Context,
    session: &mut Session,
    input: &mut (impl AsyncRead + Unpin),
    output: &mut (impl AsyncWrite + Unpin),
    after_peer_close: AfterPeerClose,
    interrupt: &mut Interrupt,
) -> Result<Traffic, Failure> {
    let mut traffic = Traffic::default();
    let (keeper, peer, mut epoch) = (session.keeper().clone(), session.peer(), session.agreed().epoch);
    let ended = {
        let (mut reader, mut writer) = tokio::io::split(&mut session.connection);
        let mut up = pin!(send_all(input, &mut writer, &mut traffic.sent));
        let mut down = pin!(receive_all(&mut reader, output, &mut traffic.received));
        let (mut sent, mut received, mut is_over) = (false, false, false);
        let mut over = pin!(keeper.ended());
        loop {
            tokio::select! {
                done = &mut up, if !sent => { done?; sent = true; }
                done = &mut down, if !received => { done?; received = true; }
                signal = interrupt.signalled() => break Err(signal.into_failure()),
                // Also where nothing is read or written just now: both directions may wait for a person.
                ended = &mut over, if !is_over => match ended {
                    Some(ended) => break Err(TransportError::from(ended).into()),
                    None => is_over = true,
                },
                Some(agreed) = keeper.agreed_after(epoch) => {
                    epoch = agreed.epoch;
                    context.console.event(&Renewed::new(&peer, &agreed))?;
                }
            }
            match (sent, received) {
                (true, true) => break Ok(true),
                (false, true) if after_peer_close == AfterPeerClose::Close => break Ok(false),
                _ => {}
            }
        }
    };
    match ended {
        Ok(true) => {}
        Ok(false) => session.connection.shutdown().await.map_err(Failure::of_stream)?,
        // The close goes out first of all; a peer that has more to say is not waited for.
        Err(_) => drop(tokio::time::timeout(FAREWELL, session.connection.close()).await),
    }
    ended.map(|_| traffic)
}

async fn send_all(
    input: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    sent: &mut u64,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = input.read(&mut buffer).await.map_err(input_failed)?;
        let Some(chunk) = buffer.get(..length).filter(|chunk| !chunk.is_empty()) else { break };
        writer.write_all(chunk).await.map_err(Failure::of_stream)?;
        // A person's line is not to wait for the next one.
        writer.flush().await.map_err(Failure::of_stream)?;
        *sent += chunk.len() as u64;
    }
    writer.shutdown().await.map_err(Failure::of_stream)
}

async fn receive_all(
    reader: &mut (impl AsyncRead + Unpin),
    output: &mut (impl AsyncWrite + Unpin),
    received: &mut u64,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = reader.read(&mut buffer).await.map_err(Failure::of_stream)?;
        let Some(chunk) = buffer.get(..length).filter(|chunk| !chunk.is_empty()) else { return Ok(()) };
        output.write_all(chunk).await.map_err(output_failed)?;
        output.flush().await.map_err(output_failed)?;
        *received += chunk.len() as u64;
    }
}

fn input_failed(error: io::Error) -> Failure {
    Failure::new(Exit::Unexpected, "input", format!("cannot read standard input: {error}"))
}

fn output_failed(error: io::Error) -> Failure {
    Failure::new(Exit::Unexpected, "output", format!("cannot write standard output: {error}"))
}

/// How long an interrupted session may take to end properly.
const FAREWELL: Duration = Duration::from_millis(500);

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

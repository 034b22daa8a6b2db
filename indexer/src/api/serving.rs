//! Connections: accepted, bounded, and ended in order.

mod taken;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower_service::Service;

use super::limits::ConnectionLimits;
use taken::Taken;

/// Where a request came from. [`serve`] says it to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Tells answers without an end that the server stops. [`serve`] gives it to each request.
#[derive(Clone, Debug)]
pub struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Waits until the server stops.
    pub async fn closed(&mut self) {
        // Where nobody can say so any more, it has.
        self.0.wait_for(|closed| *closed).await.ok();
    }
}

/// Serves `app` over HTTP/1.1 until `shutdown` is there. Then it accepts nothing more, ends the streams, lets answers under
/// way be taken, and cuts off what takes longer than [`ConnectionLimits::stop_within`].
///
/// A client that takes nothing of what is written to it is dropped ([`ConnectionLimits::taken_within`]): so a slow one costs
/// the buffers of one connection, and for a bounded time.
///
/// # Errors
/// None after it began to listen: what fails with one connection ends that one.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (close, closing) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.at_once.clamp(1, Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            // Never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (accepted, place) = accepted => match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection { peer: Peer(peer), closing: Closing(closing.clone()), _place: place };
                    connections.spawn(connection.answer(stream, app.clone(), limits));
                }
                Err(failure) => {
                    // Of the process or of the client: too many open files, or gone before it was accepted.
                    tracing::warn!(%failure, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    close.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.stop_within, ended).await.is_err() {
        tracing::warn!(connections = connections.len(), "answers under way are cut off");
        connections.shutdown().await;
    }
    Ok(())
}

struct Connection {
    peer: Peer,
    closing: Closing,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    async fn answer(self, stream: TcpStream, app: Router, limits: ConnectionLimits) {
        // A frame of a stream is not to wait for the next one.
        stream.set_nodelay(true).ok();
        let Self { peer, mut closing, _place } = self;
        let given = closing.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(given.clone());
            answer(app.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers_within)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(Taken::new(stream, limits.taken_within)), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = closing.closed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(failure) = ended {
            tracing::debug!(%failure, peer = %peer.0, "a connection ended early");
        }
    }
}

async fn answer(mut app: Router, request: hyper::Request<Body>) -> Result<Response, Infallible> {
    app.call(request).await
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The longest head of a request, and what waits to be written to one connection.
const BUFFER: usize = 32 * 1024;

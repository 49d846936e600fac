//! Connections: how many, how slow they may be, and how they end. A signal does not lose a request:
//! first clients are told to go elsewhere, then nobody new is taken in, then whoever is there
//! gets an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::app::{App, Peer};
use super::{Error, Result};

/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// Between the first sign of stopping, for whoever asks `/ready` or holds a connection open, and
/// the time when nobody new is taken in; and between that and the end of idle connections, so that
/// what was just taken in has been read.
const GRACE: Duration = Duration::from_millis(500);

/// After a connection that could not be taken, such as for want of file descriptors.
const RECOVERY: Duration = Duration::from_millis(100);

/// Bytes of the head of a request.
const HEAD: usize = 64 << 10;

/// Takes connections until it is to stop; then waits for those that are there, but no longer than
/// the limits say. Returns how many requests were not done by then.
///
/// # Errors
/// When the listener can't be used.
pub(super) async fn run(
    listener: std::net::TcpListener,
    router: &Router,
    app: &App,
    stop: &AtomicBool,
) -> Result<usize> {
    let listener = TcpListener::from_std(listener).map_err(Error::Start)?;
    let room = Arc::new(Semaphore::new(app.limits.connections));
    let graceful = GracefulShutdown::new();
    // Dropped at the end: what still runs then is called off.
    let mut open = JoinSet::new();
    let mut take = |stream: TcpStream, permit: Option<OwnedSemaphorePermit>| {
        while open.try_join_next().is_some() {}
        open.spawn(answer(stream, router.clone(), app.clone(), graceful.watcher(), permit));
    };
    let stopped = async {
        while !stop.load(Ordering::Relaxed) && app.queue.is_alive() {
            tokio::time::sleep(GLANCE).await;
        }
        app.drain();
        tokio::time::sleep(GRACE).await;
    };
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let connection = async {
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        tokio::select! {
            () = &mut stopped => break,
            (accepted, permit) = connection => match accepted {
                Ok((stream, _)) => take(stream, permit),
                Err(error) => {
                    tracing::warn!(%error, "could not take a connection");
                    tokio::time::sleep(RECOVERY).await;
                }
            },
        }
    }
    // Whoever the system has let in already.
    while let Some(Ok((stream, _))) = listener.accept().now_or_never() {
        take(stream, None);
    }
    drop(listener);
    tokio::time::sleep(GRACE).await;
    let mut drained = std::pin::pin!(graceful.shutdown());
    if tokio::time::timeout(app.limits.drain, &mut drained).await.is_ok() {
        return Ok(0);
    }
    let unfinished = app.queue.in_flight();
    app.give_up();
    // Time for the refusals to be sent.
    let _ = tokio::time::timeout(GRACE, &mut drained).await;
    Ok(unfinished)
}

async fn answer(
    stream: TcpStream,
    router: Router,
    app: App,
    watcher: Watcher,
    permit: Option<OwnedSemaphorePermit>,
) {
    let _permit = permit;
    let Ok(peer) = stream.peer_addr() else { return };
    // Small answers are not held back for more.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits.slow)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // A client that breaks off is nobody's failure.
    let _ = watcher.watch(connection).await;
}

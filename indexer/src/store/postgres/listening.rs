//! What was stored last, by whomever: the writer notifies, and asking now and then catches what a lost connection missed.

use std::future::poll_fn;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::{AsyncMessage, Client};

use super::reading::NEWEST;
use super::server::{Server, fault};
use crate::store::{Sequence, StoreError};

/// The channel that the writer notifies, with the newest number.
pub(super) const CHANNEL: &str = "countersign_index";

/// A task that listens until this is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    newest: watch::Receiver<u64>,
    _task: JoinSet<()>,
}

impl Listening {
    pub(super) fn start(server: Server) -> Self {
        let (sender, newest) = watch::channel(0);
        let mut task = JoinSet::new();
        task.spawn(async move {
            loop {
                if let Err(failure) = follow(&server, &sender).await {
                    tracing::debug!(%failure, "listening to PostgreSQL begins anew");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { newest, _task: task }
    }

    /// Waits until something is stored after a number, also while the server cannot be reached.
    pub(super) async fn past(&self, Sequence(sequence): Sequence) -> Result<(), StoreError> {
        let stopped = |_| StoreError::Unavailable { detail: "nobody listens any more".into() };
        self.newest.clone().wait_for(|newest| *newest > sequence).await.map(|_| ()).map_err(stopped)
    }
}

/// Until the connection is lost.
async fn follow(server: &Server, newest: &watch::Sender<u64>) -> Result<(), StoreError> {
    let (client, mut connection) = server.dial().await?;
    let notified = async {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(told) = message.map_err(fault)? {
                told.payload().parse().into_iter().for_each(|number| note(newest, number));
            }
        }
        Ok(())
    };
    match select(std::pin::pin!(notified), std::pin::pin!(ask(&client, newest))).await {
        Either::Left((outcome, _)) | Either::Right((outcome, _)) => outcome,
    }
}

async fn ask(client: &Client, newest: &watch::Sender<u64>) -> Result<(), StoreError> {
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(fault)?;
    let statement = client.prepare(NEWEST).await.map_err(fault)?;
    loop {
        let number: i64 =
            client.query_one(&statement, &[]).await.and_then(|row| row.try_get(0)).map_err(fault)?;
        note(newest, number.cast_unsigned());
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

fn note(newest: &watch::Sender<u64>, number: u64) {
    newest.send_if_modified(|newest| std::mem::replace(newest, number) != number);
}

/// Some ways to a server carry no notifications (pgbouncer's transaction pooling), and a standby has none.
const ASKED_EVERY: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(250);

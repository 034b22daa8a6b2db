//! One address before several nodes of one chain, of which it leads to one at a time.

use std::sync::{Arc, Mutex};

use alloy::transports::http::reqwest::Url;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A forwarder on a free loopback port; stops when dropped.
pub struct Switch {
    url: Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    upstream: Mutex<String>,
    /// Ends the connections that there are.
    turned: Notify,
}

impl Switch {
    pub async fn to(upstream: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let shared = Arc::new(Shared { upstream: Mutex::new(authority(upstream)), turned: Notify::new() });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { url, shared, task }
    }

    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Leads elsewhere from now on.
    pub fn turn(&self, upstream: &Url) {
        *self.shared.upstream.lock().unwrap() = authority(upstream);
        self.shared.turned.notify_waiters();
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let turned = shared.turned.notified();
            let upstream = shared.upstream.lock().unwrap().clone();
            let Ok(mut far) = TcpStream::connect(upstream).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                () = turned => {}
            }
        });
    }
}

fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

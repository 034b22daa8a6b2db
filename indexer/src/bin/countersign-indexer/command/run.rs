//! `countersign-indexer run`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use countersign_indexer::api::{Api, ChainProver, ConnectionLimits, Metrics, serve};
use countersign_indexer::leading::{Source, index_all};
use countersign_indexer::store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::arguments::RunArguments;
use crate::failure::{Exit, Failure};
use crate::places::told;

pub(crate) async fn run(arguments: RunArguments, json: bool) -> Result<(), Failure> {
    let config = arguments.places.config()?;
    let sources = arguments.places.sources(&config)?;
    let store = arguments.places.location(&config)?.open().await?;
    let address = arguments.listen.or(config.listen).unwrap_or(local(8547));
    let operations = arguments.metrics_listen.or(config.metrics_listen).unwrap_or(local(9547));
    let (public, private) = (listen(address).await?, listen(operations).await?);
    let metrics =
        Metrics::install().map_err(|error| Failure::new(Exit::Unexpected, format!("no metrics: {error}")))?;

    let progress = match arguments.read_only {
        true => Vec::new(),
        false => sources.iter().map(|source| source.progress.subscribe()).collect(),
    };
    let resolvers = sources.iter().map(|source| source.chain.resolver().clone());
    let api = Api::new(store.clone(), progress, ChainProver::new(resolvers), config.limits.limits()?);
    announce(&public, &private, &sources, json);

    let (stop, stopped) = watch::channel(false);
    let app = api.router();
    let public = tokio::spawn(serve(public, app, ConnectionLimits::default(), until(stopped.clone())));
    let private =
        tokio::spawn(serve(private, api.operations(metrics), ConnectionLimits::default(), until(stopped)));
    let signal = match arguments.read_only {
        true => signal().await?,
        false => index_until_signalled(store, sources).await?,
    };
    tracing::info!("stopping");
    // Nobody waits where both have ended already.
    let _ = stop.send(true);
    let _ = tokio::join!(public, private);
    Err(signal)
}

/// Whatever is under way when the signal comes is dropped: the store holds what it held after some block.
async fn index_until_signalled(store: Arc<dyn Store>, sources: Vec<Source>) -> Result<Failure, Failure> {
    tokio::select! {
        never = index_all(store, sources) => match never {},
        signal = signal() => signal,
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // That nobody can stop it any more means the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Waits for Ctrl-C or SIGTERM.
async fn signal() -> Result<Failure, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let broken = |error| Failure::new(Exit::Unexpected, format!("signals cannot be heard: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    Ok(tokio::select! {
        _ = interrupt.recv() => Failure::new(Exit::Interrupted, "interrupted"),
        _ = terminate.recv() => Failure::new(Exit::Terminated, "terminated"),
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Exit::Unexpected, format!("cannot listen at {address}: {error}"))
            .hint("name another one with --listen and --metrics-listen")
    })
}

fn announce(public: &TcpListener, private: &TcpListener, sources: &[Source], json: bool) {
    let address = |listener: &TcpListener| {
        listener.local_addr().map_or_else(|_| "?".to_owned(), |address| format!("http://{address}"))
    };
    let registries: Vec<String> = sources.iter().map(|source| told(source.chain.registry())).collect();
    let (listening, metrics) = (address(public), address(private));
    match json {
        true => println!(
            "{}",
            serde_json::json!({ "listening": listening, "metrics": metrics, "registries": registries })
        ),
        false => {
            println!("indexing {}", registries.join(", "));
            println!("API and page  {listening}");
            println!("metrics       {metrics}/metrics");
        }
    }
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

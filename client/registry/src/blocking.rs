//! Work that would hold up other tasks: long computations, and files.

/// Runs it on a thread of its own, as if it ran here: a panic goes on here.
pub(crate) async fn run_apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime shuts down, and will not poll this again.
            Err(_) => std::future::pending().await,
        },
    }
}

//! What calls that have returned leave on the stack.
//!
//! ring and libcrux wipe nothing, and a compiler copies as it likes. What they used lies below the frame of whoever called them, until something
//! else is written there; here something is. `tests/secrets` looks whether it suffices.

/// Runs it in a frame of its own, then overwrites so many bytes from there down: that frame, and those of what it called.
///
/// What it returns comes back by way of the caller's own frame: a pointer to a secret, then, and not a secret.
pub(crate) fn overwritten<const BYTES: usize, R>(run: impl FnOnce() -> R) -> R {
    let returned = apart(run);
    overwrite::<BYTES>();
    returned
}

#[inline(never)]
fn apart<R>(run: impl FnOnce() -> R) -> R {
    run()
}

#[inline(never)]
fn overwrite<const BYTES: usize>() {
    core::hint::black_box(&mut [0_u8; BYTES]);
}

//! What valgrind's memcheck is told: which bytes are secret.
//!
//! memcheck reports a branch or an address that depends on bytes which nobody wrote. Secrets are called so here (Langley, "ctgrind", 2010): what it reports
//! then is control flow or memory access that depends on a secret. Outside valgrind all of it does nothing.

/// From now on these bytes are secret.
pub fn conceal(bytes: &mut [u8]) {
    request(MAKE_UNDEFINED, bytes.as_ptr() as usize, bytes.len());
}

/// From now on these bytes are public: they are sent, or known to everybody.
pub fn publish<T: ?Sized>(value: &T) {
    request(MAKE_DEFINED, core::ptr::from_ref(value).cast::<u8>() as usize, size_of_val(value));
}

/// Whether memcheck watches.
#[must_use]
pub fn is_watched() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) > 0
}

/// Runs what is not looked at.
pub fn unwatched<R>(run: impl FnOnce() -> R) -> R {
    request(CHANGE_REPORTING, 1, 0);
    let returned = run();
    request(CHANGE_REPORTING, usize::MAX, 0);
    returned
}

/// A client request (valgrind.h, amd64): instructions that do nothing, and that valgrind knows.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "there is no other way to speak to valgrind")]
#[inline(never)]
fn request(code: usize, first: usize, second: usize) -> usize {
    let arguments = [code, first, second, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: the rotations turn rdi around twice, and the exchange is of a register with itself. Under valgrind, which reads the six
    // arguments, the answer is in rdx.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            inout("rdx") answer, in("rax") arguments.as_ptr(), options(nostack),
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}

/// `VG_USERREQ__RUNNING_ON_VALGRIND`.
const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `VG_USERREQ__CHANGE_ERR_DISABLEMENT`.
const CHANGE_REPORTING: usize = 0x1801;
/// `VG_USERREQ__MAKE_MEM_UNDEFINED`.
const MAKE_UNDEFINED: usize = 0x4d43_0001;
/// `VG_USERREQ__MAKE_MEM_DEFINED`.
const MAKE_DEFINED: usize = 0x4d43_0002;

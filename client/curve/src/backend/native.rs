//! libsecp256k1 through raw FFI. The safe `secp256k1` crate re-randomises its context on every operation, which
//! costs more than the operation itself; here it happens when [`randomize_context`] is called, off the hot path.
#![allow(unsafe_code)] // FFI; every block says why it is sound

use alloc::boxed::Box;
use core::ffi::{c_int, c_uchar, c_uint, c_void};
use core::ptr::{self, NonNull};
use std::thread_local;

use secp256k1_sys as ffi;
use secp256k1_sys::recovery as ffi_recovery;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{SharedX, Signature};

/// Re-randomises the blinding of this thread's context, which hides the secret of [`Scalar::base_product`] and
/// [`Scalar::sign_prehash`] from side channels. A second line of defence (both are constant time without), for
/// idle moments: it costs as much as a key generation. Each thread starts unblinded.
pub fn randomize_context(seed: &[u8; 32]) {
    CONTEXT.with(|context| {
        // SAFETY: the context is alive, of this thread alone (no reference to it leaves `CONTEXT.with`), and not
        // the static one; the seed is 32 bytes.
        let done = unsafe { ffi::secp256k1_context_randomize(context.0, seed.as_ptr()) };
        assert!(done == 1, "randomising fails for the static context only");
    });
}

/// A secret scalar in `1..n`, erased when dropped. Boxed, so that moving it leaves no copy where it was.
pub struct Scalar(Box<[u8; 32]>);

impl Scalar {
    /// `None` if the bytes, big-endian, are 0, n or above.
    pub fn parse(bytes: &[u8; 32]) -> Option<Self> {
        // SAFETY: the static context is always alive, the pointer is to 32 bytes.
        let valid = unsafe { ffi::secp256k1_ec_seckey_verify(ffi::secp256k1_context_static, bytes.as_ptr()) };
        (valid == 1).then(|| {
            let mut scalar = Box::new([0; 32]);
            scalar.copy_from_slice(bytes);
            Self(scalar)
        })
    }

    /// The scalar, big-endian.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The product with the base point.
    pub fn base_product(&self) -> Point {
        CONTEXT.with(|context| {
            // SAFETY: an output parameter, filled by the next call.
            let mut point = unsafe { ffi::PublicKey::new() };
            // SAFETY: the context is alive and not the static one, which lacks the table that this needs; the
            // output is a live local; the scalar is 32 bytes.
            let done =
                unsafe { ffi::secp256k1_ec_pubkey_create(context.as_ptr(), &mut point, self.0.as_ptr()) };
            assert!(done == 1, "a scalar in 1..n has a product with the base point");
            Point(point)
        })
    }

    /// The X coordinate of the product with a point.
    pub fn product_x(&self, point: &Point) -> SharedX {
        let mut shared = SharedX::from_bytes([0; 32]);
        // SAFETY: multiplying a given point needs no table, so that the static context does. The output is 32
        // bytes, all that `copy_x` writes; the point was made by this library; the scalar is 32 bytes.
        let done = unsafe {
            ffi::secp256k1_ecdh(
                ffi::secp256k1_context_static,
                shared.as_mut_bytes().as_mut_ptr(),
                &point.0,
                self.0.as_ptr(),
                Some(copy_x),
                ptr::null_mut(),
            )
        };
        assert!(done == 1, "a scalar in 1..n has a product with every point but the identity");
        shared
    }

    /// ECDSA with the nonce of RFC 6979, low s.
    pub fn sign_prehash(&self, digest: &[u8; 32]) -> Signature {
        let mut signature = ffi_recovery::RecoverableSignature::new();
        let mut rs = [0; 64];
        let mut recovery_id: c_int = 0;
        CONTEXT.with(|context| {
            // SAFETY: the context is alive and not the static one; the output is a live local; digest and scalar
            // are 32 bytes; no nonce function and no data mean RFC 6979.
            let done = unsafe {
                ffi_recovery::secp256k1_ecdsa_sign_recoverable(
                    context.as_ptr(),
                    &mut signature,
                    digest.as_ptr(),
                    self.0.as_ptr(),
                    None,
                    ptr::null(),
                )
            };
            assert!(done == 1, "a scalar in 1..n signs every digest");
        });
        // SAFETY: the outputs are 64 bytes and a live local; the signature was made by the call above.
        unsafe {
            ffi_recovery::secp256k1_ecdsa_recoverable_signature_serialize_compact(
                ffi::secp256k1_context_static,
                rs.as_mut_ptr(),
                &mut recovery_id,
                &signature,
            );
        }
        Signature::from_low_s(rs, recovery_id & 1 == 1)
    }
}

impl Drop for Scalar {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Scalar {}

/// A point on the curve, not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Point(ffi::PublicKey);

impl Point {
    /// `None` if x is at or above the field prime, or the x of no point.
    pub fn decompress(x: &[u8; 32], odd: bool) -> Option<Self> {
        let mut encoded = [0x02 + u8::from(odd); 33];
        encoded[1..].copy_from_slice(x);
        Self::parse(&encoded)
    }

    /// `None` if a coordinate is at or above the field prime, or the two are of no point.
    pub fn from_xy(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let mut encoded = [0x04; 65];
        encoded[1..33].copy_from_slice(x);
        encoded[33..].copy_from_slice(y);
        Self::parse(&encoded)
    }

    /// SEC 1, 2.3.3, compressed.
    pub fn compressed(&self) -> [u8; 33] {
        self.serialize(ffi::SECP256K1_SER_COMPRESSED)
    }

    /// Both coordinates, big-endian.
    pub fn xy(&self) -> ([u8; 32], [u8; 32]) {
        let encoded: [u8; 65] = self.serialize(ffi::SECP256K1_SER_UNCOMPRESSED);
        let (mut x, mut y) = ([0; 32], [0; 32]);
        x.copy_from_slice(&encoded[1..33]);
        y.copy_from_slice(&encoded[33..]);
        (x, y)
    }

    /// Whether the holder of this point's secret signed the digest.
    pub fn verify_prehash(&self, digest: &[u8; 32], signature: &Signature) -> bool {
        // SAFETY: an output parameter, filled by the next call.
        let mut parsed = unsafe { ffi::Signature::new() };
        // SAFETY: the static context is always alive; output and input are a live local and 64 bytes. In the
        // second call the signature and the point were made by this library, and the digest is 32 bytes.
        unsafe {
            let context = ffi::secp256k1_context_static;
            ffi::secp256k1_ecdsa_signature_parse_compact(context, &mut parsed, signature.rs().as_ptr()) == 1
                && ffi::secp256k1_ecdsa_verify(context, &parsed, digest.as_ptr(), &self.0) == 1
        }
    }

    /// The signer's point. `None` if r is the x of no point, or the result is the identity.
    pub fn recover(digest: &[u8; 32], signature: &Signature) -> Option<Self> {
        let mut parsed = ffi_recovery::RecoverableSignature::new();
        // SAFETY: an output parameter, filled by the last call.
        let mut point = unsafe { ffi::PublicKey::new() };
        // SAFETY: the static context is always alive; outputs are live locals; inputs are 64 bytes, an id in 0..4,
        // a signature made by the call before, and a digest of 32 bytes.
        let recovered = unsafe {
            let context = ffi::secp256k1_context_static;
            ffi_recovery::secp256k1_ecdsa_recoverable_signature_parse_compact(
                context,
                &mut parsed,
                signature.rs().as_ptr(),
                c_int::from(signature.y_odd()),
            ) == 1
                && ffi_recovery::secp256k1_ecdsa_recover(context, &mut point, &parsed, digest.as_ptr()) == 1
        };
        recovered.then_some(Self(point))
    }

    fn parse(encoded: &[u8]) -> Option<Self> {
        // SAFETY: an output parameter, filled by the next call.
        let mut point = unsafe { ffi::PublicKey::new() };
        // SAFETY: the static context is always alive; the output is a live local; pointer and length are of one
        // slice.
        let valid = unsafe {
            let context = ffi::secp256k1_context_static;
            ffi::secp256k1_ec_pubkey_parse(context, &mut point, encoded.as_ptr(), encoded.len())
        };
        (valid == 1).then_some(Self(point))
    }

    /// `N` must be what `form` takes: 33 bytes compressed, 65 uncompressed.
    fn serialize<const N: usize>(&self, form: c_uint) -> [u8; N] {
        let mut encoded = [0; N];
        let mut length = N;
        // SAFETY: the static context is always alive; the output is `length` bytes, and the library checks that
        // they suffice; the point was made by this library.
        let done = unsafe {
            let context = ffi::secp256k1_context_static;
            ffi::secp256k1_ec_pubkey_serialize(context, encoded.as_mut_ptr(), &mut length, &self.0, form)
        };
        assert!(done == 1 && length == N, "a point has an encoding of {N} bytes");
        encoded
    }
}

/// A context of this thread's own: made once, blinded by [`randomize_context`], destroyed with the thread.
struct Context(NonNull<ffi::Context>);

impl Context {
    fn new() -> Self {
        // SAFETY: the flag is a valid one; allocation failure aborts.
        Self(unsafe { ffi::secp256k1_context_create(ffi::SECP256K1_START_NONE) })
    }

    fn as_ptr(&self) -> *const ffi::Context {
        self.0.as_ptr()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by `secp256k1_context_create`, destroyed here only.
        unsafe { ffi::secp256k1_context_destroy(self.0) }
    }
}

thread_local! {
    static CONTEXT: Context = Context::new();
}

/// In place of the library's hash of the point: the X coordinate as it is.
///
/// # Safety
/// `output` and `x` must be valid for 32 bytes and not overlap, as `secp256k1_ecdh` calls it.
unsafe extern "C" fn copy_x(
    output: *mut c_uchar,
    x: *const c_uchar,
    _y: *const c_uchar,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { ptr::copy_nonoverlapping(x, output, 32) };
    1
}

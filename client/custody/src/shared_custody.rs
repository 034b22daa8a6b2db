//! One type for every backend, where the backend is chosen at run time.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{KeyAnswer, KeyRequest};

use crate::custody::{Custody, CustodyError};

/// A backend behind a pointer: cloned cheaply, at the price of one allocation for each request.
#[derive(Clone)]
pub struct SharedCustody(Arc<dyn Erased>);

impl SharedCustody {
    /// Hides which backend this is.
    pub fn new(custody: impl Custody + 'static) -> Self {
        Self(Arc::new(custody))
    }
}

impl Custody for SharedCustody {
    fn public_key(&self) -> PublicKey {
        self.0.erased_public_key()
    }

    fn answer(&self, request: KeyRequest) -> impl Future<Output = Result<KeyAnswer, CustodyError>> + Send {
        self.0.erased_answer(request)
    }
}

impl fmt::Debug for SharedCustody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCustody").field("public", &self.public_key()).finish_non_exhaustive()
    }
}

type Answering<'a> = Pin<Box<dyn Future<Output = Result<KeyAnswer, CustodyError>> + Send + 'a>>;

/// [`Custody`] in a shape that a trait object can have.
trait Erased: Send + Sync {
    fn erased_public_key(&self) -> PublicKey;
    fn erased_answer(&self, request: KeyRequest) -> Answering<'_>;
}

impl<C: Custody> Erased for C {
    fn erased_public_key(&self) -> PublicKey {
        self.public_key()
    }

    fn erased_answer(&self, request: KeyRequest) -> Answering<'_> {
        Box::pin(self.answer(request))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::custody::KeyOperation;
    use crate::local_key::LocalKey;

    /// What a cloud signing service can do with a secp256k1 key: sign, and nothing else.
    struct SigningOnly(LocalKey);

    impl Custody for SigningOnly {
        fn public_key(&self) -> PublicKey {
            self.0.public_key()
        }

        async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, CustodyError> {
            match KeyOperation::from(&request) {
                KeyOperation::Sign => self.0.answer(request).await,
                operation => Err(CustodyError::Unsupported { operation, backend: "the signing service" }),
            }
        }
    }

    #[tokio::test]
    async fn a_backend_that_cannot_says_so_through_the_pointer() {
        let custody = SharedCustody::new(SigningOnly(LocalKey::generate().unwrap()));
        let peer = LocalKey::generate().unwrap().public_key();
        let purpose = countersign_protocol::EcdhPurpose::StaticStatic;
        let refused = custody.answer(KeyRequest::Ecdh { purpose, peer }).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the signing service cannot do an ECDH with a static key; \
             use a backend that can, for an identity key must do both"
        );
        let signed = custody.clone().answer(KeyRequest::Sign { digest: [1; 32] }).await.unwrap();
        assert!(matches!(signed, KeyAnswer::Signature(_)));
    }
}

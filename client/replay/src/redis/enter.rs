//! The script that enters a hello.

use std::num::NonZeroUsize;

use redis::aio::ConnectionManager;
use redis::{ErrorKind, RedisError, Script};

use crate::cache::{Hello, NotEntered};

/// `enter.lua`, with what it is told besides the hello.
pub(super) struct Enter {
    script: Script,
    capacity: usize,
}

impl Enter {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self { script: Script::new(include_str!("enter.lua")), capacity: capacity.get() }
    }

    pub(super) async fn run(
        &self,
        connection: &mut ConnectionManager,
        hello: &Hello,
        now_unix_ms: u64,
    ) -> Result<Result<(), NotEntered>, RedisError> {
        // In braces what a cluster's proxy places keys by: a script's keys must lie in one place.
        let key = |what: &str| format!("countersign:replay:{{{}}}:{what}", hello.responder);
        let mut call = self.script.key(key("hellos"));
        call.key(key("removed"))
            .arg(&hello.ephemeral)
            .arg(exact(hello.end_unix_ms))
            .arg(exact(now_unix_ms))
            .arg(self.capacity);
        let said: String = call.invoke_async(connection).await?;
        Ok(match said.as_str() {
            "entered" => Ok(()),
            "replayed" => Err(NotEntered::Replayed),
            "full" => Err(NotEntered::Full),
            "too late" => Err(NotEntered::TooLate),
            _ => return Err((ErrorKind::UnexpectedReturnType, "the script returned something else").into()),
        })
    }
}

/// Redis counts in doubles.
fn exact(unix_ms: u64) -> u64 {
    unix_ms.min(MAX_EXACT)
}

const MAX_EXACT: u64 = 1 << 53;

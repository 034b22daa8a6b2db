//! What the process tells its caller by its exit code.

/// The exit codes. They are part of the interface: a code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Unexpected,
    Usage,
    Configuration,
    Keystore,
    Unreachable,
    NotProven,
    Identity,
    Transaction,
    Refused,
    Transport,
    Unhealthy,
    Document,
    Interrupted,
    Terminated,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Keystore => 4,
            Self::Unreachable => 5,
            Self::NotProven => 6,
            Self::Identity => 7,
            Self::Transaction => 8,
            Self::Refused => 9,
            Self::Transport => 10,
            Self::Unhealthy => 11,
            Self::Document => 12,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// The same table for people: in `--help`, in the man page, and held against the codes by a test.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done
    1  something unexpected, for instance output that cannot be written
    2  usage: the arguments make no sense
    3  configuration: the file, the environment, the contacts or the known records; wrong chain,
       no registry there
    4  keystore or passphrase
    5  the chain cannot be reached
    6  what the chain's endpoints say is not proven, or they disagree
    7  an identity has no usable key: not registered, revoked, expired, too young
    8  a transaction was not made or failed, for instance without funds
    9  the peer refused, or holds another view of the chain; or a record ended a session
   10  transport: the peer cannot be reached or is gone, the port is in use, keys were worn out
   11  doctor found something that does not work
   12  a signed document is malformed, does not hold, or is for another chain or registry
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_table_once() {
        let all = [
            Exit::Unexpected,
            Exit::Usage,
            Exit::Configuration,
            Exit::Keystore,
            Exit::Unreachable,
            Exit::NotProven,
            Exit::Identity,
            Exit::Transaction,
            Exit::Refused,
            Exit::Transport,
            Exit::Unhealthy,
            Exit::Document,
            Exit::Interrupted,
            Exit::Terminated,
        ];
        for exit in all {
            let line = format!("{:>5}  ", exit.code());
            assert_eq!(TABLE.matches(&line).count(), 1, "{exit:?}");
        }
        // And "done", which is no failure.
        assert_eq!(TABLE.lines().filter(|line| !line.starts_with("       ")).count(), all.len() + 2);
    }
}

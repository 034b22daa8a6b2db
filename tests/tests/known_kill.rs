//! A process that keeps what it proves is killed at random moments, and shown older states when it starts again: it
//! accepts nothing older than it ever did, it loses no revocation, and its file is never damaged.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use countersign::registry::{KnownRecords, ResolveError, Resolver, Standing};
use countersign::{Address, Identity};
use countersign_tests::followed::swift;
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, prompt, resolver_at};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_back_from_nothing() {
    if let Some(task) = Task::given() {
        return task.go_on_for_ever().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let market = Market::open().await;
    let mut parties = Vec::new();
    for account in 1..4 {
        parties.push(market.enrol(account, "", Terms::default()).await);
    }
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let mut task = Task {
        follows: false,
        file: folder.path().join("known.sqlite"),
        endpoint: proxy.endpoint().to_string(),
        owners: parties.iter().map(|party| party.identity.owner).collect(),
    };
    let mut accepted = Accepted::default();
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut lives = 0;
    while lives < LIVES && (Instant::now() < deadline || lives < FEWEST_LIVES) {
        // Shown an older state from its first question on; the truth comes later, unless death is faster.
        let back = 1 + u64::from(random()) % 12;
        let old = accepted.block.saturating_sub(back).max(1);
        proxy.stick_at(old, &["eth_getBlockByNumber", "eth_getProof"]);
        task.follows = lives % 2 == 1;
        let mut victim = Victim::start(&task);
        // Some die while they open the file.
        if lives % 4 != 0 {
            victim.wait_until_ready(&mut accepted);
            tokio::time::sleep(Duration::from_millis(u64::from(random()) % 60)).await;
            proxy.tell(Lie::None);
            change_something(&market, &mut parties).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::from(random()) % 120)).await;
        victim.kill();
        victim.hear_out(&mut accepted);
        KnownRecords::open(&task.file).unwrap().check().unwrap();
        lives += 1;
    }
    // It did accept, it did see revocations, and it was shown older states: or nothing was tested.
    assert!(accepted.times > lives, "{accepted:?}");
    assert!(accepted.records.values().any(|(_, revocations)| *revocations > 0), "{accepted:?}");
    let known = KnownRecords::open(&task.file).unwrap();
    assert!(known.incidents().unwrap().iter().map(|incident| incident.times).sum::<u64>() > 0);
    // What it said is what it knows; at most it was killed before it could say the last.
    for record in known.records().unwrap() {
        let owner = record.identity.owner;
        let (version, _) = accepted.records[&owner];
        assert!(record.seen.version >= version, "{record:?}");
        let is_lost =
            accepted.revoked.get(&owner) == Some(&record.seen.version) && record.seen.revoked.is_none();
        assert!(!is_lost, "the revocation that was told is not known: {record:?}");
    }
}

/// What the process is to do: the same test binary, told so by the environment.
struct Task {
    /// Whether it watches, or asks again and again.
    follows: bool,
    file: PathBuf,
    endpoint: String,
    owners: Vec<Address>,
}

/// A process at work, and the lines it says.
struct Victim {
    process: Child,
    lines: Receiver<String>,
}

/// What all lives together have accepted.
#[derive(Debug, Default)]
struct Accepted {
    block: u64,
    times: usize,
    /// By owner: the highest version, and how often it was seen revoked.
    records: HashMap<Address, (u16, usize)>,
    /// The versions that are revoked.
    revoked: HashMap<Address, u16>,
}

impl Task {
    fn given() -> Option<Self> {
        let text = std::env::var(TASK).ok()?;
        let mut words = text.split(' ').map(str::to_owned);
        let follows = words.next()? == FOLLOWS;
        let (file, endpoint) = (words.next()?.into(), words.next()?);
        Some(Self { follows, file, endpoint, owners: words.map(|owner| owner.parse().unwrap()).collect() })
    }

    async fn go_on_for_ever(self) {
        let known = KnownRecords::open(&self.file).unwrap();
        let resolver = resolver_at(self.endpoint.parse().unwrap(), swift()).remembering(known).unwrap();
        // The test harness may have begun a line of its own.
        say("");
        say("ready");
        match self.follows {
            true => self.follow_for_ever(&resolver).await,
            false => self.resolve_for_ever(&resolver).await,
        }
    }

    /// Says how each stands only once it is served.
    async fn follow_for_ever(&self, resolver: &Resolver) {
        let follower = resolver.follow();
        let mut changes = follower.changes();
        let guards = self.owners.iter().map(|owner| (owner, follower.watch(Identity::of(*owner), None)));
        let guards: Vec<_> = guards.collect();
        let mut told = HashMap::new();
        loop {
            let _ = timeout(Duration::from_millis(20), changes.next()).await;
            for (owner, watching) in &guards {
                let (Some(standing), Some(head)) = (watching.standing(), follower.head()) else { continue };
                if told.insert(*owner, standing) == Some(standing) {
                    continue;
                }
                match standing {
                    Standing::Active(record) => {
                        say(&format!("accepted {} {owner} {}", head.anchor.block_number, record.version));
                    }
                    Standing::Revoked { .. } => say(&format!("revoked 0 {owner} {}", self.version(owner))),
                    Standing::Expired { .. } | Standing::Absent => {}
                }
            }
        }
    }

    /// The version that the file has, which was written before anything was told.
    fn version(&self, owner: &Address) -> u16 {
        let known = KnownRecords::open(&self.file).unwrap().records().unwrap();
        known.iter().find(|record| record.identity.owner == *owner).unwrap().seen.version
    }

    /// Says each outcome only once the resolver has accepted it.
    async fn resolve_for_ever(&self, resolver: &Resolver) {
        loop {
            for owner in &self.owners {
                match resolver.resolve(Identity::of(*owner)).await {
                    Ok(resolved) => {
                        let block = resolved.proved_at.anchor.block_number;
                        say(&format!("accepted {block} {owner} {}", resolved.peer_key.record().version));
                    }
                    Err(ResolveError::Revoked { version, .. }) => {
                        say(&format!("revoked 0 {owner} {version}"))
                    }
                    Err(ResolveError::Known(error)) => say(&format!("broken 0 {owner} 0 {error}")),
                    // An older state, refused.
                    Err(_) => {}
                }
            }
        }
    }
}

impl Victim {
    fn start(task: &Task) -> Self {
        let owners: Vec<String> = task.owners.iter().map(ToString::to_string).collect();
        let file = task.file.to_str().unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_process_goes_back_from_nothing", "--nocapture"])
            .env(TASK, format!("{} {file} {} {}", mode(task), task.endpoint, owners.join(" ")))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (said, lines) = mpsc::channel();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)).unwrap_or_default();
        });
        Self { process, lines }
    }

    fn wait_until_ready(&self, accepted: &mut Accepted) {
        loop {
            match &*self.lines.recv_timeout(Duration::from_secs(20)).expect("the process starts") {
                "ready." => return,
                line => accepted.hear(line),
            }
        }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Everything that it said before it died.
    fn hear_out(&self, accepted: &mut Accepted) {
        self.lines.iter().for_each(|line| accepted.hear(&line));
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Accepted {
    /// A line that death cut short says nothing.
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [verb @ ("accepted" | "revoked" | "broken"), block, owner, version, rest @ ..] = &*words else {
            return;
        };
        assert!(*verb != "broken", "{line}");
        // Each line ends in a full stop, so that half a number is not taken for one.
        let (Some(version), []) = (version.strip_suffix('.'), rest) else { return };
        let (owner, version): (Address, u16) = (owner.parse().unwrap(), version.parse().unwrap());
        let (highest, revocations) = self.records.entry(owner).or_default();
        assert!(version >= *highest, "{line}, after version {highest}");
        *highest = version;
        if *verb == "revoked" {
            *revocations += 1;
            self.revoked.insert(owner, version);
            return;
        }
        assert!(self.revoked.get(&owner).is_none_or(|revoked| *revoked < version), "{line} was revoked");
        let block: u64 = block.parse().unwrap();
        assert!(block >= self.block, "{line}, after block {}", self.block);
        self.block = block;
        self.times += 1;
    }
}

/// A rotation, a revocation, or a fresh key after one.
async fn change_something(market: &Market, parties: &mut [Party]) {
    let number = usize::from(random()) % parties.len();
    let party = &mut parties[number];
    let record = resolver_at(market.endpoint(), prompt()).resolve(party.identity).await;
    match (record, random() % 3) {
        (Err(ResolveError::Revoked { .. }), _) => {
            *party = market.enrol(number + 1, "", Terms::default()).await;
        }
        (_, 0) => party.revoke().await,
        _ => *party = party.rotate(Terms::default()).await,
    }
}

const fn mode(task: &Task) -> &'static str {
    if task.follows { FOLLOWS } else { "resolves" }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}.").and_then(|()| out.flush()).unwrap();
}

fn random() -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).unwrap();
    byte[0]
}

/// The variable that makes a process the victim.
const TASK: &str = "COUNTERSIGN_KNOWN_KILL_TASK";

const FOLLOWS: &str = "follows";

/// How often the process is killed, where the time suffices.
const LIVES: usize = 40;

/// And where it does not.
const FEWEST_LIVES: usize = 12;

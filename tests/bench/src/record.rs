//! Records against the AEAD that they are made of: one sealed, one opened, in place.

use countersign_protocol::{ContentType, RECORD_OVERHEAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::countersign_pair::Pair;
use crate::measure::{BenchError, Unit, Workload};

/// Both at each of three sizes.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn workloads() -> Result<Vec<Workload>, BenchError> {
    let sizes = [
        ("record.64", "peer.ring.64", 64, 256),
        ("record.1k", "peer.ring.1k", 1024, 64),
        ("record.16k", "peer.ring.16k", 16 * 1024, 8),
    ];
    let mut workloads = Vec::new();
    for (name, baseline, size, runs_per_sample) in sizes {
        workloads.push(ours(name, baseline, size, runs_per_sample)?);
        workloads.push(ring(baseline, size, runs_per_sample)?);
    }
    Ok(workloads)
}

fn ours(
    name: &'static str,
    baseline: &'static str,
    size: usize,
    runs_per_sample: u32,
) -> Result<Workload, BenchError> {
    let pair = Pair::new()?;
    let (mut sends, mut receives) =
        pair.handshake(pair.initiator_ephemerals()?, Pair::responder_ephemerals)?;
    let mut record = vec![0x5a; size + RECORD_OVERHEAD];
    let run = Box::new(move || {
        sends.channel.seal(ContentType::Data, &mut record)?;
        receives.channel.open(&mut record, 0)?;
        Ok(())
    });
    Ok(Workload { name, baseline, unit: Unit::Nanos, runs_per_sample, prepare: Box::new(|_| Ok(())), run })
}

/// With a counter for a nonce and the tag behind the text, as any protocol must; no associated data.
fn ring(name: &'static str, size: usize, runs_per_sample: u32) -> Result<Workload, BenchError> {
    let (sealing, opening) = (ring_key()?, ring_key()?);
    let mut record = vec![0x5a; size + AES_256_GCM.tag_len()];
    let mut counter = 0_u64;
    let run = Box::new(move || {
        counter += 1;
        let (text, tag) = record.split_at_mut(size);
        let sealed = sealing
            .seal_in_place_separate_tag(nonce(counter), Aad::empty(), text)
            .map_err(|_| "ring does not seal")?;
        tag.copy_from_slice(sealed.as_ref());
        opening.open_in_place(nonce(counter), Aad::empty(), &mut record).map_err(|_| "ring does not open")?;
        Ok(())
    });
    let prepare = Box::new(|_| Ok(()));
    Ok(Workload { name, baseline: name, unit: Unit::Nanos, runs_per_sample, prepare, run })
}

fn ring_key() -> Result<LessSafeKey, BenchError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[0x11; 32]).map_err(|_| "ring takes no key")?))
}

fn nonce(counter: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = counter.to_be_bytes();
    Nonce::assume_unique_for_key([0, 0, 0, 0, a, b, c, d, e, f, g, h])
}

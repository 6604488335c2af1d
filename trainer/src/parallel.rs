//! Work shared by threads so that the answer never depends on how many there are: results come back in the order of the
//! work. It keeps no threads and locks nothing.

use std::{num::NonZero, panic::resume_unwind, thread};

/// Rows below which another thread costs more than it saves.
const FEW: usize = 16_384;

/// The threads that are used: as many as `DROPOUT_THREADS` says, else as this machine or container lets a program run at
/// once. It decides about time only.
pub fn available() -> usize {
    let wanted = std::env::var("DROPOUT_THREADS").ok().and_then(|text| text.parse::<NonZero<usize>>().ok());
    wanted.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}

/// The size of equal shares of `rows` rows for `threads` threads, or of one share if they are few.
pub fn share(rows: usize, threads: usize) -> usize {
    rows.div_ceil(threads.max(1)).max(FEW)
}

/// The results of `work` on every part, in order; each part has a thread of its own.
pub fn each<T: Send, R: Send>(parts: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Vec::new() };
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let mut results = vec![work(first)];
        results.extend(others.into_iter().map(|other| other.join().unwrap_or_else(|cause| resume_unwind(cause))));
        results
    })
}

/// The result of `work` on every list of rows. A list may be cut between threads; `join` adds the result of the later
/// piece to that of the earlier one.
pub fn over_rows<R: Send>(
    lists: &[&[u32]],
    threads: usize,
    work: impl Fn(usize, &[u32]) -> R + Sync,
    join: impl Fn(&mut R, R),
) -> Vec<R> {
    let pieces = each(shares(lists, threads), |share| {
        share.into_iter().map(|(list, rows)| (list, work(list, rows))).collect::<Vec<_>>()
    });
    let mut results: Vec<R> = Vec::with_capacity(lists.len());
    for (list, piece) in pieces.into_iter().flatten() {
        match results.get_mut(list) {
            Some(earlier) => join(earlier, piece),
            None => results.push(piece),
        }
    }
    results
}

/// Lists of rows, cut into shares of equal length; each piece has its list's position. Every list has a piece.
fn shares<'a>(lists: &[&'a [u32]], threads: usize) -> Vec<Vec<(usize, &'a [u32])>> {
    let size = share(lists.iter().map(|list| list.len()).sum(), threads);
    let (mut shares, mut room) = (vec![Vec::new()], size);
    for (at, list) in lists.iter().enumerate() {
        let mut rest = *list;
        loop {
            let (piece, later) = rest.split_at(room.min(rest.len()));
            if let Some(last) = shares.last_mut() {
                last.push((at, piece));
            }
            (rest, room) = (later, room - piece.len());
            if rest.is_empty() {
                break;
            }
            shares.push(Vec::new());
            room = size;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_worked_on_once_and_lists_keep_their_order() {
        let rows: Vec<u32> = (0..90_000).collect();
        let lists = [&rows[..60_000], &rows[60_000..60_000], &rows[60_000..88_000], &rows[88_000..]];
        for threads in [1, 2, 3, 8, 50] {
            let found = over_rows(&lists, threads, |_, rows| rows.to_vec(), |all, more| all.extend(more));
            assert_eq!(found, lists.map(<[u32]>::to_vec), "{threads} threads");
        }
    }

    #[test]
    fn each_gives_results_in_the_order_of_the_parts() {
        assert_eq!(each((0..9).collect(), |part: u64| part * part), (0..9).map(|part| part * part).collect::<Vec<_>>());
        assert!(each(Vec::<u64>::new(), |part| part).is_empty());
    }
}

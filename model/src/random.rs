//! Random numbers from a seed: SplitMix64, addressed by a counter, so any draw can be made alone and in any order.
//! It never reads entropy.

/// A stream of draws. Draw `n` is the `n`-th output of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) started at the
/// seed.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    seed: u64,
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// An independent stream, one for each number.
    pub const fn part(self, number: u64) -> Self {
        Self { seed: mix(self.seed ^ mix(number.wrapping_add(STEP))) }
    }

    /// Draw `n`, uniform over all 64-bit numbers.
    pub const fn bits(self, n: u64) -> u64 {
        mix(self.seed.wrapping_add(n.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// Draw `n`, uniform in 0 (included) to 1 (excluded), in steps of 2^-53.
    pub fn unit(self, n: u64) -> f64 {
        (self.bits(n) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draw `n`, uniform in 0 to `below` (excluded). The bias is below 2^-32 for the sizes used here.
    pub const fn below(self, n: u64, below: u64) -> u64 {
        ((self.bits(n) as u128 * below as u128) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_gives_the_published_outputs_of_splitmix64() {
        let stream = Stream::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|n| stream.bits(n)), expected);
    }

    #[test]
    fn draws_stay_in_range_and_fill_it() {
        let stream = Stream::new(7).part(3);
        let mut seen = [0_u32; 5];
        for n in 0..5_000 {
            assert!((0.0..1.0).contains(&stream.unit(n)));
            seen[stream.below(n, 5) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (900..1_100).contains(&count)), "{seen:?}");
    }
}

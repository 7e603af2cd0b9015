//! Whether two ranges of addresses have one in common, as compose files and engines write them.

use std::net::IpAddr;

pub fn overlap(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (Range::read(one), Range::read(other)) else {
        return false;
    };
    one.is_v4 == other.is_v4 && one.first <= other.last && other.first <= one.last
}

struct Range {
    is_v4: bool,
    first: u128,
    last: u128,
}

impl Range {
    /// `10.1.0.0/16`
    fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let (bits, width, is_v4) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32, true),
            IpAddr::V6(address) => (address.to_bits(), 128, false),
        };
        let free: u32 = u32::checked_sub(width, length.parse().ok()?)?;
        let host = u128::MAX.checked_shr(128 - free).unwrap_or_default();
        Some(Self {
            is_v4,
            first: bits & !host,
            last: bits | host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn a_range_in_another_overlaps_and_its_neighbour_does_not() {
        assert!(overlap("10.1.0.0/16", "10.1.7.0/24") && overlap("10.1.7.0/24", "10.1.0.0/16"));
        assert!(overlap("10.1.7.9/32", "10.1.7.0/24") && overlap("0.0.0.0/0", "10.0.0.0/8"));
        assert!(!overlap("10.1.0.0/24", "10.1.1.0/24") && !overlap("10.0.0.0/8", "fd00::/8"));
        assert!(overlap("fd00::/8", "fd12:3456::/32"));
        assert!(!overlap("10.1.0.0/33", "10.1.0.0/24") && !overlap("x", "10.0.0.0/8"));
    }
}

//! Which addresses may call.
//!
//! Comes in: texts such as `10.0.0.0/8`, a connection's peer, what proxies say about it. Goes out: whether it may.
//! Always true: an IPv4 address and the same address mapped into IPv6 (`::ffff:10.0.0.1`, which is how a dual-stack
//! socket shows it) are one address.

use ipnet::{IpNet, Ipv4Net};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Networks; empty: none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressList {
    networks: Vec<IpNet>,
}

/// A text that is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    pub text: String,
}

impl AddressList {
    /// Single addresses, networks with or without host bits (`192.168.1.7/24`), and `any` for all of them.
    ///
    /// # Errors
    /// The first text that is none of these.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<AddressList, AddressError> {
        let mut networks = Vec::new();
        for text in texts.into_iter().map(str::trim) {
            if text == "any" {
                networks.extend(["0.0.0.0/0", "::/0"].map(|all| all.parse::<IpNet>().expect("a network")));
            } else {
                networks.push(network(text).ok_or_else(|| AddressError { text: text.to_owned() })?);
            }
        }
        Ok(AddressList { networks })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The address a request came from. `X-Forwarded-For` and `Forwarded` (RFC 7239) are believed only as far as they were
/// written by trusted proxies: they are read from their end, and the first address that is no trusted proxy is the client.
///
/// Both are the values of the header in the order they came. An entry that is no address ends the search: what a trusted
/// proxy wrote there cannot be known, so the proxy itself counts as the client. So it does where both headers are there and
/// differ: a proxy that writes one of them passes the other on as the client has made it up.
pub fn client_address<'a>(
    peer: IpAddr,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    forwarded: impl Iterator<Item = &'a str>,
    trusted: &AddressList,
) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return peer;
    }
    let mut entries = x_forwarded_for.rev().flat_map(|value| value.rsplit(',')).map(address).peekable();
    let by_list = entries.peek().is_some().then(|| walk(peer, entries, trusted));
    let hops: Vec<Option<IpAddr>> = forwarded.flat_map(|value| split(value, ',')).map(forwarded_for).collect();
    let by_hops = (!hops.is_empty()).then(|| walk(peer, hops.into_iter().rev(), trusted));
    match (by_list, by_hops) {
        (Some(list), Some(hops)) if list != hops => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// Back along the way a request came, from the last hop on.
fn walk(peer: IpAddr, mut entries: impl Iterator<Item = Option<IpAddr>>, trusted: &AddressList) -> IpAddr {
    let mut client = peer;
    while trusted.contains(client) {
        let Some(Some(address)) = entries.next() else { break };
        client = address.to_canonical();
    }
    client
}

/// With or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let of_socket = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    text.parse::<IpAddr>().ok().or_else(of_socket).or_else(in_brackets)
}

/// The `for` of one element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// The parts between separators that do not stand inside quotes, where a backslash takes the next character's meaning away
/// (RFC 9110, section 5.6.4).
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |char| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = quoted && char == '\\';
        quoted ^= char == '"';
        char == separator && !quoted
    })
}

fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    // ::ffff:0:0/96 and everything inside it is IPv4 in disguise.
    if let IpNet::V6(mapped) = network
        && let Some(address) = mapped.addr().to_ipv4_mapped()
        && mapped.prefix_len() >= 96
    {
        return Ipv4Net::new(address, mapped.prefix_len() - 96).ok().map(IpNet::V4);
    }
    Some(network)
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is neither an address nor a network such as 10.0.0.0/8", self.text)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &[&str], address: &str, expected: bool) {
        let list = AddressList::parse(list.iter().copied()).unwrap();
        assert_eq!(list.contains(address.parse().unwrap()), expected, "{address} in {list:?}");
    }

    #[test]
    fn addresses_and_networks() {
        check(&["192.168.1.0/24", "10.0.0.0/8"], "192.168.1.255", true);
        check(&["192.168.1.0/24", "10.0.0.0/8"], "192.168.2.0", false);
        check(&["192.168.1.0/24", "10.0.0.0/8"], "127.0.0.1", false);
        check(&["192.168.1.77/24"], "192.168.1.1", true);
        check(&["203.0.113.7"], "203.0.113.7", true);
        check(&["203.0.113.7"], "203.0.113.8", false);
        check(&["2001:db8::/32"], "2001:db8:1::1", true);
        check(&["2001:db8::/32"], "2001:db9::1", false);
        check(&["0.0.0.0/0"], "::1", false);
        check(&["any"], "::1", true);
        check(&["any"], "8.8.8.8", true);
        check(&[], "10.0.0.1", false);
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        check(&["10.0.0.0/8"], "::ffff:10.1.2.3", true);
        check(&["::ffff:10.0.0.0/104"], "10.1.2.3", true);
        check(&["::ffff:10.0.0.0/104"], "11.1.2.3", false);
        check(&["::ffff:10.0.0.1"], "10.0.0.1", true);
        check(&["::/0"], "10.0.0.1", false);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0", "localhost", "10.0.0.0/8 ,", "fe80::1%eth0", "ANY"] {
            assert_eq!(AddressList::parse([text]).unwrap_err().text, text.trim());
        }
    }

    #[test]
    fn forwarded_addresses_count_behind_trusted_proxies_only() {
        let client = |peer: &str, forwarded: &[&str], trusted: &[&str]| {
            let trusted = AddressList::parse(trusted.iter().copied()).unwrap();
            client_address(peer.parse().unwrap(), forwarded.iter().copied(), std::iter::empty(), &trusted).to_string()
        };
        assert_eq!(client("1.1.1.1", &["2.2.2.2"], &[]), "1.1.1.1");
        assert_eq!(client("1.1.1.1", &["2.2.2.2"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &["2.2.2.2"], &["10.0.0.0/8"]), "2.2.2.2");
        // What the client wrote itself stands further left and is not read.
        assert_eq!(client("10.0.0.1", &["192.168.1.5, 2.2.2.2"], &["10.0.0.0/8"]), "2.2.2.2");
        assert_eq!(client("10.0.0.1", &["192.168.1.5", "2.2.2.2,10.0.0.2"], &["10.0.0.0/8"]), "2.2.2.2");
        assert_eq!(client("::ffff:10.0.0.1", &["2.2.2.2:5060"], &["10.0.0.0/8"]), "2.2.2.2");
        assert_eq!(client("10.0.0.1", &["2.2.2.2, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3"], &["10.0.0.0/8"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn forwarded_counts_as_well() {
        let client = |list: &[&str], forwarded: &[&str]| {
            let trusted = AddressList::parse(["10.0.0.0/8"]).unwrap();
            let peer = "10.0.0.1".parse().unwrap();
            client_address(peer, list.iter().copied(), forwarded.iter().copied(), &trusted).to_string()
        };
        assert_eq!(client(&[], &["for=192.0.2.60;proto=http;by=203.0.113.43"]), "192.0.2.60");
        assert_eq!(client(&[], &["For=\"[2001:db8:cafe::17]:4711\""]), "2001:db8:cafe::17");
        assert_eq!(client(&[], &["for=1.2.3.4, for=192.0.2.43", "proto=https;for=10.0.0.2"]), "192.0.2.43");
        assert_eq!(client(&[], &["for=\"::ffff:192.0.2.60\""]), "192.0.2.60");
        assert_eq!(client(&[], &[r#"for=8.8.8.8;by="a\", for=10.9.9.9""#]), "8.8.8.8");
        assert_eq!(client(&[], &[r#"by="a\\", for=192.0.2.43"#]), "192.0.2.43");
        assert_eq!(client(&[], &[r"by=a\, for=192.0.2.43"]), "192.0.2.43");
        // What cannot be known, and what quotes try to hide.
        for unknown in ["for=_hidden", "for=unknown", "proto=http", "for=192.0.2.1, for=\"a,for=192.0.2.2\"", "\""] {
            assert_eq!(client(&[], &[unknown]), "10.0.0.1", "{unknown}");
        }
        // A client that makes up the header which its proxy does not write.
        assert_eq!(client(&["2.2.2.2"], &["for=3.3.3.3"]), "10.0.0.1");
        assert_eq!(client(&["2.2.2.2"], &["for=2.2.2.2"]), "2.2.2.2");
    }
}

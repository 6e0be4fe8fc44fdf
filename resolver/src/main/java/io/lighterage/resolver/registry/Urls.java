package io.lighterage.resolver.registry;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/// Questions about addresses.
final class Urls {
    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private Urls() {}

    /// For messages: without credentials and without the query, which may hold a signature.
    static String redacted(HttpUrl url) {
        boolean query = url.encodedQuery() != null;
        HttpUrl bare = url.newBuilder()
                .username("")
                .password("")
                .query(null)
                .fragment(null)
                .build();
        return query ? bare + "?…" : bare.toString();
    }

    /// Whether both are the same scheme, host and port.
    static boolean sameOrigin(HttpUrl a, HttpUrl b) {
        return a.scheme().equals(b.scheme()) && a.host().equals(b.host()) && a.port() == b.port();
    }

    static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || literal(host).filter(InetAddress::isLoopbackAddress).isPresent();
    }

    /// The address, when the host is one rather than a name. Never asks a name server.
    static Optional<InetAddress> literal(String host) {
        if (!LITERAL.matcher(host).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// 169.254.0.0/16 and fe80::/10: where clouds keep their instance credentials.
    static boolean isLinkLocal(InetAddress address) {
        return address.isLinkLocalAddress() || isMetadata(address);
    }

    /// Addresses of our own machine or network, where a stranger's URL has no business.
    static boolean isPrivate(InetAddress address) {
        byte[] raw = address.getAddress();
        boolean uniqueLocal = raw.length == 16 && (raw[0] & 0xFE) == 0xFC;
        boolean carrier = raw.length == 4 && (raw[0] & 0xFF) == 100 && (raw[1] & 0xC0) == 64;
        return isLinkLocal(address)
                || address.isLoopbackAddress()
                || address.isSiteLocalAddress()
                || address.isAnyLocalAddress()
                || address.isMulticastAddress()
                || uniqueLocal
                || carrier;
    }

    /// fd00:ec2::254, the IPv6 twin of 169.254.169.254.
    private static boolean isMetadata(InetAddress address) {
        return address.getHostAddress().equals("fd00:ec2:0:0:0:0:0:254");
    }
}

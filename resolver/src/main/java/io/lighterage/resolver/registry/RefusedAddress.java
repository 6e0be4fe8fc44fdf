package io.lighterage.resolver.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Set;

/// An address that nothing is sent to: those at which machines in clouds are told their secrets. They are
/// link-local almost everywhere, and the names and redirects that lead there come from strangers.
final class RefusedAddress extends IOException {
    private static final long serialVersionUID = 1L;

    /// Of Amazon's IPv6, Alibaba, Azure and Oracle, in the form of [InetAddress#getHostAddress]; all others are
    /// link-local.
    private static final Set<String> OTHERS =
            Set.of("fd00:ec2:0:0:0:0:0:254", "100.100.100.200", "168.63.129.16", "192.0.0.192");

    private RefusedAddress(InetAddress address) {
        super("address " + address.getHostAddress()
                + " is link-local or a cloud's metadata service, which no registry is");
    }

    /// @throws RefusedAddress when it is one
    static void check(SocketAddress to) throws RefusedAddress {
        InetAddress address = to instanceof InetSocketAddress at ? at.getAddress() : null;
        if (address != null && (address.isLinkLocalAddress() || OTHERS.contains(address.getHostAddress()))) {
            throw new RefusedAddress(address);
        }
    }
}

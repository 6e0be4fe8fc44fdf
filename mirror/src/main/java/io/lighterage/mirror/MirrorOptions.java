package io.lighterage.mirror;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How a [MirrorServer] listens and whom it serves.
///
/// @param address where to listen; port 0 takes a free one
/// @param tls the server's key, or empty for plain HTTP
/// @param access who may use it
/// @param push whether content is accepted; the upstream must then be a [PushTarget]
public record MirrorOptions(InetSocketAddress address, Optional<TlsKey> tls, Access access, boolean push) {

    /// A key store file with the server's key and certificate chain.
    ///
    /// @param keyStore a PKCS#12 file
    /// @param password of the store and the key
    public record TlsKey(Path keyStore, String password) {
        /// Without the password.
        @Override
        public String toString() {
            return "TlsKey[keyStore=" + keyStore + "]";
        }
    }

    /// Plain HTTP on a free port of 127.0.0.1, open to everybody, read-only.
    public static MirrorOptions defaults() {
        return new MirrorOptions(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0),
                Optional.empty(),
                new Access.Open(),
                false);
    }

    public MirrorOptions withAddress(InetSocketAddress listen) {
        return new MirrorOptions(listen, tls, access, push);
    }

    public MirrorOptions withTls(Path keyStore, String password) {
        return new MirrorOptions(address, Optional.of(new TlsKey(keyStore, password)), access, push);
    }

    public MirrorOptions withPush() {
        return new MirrorOptions(address, tls, access, true);
    }

    public MirrorOptions withAccess(Access granted) {
        return new MirrorOptions(address, tls, granted, push);
    }

    public MirrorOptions withBasic(String user, String secret) {
        return withAccess(new Access.Basic(new Credentials(user, secret)));
    }

    /// Tokens good for five minutes, for this user only.
    public MirrorOptions withTokens(String user, String secret) {
        return withAccess(new Access.Tokens(new Credentials(user, secret), false, Duration.ofMinutes(5)));
    }
}

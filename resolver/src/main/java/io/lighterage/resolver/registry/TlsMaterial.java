package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Whom we trust and how we show who we are.
///
/// Certificates of a folder in Docker's layout (`*.crt` authorities, `*.cert` with `*.key` for ourselves) are added to
/// the authorities Java ships with. The client key is handed out only for the registry's own host.
final class TlsMaterial {
    /// Loads it when the first `https` request needs it.
    interface Loader {
        TlsMaterial load();
    }

    private final X509TrustManager trust;
    private final KeyManager @Nullable [] keys;
    private final boolean verifies;

    private TlsMaterial(X509TrustManager trust, KeyManager @Nullable [] keys, boolean verifies) {
        this.trust = trust;
        this.keys = keys;
        this.verifies = verifies;
    }

    /// @param folders folders in Docker's layout; those that do not exist count as empty
    /// @param verify whether certificates of servers are checked
    /// @throws ImageException INVALID when a file in them cannot be used
    static TlsMaterial load(List<Path> folders, boolean verify) {
        CertificateFolder.Contents contents = CertificateFolder.read(folders);
        try {
            X509TrustManager trust = verify ? trusting(contents.authorities()) : new TrustEverything();
            return new TlsMaterial(trust, contents.identities().isEmpty() ? null : keys(contents), verify);
        } catch (GeneralSecurityException | IOException e) {
            throw new ImageException(
                    ErrorKind.INVALID, "certificates of " + folders + " cannot be used: " + e.getMessage(), e);
        }
    }

    X509TrustManager trust() {
        return trust;
    }

    boolean verifies() {
        return verifies;
    }

    boolean hasClientKey() {
        return keys != null;
    }

    /// @param withKey whether the server may see our client certificate
    SSLSocketFactory sockets(boolean withKey) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(withKey ? keys : null, new TrustManager[] {trust}, new SecureRandom());
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new ImageException(ErrorKind.INTERNAL, "this Java has no TLS: " + e.getMessage(), e);
        }
    }

    private static X509TrustManager trusting(List<X509Certificate> added) throws GeneralSecurityException, IOException {
        X509TrustManager shipped = manager(null);
        if (added.isEmpty()) {
            return shipped;
        }
        KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
        all.load(null, null);
        int number = 0;
        for (X509Certificate certificate : shipped.getAcceptedIssuers()) {
            all.setCertificateEntry("shipped-" + number++, certificate);
        }
        for (X509Certificate certificate : added) {
            all.setCertificateEntry("added-" + number++, certificate);
        }
        return manager(all);
    }

    private static X509TrustManager manager(@Nullable KeyStore anchors) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager found) {
                return found;
            }
        }
        throw new GeneralSecurityException("no X.509 trust manager");
    }

    private static KeyManager[] keys(CertificateFolder.Contents contents) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int number = 0;
        for (CertificateFolder.Identity identity : contents.identities()) {
            PrivateKey key = identity.key();
            store.setKeyEntry(
                    "key-" + number++, key, new char[0], identity.chain().toArray(new Certificate[0]));
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    /// What `--tls-verify=false` asks for. Content is still checked against digests.
    private static final class TrustEverything extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.credentials.CredentialSource;
import io.lighterage.resolver.credentials.Credentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import okhttp3.HttpUrl;

/// Everything that talks to the registry of one image, wired together.
///
/// @param transport what sends
/// @param manifests the manifest endpoint
/// @param blobs the blob endpoint
/// @param foreign blobs at addresses outside the registry
/// @param uploads what is written to the registry
record Connection(
        HttpTransport transport,
        ManifestEndpoint manifests,
        BlobEndpoint blobs,
        ForeignBlobs foreign,
        UploadEndpoint uploads)
        implements AutoCloseable {

    /// Decides between `https` and `http` and wires the parts.
    ///
    /// @param certificates folders with one folder of certificates a host
    static Connection open(Reference reference, ResolverConfig all, Timing timing, List<Path> certificates) {
        ResolverConfig config = all.at(reference.domain());
        HttpUrl registry = registry(reference, config);
        List<Path> folders = config.certDirectory()
                .map(List::of)
                .orElseGet(() -> certificates.stream()
                        .map(folder -> folder.resolve(reference.domain()))
                        .toList());
        HttpTransport transport =
                new HttpTransport(registry, config, () -> TlsMaterial.load(folders, config.tlsVerify()));
        CredentialSource credentials = Credentials.of(config);
        TokenEndpoint tokens = new TokenEndpoint(transport, registry, timing);
        Authorizer authorizer = new Authorizer(reference.domain(), reference.repository(), credentials, tokens, timing);
        RegistryClient client = new RegistryClient(registry.resolve("/v2/"), transport, authorizer);
        return new Connection(
                transport,
                new ManifestEndpoint(client, reference.repository(), reference.name(), timing.clock()),
                new BlobEndpoint(client, reference.repository(), timing.clock()),
                new ForeignBlobs(transport, timing.clock()),
                new UploadEndpoint(client, reference.repository(), timing.clock()));
    }

    private static HttpUrl registry(Reference reference, ResolverConfig config) {
        String host = reference.apiHost();
        HttpUrl secure = HttpUrl.parse("https://" + host + "/");
        HttpUrl plain = HttpUrl.parse("http://" + host + "/");
        if (secure == null || plain == null) {
            throw new ImageException(ErrorKind.INVALID, "'" + host + "' is not a registry host");
        }
        if (config.plainHttp()) {
            return plain;
        }
        boolean nearby = Urls.isLoopback(secure.host()) && secure.port() != 443;
        boolean mayBePlain = nearby || !config.tlsVerify();
        return mayBePlain && !speaksTls(reference, secure, config) ? plain : secure;
    }

    private static boolean speaksTls(Reference reference, HttpUrl url, ResolverConfig config) {
        try {
            return TlsProbe.speaksTls(url.host(), url.port(), config.linkLocal());
        } catch (IOException e) {
            throw HttpErrors.broken("read manifest of " + reference.name(), url, e, false);
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import okhttp3.HttpUrl;
import okio.BufferedSource;

/// `GET /v2/<name>/blobs/<digest>`, whole or in parts.
///
/// Registries send readers on to a content network with a signed address. It is remembered, so that the other ranges
/// of a blob skip the registry; once it no longer works (its signature expires), the registry is asked again.
final class BlobEndpoint {
    private final RegistryClient client;
    private final String repository;
    private final InstantSource clock;
    private final RangeSupport ranges = new RangeSupport();
    private final Map<Digest, HttpUrl> elsewhere = new ConcurrentHashMap<>();

    BlobEndpoint(RegistryClient client, String repository, InstantSource clock) {
        this.client = client;
        this.repository = repository;
        this.clock = clock;
    }

    /// Reads a small blob whole, verified.
    byte[] document(Descriptor descriptor) {
        String what = what(descriptor);
        try (BlobBody body = open(descriptor, new ByteRange(0, descriptor.size()))) {
            BufferedSource source = body.reply().body();
            try {
                if (source.request(descriptor.size() + 1)) {
                    throw mismatch(what, "it is longer than " + descriptor.size() + " bytes");
                }
                byte[] bytes = source.readByteArray();
                if (bytes.length < descriptor.size()) {
                    throw RegistryFailure.passing(
                            "cannot " + what + ": it ended after " + bytes.length + " of " + descriptor.size()
                                    + " bytes",
                            null);
                }
                MessageDigest hasher = descriptor.digest().newHasher();
                hasher.update(bytes);
                Digest actual = Digest.finish(descriptor.digest().algorithm(), hasher);
                if (!actual.equals(descriptor.digest())) {
                    throw mismatch(what, "its bytes have digest " + actual);
                }
                return bytes;
            } catch (IOException e) {
                throw client.broken(what, body.reply().url(), e);
            }
        }
    }

    /// The registry as a place to fetch this blob from.
    BlobRoute route(Descriptor descriptor) {
        return new BlobRoute() {
            @Override
            public Descriptor descriptor() {
                return descriptor;
            }

            @Override
            public BlobBody open(ByteRange wanted) {
                return BlobEndpoint.this.open(descriptor, wanted);
            }

            @Override
            public ImageException broken(BlobBody body, IOException e) {
                return client.broken(what(descriptor), body.reply().url(), e);
            }

            @Override
            public RangeSupport ranges() {
                return ranges;
            }
        };
    }

    private BlobBody open(Descriptor descriptor, ByteRange wanted) {
        String what = what(descriptor);
        boolean whole = wanted.offset() == 0 && wanted.length() == descriptor.size();
        Optional<ByteRange> range = whole ? Optional.empty() : Optional.of(wanted);
        Reply reply = reply(descriptor, range, what);
        try {
            return new BlobAnswer(descriptor, wanted, what).accept(reply, ranges, clock);
        } catch (RuntimeException e) {
            reply.abandon();
            throw e;
        }
    }

    private Reply reply(Descriptor descriptor, Optional<ByteRange> range, String what) {
        HttpUrl known = elsewhere.get(descriptor.digest());
        if (known != null) {
            Reply reply = knownPlace(descriptor, known, range, what);
            if (reply.code() != 400
                    && reply.code() != 401
                    && reply.code() != 403
                    && reply.code() != 404
                    && reply.code() != 410) {
                return reply;
            }
            reply.abandon();
            elsewhere.remove(descriptor.digest(), known);
        }
        HttpUrl url = client.url(repository + "/blobs/" + descriptor.digest());
        Reply reply = client.get(url, "*/*", range, what);
        if (!reply.url().equals(url) && (reply.code() == 200 || reply.code() == 206)) {
            elsewhere.put(descriptor.digest(), reply.url());
        }
        return reply;
    }

    /// A place that does not answer is forgotten, so that the next attempt asks the registry where to go.
    private Reply knownPlace(Descriptor descriptor, HttpUrl known, Optional<ByteRange> range, String what) {
        try {
            return client.getElsewhere(known, range, what);
        } catch (RegistryFailure failure) {
            elsewhere.remove(descriptor.digest(), known);
            throw failure;
        }
    }

    private String what(Descriptor descriptor) {
        return "read blob " + descriptor.digest() + " of " + repository;
    }

    private static ImageException mismatch(String what, String found) {
        return new ImageException(
                ErrorKind.CORRUPT, "cannot " + what + ": " + found + "; the image or the registry is damaged");
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import okhttp3.HttpUrl;

/// Blobs at the addresses a descriptor names itself (`urls`), for layers a registry may not keep.
///
/// The addresses come with the image, so they are a stranger's: only `https`, never with credentials whatever they
/// answer, and never an address of our own machine or network unless the registry itself is there.
final class ForeignBlobs {
    private final HttpTransport transport;
    private final InstantSource clock;
    private final Redirects redirects;
    private final RangeSupport ranges = new RangeSupport();

    ForeignBlobs(HttpTransport transport, InstantSource clock) {
        this.transport = transport;
        this.clock = clock;
        this.redirects = new Redirects(transport, this::check);
    }

    /// @throws RegistryFailure DENIED when the address is not one we ask
    BlobRoute route(Descriptor descriptor, String address) {
        HttpUrl url = HttpUrl.parse(address);
        if (url == null) {
            throw refused(HttpErrors.clean(address), "is not an https address");
        }
        String what = "read foreign blob " + descriptor.digest();
        return new BlobRoute() {
            @Override
            public Descriptor descriptor() {
                return descriptor;
            }

            @Override
            public BlobBody open(ByteRange wanted) {
                boolean whole = wanted.offset() == 0 && wanted.length() == descriptor.size();
                Optional<ByteRange> range = whole ? Optional.empty() : Optional.of(wanted);
                Reply reply = redirects.get(url, RegistryClient.request("*/*", range), "", what);
                try {
                    return new BlobAnswer(descriptor, wanted, what).accept(reply, ranges, clock);
                } catch (RuntimeException e) {
                    reply.abandon();
                    throw e;
                }
            }

            @Override
            public ImageException broken(BlobBody body, IOException e) {
                return transport.broken(what, body.reply().url(), e);
            }

            @Override
            public RangeSupport ranges() {
                return ranges;
            }
        };
    }

    private void check(HttpUrl url) {
        if (!url.isHttps()) {
            throw refused(Urls.redacted(url), "is not https");
        }
        if (isNearby(url.host()) && !isNearby(transport.registry().host())) {
            throw refused(Urls.redacted(url), "is an address of this machine or its network");
        }
    }

    private static boolean isNearby(String host) {
        if (Urls.isLoopback(host)) {
            return true;
        }
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).anyMatch(Urls::isPrivate);
        } catch (UnknownHostException e) {
            return false; // connecting will say so
        }
    }

    private static RegistryFailure refused(String url, String why) {
        return RegistryFailure.lasting(ErrorKind.DENIED, "foreign layer address " + url + " is not asked: it " + why);
    }
}

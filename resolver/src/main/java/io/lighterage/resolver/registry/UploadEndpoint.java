package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import java.time.InstantSource;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/// Blobs and manifests into one repository (distribution specification, "Push").
///
/// A blob is sent in one piece: `POST …/blobs/uploads/` names a place, `PUT` brings all its bytes there. The first
/// request has no body, so that whatever the registry asks about credentials is settled before bytes travel.
final class UploadEndpoint {
    private static final MediaType BYTES = MediaType.get("application/octet-stream");
    private static final RequestBody NOTHING = RequestBody.create(new byte[0], null);

    private final RegistryClient client;
    private final String repository;
    private final InstantSource clock;

    UploadEndpoint(RegistryClient client, String repository, InstantSource clock) {
        this.client = client;
        this.repository = repository;
        this.clock = clock;
    }

    /// Whether the repository has the blob, of that size.
    boolean has(Descriptor blob) {
        String what = "ask for blob " + blob.digest() + " of " + repository;
        HttpUrl url = client.url(repository + "/blobs/" + blob.digest());
        try (Reply reply = client.send(new Request.Builder().url(url).head(), what)) {
            // anything else but success makes us send it, which says better what is wrong
            return reply.code() == 200;
        }
    }

    /// Sends a blob.
    ///
    /// @param content writes exactly its bytes, each time anew
    void put(Descriptor blob, RequestBody content) {
        String what = "write blob " + blob.digest() + " of " + repository;
        HttpUrl place = begin(what)
                .newBuilder()
                .addQueryParameter("digest", blob.digest().toString())
                .build();
        try (Reply reply = client.send(new Request.Builder().url(place).put(content), what)) {
            if (reply.code() != 201) {
                throw HttpErrors.answered(what, reply, clock);
            }
        }
    }

    private HttpUrl begin(String what) {
        HttpUrl url = client.url(repository + "/blobs/uploads/");
        try (Reply reply = client.send(new Request.Builder().url(url).post(NOTHING), what)) {
            if (reply.code() != 202) {
                throw HttpErrors.answered(what, reply, clock);
            }
            HttpUrl place = url.resolve(reply.header("Location"));
            if (place == null || reply.header("Location").isEmpty() || (url.isHttps() && !place.isHttps())) {
                throw RegistryFailure.lasting(
                        ErrorKind.UNAVAILABLE,
                        "cannot " + what + " at " + Urls.redacted(url)
                                + ": HTTP 202 without a usable Location; expected an address to send the bytes to");
            }
            return place;
        }
    }

    /// Stores a manifest or index under a tag or its digest.
    void putManifest(String selector, String mediaType, byte[] bytes) {
        String what = "write manifest " + selector + " of " + repository;
        HttpUrl url = client.url(repository + "/manifests/" + selector);
        RequestBody body = RequestBody.create(bytes, MediaType.get(mediaType));
        try (Reply reply = client.send(new Request.Builder().url(url).put(body), what)) {
            if (reply.code() != 201 && reply.code() != 200) {
                throw HttpErrors.answered(what, reply, clock);
            }
        }
    }

    /// The media type blobs are sent as.
    static @Nullable MediaType bytes() {
        return BYTES;
    }
}

package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The writing half of the distribution API. A cross-repository mount is answered with an ordinary upload (202).
final class PushEndpoints implements AutoCloseable {
    // Sessions nobody finishes stay until the server ends; this many are more than clients open at once.
    private static final int MAX_UPLOADS = 1024;
    private static final int BUFFER = 64 << 10;
    private static final Pattern CONTENT_RANGE = Pattern.compile("(?:bytes )?(\\d{1,18})-(\\d{1,18})(?:/.*)?");

    private final PushTarget target;
    private final ConcurrentMap<String, Session> sessions = new ConcurrentHashMap<>();

    PushEndpoints(PushTarget target) {
        this.target = target;
    }

    /// One upload; its lock is held while a request of it is served.
    private record Session(String repository, PushTarget.Incoming incoming) {}

    Reply start(Call call, Route.Uploads route) {
        if (sessions.size() >= MAX_UPLOADS) {
            return Reply.error(ErrorCode.TOOMANYREQUESTS, MAX_UPLOADS + " uploads are open; finish or cancel some");
        }
        Optional<String> digest = call.parameter("digest");
        PushTarget.Incoming incoming = target.newBlob(route.repository());
        Session session = new Session(route.repository(), incoming);
        if (digest.isPresent()) {
            synchronized (session) {
                receive(call, incoming);
                return commit(session, digest.get());
            }
        }
        String id = UUID.randomUUID().toString();
        sessions.put(id, session);
        return progress(202, route.repository(), id, 0);
    }

    Reply status(Route.Upload route) {
        Session session = sessions.get(route.id());
        if (session == null || !session.repository().equals(route.repository())) {
            return unknown(route);
        }
        synchronized (session) {
            return progress(
                    204, route.repository(), route.id(), session.incoming().size());
        }
    }

    Reply append(Call call, Route.Upload route) {
        Session session = sessions.get(route.id());
        if (session == null || !session.repository().equals(route.repository())) {
            return unknown(route);
        }
        synchronized (session) {
            if (outOfOrder(call, session)) {
                return progress(
                        416, route.repository(), route.id(), session.incoming().size());
            }
            receive(call, session.incoming());
            return progress(
                    202, route.repository(), route.id(), session.incoming().size());
        }
    }

    Reply finish(Call call, Route.Upload route) {
        Session session = sessions.get(route.id());
        if (session == null || !session.repository().equals(route.repository())) {
            return unknown(route);
        }
        Optional<String> digest = call.parameter("digest");
        if (digest.isEmpty()) {
            return Reply.error(ErrorCode.DIGEST_INVALID, "the upload cannot end: expected ?digest=algorithm:hex");
        }
        synchronized (session) {
            if (outOfOrder(call, session)) {
                return progress(
                        416, route.repository(), route.id(), session.incoming().size());
            }
            receive(call, session.incoming());
            sessions.remove(route.id());
            return commit(session, digest.get());
        }
    }

    Reply cancel(Route.Upload route) {
        Session session = sessions.get(route.id());
        if (session == null || !session.repository().equals(route.repository())) {
            return unknown(route);
        }
        sessions.remove(route.id());
        synchronized (session) {
            session.incoming().close();
        }
        return Reply.of(204);
    }

    Reply putManifest(Call call, Route.Manifests route) {
        ByteBuffer body = manifestBody(call);
        if (body.remaining() > ManifestFields.MAX_SIZE) {
            return Reply.error(
                    ErrorCode.SIZE_INVALID,
                    "the manifest is larger than " + ManifestFields.MAX_SIZE + " bytes, the most that is taken");
        }
        ManifestFields fields = ManifestFields.of(Json.parseObject(body, "the pushed manifest"));
        String declared = call.header("content-type").orElse(fields.mediaType());
        if (!declared.equals(fields.mediaType()) || declared.isEmpty()) {
            return Reply.error(
                    ErrorCode.MANIFEST_INVALID,
                    "Content-Type is '" + declared + "' but the document is '" + fields.mediaType()
                            + "'; expected one and the same manifest type");
        }
        Digest digest = digestOf(route.reference(), body);
        if (route.reference().indexOf(':') >= 0 && !route.reference().equals(digest.toString())) {
            return Reply.error(
                    ErrorCode.DIGEST_INVALID, "the manifest's digest is " + digest + "; expected " + route.reference());
        }
        Optional<Digest> missing = missing(route.repository(), fields);
        if (missing.isPresent()) {
            return Reply.error(
                    ErrorCode.MANIFEST_BLOB_UNKNOWN,
                    "the manifest needs " + missing.get() + ", which " + route.repository() + " lacks; push it first");
        }
        target.putManifest(route.repository(), route.reference(), new StoredManifest(fields.mediaType(), digest, body));
        Reply created = Reply.of(201)
                .with("Location", "/v2/" + route.repository() + "/manifests/" + digest)
                .with("Docker-Content-Digest", digest.toString());
        return fields.subject()
                .map(subject -> created.with("OCI-Subject", subject.toString()))
                .orElse(created);
    }

    private Optional<Digest> missing(String repository, ManifestFields fields) {
        boolean index = MediaType.isIndex(fields.mediaType());
        return fields.children().stream()
                .filter(child ->
                        index ? target.manifest(repository, child.toString()).isEmpty() : !hasBlob(repository, child))
                .findFirst();
    }

    private boolean hasBlob(String repository, Digest digest) {
        var blob = target.blob(repository, digest);
        blob.ifPresent(io.lighterage.contentstore.Blob::close);
        return blob.isPresent();
    }

    private static Digest digestOf(String reference, ByteBuffer body) {
        String algorithm =
                reference.indexOf(':') < 0 ? "sha256" : Digest.parse(reference).algorithm();
        var hasher = Digest.newHasher(algorithm);
        hasher.update(body.duplicate());
        return Digest.finish(algorithm, hasher);
    }

    /// Reads one byte more than is allowed, so that too much shows.
    private static ByteBuffer manifestBody(Call call) {
        try {
            return ByteBuffer.wrap(call.body().readNBytes(ManifestFields.MAX_SIZE + 1));
        } catch (IOException e) {
            throw interrupted("a manifest", e);
        }
    }

    private static void receive(Call call, PushTarget.Incoming incoming) {
        byte[] buffer = new byte[BUFFER];
        try {
            for (int count = call.body().read(buffer);
                    count >= 0;
                    count = call.body().read(buffer)) {
                incoming.write(ByteBuffer.wrap(buffer, 0, count));
            }
        } catch (IOException e) {
            throw interrupted("an upload", e);
        }
    }

    private static ImageException interrupted(String what, IOException cause) {
        return new ImageException(
                ErrorKind.UNAVAILABLE, "receive " + what + ": the connection failed; send the rest again", cause);
    }

    private static boolean outOfOrder(Call call, Session session) {
        Optional<String> range = call.header("content-range");
        if (range.isEmpty()) {
            return false;
        }
        Matcher matcher = CONTENT_RANGE.matcher(range.get());
        return !matcher.matches()
                || Long.parseLong(matcher.group(1)) != session.incoming().size();
    }

    private static Reply commit(Session session, String digest) {
        try (PushTarget.Incoming incoming = session.incoming()) {
            Digest expected;
            try {
                expected = Digest.parse(digest);
                incoming.commit(expected);
            } catch (ImageException e) {
                return Reply.error(ErrorCode.DIGEST_INVALID, String.valueOf(e.getMessage()));
            }
            return Reply.of(201)
                    .with("Location", "/v2/" + session.repository() + "/blobs/" + expected)
                    .with("Docker-Content-Digest", expected.toString());
        }
    }

    private static Reply progress(int status, String repository, String id, long size) {
        return Reply.of(status)
                .with("Location", "/v2/" + repository + "/blobs/uploads/" + id)
                .with("Docker-Upload-UUID", id)
                .with("Range", "0-" + Math.max(0, size - 1));
    }

    private static Reply unknown(Route.Upload route) {
        return Reply.error(
                ErrorCode.BLOB_UPLOAD_UNKNOWN,
                "no upload " + route.id() + " in " + route.repository() + "; start one with POST");
    }

    @Override
    public void close() {
        sessions.values().forEach(session -> session.incoming().close());
        sessions.clear();
    }
}

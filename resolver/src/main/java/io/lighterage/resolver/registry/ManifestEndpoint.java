package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import okio.BufferedSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `GET /v2/<name>/manifests/<tag or digest>`.
///
/// A tag is asked for with GET at once: HEAD would cost a round trip and say nothing the body does not. The body is
/// checked against the digest asked for, or against `Docker-Content-Digest` where the registry sends it.
final class ManifestEndpoint {
    /// Registries must take manifests up to this size, so nothing larger is expected (distribution specification).
    static final int MAX_BYTES = 4 << 20;

    private static final String ACCEPT = String.join(
            ", ",
            MediaType.OCI_INDEX,
            MediaType.OCI_MANIFEST,
            MediaType.DOCKER_INDEX,
            MediaType.DOCKER_MANIFEST,
            "*/*");

    private final RegistryClient client;
    private final String repository;
    private final String image;
    private final InstantSource clock;

    /// @param image canonical name, for messages
    ManifestEndpoint(RegistryClient client, String repository, String image, InstantSource clock) {
        this.client = client;
        this.repository = repository;
        this.image = image;
        this.clock = clock;
    }

    /// @param selector tag or digest
    /// @param wanted the digest the body must have, where one is known
    ManifestBody get(String selector, Optional<Digest> wanted) {
        String what = "read manifest of " + image;
        try (Reply reply =
                client.get(client.url(repository + "/manifests/" + selector), ACCEPT, Optional.empty(), what)) {
            if (reply.code() != 200) {
                throw HttpErrors.answered(what, reply, clock);
            }
            byte[] body = read(reply);
            Digest digest = verify(reply, body, wanted);
            return new ManifestBody(new Descriptor(mediaType(reply, body), digest, body.length), body);
        }
    }

    private byte[] read(Reply reply) {
        BufferedSource source = reply.body();
        try {
            if (reply.length() > MAX_BYTES || source.request(MAX_BYTES + 1L)) {
                reply.abandon();
                throw new ImageException(
                        ErrorKind.INVALID,
                        "manifest of " + image + " is larger than " + MAX_BYTES + " bytes; no manifest is that large");
            }
            return source.readByteArray();
        } catch (IOException e) {
            throw client.broken("read manifest of " + image, reply.url(), e);
        }
    }

    private Digest verify(Reply reply, byte[] body, Optional<Digest> wanted) {
        String header = reply.header("Docker-Content-Digest");
        if (wanted.isPresent()) {
            return check(body, wanted.get(), "asked for");
        }
        if (header.isEmpty()) {
            return Digest.sha256(body);
        }
        return check(body, announced(header), "announced by the registry");
    }

    private Digest announced(String header) {
        try {
            return Digest.parse(header);
        } catch (ImageException e) {
            throw new ImageException(
                    e.kind(),
                    "manifest of " + image + " came with a Docker-Content-Digest we cannot check: " + e.getMessage(),
                    e);
        }
    }

    private Digest check(byte[] body, Digest expected, String why) {
        MessageDigest hasher = expected.newHasher();
        hasher.update(body);
        Digest actual = Digest.finish(expected.algorithm(), hasher);
        if (!actual.equals(expected)) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "manifest of " + image + " has digest " + actual + "; expected " + expected + ", which was " + why);
        }
        return expected;
    }

    /// Content-Type and the document's own word must agree: a document that is read as one thing here and as another
    /// elsewhere is an attack. Registries that send a generic type leave the document alone to say what it is.
    private String mediaType(Reply reply, byte[] body) {
        String header = reply.header("Content-Type");
        int semicolon = header.indexOf(';');
        String sent = (semicolon < 0 ? header : header.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
        JsonNode root = parse(body);
        String own = root.path("mediaType").asString("");
        if (MediaType.isSchema1(sent)
                || MediaType.isSchema1(own)
                || root.path("schemaVersion").asInt(2) == 1) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "image " + image + " is in Docker's retired schema 1; push it again with a current tool");
        }
        boolean sentKnown = sent.startsWith("application/vnd.");
        if (sentKnown && !own.isEmpty() && !own.equals(sent)) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "manifest of " + image + " was sent as " + sent + " but says it is " + HttpErrors.clean(own)
                            + "; expected both to agree");
        }
        String type = sentKnown ? sent : own.isEmpty() ? guessed(root) : own;
        if (!MediaType.isManifest(type) && !MediaType.isIndex(type)) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    image + " has media type '" + HttpErrors.clean(type.isEmpty() ? sent : type)
                            + "', which is not an image; expected an OCI or Docker manifest or index");
        }
        return type;
    }

    private static String guessed(JsonNode root) {
        return root.has("manifests")
                ? MediaType.OCI_INDEX
                : root.has("layers") && root.has("config") ? MediaType.OCI_MANIFEST : "";
    }

    private JsonNode parse(byte[] body) {
        try {
            return JsonMapper.shared().readTree(body);
        } catch (JacksonException e) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "manifest of " + image + " is not JSON: " + HttpErrors.clean(e.getOriginalMessage()),
                    e);
        }
    }
}

package io.lighterage.mirror;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import java.util.List;
import java.util.regex.Pattern;

/// What a path of the distribution API names. Parsing is pure; only validated names and digests come out.
sealed interface Route {
    /// `/v2/`
    record Root() implements Route {}

    /// `/v2/<name>/manifests/<reference>`
    record Manifests(String repository, String reference) implements Route {}

    /// `/v2/<name>/blobs/<digest>`
    record Blobs(String repository, Digest digest) implements Route {}

    /// `/v2/<name>/blobs/uploads/`
    record Uploads(String repository) implements Route {}

    /// `/v2/<name>/blobs/uploads/<id>`
    record Upload(String repository, String id) implements Route {}

    /// `/v2/<name>/tags/list`
    record Tags(String repository) implements Route {}

    /// `/v2/<name>/referrers/<digest>`
    record Referrers(String repository, Digest subject) implements Route {}

    /// No path of the API.
    record Unknown() implements Route {}

    /// A path of the API with a name in it that no registry may have.
    record Malformed(ErrorCode code, String message) implements Route {}

    Pattern NAME =
            Pattern.compile("[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");
    Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
    Pattern UPLOAD = Pattern.compile("[0-9a-f-]{36}");

    /// Longest repository name: what the specification asks registries to accept with the host name in front.
    int MAX_NAME = 255;

    static Route parse(String path) {
        if (path.equals("/v2/") || path.equals("/v2")) {
            return new Root();
        }
        if (!path.startsWith("/v2/")) {
            return new Unknown();
        }
        List<String> parts = List.of(path.substring("/v2/".length()).split("/", -1));
        int count = parts.size();
        if (count < 3) {
            return new Unknown();
        }
        String last = parts.get(count - 1);
        String kind = parts.get(count - 2);
        if (kind.equals("uploads") && count >= 4 && parts.get(count - 3).equals("blobs")) {
            return upload(name(parts, count - 3), last);
        }
        String name = name(parts, count - 2);
        return switch (kind) {
            case "manifests" -> manifest(name, last);
            case "blobs" -> last.equals("uploads") ? upload(name, "") : blob(name, last);
            case "tags" -> last.equals("list") ? named(name, new Tags(name)) : new Unknown();
            case "referrers" -> referrers(name, last);
            default -> new Unknown();
        };
    }

    private static String name(List<String> parts, int count) {
        return String.join("/", parts.subList(0, count));
    }

    private static Route named(String name, Route route) {
        if (name.length() > MAX_NAME || !NAME.matcher(name).matches()) {
            return new Malformed(
                    ErrorCode.NAME_INVALID,
                    "the repository name is not valid; expected lower-case letters, digits and single separators, at"
                            + " most " + MAX_NAME + " characters");
        }
        return route;
    }

    private static Route manifest(String name, String reference) {
        if (reference.indexOf(':') >= 0) {
            return digested(name, reference, digest -> new Manifests(name, digest.toString()));
        }
        if (!TAG.matcher(reference).matches()) {
            return new Malformed(
                    ErrorCode.MANIFEST_UNKNOWN,
                    "the tag is not valid; expected at most 128 letters, digits and any of _ . -");
        }
        return named(name, new Manifests(name, reference));
    }

    private static Route blob(String name, String digest) {
        return digested(name, digest, parsed -> new Blobs(name, parsed));
    }

    private static Route referrers(String name, String digest) {
        return digested(name, digest, parsed -> new Referrers(name, parsed));
    }

    private static Route upload(String name, String id) {
        if (id.isEmpty()) {
            return named(name, new Uploads(name));
        }
        if (!UPLOAD.matcher(id).matches()) {
            return new Malformed(ErrorCode.BLOB_UPLOAD_UNKNOWN, "no such upload; start one with POST");
        }
        return named(name, new Upload(name, id));
    }

    private static Route digested(String name, String text, java.util.function.Function<Digest, Route> route) {
        try {
            return named(name, route.apply(Digest.parse(text)));
        } catch (ImageException e) {
            return new Malformed(ErrorCode.DIGEST_INVALID, String.valueOf(e.getMessage()));
        }
    }
}

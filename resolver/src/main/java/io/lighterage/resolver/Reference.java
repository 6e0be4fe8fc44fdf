package io.lighterage.resolver;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// An image reference of a registry, normalised the way Docker users expect: `debian` is
/// `docker.io/library/debian:latest`.
///
/// Follows the grammar of the OCI distribution specification and Docker's rule for the first part: it is a host when
/// it is `localhost` or holds `.`, `:` or an upper-case letter. A reference always has a tag or a digest; where it
/// has both, the digest decides and the tag is only kept for people.
///
/// @param domain registry as users write it, with its port: `docker.io`, `localhost:5000`, `[::1]:5000`
/// @param repository path below the registry, at most 255 characters
/// @param tag the tag, or empty when only a digest was given
/// @param digest the digest, or empty
public record Reference(String domain, String repository, Optional<String> tag, Optional<Digest> digest) {
    /// The registry meant when none is named.
    public static final String DOCKER_HUB = "docker.io";

    /// Longest tag (distribution's reference grammar).
    public static final int MAX_TAG = 128;

    private static final String HUB_API = "registry-1.docker.io";
    /// Longest repository path (distribution's reference grammar).
    private static final int MAX_REPOSITORY = 255;
    /// A whole reference: host 255, repository 255, tag 128, sha512 digest 136 and the separators.
    private static final int MAX_TEXT = 1024;

    private static final Pattern REPOSITORY = Pattern.compile(
            "[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+(?:/[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+)*+");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0," + (MAX_TAG - 1) + "}");
    private static final Pattern DOMAIN = Pattern.compile(
            "(?:\\[[0-9a-fA-F:.]{2,45}]|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)"
                    + "(?::[0-9]{1,5})?");
    private static final Pattern BARE_ID = Pattern.compile("[a-f0-9]{64}");

    public Reference {
        if (domain.length() > 255 || !DOMAIN.matcher(domain).matches() || portOf(domain) > 65535) {
            throw invalid(domain, "'" + printable(domain) + "' is not a registry host; expected host or host:port");
        }
        checkRepository(repository);
        tag.ifPresent(Reference::checkTag);
        if (tag.isEmpty() && digest.isEmpty()) {
            throw new ImageException(
                    ErrorKind.INVALID, "reference to " + domain + "/" + repository + " has neither tag nor digest");
        }
    }

    /// Parses what a user types, without a transport prefix.
    ///
    /// @throws ImageException INVALID, or UNSUPPORTED for an unknown digest algorithm
    public static Reference parse(String text) {
        if (text.isEmpty()) {
            throw new ImageException(ErrorKind.INVALID, "empty image reference; expected a name such as debian:12");
        }
        if (text.length() > MAX_TEXT) {
            throw invalid(text, "it has " + text.length() + " characters; expected at most " + MAX_TEXT);
        }
        if (BARE_ID.matcher(text).matches()) {
            throw invalid(text, "64 hexadecimal digits are an image id, not a name; expected name@sha256:…");
        }
        Optional<Digest> digest = Optional.empty();
        String rest = text;
        int at = text.indexOf('@');
        if (at >= 0) {
            digest = Optional.of(Digest.parse(text.substring(at + 1)));
            rest = text.substring(0, at);
        }
        Optional<String> tag = Optional.empty();
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = Optional.of(rest.substring(colon + 1));
            rest = rest.substring(0, colon);
        } else if (digest.isEmpty()) {
            tag = Optional.of("latest");
        }
        return split(text, rest, tag, digest);
    }

    private static Reference split(String text, String rest, Optional<String> tag, Optional<Digest> digest) {
        int slash = rest.indexOf('/');
        String first = slash < 0 ? "" : rest.substring(0, slash);
        if (!looksLikeHost(first)) {
            String path = slash < 0 ? "library/" + rest : rest;
            if (rest.isEmpty()) {
                throw invalid(text, "the name is empty; expected a name such as debian:12");
            }
            return new Reference(DOCKER_HUB, path, tag, digest);
        }
        String path = rest.substring(slash + 1);
        if (first.equals("index." + DOCKER_HUB) || first.equals(DOCKER_HUB)) {
            return new Reference(DOCKER_HUB, path.contains("/") ? path : "library/" + path, tag, digest);
        }
        return new Reference(first, path, tag, digest);
    }

    private static boolean looksLikeHost(String first) {
        return first.equals("localhost")
                || first.indexOf('.') >= 0
                || first.indexOf(':') >= 0
                || !first.equals(first.toLowerCase(Locale.ROOT));
    }

    /// Domain and repository, without tag and digest: `docker.io/library/debian`.
    public String path() {
        return domain + "/" + repository;
    }

    /// The canonical name, such as `docker.io/library/debian:12` or `ghcr.io/a/b:1@sha256:…`.
    public String name() {
        return path()
                + tag.map(t -> ":" + t).orElse("")
                + digest.map(d -> "@" + d).orElse("");
    }

    /// What stands after `/manifests/` in a request: the digest when there is one, else the tag.
    public String selector() {
        return digest.map(Digest::toString).or(() -> tag).orElseThrow();
    }

    /// Host and port the distribution API is spoken with: the domain, except for Docker Hub.
    public String apiHost() {
        return domain.equals(DOCKER_HUB) ? HUB_API : domain;
    }

    @Override
    public String toString() {
        return name();
    }

    private static void checkRepository(String repository) {
        if (repository.length() > MAX_REPOSITORY) {
            throw invalid(
                    repository,
                    "the repository name has " + repository.length() + " characters; expected at most "
                            + MAX_REPOSITORY);
        }
        if (!REPOSITORY.matcher(repository).matches()) {
            String lower = repository.toLowerCase(Locale.ROOT);
            boolean onlyCase =
                    !lower.equals(repository) && REPOSITORY.matcher(lower).matches();
            throw invalid(
                    repository,
                    onlyCase
                            ? "repository name must be lowercase; try " + lower
                            : "expected parts of a-z, 0-9 and single . _ - between them, separated by /");
        }
    }

    private static void checkTag(String tag) {
        if (!TAG.matcher(tag).matches()) {
            throw invalid(
                    tag,
                    "'" + printable(tag) + "' is not a tag; expected at most " + MAX_TAG
                            + " letters, digits, _ . -, and no . or -" + " first");
        }
    }

    private static int portOf(String domain) {
        int colon = domain.lastIndexOf(':');
        return colon < 0 || domain.endsWith("]") ? 0 : Integer.parseInt(domain.substring(colon + 1));
    }

    private static ImageException invalid(String text, String why) {
        return new ImageException(ErrorKind.INVALID, "invalid image reference '" + printable(text) + "': " + why);
    }

    private static String printable(String text) {
        String cut = text.length() > 120 ? text.substring(0, 120) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.HttpUrl;
import okio.Buffer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Turns failed exchanges into named errors: what was tried, where, what came back, what to do.
final class HttpErrors {
    /// Error documents are short; the rest of a longer one is not worth reading.
    private static final int MAX_BODY = 64 << 10;

    private static final int MAX_WORDS = 300;
    /// Retries of a host that never answered.
    private static final int FIRST_CONTACT = 2;

    private HttpErrors() {}

    /// The failure an answer other than the expected one stands for.
    ///
    /// @param what what was tried, such as `read manifest of docker.io/library/debian:12`
    static RegistryFailure answered(String what, Reply reply, InstantSource clock) {
        int code = reply.code();
        String said = words(reply);
        ErrorKind kind = switch (code) {
            case 401 -> ErrorKind.UNAUTHENTICATED;
            case 403 -> ErrorKind.DENIED;
            case 404, 410 -> ErrorKind.NOT_FOUND;
            case 416 -> ErrorKind.CORRUPT;
            case 429 -> ErrorKind.RATE_LIMITED;
            default -> ErrorKind.UNAVAILABLE;
        };
        boolean retriable = code == 408 || code == 429 || (code >= 500 && code != 501 && code != 505);
        String message = "cannot " + what + " from " + Urls.redacted(reply.url()) + ": HTTP " + code
                + (said.isEmpty() ? "" : " (" + said + ")") + "; " + remedy(code);
        return new RegistryFailure(
                kind, message, code, retriable ? Integer.MAX_VALUE : 0, retryAfter(reply, clock), null);
    }

    private static String remedy(int code) {
        return switch (code) {
            case 401 ->
                "give credentials with --creds or --authfile, or check the name: registries answer so for repositories"
                        + " that do not exist, too";
            case 403 -> "this account may not do that; check the name, or use other credentials";
            case 404, 410 -> "check the name, the tag and the registry";
            case 416 -> "the registry's blob is shorter than its descriptor says";
            case 429 -> "the registry asks us to slow down; wait, or give credentials for a higher limit";
            default -> code >= 500 ? "the registry is in trouble; try again later" : "this answer was not expected";
        };
    }

    /// The failure a broken exchange stands for.
    ///
    /// @param reached whether any server has answered before; if not, the address is probably wrong and a user
    ///     should not have to wait long to hear it
    static ImageException broken(String what, HttpUrl url, Throwable e, boolean reached) {
        String where = "cannot " + what + " from " + Urls.redacted(url) + ": ";
        if (Thread.currentThread().isInterrupted()
                || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException))) {
            return new ImageException(ErrorKind.CANCELLED, where + "interrupted", e);
        }
        if (isCertificate(e)) {
            return new RegistryFailure(
                    ErrorKind.UNAVAILABLE,
                    where + "its certificate is not trusted (" + rootMessage(e)
                            + "); give its authority with --cert-dir, or skip the check with --tls-verify=false",
                    0,
                    0,
                    null,
                    e);
        }
        if (e instanceof RefusedAddress) {
            return new RegistryFailure(ErrorKind.DENIED, where + e.getMessage(), 0, 0, null, e);
        }
        if (e instanceof SSLException && String.valueOf(e.getMessage()).contains("Unsupported or unrecognized")) {
            return new RegistryFailure(
                    ErrorKind.UNAVAILABLE,
                    where + "it does not speak TLS; if it is a plain HTTP registry, use --plain-http",
                    0,
                    0,
                    null,
                    e);
        }
        String happened = switch (e) {
            case UnknownHostException _ -> "host " + url.host() + " is not known; check the name and the network";
            case SocketTimeoutException _ -> "no byte arrived for the time limit; check the network";
            case ConnectException _ -> "connection refused or unreachable; check host and port";
            default -> clean(String.valueOf(e.getMessage() == null ? e : e.getMessage()));
        };
        boolean nobody = !reached && (e instanceof UnknownHostException || e instanceof ConnectException);
        int patience = nobody ? FIRST_CONTACT : Integer.MAX_VALUE;
        return new RegistryFailure(ErrorKind.UNAVAILABLE, where + happened, 0, patience, null, e);
    }

    private static boolean isCertificate(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof CertificateException
                    || at instanceof SSLPeerUnverifiedException
                    || at instanceof java.security.cert.CertPathValidatorException) {
                return true;
            }
        }
        return false;
    }

    private static String rootMessage(Throwable e) {
        Throwable at = e;
        while (at.getCause() != null) {
            at = at.getCause();
        }
        return clean(String.valueOf(at.getMessage()));
    }

    /// What the registry says in its error document, or nothing.
    private static String words(Reply reply) {
        Buffer body = new Buffer();
        try {
            while (body.size() < MAX_BODY && reply.body().read(body, MAX_BODY - body.size()) >= 0) {
                // read on
            }
        } catch (IOException e) {
            return ""; // the status says enough
        }
        try {
            List<String> all = new ArrayList<>();
            JsonNode root = JsonMapper.shared().readTree(body.readByteArray());
            for (JsonNode error : root.path("errors")) {
                String code = error.path("code").asString("");
                String message = error.path("message").asString("");
                all.add(code.isEmpty() || message.isEmpty() ? code + message : code + ": " + message);
            }
            if (all.isEmpty()) {
                all.add(root.path("error_description")
                        .asString(root.path("details").asString("")));
            }
            return clean(String.join(", ", all.subList(0, Math.min(3, all.size()))));
        } catch (JacksonException e) {
            return ""; // a page for people, of no use in one line
        }
    }

    private static @Nullable Duration retryAfter(Reply reply, InstantSource clock) {
        String text = reply.header("Retry-After").strip();
        if (text.matches("[0-9]{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        try {
            Instant when = text.isEmpty()
                    ? Instant.MIN
                    : ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant();
            Instant now = clock.instant();
            return when.isAfter(now) ? Duration.between(now, when) : null;
        } catch (DateTimeException e) {
            return null;
        }
    }

    /// Without control characters, and not longer than anybody reads.
    static String clean(String text) {
        String flat = text.replaceAll("[\\p{Cntrl}\\p{Cf}]+", " ").strip();
        return flat.length() > MAX_WORDS ? flat.substring(0, MAX_WORDS) + "…" : flat;
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import okhttp3.HttpUrl;
import okhttp3.Request;

/// Follows redirects by hand: what is secret stays where it belongs.
///
/// `Authorization` goes only to the scheme, host and port it was made for and does not come back when a later hop
/// returns there. A redirect from https to http is refused. No cookies are kept at all.
final class Redirects {
    /// More hops than any registry and its CDN need.
    static final int MAX_HOPS = 10;

    private final HttpTransport transport;
    private final Consumer<HttpUrl> guard;

    /// @param guard throws for an address that must not be asked, on every hop
    Redirects(HttpTransport transport, Consumer<HttpUrl> guard) {
        this.transport = transport;
        this.guard = guard;
    }

    /// Sends the request and returns the first answer that is not a redirect.
    ///
    /// @param authorization header for the first address, or empty
    Reply get(HttpUrl url, Request.Builder dress, String authorization, String what) {
        Set<HttpUrl> seen = new LinkedHashSet<>();
        HttpUrl at = url;
        String secret = authorization;
        while (seen.add(at)) {
            if (seen.size() > MAX_HOPS + 1) {
                throw refused(what, url, "more than " + MAX_HOPS + " redirects; the registry is misconfigured");
            }
            guard.accept(at);
            dress.removeHeader("Authorization");
            if (!secret.isEmpty()) {
                dress.header("Authorization", secret);
            }
            Reply reply = transport.send(dress.url(at), what);
            if (!isRedirect(reply.code())) {
                return reply;
            }
            HttpUrl next = target(reply, at, what);
            if (!Urls.sameOrigin(at, next)) {
                secret = "";
            }
            at = next;
        }
        throw refused(what, url, "redirects run in a circle back to " + Urls.redacted(at));
    }

    private static HttpUrl target(Reply reply, HttpUrl at, String what) {
        String location = reply.header("Location");
        int code = reply.code();
        reply.close();
        HttpUrl next = location.isEmpty() ? null : at.resolve(location);
        if (next == null) {
            throw refused(what, at, "HTTP " + code + " without a usable Location; expected an http or https address");
        }
        if (at.isHttps() && !next.isHttps()) {
            throw refused(
                    what,
                    at,
                    "redirected from https to " + Urls.redacted(next) + ", which anybody on the way can read");
        }
        return next;
    }

    private static boolean isRedirect(int code) {
        return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
    }

    private static RegistryFailure refused(String what, HttpUrl url, String why) {
        return RegistryFailure.lasting(
                ErrorKind.UNAVAILABLE, "cannot " + what + " from " + Urls.redacted(url) + ": " + why);
    }
}

package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import okhttp3.HttpUrl;
import okhttp3.Request;

/// Requests to one registry: [Redirects] over [HttpTransport], with the [Authorizer]'s answer to a 401.
///
/// Only the registry itself is told who we are. A 401 of a place it redirected to is that place's own affair.
final class RegistryClient {
    /// A first 401 says how to ask; a second may say the token was too old or its scope too small. Each further
    /// credential that may fit may be refused once.
    private static final int MAX_CHALLENGES = 2;

    private final HttpUrl base;
    private final HttpTransport transport;
    private final Redirects redirects;
    private final Authorizer authorizer;

    /// @param base `scheme://host:port/v2/` of the registry
    RegistryClient(HttpUrl base, HttpTransport transport, Authorizer authorizer) {
        this.base = base;
        this.transport = transport;
        this.redirects = new Redirects(transport, url -> {});
        this.authorizer = authorizer;
    }

    /// An address below `/v2/`.
    HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }

    /// @return the first answer that is neither a redirect nor a challenge we can meet
    Reply get(HttpUrl url, String accept, Optional<ByteRange> range, String what) {
        return authorized(sent -> redirects.get(url, request(accept, range), sent, what));
    }

    /// Sends a request with its method and body, and the registry's credentials if it goes there. Redirects are not
    /// followed: a body goes where the registry has said it should, and nowhere else.
    ///
    /// @param dress has an address
    /// @return the first answer that is not a challenge we can meet
    Reply send(Request.Builder dress, String what) {
        boolean own = Urls.sameOrigin(dress.build().url(), base);
        return authorized(sent -> {
            dress.removeHeader("Authorization");
            if (own && !sent.isEmpty()) {
                dress.header("Authorization", sent);
            }
            return transport.send(dress, what);
        });
    }

    private Reply authorized(Function<String, Reply> attempt) {
        String sent = authorizer.current();
        Reply reply = attempt.apply(sent);
        for (int round = 0; round < MAX_CHALLENGES + authorizer.spare() && isRefusal(reply); round++) {
            Optional<String> next;
            try {
                next = reply.code() == 403
                        ? authorizer.another(sent)
                        : authorizer.answer(Challenge.parse(reply.response().headers("WWW-Authenticate")), sent);
            } catch (RuntimeException e) {
                reply.close();
                throw e;
            }
            if (next.isEmpty()) {
                return reply;
            }
            reply.close();
            sent = next.get();
            reply = attempt.apply(sent);
        }
        if (!isOurs(reply) || reply.code() < 400) {
            authorizer.accepted(sent);
        }
        return reply;
    }

    /// A request to an address the registry sent us to before: without credentials unless it is the registry's own.
    Reply getElsewhere(HttpUrl url, Optional<ByteRange> range, String what) {
        return redirects.get(url, request("*/*", range), Urls.sameOrigin(url, base) ? authorizer.current() : "", what);
    }

    /// What a body that broke off means.
    ImageException broken(String what, HttpUrl url, IOException e) {
        return transport.broken(what, url, e);
    }

    private boolean isRefusal(Reply reply) {
        return (reply.code() == 401 || reply.code() == 403) && isOurs(reply);
    }

    private boolean isOurs(Reply reply) {
        return Urls.sameOrigin(reply.url(), base);
    }

    static Request.Builder request(String accept, Optional<ByteRange> range) {
        Request.Builder request = new Request.Builder().header("Accept", accept);
        range.ifPresent(r -> request.header("Range", "bytes=" + r.offset() + "-" + (r.end() - 1)));
        return request;
    }
}

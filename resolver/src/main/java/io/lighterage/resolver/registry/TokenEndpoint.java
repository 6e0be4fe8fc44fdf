package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.credentials.Credential;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import okhttp3.Credentials;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Gets bearer tokens from the server a registry's challenge names (Docker's token authentication specification).
///
/// Nobody: `GET realm?service=…&scope=…`. A password: OAuth2 `POST` with `grant_type=password`, and where the server
/// does not know that, the `GET` with Basic. An identity token: `POST` with `grant_type=refresh_token`.
///
/// The realm comes from the registry and is not trusted: for an `https` registry it must be `https`, and addresses
/// where clouds keep machine credentials are refused.
final class TokenEndpoint {
    private static final int MAX_BODY = 1 << 20;
    private static final String CLIENT = "lighterage";
    /// What the specification says when the answer does not.
    private static final long DEFAULT_SECONDS = 60;

    private final HttpTransport transport;
    private final HttpUrl registry;
    private final Timing timing;

    TokenEndpoint(HttpTransport transport, HttpUrl registry, Timing timing) {
        this.transport = transport;
        this.registry = registry;
        this.timing = timing;
    }

    /// @param scopes in order
    /// @throws ImageException UNAUTHENTICATED when the server refuses the credential
    Token token(Challenge challenge, Set<String> scopes, @Nullable Credential credential) {
        HttpUrl realm = realm(challenge);
        String service = challenge.parameter("service");
        return switch (credential) {
            case null -> get(realm, service, scopes, "");
            case Credential.Password password -> withPassword(realm, service, scopes, password);
            case Credential.IdentityToken identity -> {
                FormBody.Builder form = new FormBody.Builder()
                        .add("grant_type", "refresh_token")
                        .add("refresh_token", identity.token());
                Reply reply = post(realm, service, scopes, form);
                yield read(reply, realm);
            }
            case Credential.RegistryToken token -> new Token(checked(token.token()), Instant.MAX, "");
        };
    }

    private Token withPassword(HttpUrl realm, String service, Set<String> scopes, Credential.Password password) {
        FormBody.Builder form = new FormBody.Builder()
                .add("grant_type", "password")
                .add("username", password.user())
                .add("password", password.secret());
        Reply reply = post(realm, service, scopes, form);
        if (reply.code() == 400 || reply.code() == 401 || reply.code() == 404 || reply.code() == 405) {
            reply.close();
            String basic = Credentials.basic(password.user(), password.secret(), StandardCharsets.UTF_8);
            return get(realm, service, scopes, basic);
        }
        return read(reply, realm);
    }

    private Token get(HttpUrl realm, String service, Set<String> scopes, String basic) {
        HttpUrl.Builder url = realm.newBuilder();
        if (!service.isEmpty()) {
            url.addQueryParameter("service", service);
        }
        scopes.forEach(scope -> url.addQueryParameter("scope", scope));
        if (!basic.isEmpty()) {
            url.addQueryParameter("client_id", CLIENT);
        }
        Request.Builder request = new Request.Builder().url(url.build());
        if (!basic.isEmpty()) {
            request.header("Authorization", basic);
        }
        return read(transport.send(request, "get a token"), realm);
    }

    private Reply post(HttpUrl realm, String service, Set<String> scopes, FormBody.Builder form) {
        form.add("client_id", CLIENT).add("scope", String.join(" ", scopes));
        if (!service.isEmpty()) {
            form.add("service", service);
        }
        return transport.send(new Request.Builder().url(realm).post(form.build()), "get a token");
    }

    private Token read(Reply reply, HttpUrl realm) {
        try (reply) {
            if (reply.code() != 200) {
                throw HttpErrors.answered("get a token", reply, timing.clock());
            }
            if (reply.body().request(MAX_BODY + 1L)) {
                throw unusable(realm, "answered more than 1 MiB");
            }
            JsonNode root = JsonMapper.shared().readTree(reply.body().readByteArray());
            String value = root.path("token").asString("");
            if (value.isEmpty()) {
                value = root.path("access_token").asString("");
            }
            long seconds = root.path("expires_in").asLong(0);
            long life = seconds <= 0 ? DEFAULT_SECONDS : Math.min(seconds, 86_400);
            Duration slack = Duration.ofSeconds(Math.min(10, life / 4));
            Instant refreshAt = timing.clock().instant().plusSeconds(life).minus(slack);
            return new Token(
                    checked(value), refreshAt, root.path("refresh_token").asString(""));
        } catch (JacksonException e) {
            throw unusable(realm, "answered something that is not JSON");
        } catch (IOException e) {
            throw transport.broken("get a token", realm, e);
        }
    }

    /// A token goes into a header, so it must be printable ASCII.
    private String checked(String token) {
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c >= 127)) {
            throw unusable(registry, token.isEmpty() ? "gave no token" : "gave a token with forbidden characters");
        }
        return token;
    }

    private static ImageException unusable(HttpUrl url, String what) {
        return new ImageException(
                ErrorKind.UNAVAILABLE,
                "cannot get a token from " + Urls.redacted(url) + ": the server " + what
                        + "; expected a JSON object with 'token'");
    }

    private HttpUrl realm(Challenge challenge) {
        String text = challenge.parameter("realm");
        HttpUrl realm = HttpUrl.parse(text);
        if (realm == null) {
            throw refused("'" + HttpErrors.clean(text) + "' is not an http or https address");
        }
        if (registry.isHttps() && !realm.isHttps()) {
            throw refused(Urls.redacted(realm) + " is not https, so credentials and tokens could be read on the way");
        }
        if (!realm.host().equals(registry.host()) && isLinkLocal(realm.host())) {
            throw refused(Urls.redacted(realm) + " is a link-local address, where machines keep their own secrets");
        }
        return realm;
    }

    /// A name that points to a link-local address is as bad as the address itself.
    private static boolean isLinkLocal(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).anyMatch(Urls::isLinkLocal);
        } catch (UnknownHostException e) {
            return false; // connecting will say so
        }
    }

    private ImageException refused(String why) {
        return new ImageException(
                ErrorKind.DENIED, "registry " + registry.host() + " names a token server we do not ask: " + why);
    }
}

package io.lighterage.mirror;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// Who may come in, and the built-in token endpoint (distribution token authentication, GET and POST forms).
final class Gate {
    static final String TOKEN_PATH = "/token";
    private static final String SERVICE = "lighterage";
    // A form of a grant, a few scopes and two secrets; anything longer is no login.
    private static final int MAX_FORM = 64 << 10;

    private final Access access;
    private final TokenStore store;

    Gate(Access access, TokenStore store) {
        this.access = access;
        this.store = store;
    }

    boolean issuesTokens() {
        return access instanceof Access.Tokens;
    }

    /// @return the refusal, or empty when the client may go on
    Optional<Reply> check(Call call, Route route) {
        return switch (access) {
            case Access.Open ignored -> Optional.empty();
            case Access.Basic basic ->
                call.authorization("Basic")
                                .filter(basic.credentials()::matchesBasic)
                                .isPresent()
                        ? Optional.empty()
                        : Optional.of(refusal("Basic realm=\"" + SERVICE + "\""));
            case Access.Tokens ignored -> checkToken(call, route);
        };
    }

    private Optional<Reply> checkToken(Call call, Route route) {
        Optional<TokenStore.Scope> needed = scope(call, route);
        Optional<String> token = call.authorization("Bearer");
        if (token.isEmpty()) {
            return Optional.of(refusal(challenge(call, needed, "")));
        }
        return switch (store.check(token.get(), needed)) {
            case GRANTED -> Optional.empty();
            case UNKNOWN -> Optional.of(refusal(challenge(call, needed, "invalid_token")));
            case TOO_NARROW -> Optional.of(refusal(challenge(call, needed, "insufficient_scope")));
        };
    }

    private static Optional<TokenStore.Scope> scope(Call call, Route route) {
        Optional<String> repository = switch (route) {
            case Route.Manifests it -> Optional.of(it.repository());
            case Route.Blobs it -> Optional.of(it.repository());
            case Route.Uploads it -> Optional.of(it.repository());
            case Route.Upload it -> Optional.of(it.repository());
            case Route.Tags it -> Optional.of(it.repository());
            case Route.Referrers it -> Optional.of(it.repository());
            case Route.Root ignored -> Optional.empty();
            case Route.Unknown ignored -> Optional.empty();
            case Route.Malformed ignored -> Optional.empty();
        };
        boolean upload = route instanceof Route.Uploads || route instanceof Route.Upload;
        boolean reads = !upload && (call.method().equals("GET") || call.isHead());
        List<String> actions = reads ? List.of("pull") : List.of("pull", "push");
        return repository.map(name -> new TokenStore.Scope(name, actions));
    }

    private static String challenge(Call call, Optional<TokenStore.Scope> needed, String error) {
        StringBuilder text = new StringBuilder("Bearer realm=\"")
                .append(call.origin())
                .append(TOKEN_PATH)
                .append("\",service=\"")
                .append(SERVICE)
                .append('"');
        needed.ifPresent(scope -> text.append(",scope=\"").append(scope).append('"'));
        if (!error.isEmpty()) {
            text.append(",error=\"").append(error).append('"');
        }
        return text.toString();
    }

    private static Reply refusal(String challenge) {
        return Reply.error(ErrorCode.UNAUTHORIZED, "authentication is required; log in to this registry")
                .with("WWW-Authenticate", challenge);
    }

    /// Answers a request to the token endpoint.
    Reply token(Call call) {
        if (!(access instanceof Access.Tokens tokens)) {
            return Reply.error(ErrorCode.NAME_UNKNOWN, "this registry issues no tokens");
        }
        return switch (call.method()) {
            case "GET" -> tokenByQuery(call, tokens);
            case "POST" -> tokenByForm(form(call), tokens);
            default ->
                Reply.error(ErrorCode.UNSUPPORTED, "tokens are had by GET or POST")
                        .with("Allow", "GET, POST");
        };
    }

    private Reply tokenByQuery(Call call, Access.Tokens tokens) {
        List<TokenStore.Scope> scopes = scopes(call.query().getOrDefault("scope", List.of()));
        Optional<String> basic = call.authorization("Basic");
        if (basic.isEmpty() && tokens.anonymousPull()) {
            return grant(tokens, scopes.stream().map(TokenStore.Scope::pullOnly).toList(), false);
        }
        if (basic.filter(tokens.credentials()::matchesBasic).isEmpty()) {
            return refusal("Basic realm=\"" + SERVICE + "\"");
        }
        boolean offline = call.parameter("offline_token").filter("true"::equals).isPresent();
        return grant(tokens, scopes, offline);
    }

    private Reply tokenByForm(Map<String, String> form, Access.Tokens tokens) {
        List<TokenStore.Scope> scopes = scopes(List.of(form.getOrDefault("scope", "")));
        boolean known = switch (form.getOrDefault("grant_type", "")) {
            case "password" ->
                tokens.credentials().matches(form.getOrDefault("username", ""), form.getOrDefault("password", ""));
            case "refresh_token" -> store.knowsRefreshToken(form.getOrDefault("refresh_token", ""));
            default -> false;
        };
        if (!known) {
            return refusal("Basic realm=\"" + SERVICE + "\"");
        }
        return grant(tokens, scopes, form.getOrDefault("access_type", "").equals("offline"));
    }

    private Reply grant(Access.Tokens tokens, List<TokenStore.Scope> scopes, boolean offline) {
        TokenStore.Token token = store.issue(scopes, tokens.lifetime());
        ObjectNode document = Json.object();
        document.put("token", token.text());
        document.put("access_token", token.text());
        document.put("expires_in", tokens.lifetime().toSeconds());
        document.put("issued_at", token.issuedAt().toString());
        if (offline) {
            document.put("refresh_token", store.issueRefreshToken());
        }
        return Reply.of(200).json(document).with("Cache-Control", "no-store");
    }

    /// What is not a scope on a repository is not granted, silently: the specification's way.
    private static List<TokenStore.Scope> scopes(List<String> asked) {
        List<TokenStore.Scope> scopes = new ArrayList<>();
        for (String several : asked) {
            for (String one : several.split(" ")) {
                TokenStore.Scope.parse(one).ifPresent(scopes::add);
            }
        }
        return scopes;
    }

    private static Map<String, String> form(Call call) {
        byte[] body;
        try {
            body = call.body().readNBytes(MAX_FORM + 1);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.UNAVAILABLE, "read a token request: the connection failed", e);
        }
        if (body.length > MAX_FORM) {
            throw new ImageException(ErrorKind.INVALID, "read a token request: more than " + MAX_FORM + " bytes");
        }
        Map<String, String> form = new LinkedHashMap<>();
        for (String pair : new String(body, StandardCharsets.UTF_8).split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                form.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return form;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ImageException(ErrorKind.INVALID, "read a token request: it is not a URL-encoded form", e);
        }
    }
}

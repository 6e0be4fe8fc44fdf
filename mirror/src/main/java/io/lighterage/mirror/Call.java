package io.lighterage.mirror;

import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// One request as the endpoints see it, free of the HTTP server.
///
/// @param method upper case
/// @param path decoded
/// @param query decoded parameters, in order
/// @param headers by lower-case name
/// @param origin `scheme://host:port` as the client addressed us
/// @param body the request's body, read at most once
record Call(
        String method,
        String path,
        Map<String, List<String>> query,
        Map<String, List<String>> headers,
        String origin,
        InputStream body) {

    /// A request of which nothing but the method can be told.
    static Call unreadable(String method) {
        return new Call(method, "", Map.of(), Map.of(), "", InputStream.nullInputStream());
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /// The first value of a header.
    Optional<String> header(String name) {
        return headers(name).stream().findFirst();
    }

    List<String> headers(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
    }

    /// The first value of a query parameter.
    Optional<String> parameter(String name) {
        return query.getOrDefault(name, List.of()).stream().findFirst();
    }

    /// The scheme of `Authorization`, as the client wrote it, or empty.
    String authorizationScheme() {
        String value = header("authorization").orElse("");
        int space = value.indexOf(' ');
        return space < 0 ? value : value.substring(0, space);
    }

    /// What follows the scheme of `Authorization`, if the scheme is this one (case does not matter).
    Optional<String> authorization(String scheme) {
        return header("authorization")
                .filter(value -> authorizationScheme().equalsIgnoreCase(scheme) && value.length() > scheme.length())
                .map(value -> value.substring(scheme.length() + 1).trim());
    }

    /// The same request as if a header had not been sent.
    Call without(String header) {
        Map<String, List<String>> rest = new LinkedHashMap<>(headers);
        rest.remove(header.toLowerCase(Locale.ROOT));
        return new Call(method, path, query, rest, origin, body);
    }
}

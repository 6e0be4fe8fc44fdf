package io.lighterage.runtime.interop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A token server as docker-registry trusts it: signs JSON web tokens for one user, for whatever is asked.
final class TokenServer implements AutoCloseable {
    static final String USER = "carol";
    static final String PASSWORD = "tugboat";

    private final HttpServer server;
    private final PrivateKey key;
    private final String certificate;
    private final List<String> scopes = new CopyOnWriteArrayList<>();

    private TokenServer(HttpServer server, PrivateKey key, String certificate) {
        this.server = server;
        this.key = key;
        this.certificate = certificate;
    }

    /// @param folder holds `cert.pem` and `key.der` (PKCS8), see [TestCertificates]
    static TokenServer start(Path folder) throws IOException, GeneralSecurityException {
        PrivateKey key = KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(folder.resolve("key.der"))));
        String pem = Files.readString(folder.resolve("cert.pem"));
        String certificate = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        TokenServer server = new TokenServer(http, key, certificate);
        http.createContext("/token", server::answer);
        http.start();
        return server;
    }

    /// What goes into the registry's configuration.
    String registryConfig(Path folder) {
        return """
                auth:
                  token:
                    realm: http://127.0.0.1:%d/token
                    service: test-registry
                    issuer: test-issuer
                    rootcertbundle: %s/cert.pem
                """.formatted(server.getAddress().getPort(), folder);
    }

    List<String> scopes() {
        return List.copyOf(scopes);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String expected =
                "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
        String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String query = exchange.getRequestURI().getRawQuery() == null
                ? form
                : exchange.getRequestURI().getRawQuery();
        boolean known = expected.equals(exchange.getRequestHeaders().getFirst("Authorization"))
                || (form.contains("username=" + USER) && form.contains("password=" + PASSWORD));
        byte[] body = (known ? "{\"token\":\"" + token(query) + "\",\"expires_in\":300}" : "{}")
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(known ? 200 : 401, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private String token(String query) {
        StringBuilder access = new StringBuilder();
        for (String pair : query.split("&")) {
            if (pair.startsWith("scope=")) {
                String scope = URLDecoder.decode(pair.substring(6), StandardCharsets.UTF_8);
                scopes.add(scope);
                String[] parts = scope.split(":");
                access.append(access.isEmpty() ? "" : ",")
                        .append("{\"type\":\"%s\",\"name\":\"%s\",\"actions\":[\"%s\"]}"
                                .formatted(parts[0], parts[1], parts[2].replace(",", "\",\"")));
            }
        }
        long now = Instant.now().getEpochSecond();
        String header = "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\"%s\"]}".formatted(certificate);
        String claims = ("{\"iss\":\"test-issuer\",\"sub\":\"%s\",\"aud\":\"test-registry\",\"exp\":%d,\"nbf\":%d,"
                        + "\"iat\":%d,\"jti\":\"1\",\"access\":[%s]}")
                .formatted(USER, now + 300, now - 10, now, access);
        String signed =
                encode(header.getBytes(StandardCharsets.UTF_8)) + "." + encode(claims.getBytes(StandardCharsets.UTF_8));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key);
            signature.update(signed.getBytes(StandardCharsets.UTF_8));
            return signed + "." + encode(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

package io.lighterage.resolver.credentials;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Docker's `config.json` and podman's `auth.json`.
///
/// For one registry `credHelpers` beats `credsStore` beats `auths`. Keys of `auths` may be URLs (the host part
/// counts) or, as podman writes them, a registry followed by part of a path; the longest such prefix wins.
final class AuthDocument implements CredentialSource {
    /// A configuration is some kilobytes; more is not one.
    private static final int MAX_BYTES = 1 << 20;
    /// The key Docker stores its own hub under.
    private static final String HUB_KEY = "https://index.docker.io/v1/";

    private final JsonNode root;
    private final String where;
    private final Map<String, String> environment;

    private AuthDocument(JsonNode root, String where, Map<String, String> environment) {
        this.root = root;
        this.where = where;
        this.environment = environment;
    }

    static AuthDocument read(Path file, Map<String, String> environment) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw malformed(file.toString(), "it is larger than 1 MiB");
            }
            return parse(new String(bytes, StandardCharsets.UTF_8), file.toString(), environment);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot read credentials from " + file + " (" + e.getClass().getSimpleName()
                            + "); check that it is a file you may read",
                    e);
        }
    }

    static AuthDocument parse(String text, String where, Map<String, String> environment) {
        try {
            JsonNode root = text.isBlank()
                    ? JsonMapper.shared().createObjectNode()
                    : JsonMapper.shared().readTree(text);
            if (!root.isObject()) {
                throw malformed(where, "it is not a JSON object");
            }
            return new AuthDocument(root, where, environment);
        } catch (JacksonException e) {
            // The exception quotes the text around the error, which may be a secret: keep only the place.
            var at = e.getLocation();
            throw malformed(
                    where,
                    "it is not JSON" + (at == null ? "" : ", line " + at.getLineNr() + " column " + at.getColumnNr()));
        }
    }

    @Override
    public Optional<Credential> find(String domain, String repository) {
        Set<String> hosts = aliases(domain);
        JsonNode helpers = object("credHelpers");
        for (String host : hosts) {
            String helper = helpers.path(host).asString("");
            if (!helper.isEmpty()) {
                return new HelperProgram(helper, environment).get(host);
            }
        }
        String store = root.path("credsStore").asString("");
        if (!store.isEmpty()) {
            String key = domain.equals("docker.io") ? HUB_KEY : domain;
            Optional<Credential> stored = new HelperProgram(store, environment).get(key);
            if (stored.isPresent()) {
                return stored;
            }
        }
        return fromAuths(hosts, repository);
    }

    private Optional<Credential> fromAuths(Set<String> hosts, String repository) {
        JsonNode auths = object("auths");
        for (String prefix : prefixes(repository)) {
            for (Map.Entry<String, JsonNode> entry : auths.properties()) {
                if (applies(entry.getKey(), hosts, prefix)) {
                    Optional<Credential> found = credential(entry.getKey(), entry.getValue());
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /// A key with a scheme counts by its host whatever its path; a bare `host/path` is only for that path.
    private static boolean applies(String key, Set<String> hosts, String prefix) {
        boolean wholeHost = key.contains("://") || !withoutScheme(key).contains("/");
        if (prefix.isEmpty()) {
            return wholeHost && hosts.contains(hostOf(key));
        }
        return !wholeHost && hosts.stream().anyMatch(host -> withoutScheme(key).equals(host + "/" + prefix));
    }

    /// `a/b/c`, `a/b`, `a`, and the empty prefix that stands for the whole registry.
    private static List<String> prefixes(String repository) {
        List<String> all = new ArrayList<>();
        for (String at = repository; !at.isEmpty(); ) {
            all.add(at);
            int slash = at.lastIndexOf('/');
            at = slash < 0 ? "" : at.substring(0, slash);
        }
        all.add("");
        return all;
    }

    private Optional<Credential> credential(String key, JsonNode entry) {
        if (!entry.isObject()) {
            throw malformed(where, "auths entry '" + key + "' is not an object");
        }
        String identity = entry.path("identitytoken").asString("");
        if (!identity.isEmpty()) {
            return Optional.of(new Credential.IdentityToken(identity));
        }
        String registry = entry.path("registrytoken").asString("");
        if (!registry.isEmpty()) {
            return Optional.of(new Credential.RegistryToken(registry));
        }
        String auth = entry.path("auth").asString("");
        if (!auth.isEmpty()) {
            return decode(key, auth);
        }
        String user = entry.path("username").asString("");
        String password = entry.path("password").asString("");
        return user.isEmpty() ? Optional.empty() : Optional.of(new Credential.Password(user, password));
    }

    private Optional<Credential> decode(String key, String auth) {
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw malformed(where, "auth of '" + key + "' is not base64");
        }
        int colon = pair.indexOf(':');
        if (colon < 0) {
            throw malformed(where, "auth of '" + key + "' is not base64 of user:password");
        }
        // Docker pads passwords with NUL bytes in files written by old versions.
        String secret = pair.substring(colon + 1).replaceAll("\\x00+$", "");
        String user = pair.substring(0, colon);
        return user.isEmpty() && secret.isEmpty()
                ? Optional.empty()
                : Optional.of(HelperProgram.credential(user, secret));
    }

    private JsonNode object(String name) {
        JsonNode node = root.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return JsonMapper.shared().createObjectNode();
        }
        if (!node.isObject()) {
            throw malformed(where, "'" + name + "' is not an object");
        }
        return node;
    }

    /// The names one registry is known under in such files.
    private static Set<String> aliases(String domain) {
        Set<String> names = new LinkedHashSet<>();
        names.add(domain.toLowerCase(Locale.ROOT));
        if (domain.equals("docker.io")) {
            names.add(HUB_KEY);
            names.add("index.docker.io");
            names.add("registry-1.docker.io");
        }
        return names;
    }

    private static String withoutScheme(String key) {
        int scheme = key.indexOf("://");
        String rest = scheme < 0 ? key : key.substring(scheme + 3);
        return rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest;
    }

    private static String hostOf(String key) {
        String rest = withoutScheme(key);
        int slash = rest.indexOf('/');
        return (slash < 0 ? rest : rest.substring(0, slash)).toLowerCase(Locale.ROOT);
    }

    private static ImageException malformed(String where, String why) {
        return new ImageException(
                ErrorKind.INVALID,
                "credentials in " + where + " cannot be used: " + why + "; expected a Docker config.json");
    }
}

package io.lighterage.resolver.credentials;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Learned credentials as JSON: `[{"repository": …, "credentials": [{"password": …, "user": …} | {"identity": …} |
/// {"registry": …}]}]`, in the order in which they are kept.
final class LearnedDocument {
    private LearnedDocument() {}

    static byte[] text(Map<String, List<Credential>> known) {
        ArrayNode all = JsonMapper.shared().createArrayNode();
        known.forEach((name, credentials) -> {
            ObjectNode entry = all.addObject().put("repository", name);
            ArrayNode list = entry.putArray("credentials");
            for (Credential credential : credentials) {
                switch (credential) {
                    case Credential.Password it ->
                        list.addObject().put("password", it.secret()).put("user", it.user());
                    case Credential.IdentityToken it -> list.addObject().put("identity", it.token());
                    case Credential.RegistryToken it -> list.addObject().put("registry", it.token());
                }
            }
        });
        return JsonMapper.shared().writeValueAsBytes(all);
    }

    /// @throws IllegalArgumentException for any other document
    static Map<String, List<Credential>> parse(byte[] text) {
        LinkedHashMap<String, List<Credential>> known = new LinkedHashMap<>();
        try {
            for (JsonNode entry : JsonMapper.shared().readTree(text)) {
                List<Credential> credentials = new ArrayList<>();
                for (JsonNode one : entry.path("credentials")) {
                    credentials.add(credential(one));
                }
                known.put(entry.path("repository").asString(""), List.copyOf(credentials));
            }
        } catch (JacksonException e) {
            // The exception quotes the text around the error, which may be a secret.
            throw new IllegalArgumentException("learned credentials are not JSON");
        }
        return known;
    }

    private static Credential credential(JsonNode one) {
        if (one.has("password")) {
            return new Credential.Password(
                    one.path("user").asString(""), one.path("password").asString(""));
        }
        if (one.has("identity")) {
            return new Credential.IdentityToken(one.path("identity").asString(""));
        }
        if (one.has("registry")) {
            return new Credential.RegistryToken(one.path("registry").asString(""));
        }
        throw new IllegalArgumentException("a learned credential is of no known kind");
    }
}

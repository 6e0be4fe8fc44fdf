package io.lighterage.resolver.credentials;

import io.lighterage.resolver.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/// What the kubelet sends along with a pull (`AuthConfig` of the Container Runtime Interface). Parts that are not set
/// are empty strings.
///
/// @param auth base64 of `user:password`
/// @param serverAddress host or URL the rest is for, or empty for whatever is pulled
/// @param identityToken an OAuth2 refresh token
/// @param registryToken a bearer token
public record PullAuth(
        String username,
        String password,
        String auth,
        String serverAddress,
        String identityToken,
        String registryToken) {

    /// The credential, if there is one that is meant for the image's registry. As containerd does, a user name comes
    /// before an identity token, and that before `auth`.
    public Optional<Credential> credentialFor(Reference image) {
        if (!serverAddress.isBlank() && !host(serverAddress).equals(host(image.domain()))) {
            return Optional.empty();
        }
        if (!username.isEmpty()) {
            return Optional.of(HelperProgram.credential(username, password));
        }
        if (!identityToken.isEmpty()) {
            return Optional.of(new Credential.IdentityToken(identityToken));
        }
        if (!auth.isEmpty()) {
            return decoded(auth);
        }
        return registryToken.isEmpty() ? Optional.empty() : Optional.of(new Credential.RegistryToken(registryToken));
    }

    private static Optional<Credential> decoded(String auth) {
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // whoever pulls with it says what is wrong with it
        }
        int colon = pair.indexOf(':');
        // As in Docker's files, passwords may be padded with NUL bytes.
        return colon <= 0
                ? Optional.empty()
                : Optional.of(HelperProgram.credential(
                        pair.substring(0, colon), pair.substring(colon + 1).replaceAll("\\x00+$", "")));
    }

    private static String host(String address) {
        int scheme = address.indexOf("://");
        String rest = scheme < 0 ? address.strip() : address.substring(scheme + 3);
        int slash = rest.indexOf('/');
        String host = (slash < 0 ? rest : rest.substring(0, slash)).toLowerCase(Locale.ROOT);
        host = host.substring(host.indexOf('@') + 1);
        return switch (host) {
            case "index.docker.io", "registry-1.docker.io" -> Reference.DOCKER_HUB;
            default -> host.endsWith(":443") ? host.substring(0, host.length() - 4) : host;
        };
    }

    /// Without any of the secrets.
    @Override
    public String toString() {
        return "PullAuth[]";
    }
}

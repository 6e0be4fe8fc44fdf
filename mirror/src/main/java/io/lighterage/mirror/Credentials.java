package io.lighterage.mirror;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

/// The one user a protected mirror knows.
///
/// @param user without `:`
/// @param secret the password
public record Credentials(String user, String secret) {
    /// Whether an `Authorization: Basic` parameter is this user's; compared in constant time.
    boolean matchesBasic(String parameter) {
        byte[] presented;
        try {
            presented = Base64.getDecoder().decode(parameter);
        } catch (IllegalArgumentException e) {
            return false;
        }
        return MessageDigest.isEqual(presented, (user + ":" + secret).getBytes(StandardCharsets.UTF_8));
    }

    boolean matches(String presentedUser, String presentedSecret) {
        byte[] presented = (presentedUser + ":" + presentedSecret).getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(presented, (user + ":" + secret).getBytes(StandardCharsets.UTF_8));
    }

    /// Without the secret.
    @Override
    public String toString() {
        return "Credentials[user=" + user + "]";
    }
}

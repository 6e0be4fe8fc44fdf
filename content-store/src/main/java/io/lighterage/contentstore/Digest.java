package io.lighterage.contentstore;

import io.lighterage.linux.openssl.NativeSha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A content digest, `algorithm:hex`, as the OCI image specification writes it.
///
/// Only validated values exist: lower-case hex of exactly the algorithm's length, so [#hex] is always safe as a
/// file name. `sha256` and `sha512` are known; anything else is UNSUPPORTED.
///
/// @param algorithm `sha256` or `sha512`
/// @param hex lower-case hexadecimal
public record Digest(String algorithm, String hex) implements Comparable<Digest> {

    public Digest {
        int length = switch (algorithm) {
            case "sha256" -> 64;
            case "sha512" -> 128;
            default ->
                throw new ImageException(
                        ErrorKind.UNSUPPORTED,
                        "digest algorithm '" + printable(algorithm) + "' is not supported; expected sha256 or sha512");
        };
        if (hex.length() != length || !isLowerHex(hex)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "digest '" + algorithm + ":" + printable(hex) + "' is not valid; expected " + length
                            + " lower-case hexadecimal digits");
        }
    }

    /// Parses `algorithm:hex`.
    ///
    /// @throws ImageException INVALID or UNSUPPORTED
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        if (colon <= 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "'" + printable(text) + "' is not a digest; expected algorithm:hex");
        }
        return new Digest(text.substring(0, colon), text.substring(colon + 1));
    }

    /// The sha256 digest of the given bytes.
    public static Digest sha256(byte[] bytes) {
        return sha256(ByteBuffer.wrap(bytes));
    }

    /// The sha256 digest of the remaining bytes.
    public static Digest sha256(ByteBuffer bytes) {
        MessageDigest hasher = newHasher("sha256");
        hasher.update(bytes);
        return finish("sha256", hasher);
    }

    /// A fresh hasher of this digest's algorithm.
    public MessageDigest newHasher() {
        return newHasher(algorithm);
    }

    /// A fresh hasher of the named algorithm.
    public static MessageDigest newHasher(String algorithm) {
        return algorithm.equals("sha512")
                ? hasherOfJava("SHA-512")
                : NativeSha256.create().orElseGet(() -> hasherOfJava("SHA-256"));
    }

    private static MessageDigest hasherOfJava(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new ImageException(ErrorKind.INTERNAL, "this Java has no " + algorithm, e);
        }
    }

    /// Closes a hasher made by [#newHasher(String)] into a digest.
    public static Digest finish(String algorithm, MessageDigest hasher) {
        return new Digest(algorithm, HexFormat.of().formatHex(hasher.digest()));
    }

    /// The first twelve hex digits, for people.
    public String shortHex() {
        return hex.substring(0, 12);
    }

    @Override
    public int compareTo(Digest other) {
        int byAlgorithm = algorithm.compareTo(other.algorithm);
        return byAlgorithm != 0 ? byAlgorithm : hex.compareTo(other.hex);
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }

    private static boolean isLowerHex(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    private static String printable(String text) {
        String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}

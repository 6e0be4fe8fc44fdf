package io.lighterage.resolver.registry;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads folders in Docker's certificate layout: `*.crt` are authorities, `x.cert` with `x.key` is a client identity.
final class CertificateFolder {
    private static final Pattern PEM_KEY =
            Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]*)-----END ", Pattern.DOTALL);
    /// DER prefix of a PKCS#8 wrapper's version and its rsaEncryption algorithm (RFC 5208, RFC 8017).
    private static final byte[] RSA_ALGORITHM = {
        0x02,
        0x01,
        0x00,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x2a,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xf7,
        0x0d,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    private CertificateFolder() {}

    /// A client certificate chain and its key.
    record Identity(PrivateKey key, List<Certificate> chain) {
        Identity {
            chain = List.copyOf(chain);
        }
    }

    /// Everything found.
    record Contents(List<X509Certificate> authorities, List<Identity> identities) {
        Contents {
            authorities = List.copyOf(authorities);
            identities = List.copyOf(identities);
        }
    }

    /// @throws ImageException INVALID naming the file that cannot be used
    static Contents read(List<Path> folders) {
        List<X509Certificate> authorities = new ArrayList<>();
        List<Identity> identities = new ArrayList<>();
        for (Path folder : folders) {
            for (Path file : files(folder)) {
                String name = file.toString();
                if (name.endsWith(".crt")) {
                    certificates(file).forEach(certificate -> authorities.add((X509Certificate) certificate));
                } else if (name.endsWith(".cert")) {
                    Path key = Path.of(name.substring(0, name.length() - ".cert".length()) + ".key");
                    identities.add(new Identity(key(key), certificates(file)));
                }
            }
        }
        return new Contents(authorities, identities);
    }

    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(all::add);
        } catch (IOException e) {
            throw invalid(folder, "the folder cannot be read", e);
        }
        all.sort(null);
        return all;
    }

    private static List<Certificate> certificates(Path file) {
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            List<Certificate> all =
                    List.copyOf(factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file))));
            if (all.isEmpty()) {
                throw invalid(file, "it holds no certificate; expected PEM or DER", null);
            }
            return all;
        } catch (IOException | GeneralSecurityException e) {
            throw invalid(file, "it is not a certificate in PEM or DER", e);
        }
    }

    private static PrivateKey key(Path file) {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw invalid(file, "the key of the .cert beside it cannot be read", e);
        }
        Matcher pem = PEM_KEY.matcher(text);
        if (!pem.find()) {
            throw invalid(file, "it holds no private key in PEM", null);
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(pem.group(2));
        } catch (IllegalArgumentException e) {
            throw invalid(file, "its private key is not base64", null);
        }
        return switch (pem.group(1)) {
            case "PRIVATE KEY" -> decode(file, der);
            case "RSA PRIVATE KEY" -> decode(file, wrapped(der));
            default ->
                throw invalid(
                        file,
                        "'" + pem.group(1) + "' is not supported; convert it with" + " openssl pkcs8 -topk8 -nocrypt",
                        null);
        };
    }

    private static PrivateKey decode(Path file, byte[] der) {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
        List<InvalidKeySpecException> refusals = new ArrayList<>();
        for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                refusals.add(e);
            } catch (GeneralSecurityException e) {
                throw invalid(file, "this Java has no " + algorithm, e);
            }
        }
        throw invalid(file, "its private key is neither EC, RSA nor Ed25519", refusals.getLast());
    }

    /// Puts a bare RSA key (PKCS#1) into the envelope Java reads (PKCS#8).
    private static byte[] wrapped(byte[] rsa) {
        return der(0x30, concat(RSA_ALGORITHM, der(0x04, rsa)));
    }

    /// One DER element with a two-byte length, which any RSA key of at most 64 KiB fits.
    private static byte[] der(int tag, byte[] content) {
        byte[] head = {(byte) tag, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length};
        return concat(head, content);
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static ImageException invalid(Path file, String why, @Nullable Throwable cause) {
        return new ImageException(ErrorKind.INVALID, "certificate file " + file + " cannot be used: " + why, cause);
    }
}

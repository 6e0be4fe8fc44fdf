package io.lighterage.resolver.credentials;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// A few bytes that are kept encrypted: `learned` beside `key` in a folder, both for their owner only, replaced in one
/// step and durably.
///
/// | bytes of `learned` | |
/// |---|---|
/// | 8 | [#MAGIC], authenticated |
/// | 12 | nonce, random: enough for 2³² writes with one key (NIST SP 800-38D) |
/// | rest | AES-256-GCM, its 16 bytes of tag last |
///
/// `key` is 32 random bytes.
final class SealedFile {
    private static final byte[] MAGIC = "lighter1".getBytes(StandardCharsets.US_ASCII);
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    /// More than the limits of [LearnedCredentials] let in, each at its usual length.
    private static final int MAX_BYTES = 64 << 20;

    private final Path folder;
    private final Path key;
    private final Path sealed;
    private final SecureRandom random = new SecureRandom();

    SealedFile(Path folder) {
        this.folder = folder;
        this.key = folder.resolve("key");
        this.sealed = folder.resolve("learned");
    }

    Path folder() {
        return folder;
    }

    /// @return empty when nothing was ever written
    /// @throws GeneralSecurityException when it was not written with this key, or was changed since
    Optional<byte[]> read() throws IOException, GeneralSecurityException {
        byte[] bytes;
        try {
            bytes = limited(sealed, MAX_BYTES);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        int head = MAGIC.length + NONCE_BYTES;
        if (bytes.length < head || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new GeneralSecurityException("it is not a file of this kind");
        }
        byte[] nonce = Arrays.copyOfRange(bytes, MAGIC.length, head);
        Cipher cipher = cipher(Cipher.DECRYPT_MODE, limited(key, KEY_BYTES), nonce);
        return Optional.of(cipher.doFinal(bytes, head, bytes.length - head));
    }

    void write(byte[] text) throws IOException, GeneralSecurityException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] secret = cipher(Cipher.ENCRYPT_MODE, usableKey(), nonce).doFinal(text);
        byte[] all = new byte[MAGIC.length + NONCE_BYTES + secret.length];
        System.arraycopy(MAGIC, 0, all, 0, MAGIC.length);
        System.arraycopy(nonce, 0, all, MAGIC.length, NONCE_BYTES);
        System.arraycopy(secret, 0, all, MAGIC.length + NONCE_BYTES, secret.length);
        replace(sealed, all);
    }

    private static Cipher cipher(int mode, byte[] key, byte[] nonce) throws GeneralSecurityException {
        if (key.length != KEY_BYTES) {
            throw new GeneralSecurityException("its key has " + key.length + " bytes; expected " + KEY_BYTES);
        }
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(MAGIC);
        return cipher;
    }

    /// A key that is gone or cut off is made anew: what it opened is lost already.
    private byte[] usableKey() throws IOException {
        if (Files.isRegularFile(key) && Files.size(key) == KEY_BYTES) {
            return limited(key, KEY_BYTES);
        }
        byte[] fresh = new byte[KEY_BYTES];
        random.nextBytes(fresh);
        replace(key, fresh);
        return fresh;
    }

    private static byte[] limited(Path file, int most) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new IOException(file + " is larger than " + most + " bytes");
            }
            return bytes;
        }
    }

    private void replace(Path file, byte[] bytes) throws IOException {
        Path fresh = folder.resolve(file.getFileName() + ".new");
        Files.deleteIfExists(fresh); // left by a process that died
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                int ignored = channel.write(left);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(folder)) {
            directory.force(true);
        }
    }
}

package io.lighterage.resolver.layout;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.Ingest.ByteRange;
import io.lighterage.contentstore.MediaType;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.RemoteBlob;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// One image of an OCI layout directory.
///
/// The name images are recorded under is `oci:` and the absolute path, followed by `:tag` or `@digest` where the user
/// gave one: `oci:/srv/images/debian:12`. The only part of a path that comes from a document is a validated digest,
/// so nothing outside `blobs/` is ever named; a symbolic link below it is followed, since the digest is checked anyway.
final class LayoutSource implements ImageSource {
    private static final int MAX_DOCUMENT = 4 << 20;
    /// One write for several system calls' worth of pages; more no longer pays.
    private static final int BUFFER = 256 << 10;

    private final Path directory;
    private final String wanted;

    LayoutSource(Path directory, String wanted) {
        this.directory = directory.toAbsolutePath().normalize();
        this.wanted = wanted;
    }

    @Override
    public String name() {
        return "oci:" + directory + (wanted.isEmpty() || wanted.startsWith("@") ? wanted : ":" + wanted);
    }

    @Override
    public Descriptor resolve() {
        return resolve(wanted);
    }

    @Override
    public Descriptor beside(String suffix) {
        if (wanted.isEmpty() || wanted.startsWith("@")) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "there is no image beside " + name() + " whose tag ends in " + suffix
                            + ": it was named without a tag");
        }
        return resolve(wanted + suffix);
    }

    private Descriptor resolve(String tag) {
        checkLayout();
        Path file = directory.resolve("index.json");
        Descriptor found = LayoutIndex.parse(readSmall(file, MAX_DOCUMENT), file.toString())
                .select(tag, directory.toString());
        if (MediaType.isSchema1(found.mediaType())) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED, name() + " is a Docker schema 1 image; convert it to schema 2 or OCI");
        }
        return found;
    }

    private void checkLayout() {
        Path file = directory.resolve("oci-layout");
        if (!Files.isRegularFile(file)) {
            throw new ImageException(
                    Files.isDirectory(directory) ? ErrorKind.INVALID : ErrorKind.NOT_FOUND,
                    directory + " is not an OCI layout: it has no file oci-layout; expected oci-layout, index.json and"
                            + " blobs/");
        }
        String version;
        try {
            version = JsonMapper.shared()
                    .readTree(readSmall(file, 64 << 10))
                    .path("imageLayoutVersion")
                    .asString("");
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, file + " is not JSON: " + e.getOriginalMessage(), e);
        }
        if (!version.startsWith("1.")) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    file + " says layout version '" + version.replaceAll("\\p{Cntrl}", "?") + "'; expected 1.0.0");
        }
    }

    @Override
    public byte[] document(Descriptor descriptor) {
        if (descriptor.size() > MAX_DOCUMENT) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "document " + descriptor.digest() + " of " + name() + " has " + descriptor.size()
                            + " bytes; expected at most 4 MiB");
        }
        byte[] bytes = readSmall(existing(descriptor), MAX_DOCUMENT);
        if (bytes.length != descriptor.size()) {
            throw wrongSize(descriptor, bytes.length);
        }
        Digest actual = Digest.finish(
                descriptor.digest().algorithm(), hashed(descriptor.digest().newHasher(), bytes));
        if (!actual.equals(descriptor.digest())) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "document " + descriptor.digest() + " of " + name() + " has digest " + actual
                            + "; the layout is damaged, copy it again");
        }
        return bytes;
    }

    private static java.security.MessageDigest hashed(java.security.MessageDigest hasher, byte[] bytes) {
        hasher.update(bytes);
        return hasher;
    }

    @Override
    public void fetch(Descriptor descriptor, Ingest into, int priority, LongConsumer received) {
        Path file = existing(descriptor);
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() != descriptor.size()) {
                throw wrongSize(descriptor, channel.size());
            }
            ByteBuffer buffer = ByteBuffer.allocateDirect(Math.clamp(descriptor.size(), 1, BUFFER));
            for (ByteRange range : into.missing()) {
                copy(channel, range, buffer, descriptor, into, received);
            }
        } catch (ClosedByInterruptException e) {
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while copying " + descriptor.digest(), e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private void copy(
            FileChannel channel,
            ByteRange range,
            ByteBuffer buffer,
            Descriptor descriptor,
            Ingest into,
            LongConsumer received)
            throws IOException {
        long at = range.offset();
        while (at < range.end()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), range.end() - at));
            int count = channel.read(buffer, at);
            if (count < 0) {
                throw wrongSize(descriptor, at);
            }
            buffer.flip();
            into.write(at, buffer);
            at += count;
            received.accept(count);
        }
    }

    /// A fifo or device would block or never end, so only regular files are opened.
    private Path existing(Descriptor descriptor) {
        Path file = directory
                .resolve("blobs")
                .resolve(descriptor.digest().algorithm())
                .resolve(descriptor.digest().hex());
        if (!Files.isRegularFile(file)) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND,
                    "blob " + descriptor.digest() + " of " + name() + " is not a file in " + directory
                            + "; the layout is incomplete, copy it again");
        }
        return file;
    }

    private static byte[] readSmall(Path file, int limit) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new ImageException(ErrorKind.INVALID, file + " is not a regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new ImageException(
                        ErrorKind.INVALID, file + " is larger than " + limit + " bytes; no document is that large");
            }
            return bytes;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private ImageException wrongSize(Descriptor descriptor, long actual) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "blob " + descriptor.digest() + " of " + name() + " has " + actual + " bytes; expected "
                        + descriptor.size());
    }

    private static ImageException unreadable(Path file, IOException e) {
        boolean missing = e instanceof NoSuchFileException;
        return new ImageException(
                missing ? ErrorKind.NOT_FOUND : ErrorKind.UNAVAILABLE,
                "cannot read " + file + ": " + (missing ? "there is no such file" : e),
                e);
    }

    @Override
    public RemoteBlob blob(Descriptor descriptor) {
        return RemoteBlob.near(new LayoutBlob(() -> existing(descriptor), descriptor.size()));
    }

    @Override
    public void close() {}
}

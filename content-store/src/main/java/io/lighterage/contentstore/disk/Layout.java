package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Where everything lies under the root.
///
/// ```
/// oci-layout            as the OCI image layout has it
/// blobs/<alg>/<hex>     verified blobs, read-only
/// ingest/<alg>-<hex>/   data and ranges of one unfinished blob
/// quarantine/           blobs that failed a check
/// writers.lock          see WriterPlaces
/// metadata.db           see the sqlite package
/// ```
record Layout(Path root) {
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final List<String> ALGORITHMS = List.of("sha256", "sha512");
    private static final String OCI_LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

    /// Makes what is missing.
    ///
    /// @throws ImageException DENIED when the root is not writable
    void create() {
        try {
            if (!Files.isDirectory(root)) {
                Files.createDirectories(root, PRIVATE_DIRECTORY);
            }
            for (String algorithm : ALGORITHMS) {
                Files.createDirectories(blobs(algorithm), PRIVATE_DIRECTORY);
            }
            Files.createDirectories(ingests(), PRIVATE_DIRECTORY);
            Files.createDirectories(quarantine(), PRIVATE_DIRECTORY);
            Path marker = root.resolve("oci-layout");
            if (!Files.exists(marker) || Files.size(marker) == 0) {
                Files.writeString(marker, OCI_LAYOUT, StandardCharsets.US_ASCII);
            }
            if (!Files.isWritable(root) || !Files.isWritable(ingests())) {
                throw new ImageException(
                        ErrorKind.DENIED,
                        "cannot open the store in " + root + ": the directory is not writable for this user;"
                                + " run as its owner or choose another one with --root");
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot open the store", root, e);
        }
    }

    Path blobs(String algorithm) {
        return root.resolve("blobs").resolve(algorithm);
    }

    Path blob(Digest digest) {
        return blobs(digest.algorithm()).resolve(digest.hex());
    }

    Path ingests() {
        return root.resolve("ingest");
    }

    Path ingest(Digest digest) {
        return ingests().resolve(digest.algorithm() + "-" + digest.hex());
    }

    Path quarantine() {
        return root.resolve("quarantine");
    }

    Path lockFile() {
        return root.resolve("writers.lock");
    }

    Path database() {
        return root.resolve("metadata.db");
    }

    /// Size of the blob's file, or empty when there is none.
    Optional<Long> sizeOf(Digest digest) {
        Path path = blob(digest);
        try {
            return Optional.of(Files.size(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw FileErrors.of("cannot look at blob " + digest, path, e);
        }
    }

    /// Digests that have a file, in no order. Names that are not digests are passed over.
    List<Digest> blobsOnDisk() {
        List<Digest> found = new ArrayList<>();
        for (String algorithm : ALGORITHMS) {
            for (String hex : names(blobs(algorithm))) {
                digest(algorithm, hex).ifPresent(found::add);
            }
        }
        return found;
    }

    /// Digests that have an ingest directory, in no order.
    List<Digest> ingestsOnDisk() {
        List<Digest> found = new ArrayList<>();
        for (String name : names(ingests())) {
            int dash = name.indexOf('-');
            if (dash > 0) {
                digest(name.substring(0, dash), name.substring(dash + 1)).ifPresent(found::add);
            }
        }
        return found;
    }

    /// Moves a file within the store and makes the move durable.
    static void moveDurably(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        Uninterrupted.run(() -> {
            try (FileChannel directory = FileChannel.open(parent(to), StandardOpenOption.READ)) {
                directory.force(true);
            }
        });
    }

    /// Creates a directory only we can look into, unless it is there.
    static void makePrivateDirectory(Path path) throws IOException {
        Files.createDirectories(path, PRIVATE_DIRECTORY);
    }

    /// Deletes a directory that holds only files.
    static void deleteFlat(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                Files.deleteIfExists(entry);
            }
        } catch (NoSuchFileException e) {
            return;
        }
        Files.deleteIfExists(directory);
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    private static List<String> names(Path directory) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                names.add(String.valueOf(entry.getFileName()));
            }
        } catch (IOException e) {
            throw FileErrors.of("cannot list the store", directory, e);
        }
        return names;
    }

    private static Optional<Digest> digest(String algorithm, String hex) {
        try {
            return Optional.of(new Digest(algorithm, hex));
        } catch (ImageException e) {
            return Optional.empty();
        }
    }
}

package io.lighterage.app.dist;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;

/// Writes a [Distribution] as a tar.gz that depends on nothing but the bytes of its files (and on the zlib of the Java
/// that compresses it): sorted, of root, with one time for everything.
public final class Tarball {
    /// 1980-01-01T00:00:00Z, the earliest that zip tools show correctly; not 0, which some take for "no time".
    private static final long TIME = 315_532_800;

    private Tarball() {}

    /// Writes beside `file` first, so that a file of that name is there whole or as it was.
    ///
    /// @throws ImageException PRECONDITION when it cannot be written; the message names the file
    public static void write(Distribution distribution, Path file) {
        Path target = file.toAbsolutePath();
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            try (OutputStream out =
                    new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(part)), 1 << 16)) {
                pack(distribution, out);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            forget(part);
            String why = e instanceof NoSuchFileException || e instanceof NotDirectoryException
                    ? target.getParent() + " is no directory"
                    : e.toString();
            throw new ImageException(ErrorKind.PRECONDITION, "cannot write the distribution " + file + ": " + why, e);
        }
    }

    private static void pack(Distribution distribution, OutputStream out) throws IOException {
        TarWriter tar = new TarWriter(out);
        TreeSet<String> folders = new TreeSet<>(List.of(""));
        distribution.files().keySet().forEach(path -> folders.add(path.substring(0, path.lastIndexOf('/') + 1)));
        for (String folder : folders) {
            tar.begin(entry(distribution.name() + "/" + folder, TarEntry.Type.DIRECTORY, 0755, 0));
        }
        for (Map.Entry<String, Path> file : distribution.files().entrySet()) {
            byte[] content = Files.readAllBytes(file.getValue());
            int mode = file.getKey().startsWith("bin/") ? 0755 : 0644;
            tar.begin(entry(distribution.name() + "/" + file.getKey(), TarEntry.Type.REGULAR, mode, content.length));
            tar.write(ByteBuffer.wrap(content));
        }
        tar.finish();
    }

    private static TarEntry entry(String name, TarEntry.Type type, int mode, long size) {
        return new TarEntry(
                RawName.of(name), type, RawName.of(""), mode, 0, 0, size, TIME, 0, 0, 0, Map.of(), List.of());
    }

    private static void forget(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            Objects.requireNonNull(e); // what is said is why it could not be written
        }
    }
}

package io.lighterage.app.demo;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/// One gzip layer on disk.
///
/// @param title how it came to be
/// @param file the compressed layer
/// @param diffId digest of the tar
/// @param entries entries in the tar
/// @param bytes bytes of the tar
record SampleLayer(String title, Path file, Digest diffId, long entries, long bytes) {

    /// Writes a layer entry by entry. Owners are root, times are those of the files, or 0 for what we make up.
    static final class Writer implements AutoCloseable {
        /// Read whole into memory, so not much larger than the JVM itself, the largest there is.
        private static final long LARGEST_FILE = 25_000_000;

        private final String title;
        private final Path file;
        private final MessageDigest hasher = Digest.newHasher("sha256");
        private final OutputStream out;
        private final TarWriter tar;
        private long entries;

        Writer(String title, Path file) throws IOException {
            this.title = title;
            this.file = file;
            // Quick compression: the demonstration is about pulling, not about waiting for its preparation.
            OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16) {
                {
                    def.setLevel(Deflater.BEST_SPEED);
                }
            };
            out = new BufferedOutputStream(new DigestOutputStream(gzip, hasher), 1 << 16);
            tar = new TarWriter(out);
        }

        Writer directory(String name) throws IOException {
            add(name, TarEntry.Type.DIRECTORY, "", 0755, 0, new byte[0]);
            return this;
        }

        void symlink(String name, String target) throws IOException {
            add(name, TarEntry.Type.SYMLINK, target, 0777, 0, new byte[0]);
        }

        void hardLink(String name, String target) throws IOException {
            add(name, TarEntry.Type.HARD_LINK, target, 0755, 0, new byte[0]);
        }

        void text(String name, String text) throws IOException {
            add(name, TarEntry.Type.REGULAR, "", 0755, 0, text.getBytes(StandardCharsets.UTF_8));
        }

        /// Files and symlinks of one folder in order of name until the budget is spent; what cannot be read is left
        /// out, and so are folders below it.
        void folder(Path folder, String prefix, long budget) throws IOException {
            long left = budget;
            for (Path source : sorted(folder)) {
                left -= Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS) ? 0 : copy(source, prefix, left);
            }
        }

        /// A folder and the folders in it, one level deep.
        void tree(Path folder, String prefix, long budget) throws IOException {
            long left = budget;
            for (Path source : sorted(folder)) {
                if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS)) {
                    String inner = prefix + source.getFileName() + "/";
                    directory(inner);
                    for (Path below : sorted(source)) {
                        left -= copy(below, inner, left);
                    }
                }
            }
        }

        private static List<Path> sorted(Path folder) throws IOException {
            try (Stream<Path> all = Files.list(folder)) {
                return all.sorted().toList();
            } catch (NotDirectoryException | java.nio.file.NoSuchFileException | AccessDeniedException e) {
                return List.of(); // another machine, other folders: the image is smaller then
            }
        }

        /// @return bytes taken from the budget
        private long copy(Path source, String prefix, long budget) throws IOException {
            String name = prefix + source.getFileName();
            if (Files.isSymbolicLink(source)) {
                add(name, TarEntry.Type.SYMLINK, Files.readSymbolicLink(source).toString(), 0777, 0, new byte[0]);
                return 0;
            }
            boolean fits = Files.isRegularFile(source)
                    && Files.isReadable(source)
                    && Files.size(source) <= Math.min(budget, LARGEST_FILE);
            if (!fits) {
                return 0;
            }
            byte[] content = Files.readAllBytes(source);
            long modified = Files.getLastModifiedTime(source).toMillis() / 1000;
            add(name, TarEntry.Type.REGULAR, "", Files.isExecutable(source) ? 0755 : 0644, modified, content);
            return content.length;
        }

        private void add(String name, TarEntry.Type type, String link, int mode, long seconds, byte[] content)
                throws IOException {
            tar.add(
                    new TarEntry(
                            RawName.of(name),
                            type,
                            RawName.of(link),
                            mode,
                            0,
                            0,
                            content.length,
                            seconds,
                            0,
                            0,
                            0,
                            Map.of(),
                            List.of()),
                    ByteBuffer.wrap(content));
            entries++;
        }

        SampleLayer finish() throws IOException {
            tar.finish();
            out.close();
            return new SampleLayer(title, file, Digest.finish("sha256", hasher), entries, tar.position());
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}

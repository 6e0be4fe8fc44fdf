package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.tar.TarEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A process that mounts a tree, says `ready`, and ends when it is unmounted; or says why it could not.
///
/// Arguments: the directory, a tar or a number of files to make up, and perhaps by which [Mounting].
final class MountingProcess {
    private MountingProcess() {}

    static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        ImageTree tree = arguments[1].matches("\\d+")
                ? made(Integer.parseInt(arguments[1]))
                : Trees.of(Files.readAllBytes(Path.of(arguments[1])));
        Mounting by = arguments.length > 2 ? Mounting.valueOf(arguments[2]) : Mounting.TREE;
        try (MountedTree mounted = by.mount(tree, directory)) {
            System.out.println("ready");
            mounted.awaitUnmounted();
        } catch (ImageException e) {
            System.out.println(e.kind() + " " + e.getMessage());
        }
    }

    /// So many files of a few bytes, 100 in a directory, through the index file.
    private static ImageTree made(int files) throws IOException {
        LayerIndexBuilder builder =
                new LayerIndexBuilder(Digest.sha256("made".getBytes(StandardCharsets.UTF_8)), Encoding.NONE);
        byte[] content = "content\n".getBytes(StandardCharsets.UTF_8);
        Digest digest = Digest.sha256(content);
        for (int i = 0; i < files; i++) {
            RawName name = RawName.of("d" + i / 10_000 + "/e" + i / 100 + "/file-" + i);
            TarEntry entry = new TarEntry(
                    name,
                    TarEntry.Type.REGULAR,
                    RawName.EMPTY,
                    0644,
                    0,
                    0,
                    content.length,
                    1,
                    0,
                    0,
                    0,
                    Map.of(),
                    List.of());
            long at = (long) i * content.length;
            builder.add(
                    entry,
                    List.of(new LayerIndexBuilder.Chunk(0, content.length, at, at + content.length, 0, false, digest)));
        }
        Path file = Files.createTempFile("index", "");
        var index = builder.write(file);
        Files.delete(file);
        return new ImageTree(List.of(new TreeLayer(index, new Repeated(content))));
    }

    /// Every page begins with the same bytes.
    private static final class Repeated implements TreeContent {
        private final byte[] content;

        Repeated(byte[] content) {
            this.content = content;
        }

        @Override
        public boolean isHere(long flatOffset, long length) {
            return true;
        }

        @Override
        public void ensure(long flatOffset, long length) {}

        @Override
        public int read(long flatOffset, java.nio.ByteBuffer target) {
            int count = target.remaining();
            while (target.hasRemaining()) {
                int at = (int) ((flatOffset + count - target.remaining()) % 4096);
                target.put(at < content.length ? content[at] : 0);
            }
            return count;
        }
    }
}

package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.Encoding;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndexBuilder;
import io.lighterage.stargz.tar.TarEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Finds out whether this machine can mount trees, by mounting one of a single file.
public final class MountTrial {
    private static final byte[] CONTENT = "mounted\n".getBytes(StandardCharsets.UTF_8);

    private MountTrial() {}

    /// Mounts and unmounts. What a process that was killed in it has left there is removed first.
    ///
    /// @param directory made for it and removed again; absolute, its parent without symlinks
    /// @throws ImageException as [TreeMounter#mount]
    public static void run(TreeMounter mounter, Path directory) {
        try {
            unmountLeftOver(directory);
            Files.createDirectories(directory);
            try {
                mounter.mount(tree(), directory, MountOptions.USUAL.withSource("lighter:trial"))
                        .close();
            } finally {
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot try to mount", directory, e);
        }
    }

    private static void unmountLeftOver(Path directory) {
        try {
            AbandonedMount.unmount(directory);
        } catch (ImageException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private static ImageTree tree() {
        Digest digest = Digest.sha256(CONTENT);
        LayerIndexBuilder builder = new LayerIndexBuilder(digest, Encoding.NONE);
        TarEntry file = new TarEntry(
                RawName.of("file"),
                TarEntry.Type.REGULAR,
                RawName.EMPTY,
                0444,
                0,
                0,
                CONTENT.length,
                0,
                0,
                0,
                0,
                Map.of(),
                List.of());
        builder.add(file, List.of(new LayerIndexBuilder.Chunk(0, CONTENT.length, 0, CONTENT.length, 0, false, digest)));
        return new ImageTree(List.of(new TreeLayer(LayerIndex.of(builder.image(), "trial"), new Content())));
    }

    private static final class Content implements TreeContent {
        @Override
        public boolean isHere(long flatOffset, long length) {
            return true;
        }

        @Override
        public void ensure(long flatOffset, long length) {}

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            int count = Math.clamp(CONTENT.length - flatOffset, 0, target.remaining());
            target.put(CONTENT, CONTENT.length - count, count);
            return count;
        }
    }
}

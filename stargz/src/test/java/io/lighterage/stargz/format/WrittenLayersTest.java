package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.Sources;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What we write, read by what we read with: every attribute of every file, and every chunk on its own.
class WrittenLayersTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "ESTARGZ, 4096, ''",
        "ESTARGZ, 4194304, ''",
        "ESTARGZ, 65536, files/12289;etc/harder",
        "ZSTD_CHUNKED, 4096, ''",
        "ZSTD_CHUNKED, 4194304, ''",
        "ZSTD_CHUNKED, 65536, files/12289;etc/harder"
    })
    void everyFileIsInTheIndexAndEveryChunkDecodesAlone(LayerForm form, int chunkSize, String priorities) {
        byte[] tar = LayerConverterTest.oneOfEverything();
        Conversion made = Conversion.of(tar, form, chunkSize, priorities.replace(';', '\n'), folder);
        byte[] blob = made.bytes();
        AtomicInteger reads = new AtomicInteger();
        LayerIndex index = LazyBlob.inside(LazyFormats.read(made.layer().descriptor(), (offset, length) -> {
                    reads.incrementAndGet();
                    return ByteBuffer.wrap(blob, (int) offset, (int) length).slice();
                }))
                .verify()
                .writeIndex(folder.resolve("index"));
        assertThat(reads).as("reads to open the layer").hasValue(1);
        TarReader reader = new TarReader(Sources.of(tar));
        int files = 0;
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            byte[] content = content(reader);
            String name = entry.name().toString();
            if (!name.contains(".wh.")) {
                assertSame(entry, content, index, blob);
                files++;
            }
        }
        assertThat(files).isGreaterThan(20);
        assertThat(index.opaque(find(index, "etc"))).isTrue();
        assertThat(index.kind(find(index, "etc/gone"))).isEqualTo(LayerIndex.Kind.WHITEOUT);
        if (priorities.isEmpty()) {
            assertThat(index.prefetchEnd()).isZero();
        } else {
            assertThat(end(index, "files/12289")).isLessThanOrEqualTo(index.prefetchEnd());
            assertThat(end(index, "files/3000000")).isGreaterThan(index.prefetchEnd());
        }
    }

    @ParameterizedTest
    @EnumSource(LayerForm.class)
    void ofAFileThatIsReadInPartThatPartIsPrioritized(LayerForm form) {
        byte[] tar = LayerConverterTest.oneOfEverything();
        String list = "files/3000000\t2000000+70000\nfiles/12289\nfiles/3000000\t100000+5000\n";
        Conversion made = Conversion.of(tar, form, 65536, list, folder);
        byte[] blob = made.bytes();
        LayerIndex index = LazyBlob.inside(LazyFormats.read(
                        made.layer().descriptor(),
                        (offset, length) -> ByteBuffer.wrap(blob, (int) offset, (int) length)
                                .slice()))
                .verify()
                .writeIndex(folder.resolve("index"));
        assertThat(index.priorities().count()).isEqualTo(4);
        assertThat(prioritized(index, "files/3000000")).containsExactly("98304+8192", "1998848+65536", "2064384+8192");
        assertThat(prioritized(index, "files/12289")).containsExactly("0+12289");
        assertThat(turns(index))
                .containsExactly("1 files/3000000", "1 files/3000000", "2 files/12289", "3 files/3000000");
        assertThat(prioritized(index, "files/100000")).isEmpty();
        TarReader reader = new TarReader(Sources.of(tar));
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            byte[] content = content(reader);
            if (entry.name().toString().equals("files/3000000")) {
                assertSame(entry, content, index, blob);
            }
        }
    }

    private static List<String> turns(LayerIndex index) {
        return IntStream.range(0, index.priorities().count())
                .mapToObj(at -> index.priorities().rank(at) + " "
                        + index.path(index.chunkInode(index.priorities().chunk(at))))
                .toList();
    }

    private static List<String> prioritized(LayerIndex index, String path) {
        int inode = find(index, path);
        List<String> ranges = new ArrayList<>();
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            if (index.chunkInode(chunk) == inode && index.chunkIsPrioritized(chunk)) {
                ranges.add((index.chunkFlatOffset(chunk) - index.flatOffset(inode)) + "+" + index.chunkLength(chunk));
            }
        }
        return ranges;
    }

    private static byte[] content(TarReader reader) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
            byte[] bytes = new byte[piece.remaining()];
            piece.get(bytes);
            content.writeBytes(bytes);
        }
        return content.toByteArray();
    }

    private static int find(LayerIndex index, String path) {
        int at = LayerIndex.ROOT;
        for (String part : EntryPath.clean(RawName.of(path)).toString().split("/")) {
            at = part.isEmpty() ? at : index.lookup(at, RawName.of(part));
            assertThat(at).as(path).isNotEqualTo(LayerIndex.NONE);
        }
        return at;
    }

    private static long end(LayerIndex index, String path) {
        int inode = find(index, path);
        return index.chunkBlobEnd(index.chunkAt(index.flatOffset(inode) + index.size(inode) - 1));
    }

    private static void assertSame(TarEntry entry, byte[] content, LayerIndex index, byte[] blob) {
        String name = new String(entry.name().toBytes(), StandardCharsets.UTF_8);
        int inode = find(index, name);
        if (entry.type() == TarEntry.Type.HARD_LINK) {
            String target = new String(entry.linkName().toBytes(), StandardCharsets.UTF_8);
            assertThat(inode).as(name).isEqualTo(find(index, target));
            return;
        }
        boolean device = entry.type().name().endsWith("DEVICE");
        assertThat(List.<Object>of(
                        index.kind(inode).name(),
                        index.mode(inode),
                        index.uid(inode),
                        index.gid(inode),
                        index.modifySeconds(inode),
                        index.modifyNanos(inode),
                        device ? (long) index.deviceMajor(inode) : 0L,
                        device ? (long) index.deviceMinor(inode) : 0L,
                        index.xattrs(inode)))
                .as(name)
                .isEqualTo(List.<Object>of(
                        entry.type().name(),
                        entry.mode(),
                        entry.uid(),
                        entry.gid(),
                        entry.modifySeconds(),
                        entry.modifyNanos(),
                        entry.deviceMajor(),
                        entry.deviceMinor(),
                        entry.xattrs()));
        if (entry.type() == TarEntry.Type.SYMLINK) {
            assertThat(index.target(inode)).isEqualTo(entry.linkName());
        }
        if (entry.size() > 0) {
            assertThat(read(index, inode, blob)).as(name).isEqualTo(content);
        }
    }

    private static byte[] read(LayerIndex index, int inode, byte[] blob) {
        ByteBuffer content = ByteBuffer.allocate((int) index.size(inode));
        long flat = index.flatOffset(inode);
        try (ChunkDecoder decoder = ChunkDecoder.of(index.encoding(), "the layer")) {
            while (content.hasRemaining()) {
                int chunk = index.chunkAt(flat + content.position());
                ByteBuffer bytes = ByteBuffer.allocateDirect(index.chunkLength(chunk));
                int from = (int) index.chunkBlobOffset(chunk);
                int length = (int) index.chunkBlobEnd(chunk) - from;
                if (!index.chunkIsHole(chunk)) {
                    ByteBuffer packed = ByteBuffer.allocateDirect(length)
                            .put(blob, from, length)
                            .flip();
                    decoder.decode(packed, List.of(new ChunkDecoder.Part(index.chunkInnerOffset(chunk), bytes)));
                }
                bytes.clear();
                assertThat(index.chunkMatches(chunk, bytes.duplicate())).isTrue();
                content.put(bytes);
            }
        }
        return content.array();
    }
}

package io.lighterage.app;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import io.lighterage.mirror.LayerFile;
import io.lighterage.mirror.LayoutWriter;
import io.lighterage.proxyplugin.Programs;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.stargz.index.IndexPriorities;
import io.lighterage.stargz.index.LayerIndex;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `record` as a script sees it: a start by runc, its list, and the image that `convert --prioritize` makes of both.
class RecordVerbTest {
    private static final int SMALL = 10_000;
    private static final int LARGE = 3 << 20;

    /// Where the start reads one page of `data/part`.
    private static final int PAGE = 256;

    private static final String READS = "cat /data/second /data/first >/dev/null;"
            + " dd if=/data/part of=/dev/null bs=4096 count=1 skip=" + PAGE + " 2>/dev/null;";

    @TempDir
    Path folder;

    private record Ran(int code, String out, String err) {}

    /// A chunk that is fetched first.
    private record First(String path, int rank, long offset, int length) {}

    /// @param names of its blob as an archive, in order
    private record Layer(List<String> names, List<First> first) {}

    /// The second layer is read in another order than it has, the third is not read at all.
    @BeforeEach
    void makeAnImage() throws IOException {
        Programs.require("runc", "busybox", "tar");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        byte[] busybox = Files.readAllBytes(Objects.requireNonNull(Programs.find("busybox")));
        Stream<byte[]> layers = Stream.of(
                tarOf(
                        dir("bin/"),
                        file("bin/unread", noise(SMALL)),
                        file("bin/busybox", busybox).mode(0755),
                        symlink("bin/sh", "busybox"),
                        symlink("bin/cat", "busybox"),
                        symlink("bin/dd", "busybox"),
                        symlink("bin/sleep", "busybox")),
                tarOf(
                        dir("data/"),
                        file("data/late", noise(SMALL)),
                        file("data/first", noise(SMALL)),
                        file("data/part", noise(LARGE)),
                        file("data/never", noise(SMALL)),
                        file("data/second", noise(SMALL))),
                tarOf(file("data/other", noise(SMALL))));
        LayoutWriter.write(
                folder.resolve("plain"),
                "latest",
                new Platform("linux", "amd64", ""),
                layers.map(tar -> new LayerFile(
                                MediaType.OCI_LAYER, Digest.sha256(tar), "test", () -> new ByteArrayInputStream(tar)))
                        .toList());
    }

    private static byte[] noise(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @Test
    void whatAStartReadsUntilItIsReadyComesBeforeTheLandmark() throws Exception {
        Ran ran = record(READS + " echo READY; sleep 1000; cat /data/late", "--until", "READY", "--seconds", "120");
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OK);
        assertThat(ran.err()).contains("READY\n", " ready after ", "it read 4 files");
        assertThat(recorded()).containsExactly("bin/busybox", "data/second", "data/first", "data/part");
        assertThat(list()).contains("data/second\t0+" + SMALL, "data/first\t0+" + SMALL);

        List<Layer> layers = convert();
        assertThat(layers.get(0).names())
                .startsWith("bin/", "bin/busybox", ".prefetch.landmark")
                .contains("bin/unread");
        assertThat(layers.get(1).names())
                .startsWith("data/", "data/second", "data/first", "data/part", ".prefetch.landmark")
                .contains("data/late", "data/never");
        assertThat(layers.get(2).names()).as("nothing before it").startsWith(".prefetch.landmark");
    }

    @Test
    void whatAStartReadsIsFetchedInTheOrderOfItsReads() throws Exception {
        Ran ran = record(READS + " echo READY; sleep 1000", "--until", "READY", "--seconds", "120");
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OK);
        List<First> first = convert().stream()
                .flatMap(layer -> layer.first().stream())
                .sorted(Comparator.comparingInt(First::rank))
                .toList();
        assertThat(first.stream().map(First::path).distinct())
                .containsExactly("bin/busybox", "data/second", "data/first", "data/part");
        assertThat(first)
                .filteredOn(chunk -> chunk.path().equals("data/part"))
                .singleElement()
                .satisfies(part -> {
                    assertThat(part.offset()).isLessThanOrEqualTo(PAGE * 4096L);
                    assertThat(part.offset() + part.length()).isGreaterThanOrEqualTo((PAGE + 1) * 4096L);
                    assertThat(part.length())
                            .as("what the kernel reads ahead, not the file")
                            .isLessThan(LARGE / 4);
                });
    }

    @Test
    void aStartThatSaysNothingIsRecordedUntilItsTimeIsUp() throws IOException {
        Ran ran = record("cat /data/first >/dev/null; sleep 1000; cat /data/late", "--seconds", "5");
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OK);
        assertThat(ran.err()).contains(" stopped after ");
        assertThat(recorded()).containsExactly("bin/busybox", "data/first");
    }

    @Test
    void aStartThatIsNotReadyInItsTimeHasFailed() {
        Ran ran = record("sleep 1000", "--until", "READY", "--seconds", "1");
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OTHER);
        assertThat(ran.err()).contains(" stopped after ");
        assertThat(folder.resolve("list")).isNotEmptyFile();
    }

    private Ran record(String script, String... options) {
        List<String> line = new ArrayList<>(
                List.of("record", "--out", folder.resolve("list").toString()));
        line.addAll(List.of(options));
        line.addAll(List.of(root(), "oci:" + folder.resolve("plain"), "--", "/bin/sh", "-c", script));
        return lighter(line);
    }

    private List<String> list() throws IOException {
        return Files.readAllLines(folder.resolve("list"));
    }

    /// The files of the list, each where it comes first.
    private List<String> recorded() throws IOException {
        return list().stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(0, line.indexOf('\t')))
                .distinct()
                .toList();
    }

    private List<Layer> convert() throws Exception {
        String made = "oci:" + folder.resolve("made") + ":latest";
        Ran ran = lighter(List.of(
                "convert",
                "--to",
                "estargz",
                "--prioritize",
                folder.resolve("list").toString(),
                root(),
                "oci:" + folder.resolve("plain"),
                made));
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OK);
        List<Layer> layers = new ArrayList<>();
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("opened")));
                OpenedImage image = runtime.open(
                        made,
                        Optional.empty(),
                        LazyOptions.defaults().withBackground(false),
                        false,
                        ProgressListener.NONE)) {
            for (LazyLayer layer : image.layers().layers()) {
                layers.add(new Layer(names(layer.descriptor().digest()), first(layer.index())));
            }
        }
        return layers;
    }

    private List<String> names(Digest layer) throws Exception {
        Path blob = folder.resolve("made/blobs/sha256").resolve(layer.hex());
        return Programs.run(folder, Map.of(), "tar", "-tzf", blob.toString())
                .lines()
                .toList();
    }

    private static List<First> first(LayerIndex index) {
        IndexPriorities priorities = index.priorities();
        return IntStream.range(0, priorities.count())
                .mapToObj(i -> {
                    int chunk = priorities.chunk(i);
                    int inode = index.chunkInode(chunk);
                    return new First(
                            index.path(inode).toString(),
                            priorities.rank(i),
                            index.chunkFlatOffset(chunk) - index.flatOffset(inode),
                            index.chunkLength(chunk));
                })
                .toList();
    }

    private String root() {
        return "--root=" + folder.resolve("root");
    }

    private static Ran lighter(List<String> line) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code;
        try (PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream said = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            code = Main.run(line, printed, said, Map.of("PATH", System.getenv("PATH")));
        }
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}

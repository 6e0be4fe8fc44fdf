package io.lighterage.remotesnapshotter.mount;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.IndexedTar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// Trees and mounts of layers written down as tars.
final class Trees {
    /// Small, so that most files have several.
    private static final int CHUNK = 1000;

    private Trees() {}

    /// @param tars base first
    static ImageTree of(byte[]... tars) {
        return of(content -> content, tars);
    }

    /// @param around makes what a layer's content is of what holds its bytes
    static ImageTree of(Function<MemoryContent, TreeContent> around, byte[]... tars) {
        List<TreeLayer> layers = Arrays.stream(tars)
                .map(tar -> {
                    IndexedTar indexed = IndexedTar.of(tar, CHUNK);
                    return new TreeLayer(indexed.index(), around.apply(MemoryContent.of(indexed.flat())));
                })
                .toList();
        return new ImageTree(layers);
    }

    /// All paths and their nodes.
    static Map<RawName, Long> walk(ImageTree tree) {
        Map<RawName, Long> found = new TreeMap<>();
        walk(tree, tree.root(), "", found);
        return found;
    }

    private static void walk(ImageTree tree, long directory, String prefix, Map<RawName, Long> found) {
        tree.list(directory, (name, node) -> {
            String path = prefix + name;
            found.put(RawName.of(path), node);
            if (tree.isDirectory(node)) {
                walk(tree, node, path + "/", found);
            }
            return true;
        });
    }

    /// Skips the test where FUSE cannot be had, and says why.
    static void assumeFuse() {
        Unpacking.assumeRoot();
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        assumeTrue(hasLibrary(), "needs libfuse.so.2: apt-get install libfuse2");
    }

    private static boolean hasLibrary() {
        try (Stream<Path> folders = Stream.of("/lib", "/usr/lib", "/lib64", "/usr/lib64")
                .map(Path::of)
                .filter(Files::isDirectory)
                .flatMap(Trees::withFolders)) {
            return folders.anyMatch(folder -> Files.exists(folder.resolve(FuseLibrary.NAME)));
        }
    }

    private static Stream<Path> withFolders(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            List<Path> machine = inside.filter(
                            path -> path.getFileName().toString().endsWith("-linux-gnu"))
                    .toList();
            return Stream.concat(Stream.of(folder), machine.stream());
        } catch (IOException e) {
            return Stream.of(folder);
        }
    }

    static MountedTree mount(ImageTree tree, Path directory) throws IOException {
        Files.createDirectories(directory);
        return new FuseTreeMounter().mount(tree, directory, MountOptions.USUAL);
    }

    /// Whether something is mounted on a directory.
    static boolean isMounted(Path directory) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"))) {
            return lines.anyMatch(line -> line.split(" ")[1].equals(directory.toString()));
        }
    }

    /// Unmounts what a failed test left, deepest first.
    static void clean(Path below) throws IOException {
        List<String> left;
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"))) {
            left = lines.map(line -> line.split(" ")[1])
                    .filter(path -> path.startsWith(below + "/"))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
        for (String path : left) {
            try {
                Unpacking.command("umount", "-l", path);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

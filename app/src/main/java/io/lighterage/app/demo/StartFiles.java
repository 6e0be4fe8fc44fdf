package io.lighterage.app.demo;

import io.lighterage.stargz.RawName;
import io.lighterage.stargz.format.PriorityList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What a start of the sample image reads, whole and one after the other: a few files of its application, and a part of
/// its programs and libraries.
///
/// @param paths regular files below the image's root
/// @param bytes their sizes, summed up
public record StartFiles(List<String> paths, long bytes) {
    private static final List<String> APPLICATION = List.of("etc/motd", "app/readme.txt", "usr/bin/hello");

    /// Containers read some 6 % of what is in their images before they are ready.
    private static final int SHARE = 16;

    private static final long LARGEST = 1 << 20;

    public StartFiles {
        paths = List.copyOf(paths);
    }

    /// Chooses them from an unpacked tree; the same tree gives the same files.
    static StartFiles choose(Path tree) throws IOException {
        List<String> paths = new ArrayList<>(APPLICATION);
        long bytes = 0;
        for (String path : APPLICATION) {
            bytes += Files.size(tree.resolve(path));
        }
        for (String folder : List.of("usr/bin", "usr/lib")) {
            List<Path> files = regularFiles(tree.resolve(folder));
            long left = files.stream().mapToLong(StartFiles::size).sum() / SHARE;
            for (int i = 0; i < files.size() && left > 0; i += 3) {
                long size = size(files.get(i));
                if (size <= Math.min(left, LARGEST)) {
                    paths.add(tree.relativize(files.get(i)).toString());
                    bytes += size;
                    left -= size;
                }
            }
        }
        return new StartFiles(paths, bytes);
    }

    private static List<Path> regularFiles(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    private static long size(Path file) {
        return file.toFile().length();
    }

    PriorityList priorities() {
        return new PriorityList(
                paths.stream().map(RawName::of).map(PriorityList.Item::whole).toList());
    }
}

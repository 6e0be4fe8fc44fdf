package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.NativeFileCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/// By hand: `UnpackBench unpack LAYOUT DIR` unpacks an image and says how fast, `UnpackBench diff DIR DIR` compares
/// two trees below their roots.
public final class UnpackBench {
    private UnpackBench() {}

    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        switch (args[0]) {
            case "unpack" -> unpack(Path.of(args[1]), Path.of(args[2]), out);
            case "diff" -> diff(Path.of(args[1]), Path.of(args[2]), out);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void unpack(Path layout, Path target, PrintStream out) throws IOException {
        LayerUnpacker unpacker = new LayerUnpacker(new NativeFileCalls());
        long start = System.nanoTime();
        long bytes = 0;
        long entries = 0;
        for (LayoutImage.Layer layer : LayoutImage.read(layout).layers()) {
            long begin = System.nanoTime();
            try (FileBlob blob = new FileBlob(layer.blob())) {
                ApplyOptions options = ApplyOptions.merged(layer.digest().shortHex());
                ApplyReport report = unpacker.unpack(blob, layer.diffId(), target, options, count -> {});
                bytes += report.tarBytes();
                entries += report.entries();
                out.printf(
                        "%s %d entries %d MB %.2f s %s%n",
                        options.label(),
                        report.entries(),
                        report.tarBytes() >> 20,
                        (System.nanoTime() - begin) / 1e9,
                        report.omissions());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        out.printf(
                "%s: %.2f s, %.0f MB/s, %.0f entries/s%n",
                layout.getFileName(), seconds, bytes / 1e6 / seconds, entries / seconds);
    }

    private static void diff(Path one, Path two, PrintStream out) {
        TreeListing left = TreeListing.of(one);
        List<String> lines = left.differences(TreeListing.of(two), TreeListing.Ignore.ROOT);
        lines.stream().limit(50).forEach(out::println);
        out.printf("%d files, %d differences%n", left.nodes().size(), lines.size());
    }
}

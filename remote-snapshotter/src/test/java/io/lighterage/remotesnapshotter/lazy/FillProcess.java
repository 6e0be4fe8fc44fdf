package io.lighterage.remotesnapshotter.lazy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/// Reads a flat file here and there, slowly, in a process of its own that can be killed.
final class FillProcess {
    private static final int LARGEST = 400_000;
    private static final int CHUNK = 32 << 10;

    private FillProcess() {}

    static TestLayer layer(long seed) {
        return TestLayer.random(seed, 30, LARGEST, CHUNK);
    }

    public static void main(String[] args) {
        TestLayer layer = layer(Long.parseLong(args[1]));
        Random random = new Random();
        TestBlob blob = new TestBlob(layer.blob()).onPiece((offset, piece) -> LockSupport.parkNanos(1_000_000));
        try (OpenedFlat flat = new OpenedFlat(layer, blob, Path.of(args[0]))) {
            while (!flat.file().complete()) {
                flat.file().ensure(random.nextInt(layer.flatSize()), 1);
            }
        }
    }

    static Process start(Path directory, Path log, long seed) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FillProcess.class.getName(),
                        directory.toString(),
                        "" + seed))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }
}

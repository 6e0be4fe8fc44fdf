package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {
    private static final int CHUNK = 64 << 10;

    @TempDir
    Path folder;

    @Test
    void aFullDiskFailsThatReadAndTheServiceGoesOn() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=1m", "none", small.toString()))
                .as("a tmpfs can be mounted here (root, and a kernel that lets it)")
                .isZero();
        try {
            TestLayer layer = TestLayer.of(FlatFileTest.files(60, CHUNK), CHUNK, 1);
            Path ballast = small.resolve("ballast");
            Files.write(ballast, new byte[CHUNK * 4]);
            try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), small)) {
                ImageException failure = catchThrowableOfType(ImageException.class, () -> {
                    for (int i = 0; i < 60; i++) {
                        flat.file().ensure(layer.flatOffset("f" + i), CHUNK);
                    }
                });
                assertThat(failure.kind()).isEqualTo(ErrorKind.EXHAUSTED);
                assertThat(failure).hasMessageContaining("No space left");
                assertThat(TestLayer.read(flat.file(), layer.flatOffset("f0"), CHUNK))
                        .isEqualTo(layer.flat(layer.flatOffset("f0"), CHUNK));
                Files.delete(ballast);
                long last = layer.flatOffset("f59");
                assertThat(TestLayer.read(flat.file(), last, CHUNK))
                        .as("there is space again")
                        .isEqualTo(layer.flat(last, CHUNK));
            }
        } finally {
            assertThat(run("umount", small.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        byte[] ignored = process.getInputStream().readAllBytes();
        return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }
}

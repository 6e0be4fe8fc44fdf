package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileMappingTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path folder;

    /// Kilobytes of a file that count as memory of this process.
    private static long resident(Path file) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).endsWith(file.toString())) {
                return lines.subList(i, lines.size()).stream()
                        .filter(line -> line.startsWith("Rss:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .findFirst()
                        .orElse(0);
            }
        }
        return 0;
    }

    private static long sum(ByteBuffer bytes) {
        long sum = 0;
        while (bytes.hasRemaining()) {
            sum += bytes.get();
        }
        return sum;
    }

    @Test
    void pagesThatWereLetGoCountNoMoreAndAreReadAgain() throws IOException {
        byte[] content = new byte[SIZE];
        java.util.Arrays.fill(content, (byte) 3);
        Path file = Files.write(folder.resolve("file"), content);
        try (FileChannel channel = FileChannel.open(file)) {
            FileMapping mapping = FileMapping.of(channel, SIZE);
            assertThat(sum(mapping.bytes())).isEqualTo(3L * SIZE);
            assertThat(resident(file)).isEqualTo(SIZE / 1024);
            mapping.letGo();
            assertThat(resident(file)).isZero();
            assertThat(sum(mapping.bytes())).isEqualTo(3L * SIZE);
            assertThat(resident(file)).isEqualTo(SIZE / 1024);
        }
    }

    @Test
    void anEmptyFileHasNothingToLetGo() throws IOException {
        Path file = Files.createFile(folder.resolve("empty"));
        try (FileChannel channel = FileChannel.open(file)) {
            FileMapping mapping = FileMapping.of(channel, 0);
            mapping.letGo();
            assertThat(mapping.bytes().hasRemaining()).isFalse();
        }
    }
}

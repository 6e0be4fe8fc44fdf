package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorHolderTest {
    private final FileCalls files = new NativeFileCalls();

    @TempDir
    Path folder;

    private int open(String name) throws IOException {
        Path file = Files.writeString(folder.resolve(name), name);
        byte[] path = file.toString().getBytes(StandardCharsets.UTF_8);
        return files.openat2(Flags.AT_FDCWD, path, Flags.O_RDONLY | Flags.O_CLOEXEC, 0, 0);
    }

    private static String content(int descriptor) throws IOException {
        return Files.readString(Path.of("/proc/self/fd/" + descriptor));
    }

    @Test
    void whatItHoldsCanBeTakenAfterItWasClosedHere() throws IOException {
        assumeTrue(Credentials.effectiveUid() == 0, "only root may take descriptors of others");
        int first = open("first");
        int second = open("second");
        DescriptorHolder holder = DescriptorHolder.start(List.of(second, first)).orElseThrow();
        try {
            assertThat(files.close(first) + files.close(second)).isZero();
            assertThat(holder.alive()).isTrue();
            int again = holder.take(1);
            assertThat(content(again)).isEqualTo("first");
            int other = holder.take(0);
            assertThat(content(other)).isEqualTo("second");
            assertThat(holder.take(2)).isEqualTo(-Errno.EBADF);
            assertThat(files.close(again) + files.close(other)).isZero();
        } finally {
            holder.end();
        }
        assertThat(holder.alive()).isFalse();
        assertThat(holder.take(0)).isEqualTo(-Errno.ESRCH);
        holder.end();
    }

    @Test
    void itHasNothingElseOfThisProcess() throws IOException {
        int only = open("only");
        int other = open("other");
        DescriptorHolder holder = DescriptorHolder.start(List.of(only)).orElseThrow();
        try (Stream<Path> held = Files.list(Path.of("/proc/" + holder.pid() + "/fd"))) {
            assertThat(held.map(link -> link.getFileName().toString())).containsExactlyInAnyOrder("0", "1", "2", "3");
            assertThat(Path.of("/proc/" + holder.pid() + "/cwd").toRealPath()).isEqualTo(Path.of("/"));
            String[] status =
                    Files.readString(Path.of("/proc/" + holder.pid() + "/stat")).split(" ");
            assertThat(status[5]).as("its session").isEqualTo(Long.toString(holder.pid()));
        } finally {
            holder.end();
            assertThat(files.close(only) + files.close(other)).isZero();
        }
    }

    @Test
    void aProcessOfTheSameNumberIsAnother() {
        long pid = ProcessHandle.current().pid();
        DescriptorHolder holder = new DescriptorHolder(pid, 1);
        assertThat(holder.alive()).isFalse();
        holder.end(); // which must not end us
        assertThat(holder.take(0)).isEqualTo(-Errno.ESRCH);
    }
}

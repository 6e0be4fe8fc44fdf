package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// What this process has of the things that must not become more.
///
/// @param threads virtual ones included; without those that carry them, which come and go with the load
/// @param descriptors open files
record Possessions(long threads, long descriptors) {
    private static final int ATTEMPTS = 200;

    /// @param folder for a file
    static Possessions now(Path folder) throws IOException {
        return new Possessions(countThreads(folder), countDescriptors());
    }

    private static long countThreads(Path folder) throws IOException {
        Path dump = folder.resolve("threads-" + System.nanoTime());
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .dumpThreads(dump.toString(), ThreadDumpFormat.TEXT_PLAIN);
        try (Stream<String> lines = Files.lines(dump)) {
            return lines.filter(line -> line.matches("#[0-9]+ .*") && !line.contains("\"ForkJoinPool-"))
                    .count();
        } finally {
            Files.delete(dump);
        }
    }

    private static long countDescriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private boolean isWithin(Possessions earlier) {
        return threads <= earlier.threads && descriptors <= earlier.descriptors;
    }

    /// Waits for there to be no more than there was: the kernel tells of a closed connection when it does.
    static void assertNoMoreThan(Possessions earlier, Path folder) throws Exception {
        Possessions now = now(folder);
        for (int attempt = 0; attempt < ATTEMPTS && !now.isWithin(earlier); attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
            now = now(folder);
        }
        assertThat(now).as("before: %s", earlier).matches(has -> has.isWithin(earlier), "no more than before");
    }
}

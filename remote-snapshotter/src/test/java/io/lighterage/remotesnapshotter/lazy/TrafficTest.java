package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.TaskGroup;
import io.lighterage.resolver.RemoteBlob;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who goes first, and how far ahead.
@Timeout(60)
class TrafficTest {
    private final Traffic traffic = new Traffic();

    @Test
    void backgroundStandsStillWhileADemandReadRunsAndGoesOnAfterIt() {
        Run background = run(RemoteBlob.BACKGROUND);
        AtomicBoolean passed = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskGroup group = new TaskGroup("test")) {
            try (Traffic.Request demand = traffic.begin(run(RemoteBlob.DEMAND))) {
                group.fork(() -> receive(background, begun, passed));
                await(begun);
                demand.received(100);
                assertThat(passed).as("while the demand read runs").isFalse();
            }
            group.join();
        }
        assertThat(passed).isTrue();
    }

    @Test
    void prefetchUsesTheTimeInWhichADemandReadWaitsForItsFirstByte() {
        AtomicBoolean passed = new AtomicBoolean();
        try (TaskGroup group = new TaskGroup("test");
                Traffic.Request demand = traffic.begin(run(RemoteBlob.DEMAND))) {
            group.fork(() -> receive(run(RemoteBlob.PREFETCH), new CountDownLatch(1), passed));
            group.join();
            assertThat(passed).isTrue();
            demand.received(1);
        }
    }

    @Test
    void aBackgroundRunThatSomebodyWaitsForGoesOnAtOnce() {
        Run background = run(RemoteBlob.BACKGROUND);
        AtomicBoolean passed = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskGroup group = new TaskGroup("test");
                Traffic.Request demand = traffic.begin(run(RemoteBlob.DEMAND))) {
            demand.received(1);
            group.fork(() -> receive(background, begun, passed));
            await(begun);
            traffic.hurry(background, RemoteBlob.DEMAND);
            group.join();
            assertThat(passed).isTrue();
        }
    }

    @Test
    void aPausedRunThatSomebodyWaitsForGoesOnAtOnce() {
        Run background = run(RemoteBlob.BACKGROUND);
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskGroup group = new TaskGroup("test")) {
            group.fork(() -> {
                begun.countDown();
                traffic.pause(background, TimeUnit.HOURS.toNanos(1));
                return null;
            });
            await(begun);
            traffic.hurry(background, RemoteBlob.DEMAND);
            group.join();
        }
    }

    @Test
    void duringAStartThatIsNotKnownBackgroundUsesTheTimeInWhichADemandReadWaits() {
        traffic.starting(false);
        assertThat(traffic.backgroundRun(4 << 20)).isLessThan(4 << 20);
        AtomicBoolean passed = new AtomicBoolean();
        try (TaskGroup group = new TaskGroup("test");
                Traffic.Request demand = traffic.begin(run(RemoteBlob.DEMAND))) {
            group.fork(() -> receive(run(RemoteBlob.BACKGROUND), new CountDownLatch(1), passed));
            group.join();
            assertThat(passed).isTrue();
            demand.received(1);
        }
    }

    @Test
    void aStartThatIsNotKnownGetsWhatIsNearOnAFastLinkAndTheBackgroundWaits() throws InterruptedException {
        traffic.starting(false);
        long slow = traffic.worthFetchingAlong();
        for (int i = 0; i < 50; i++) {
            traffic.link().learn(1_000_000, 1 << 20, 5_000_000); // 1 ms, 200 MB/s
        }
        assertThat(traffic.link().isTheBottleneck()).isFalse();
        assertThat(traffic.worthFetchingAlong()).isGreaterThan(slow).isEqualTo(2 << 20);
        AtomicBoolean passed = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskGroup group = new TaskGroup("test")) {
            group.fork(() -> receive(run(RemoteBlob.BACKGROUND), begun, passed));
            await(begun);
            Thread.sleep(100);
            assertThat(passed).as("during the start").isFalse();
            group.join(); // which is over when nothing is read any more
        }
        assertThat(passed).isTrue();
        assertThat(traffic.worthFetchingAlong()).isEqualTo(traffic.link().worthARoundTrip());
    }

    @Test
    void aLinkIsWhatItsRequestsSay() {
        LinkEstimate link = new LinkEstimate();
        assertThat(link.isTheBottleneck()).as("until something is known").isTrue();
        for (int i = 0; i < 50; i++) {
            link.learn(20_000_000, 1 << 20, 84_000_000); // 20 ms, 12.5 MB/s
            link.learn(20_000_000, 1000, 1); // too little to say how fast it is
        }
        assertThat(link).hasToString("20.0 ms, 12 MB/s");
        assertThat(link.isTheBottleneck()).isTrue();
        assertThat(link.worthARoundTrip()).isBetween(240_000L, 260_000L);
        assertThat(link.near()).isEqualTo(link.worthARoundTrip());
    }

    @Test
    void duringAStartThatIsKnownBackgroundWaitsUntilItGoesAnotherWay() throws InterruptedException {
        traffic.starting(true);
        assertThat(traffic.backgroundRun(4 << 20)).isEqualTo(4 << 20);
        AtomicBoolean passed = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskGroup group = new TaskGroup("test")) {
            group.fork(() -> receive(run(RemoteBlob.BACKGROUND), begun, passed));
            await(begun);
            Thread.sleep(100);
            assertThat(passed).as("during the start").isFalse();
            while (!passed.get()) {
                traffic.begin(run(RemoteBlob.DEMAND)).close();
            }
            group.join();
        }
    }

    @Test
    void aStartIsOverWhenNothingIsFetchedForIt() {
        traffic.starting(true);
        AtomicBoolean passed = new AtomicBoolean();
        try (TaskGroup group = new TaskGroup("test")) {
            group.fork(() -> receive(run(RemoteBlob.BACKGROUND), new CountDownLatch(1), passed));
            group.join();
        }
        assertThat(passed).isTrue();
    }

    private @org.jspecify.annotations.Nullable Void receive(Run run, CountDownLatch begun, AtomicBoolean passed) {
        try (Traffic.Request request = traffic.begin(run)) {
            begun.countDown();
            request.received(100);
            passed.set(true);
        }
        return null;
    }

    @Test
    void theCapIsKeptToOnAverage() {
        AtomicLong now = new AtomicLong();
        Pacer pacer = new Pacer(1_000_000, now::get);
        for (int i = 0; i < 1000; i++) {
            now.addAndGet(pacer.take(8192));
        }
        assertThat(now.get() / 1e9).isBetween(8.0, 8.2);
    }

    @Test
    void idleTimeIsNotSavedUp() {
        AtomicLong now = new AtomicLong();
        Pacer pacer = new Pacer(1_000_000, now::get);
        now.addAndGet(3_600_000_000_000L);
        assertThat(pacer.take(1_100_000) / 1e9).isBetween(0.99, 1.01);
    }

    @Test
    void readAheadDoublesWhileAReaderGoesOn() {
        ReadAhead ahead = new ReadAhead();
        List<Long> windows = new ArrayList<>();
        long step = 64 << 10;
        for (long at = 0; at < 40 << 20; at += step) {
            Optional<ReadAhead.Stretch> stretch = ahead.after(at, at + step);
            if (stretch.isPresent()) {
                windows.add(stretch.get().to() - (at + step));
            }
        }
        assertThat(windows.subList(0, 6))
                .containsExactly(128L << 10, 256L << 10, 512L << 10, 1L << 20, 2L << 20, 4L << 20);
        assertThat(windows.subList(6, windows.size())).allMatch(window -> window == ReadAhead.LARGEST);
    }

    @Test
    void twoReadersOfOneFileDoNotDisturbEachOther() {
        ReadAhead ahead = new ReadAhead();
        int ahead1 = 0;
        int ahead2 = 0;
        for (long at = 0; at < 2 << 20; at += 4096) {
            ahead1 += ahead.after(at, at + 4096).isPresent() ? 1 : 0;
            ahead2 += ahead.after((1L << 30) + at, (1L << 30) + at + 4096).isPresent() ? 1 : 0;
        }
        assertThat(ahead1).isPositive().isEqualTo(ahead2);
    }

    private static Run run(int priority) {
        return new Run(List.of(new Run.Group(0, 1000, List.of(0))), priority);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}

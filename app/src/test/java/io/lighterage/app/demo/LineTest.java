package io.lighterage.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ImageException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LineTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000); // a nanosecond clock may wrap
    private final Line line = new Line(new LinkSpeed(8, Duration.ofMillis(20)), clock::get);

    @Test
    void whoSendsWaitsForThoseBefore() {
        long start = clock.get();
        assertThat(line.send(1_000_000) - start).isEqualTo(1_000_000_000L);
        assertThat(line.send(500_000) - start).isEqualTo(1_500_000_000L);
        assertThat(line.carried()).isEqualTo(1_500_000);
    }

    @Test
    void anIdleLineSavesNothingUp() {
        line.send(1_000_000);
        clock.addAndGet(5_000_000_000L);
        assertThat(line.send(1_000_000) - clock.get()).isEqualTo(1_000_000_000L);
    }

    @Test
    void oneDirectionTakesHalfARoundTrip() {
        assertThat(line.delay()).isEqualTo(Duration.ofMillis(10).toNanos());
    }

    @Test
    void aLineWithoutLimitTakesNoTime() {
        Line free = new Line(LinkSpeed.of(0), clock::get);
        assertThat(free.send(1_000_000)).isEqualTo(clock.get());
        assertThat(free.delay()).isZero();
    }

    @Test
    void noLineIsSlowerThanNothing() {
        assertThatThrownBy(() -> LinkSpeed.of(-1)).isInstanceOf(ImageException.class);
    }
}

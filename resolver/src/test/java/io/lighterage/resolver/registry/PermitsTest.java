package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PermitsTest {
    @Test
    void theEarliestFetchGoesFirstAndWithinItTheLowestOffset() throws Exception {
        Permits permits = new Permits(1);
        List<String> order = new CopyOnWriteArrayList<>();
        Permits.Permit held = permits.acquire(0, 0);
        Thread[] threads = new Thread[4];
        long[][] ranks = {{2, 0}, {1, 900}, {1, 100}, {3, 5}};
        for (int i = 0; i < ranks.length; i++) {
            long[] rank = ranks[i];
            threads[i] = Thread.ofPlatform().start(() -> {
                try (Permits.Permit _ = permits.acquire(rank[0], rank[1])) {
                    order.add(rank[0] + "/" + rank[1]);
                }
            });
            awaitWaiting(threads[i]);
        }
        held.close();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(order).containsExactly("1/100", "1/900", "2/0", "3/5");
    }

    @Test
    void aPlaceIsKeptWhileOnlyLaterRanksWaitAndGivenToAnEarlierOne() throws Exception {
        Permits permits = new Permits(1);
        List<String> order = new CopyOnWriteArrayList<>();
        Permits.Permit held = permits.acquire(1, 0);
        Thread later = taking(permits, 2, order);
        assertThat(held.exchange(1, 100)).as("nobody earlier waits").isSameAs(held);
        Thread earlier = taking(permits, 0, order);
        Permits.Permit again = held.exchange(1, 200); // returns when the earlier one, at least, is through
        order.add("1");
        again.close();
        later.join();
        earlier.join();
        assertThat(order).startsWith("0").containsExactlyInAnyOrder("0", "1", "2");
    }

    @Test
    void freePlacesAreKeptForAFetchThatIsAboutToGrow() throws Exception {
        Permits permits = new Permits(3);
        List<String> order = new CopyOnWriteArrayList<>();
        permits.growing(1);
        Permits.Permit first = permits.acquire(1, 0);
        Thread later = taking(permits, 2, order);
        permits.acquire(0, 0).close(); // earlier ones are not held up
        permits.acquire(1, 100).close();
        assertThat(order).isEmpty();
        permits.settled(1);
        later.join();
        assertThat(order).containsExactly("2");
        first.close();
    }

    private static Thread taking(Permits permits, long rank, List<String> order) {
        Thread thread = Thread.ofPlatform().start(() -> {
            try (Permits.Permit _ = permits.acquire(rank, 0)) {
                order.add(String.valueOf(rank));
            }
        });
        awaitWaiting(thread);
        return thread;
    }

    @Test
    void anInterruptedWaiterDoesNotLoseThePermit() throws Exception {
        Permits permits = new Permits(1);
        Permits.Permit held = permits.acquire(0, 0);
        CountDownLatch ended = new CountDownLatch(1);
        Thread waiter = Thread.ofPlatform().start(() -> {
            try {
                permits.acquire(1, 0).close();
            } catch (RuntimeException e) {
                ended.countDown();
            }
        });
        awaitWaiting(waiter);
        waiter.interrupt();
        ended.await();
        held.close();
        permits.acquire(2, 0).close();
        permits.acquire(3, 0).close();
    }

    private static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }
}

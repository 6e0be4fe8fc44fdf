package io.lighterage.mirror;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/// What shall go wrong, and how often. Programmed by tests; empty in ordinary life.
///
/// Each rule is used up by the requests it matches. A request is hit by the first rule that matches it and is not
/// used up; later rules wait for later requests. Faults come before access checks: a programmed status or redirect
/// needs no credentials.
public final class Faults {
    /// Matches every method.
    public static final String ANY_METHOD = "*";

    private final Object lock = new Object();
    private final List<Rule> rules = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private CountDownLatch stalled = new CountDownLatch(1);

    /// Hits the next `count` requests of this method whose path matches.
    ///
    /// @param method such as `GET`, or [#ANY_METHOD]
    /// @param path test on the decoded path without the query
    public void next(int count, String method, Predicate<String> path, Fault... faults) {
        synchronized (lock) {
            rules.add(new Rule(method, path, FaultPlan.of(List.of(faults)), count));
        }
    }

    /// Hits the next `count` requests of any method for blobs.
    public void nextBlobs(int count, Fault... faults) {
        next(count, ANY_METHOD, path -> path.contains("/blobs/sha"), faults);
    }

    /// Hits the next `count` requests of any method for manifests.
    public void nextManifests(int count, Fault... faults) {
        next(count, ANY_METHOD, path -> path.contains("/manifests/"), faults);
    }

    /// Forgets all rules; what already went wrong stays wrong.
    public void clear() {
        synchronized (lock) {
            rules.clear();
        }
    }

    /// How many requests will still be hit: 0 when everything programmed has happened.
    public int remaining() {
        synchronized (lock) {
            return rules.stream().mapToInt(rule -> rule.left).sum();
        }
    }

    /// Cuts the connections of all answers that are stalled now.
    public void releaseStalled() {
        synchronized (lock) {
            stalled.countDown();
            stalled = new CountDownLatch(1);
        }
    }

    FaultPlan take(String method, String path) {
        synchronized (lock) {
            for (Iterator<Rule> each = rules.iterator(); each.hasNext(); ) {
                Rule rule = each.next();
                if (rule.matches(method, path)) {
                    rule.left--;
                    if (rule.left <= 0) {
                        each.remove();
                    }
                    return rule.plan;
                }
            }
            return FaultPlan.NONE;
        }
    }

    /// Released by [#releaseStalled].
    CountDownLatch stalled() {
        synchronized (lock) {
            return stalled;
        }
    }

    /// Released when the server ends.
    CountDownLatch closed() {
        return closed;
    }

    void close() {
        closed.countDown();
        releaseStalled();
    }

    private static final class Rule {
        private final String method;
        private final Predicate<String> path;
        private final FaultPlan plan;
        private int left;

        private Rule(String method, Predicate<String> path, FaultPlan plan, int left) {
            this.method = method;
            this.path = path;
            this.plan = plan;
            this.left = left;
        }

        private boolean matches(String requestMethod, String requestPath) {
            return (method.equals(ANY_METHOD) || method.equalsIgnoreCase(requestMethod)) && path.test(requestPath);
        }
    }
}
